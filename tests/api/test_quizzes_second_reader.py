"""Quizzes whose keys a second model must find unaided, through the public door."""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.learners import signed_in
from tests.api.quizzing import made
from tests.loopback.gemini import Gemini
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour

pytestmark = pytest.mark.anyio


@pytest.fixture
async def author() -> AsyncIterator[OpenAI]:
    """The provider that writes."""
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
async def reader() -> AsyncIterator[Gemini]:
    """The provider that must find the keys."""
    async with Gemini.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, author: OpenAI, reader: Gemini) -> Settings:
    """One writes, the other reads."""
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{author.address}/v1",
        gemini_api_key="loopback-key",  # type: ignore[arg-type]
        gemini_base_url=reader.address,
        ai_second_reader="gemini",
    )


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in learner."""
    async with await signed_in(services, address) as client:
        yield client


async def test_questions_whose_key_is_found_are_shown(
    learner: httpx.AsyncClient, author: OpenAI, reader: Gemini
) -> None:
    quiz = await made(learner, topic="Capitals", questionCount=5)
    assert (quiz["total_questions"], quiz["dropped_questions"]) == (5, 0)
    assert (author.asked, reader.asked) == ({"quiz multiple_choice": 1}, {"keys": 1})


async def test_a_question_whose_key_is_not_found_is_asked_for_again_and_counted(
    learner: httpx.AsyncClient, author: OpenAI, reader: Gemini
) -> None:
    reader.queue(Behaviour(kind="undecided"))
    quiz = await made(learner, topic="Capitals", questionCount=5)
    assert (quiz["total_questions"], quiz["dropped_questions"]) == (5, 1)
    assert len({question["question"] for question in quiz["questions"]}) == 5
    assert author.asked == {"quiz multiple_choice": 2}
    assert reader.asked == {"keys": 2}, "only what is new is read again"


async def test_a_reader_that_is_away_condemns_nobody(
    learner: httpx.AsyncClient, reader: Gemini, services: Services
) -> None:
    reader.queue(*[Behaviour(kind="blocked")] * 3)
    quiz = await made(learner, topic="Capitals", questionCount=3)
    assert (quiz["total_questions"], quiz["dropped_questions"]) == (3, 0)
    assert services.statistics()["gates"]["unread"] == 1


async def test_what_has_no_options_is_not_read(learner: httpx.AsyncClient, reader: Gemini) -> None:
    await made(learner, topic="Capitals", quizType="short_answer", questionCount=3)
    assert reader.requests == []
