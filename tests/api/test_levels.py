"""A learner's rating says the level of the next lesson and of the tutor; until it says enough, what was named holds."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from api.services import Services
from lyo_rt.language_models.prompts import LEVELS
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import signed_in
from tests.api.published import course
from tests.api.test_ai_usage import written
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    return with_settings(
        settings, ai_providers=("openai",), openai_api_key=SecretStr("k"), openai_base_url=f"{provider.address}/v1"
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


async def rate(services: Services, learner: httpx.AsyncClient, subject: str, title: str, answers: int) -> None:
    """An able learner, by so many answers."""
    me = (await learner.get("/v1/users/me")).json()["id"]
    await services.database.execute(
        "INSERT INTO abilities (user_id, subject, title, value, answers) VALUES ($1, $2, $3, 2.0, $4)",
        me,
        subject,
        title,
        answers,
    )


@pytest.mark.parametrize(("answers", "level"), [(30, "advanced"), (3, "beginner")])
async def test_lessons_are_written_at_the_level_the_rating_tells(
    services: Services, learner: httpx.AsyncClient, provider: OpenAI, answers: int, level: str
) -> None:
    await rate(services, learner, "topic:tides", "Tides and the moon", answers)
    assert (await written(learner, "Tides"))["state"] == "DONE"
    told = {
        one.purpose.split()[0]: {name for name in LEVELS if LEVELS[name] in one.system} for one in provider.requests
    }
    assert told == {"plan": {"beginner"}, "lesson": {level}, "assessment": {level}}


@pytest.mark.parametrize(("answers", "level"), [(30, "advanced"), (3, "intermediate")])
async def test_the_tutor_is_told_the_level_too(
    services: Services, learner: httpx.AsyncClient, provider: OpenAI, answers: int, level: str
) -> None:
    tides = await course(services, learner, "Tides", difficulty="intermediate")
    await rate(services, learner, f"course:{tides}", "Tides", answers)
    asked = {"resourceId": tides, "userInput": "Why twice a day?"}
    assert (await learner.post("/v1/ai/study-session", json=asked)).status_code == 200
    (turn,) = [one for one in provider.requests if one.purpose == "tutor"]
    assert {name for name in LEVELS if LEVELS[name] in turn.system} == {level}
