"""Closing an account: at once for everybody, taken back by signing in, and erased without a trace."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api.services import Services
from lyo_rt.language_models.answers import memory_key
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.repository import left
from lyo_rt.privacy.service import begin_due
from lyo_rt.settings import Settings
from tests.api import published
from tests.api.learners import Client, become, signed_in, user_of
from tests.api.lives import DAYS, SECRET, MovedClock, close, dump, erased, lived, login, until_done
from tests.api.sockets import greeted
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    async with OpenAI.running() as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",  # type: ignore[arg-type]
        openai_base_url=f"{provider.address}/v1",
        erasure_cool_off_days=DAYS,
    )


@pytest.fixture
async def ada(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Adalovelace") as client:
        yield client


@pytest.fixture
async def bob(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Bobstranger") as client:
        yield client


NOT_USED = {
    "conversation_summaries",
    "forgotten_passwords",
    "media_objects",
    "tutor_flags",
    "tutor_problems",
    "course_attendance",
    "erasures",
    "agreements",
    "guardians",
    "guardian_links",
}
"""What Ada has not come to use; that these are erased too says that nothing refers to anybody who is not there."""


class TestClosing:
    async def test_the_password_is_asked_again(self, ada: Client) -> None:
        refused = await close(ada, "not-the-Password-1")
        assert refused.status_code == 422
        assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/password"]
        assert (await ada.get("/v1/users/me")).status_code == 200

    async def test_all_devices_are_signed_out_at_once(
        self, ada: Client, client: httpx.AsyncClient, address: tuple[str, int]
    ) -> None:
        elsewhere = (await login(client, ada.email)).json()
        async with greeted(address, elsewhere["access_token"]) as device:
            answer = await close(ada)
            assert answer.status_code == 200, answer.text
            assert (await device.closed())[0] == 4010
        assert (await ada.get("/v1/users/me")).json()["code"] == "SESSION_REVOKED"
        refreshed = await client.post("/v1/auth/refresh", json={"refresh_token": elsewhere["refresh_token"]})
        assert refreshed.status_code == 401
        erase_at = datetime.fromisoformat(answer.json()["erase_at"])
        assert timedelta(days=DAYS) - timedelta(minutes=1) < erase_at - datetime.now(UTC) <= timedelta(days=DAYS)

    async def test_nobody_sees_it_any_more(self, ada: Client, bob: Client) -> None:
        path = f"/v1/users/{user_of(ada)}/profile"
        assert (await bob.get(path)).status_code == 200
        await close(ada)
        assert (await bob.get(path)).status_code == 404

    async def test_the_last_super_admin_stays(self, services: Services, ada: Client, bob: Client) -> None:
        await become(services, ada, "super_admin")
        assert (await close(ada)).status_code == 409
        await become(services, bob, "super_admin")
        assert (await close(ada)).status_code == 200


class TestComingBack:
    async def test_signing_in_takes_it_back(
        self, services: Services, ada: Client, client: httpx.AsyncClient, clock: MovedClock
    ) -> None:
        await close(ada)
        wrong = await client.post("/v1/auth/login", json={"email": ada.email, "password": "not-the-Password-1"})
        assert wrong.status_code == 401
        back = await login(client, ada.email)
        assert back.status_code == 200, back.text
        clock.ahead += timedelta(days=DAYS, seconds=1)
        assert not await begin_due(services.database, now=clock.now())
        acts = await services.database.fetch(
            "SELECT act FROM audit_log WHERE act <> 'user.signed_in' ORDER BY created_at"
        )
        assert [row["act"] for row in acts] == ["user.left", "user.came_back"]

    async def test_not_when_the_time_is_over(self, ada: Client, client: httpx.AsyncClient, clock: MovedClock) -> None:
        await close(ada)
        clock.ahead += timedelta(days=DAYS, seconds=1)
        assert (await login(client, ada.email)).json()["code"] == "WRONG_CREDENTIALS"

    async def test_not_when_suspended_meanwhile(
        self, services: Services, ada: Client, bob: Client, client: httpx.AsyncClient
    ) -> None:
        await become(services, bob, "super_admin")
        await close(ada)
        path = f"/v1/users/{user_of(ada)}/suspend"
        assert (await bob.post(path, json={"reason": "spam"})).json()["suspended_at"] is not None
        assert (await login(client, ada.email)).status_code == 401
        restored = (await bob.delete(path)).json()
        assert (restored["suspended_at"], restored["is_active"]) == (None, False)
        assert (await login(client, ada.email)).status_code == 200


class TestErasing:
    async def test_nothing_of_them_is_left_anywhere(
        self,
        services: Services,
        address: tuple[str, int],
        ada: Client,
        bob: Client,
        clock: MovedClock,
        tmp_path: Path,
    ) -> None:
        ids = await lived(services, address, ada, bob)
        person, database = user_of(ada), services.database
        found, others = await left(database, person), await left(database, user_of(bob))
        assert set(found) >= {line.table for line in LINES} - NOT_USED, "the test must use what it looks for"
        before = await dump(database)
        assert all(any(id in rows for rows in before.values()) for id in ids)
        await services.broadcast.remember(memory_key(b"shared"), b"of hers", seconds=60)
        one = "(SELECT call FROM ai_answers LIMIT 1)"
        await database.execute(f"UPDATE ai_answers SET shared = $1 WHERE call IN {one}", b"shared")  # noqa: S608
        assert (await close(ada)).status_code == 200
        await erased(services, clock)

        assert await left(database, person) == {}
        for name, rows in (await dump(database)).items():
            for trace in (*ids, ada.email, "Adalovelace", SECRET):
                assert trace not in rows, (name, trace)
        assert await services.broadcast.recall(memory_key(b"shared")) is None
        assert [file for file in (tmp_path / "media").rglob("*") if file.is_file()] == []
        del others["teaching"]
        assert await left(database, user_of(bob)) == others

    async def test_what_stays_is_without_them(
        self, services: Services, address: tuple[str, int], ada: Client, bob: Client, clock: MovedClock
    ) -> None:
        await lived(services, address, ada, bob)
        kept = await published.course(services, ada, "The art of dumplings")
        calls = await services.database.fetchval("SELECT count(*) FROM ai_usage")
        acts = await services.database.fetchval("SELECT count(*) FROM audit_log")  # then one leaves, one comes in
        events = "SELECT count(*) FROM stream_events WHERE stream LIKE 'course:%' AND name LIKE 'presence%'"
        told = await services.database.fetchval(events)
        await close(ada)
        await erased(services, clock)
        again = (await login(bob, bob.email)).json()["access_token"]
        bob.headers["Authorization"] = f"Bearer {again}"
        assert (await bob.get(f"/v1/courses/{kept}")).json()["title"] == "The art of dumplings"
        assert await services.database.fetchval("SELECT count(*) FROM ai_usage WHERE user_id IS NULL") == calls > 0
        assert await services.database.fetchval("SELECT count(*) FROM audit_log") == acts + 2
        assert await services.database.fetchval(events) == told >= 1
        row = await services.database.fetchrow("SELECT * FROM erasures")
        assert row is not None
        assert (row["user_id"], row["streams"], row["objects"]) == (None, [], [])
        assert row["rows"]["messages"] >= 2
        assert row["due_at"] <= row["begun_at"] <= row["done_at"]

    async def test_the_address_is_free_again(
        self, services: Services, ada: Client, client: httpx.AsyncClient, clock: MovedClock
    ) -> None:
        await close(ada)
        again = {"email": ada.email, "password": "Another-Password-456!", "full_name": "Another"}
        assert (await client.post("/v1/auth/register", json=again)).status_code == 409
        await erased(services, clock)
        assert (await client.post("/v1/auth/register", json=again)).status_code == 201


class TestWithoutACoolOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"erasure_cool_off_days": 0})

    async def test_it_begins_at_once_and_ends_what_is_being_written(self, services: Services, ada: Client) -> None:
        talk = (await ada.post("/v1/tutor/conversations", json={"title": SECRET})).json()["id"]
        begun = await ada.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": "Tell me a long story"})
        assert begun.status_code == 202
        assert (await close(ada)).status_code == 200
        await until_done(services)
        assert await left(services.database, user_of(ada)) == {}
        assert await services.database.fetchval("SELECT count(*) FROM messages") == 0
        assert await services.broadcast.read_draft(begun.json()["answer"]) is None
