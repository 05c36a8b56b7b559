"""One answer per Idempotency-Key, also when two requests arrive at once; on a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import pytest

from lyo_rt import idempotency
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.idempotency import StoredAnswer, body_digest
from lyo_rt.problems import IdempotencyKeyReused, InvalidInput
from tests.lyo_rt.locks import until_someone_waits

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROUTE = "courses.generate"
DIGEST = body_digest({"topic": "fractions"})
ANSWER = StoredAnswer(202, {"Location": "/v1/tasks/1"}, b'{"task_id":"1"}')


@pytest.fixture
async def user_id(database: Database) -> UUID:
    return await learner(database, "one@example.com")


@pytest.fixture
async def watcher(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection of the test's own, to see who waits."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def learner(database: Database, email: str) -> UUID:
    found: UUID = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name) VALUES ($1, $1, 'x', 'A') RETURNING id", email
    )
    return found


async def answer_once(
    database: Database,
    user_id: UUID,
    *,
    answer: StoredAnswer = ANSWER,
    route: str = ROUTE,
    key: str = "k",
    digest: bytes = DIGEST,
    now: datetime = NOW,
) -> StoredAnswer | None:
    """What `begin` gave; the work of a first request is to store `answer`."""
    async with database.transaction() as transaction:
        stored = await idempotency.begin(transaction, user_id, route, key, digest, now=now)
        if stored is None:
            await idempotency.finish(transaction, user_id, route, key, answer)
        return stored


async def test_the_first_request_works_and_a_repeat_gets_its_answer(database: Database, user_id: UUID) -> None:
    assert await answer_once(database, user_id) is None
    assert await answer_once(database, user_id) == ANSWER
    assert await answer_once(database, user_id, now=NOW + timedelta(hours=23, minutes=59)) == ANSWER


async def test_another_body_under_the_same_key_is_refused(database: Database, user_id: UUID) -> None:
    await answer_once(database, user_id)
    with pytest.raises(IdempotencyKeyReused):
        await answer_once(database, user_id, digest=body_digest({"topic": "decimals"}))


async def test_keys_are_each_users_and_each_routes_own(database: Database, user_id: UUID) -> None:
    await answer_once(database, user_id)
    assert await answer_once(database, user_id, route="tutor.ask") is None
    assert await answer_once(database, user_id, key="K") is None
    assert await answer_once(database, await learner(database, "two@example.com")) is None


async def test_what_was_rolled_back_leaves_the_key_free(database: Database, user_id: UUID) -> None:
    async def failing() -> None:
        async with database.transaction() as transaction:
            await idempotency.begin(transaction, user_id, ROUTE, "k", DIGEST, now=NOW)
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError):
        await failing()
    assert await answer_once(database, user_id) is None


async def test_a_key_counts_as_new_after_a_day(database: Database, user_id: UUID) -> None:
    await answer_once(database, user_id)
    tomorrow = NOW + timedelta(hours=24)
    newer = StoredAnswer(201, {}, b"{}")
    assert await answer_once(database, user_id, answer=newer, digest=b"other", now=tomorrow) is None
    assert await answer_once(database, user_id, digest=b"other", now=tomorrow) == newer


async def test_purging_deletes_only_what_is_older_than_a_day(database: Database, user_id: UUID) -> None:
    await answer_once(database, user_id, key="old", now=NOW - timedelta(hours=24))
    await answer_once(database, user_id, key="young", now=NOW - timedelta(hours=23))
    assert await idempotency.purge(database, now=NOW) == 1
    assert await answer_once(database, user_id, key="young") == ANSWER
    assert await answer_once(database, user_id, key="old") is None


async def test_a_key_purged_between_the_two_looks_at_it_is_a_new_request(database: Database, user_id: UUID) -> None:
    """Its row was there when it was to be taken, and is gone when its answer is to be read."""
    await answer_once(database, user_id)

    class Purged(Transaction):
        async def fetchrow(self, query: str, *arguments: Any) -> Any:
            if "body_digest" in query:
                await self.execute("DELETE FROM idempotency_keys")
            return await super().fetchrow(query, *arguments)

    async with database.transaction() as transaction:
        raced = Purged(transaction._connection, None)
        assert await idempotency.begin(raced, user_id, ROUTE, "k", DIGEST, now=NOW) is None
        await idempotency.finish(transaction, user_id, ROUTE, "k", ANSWER)
    assert await answer_once(database, user_id) == ANSWER


async def test_of_two_at_once_the_second_waits_and_gets_the_first_ones_answer(
    database: Database, user_id: UUID, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    second: list[StoredAnswer | None] = []

    async def repeat() -> None:
        second.append(await answer_once(database, user_id, answer=StoredAnswer(500, {}, b"twice")))

    async with anyio.create_task_group() as tasks, database.transaction() as first:
        assert await idempotency.begin(first, user_id, ROUTE, "k", DIGEST, now=NOW) is None
        tasks.start_soon(repeat)
        await until_someone_waits(watcher)
        assert second == []
        await idempotency.finish(first, user_id, ROUTE, "k", ANSWER)
    assert second == [ANSWER]


async def test_of_two_at_once_the_second_works_when_the_first_is_rolled_back(
    database: Database, user_id: UUID, watcher: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    second: list[StoredAnswer | None] = []

    async def repeat() -> None:
        second.append(await answer_once(database, user_id))

    async def first() -> None:
        async with database.transaction() as transaction:
            await idempotency.begin(transaction, user_id, ROUTE, "k", DIGEST, now=NOW)
            tasks.start_soon(repeat)
            await until_someone_waits(watcher)
            raise ValueError("the work failed")

    async with anyio.create_task_group() as tasks:
        with pytest.raises(ValueError, match="the work failed"):
            await first()
    assert second == [None]
    assert await answer_once(database, user_id) == ANSWER


async def test_many_at_once_do_the_work_once(database: Database, user_id: UUID) -> None:
    stored: list[StoredAnswer | None] = []

    async def ask(number: int) -> None:
        stored.append(await answer_once(database, user_id, answer=StoredAnswer(201, {}, str(number).encode())))

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(ask, number)
    assert stored.count(None) == 1
    assert len({one.body for one in stored if one}) == 1


@pytest.mark.parametrize(("one", "other"), [({"a": 1, "b": [2, {}]}, {"b": [2, {}], "a": 1}), ("é", "\u00e9")])
def test_the_digest_does_not_see_the_order_of_members(one: object, other: object) -> None:
    assert body_digest(one) == body_digest(other)


def test_the_digest_sees_everything_else() -> None:
    bodies: list[object] = [None, {}, [], {"a": 1}, {"a": "1"}, {"a": 2}, {"A": 1}, [1, 2], [2, 1]]
    assert len({body_digest(body) for body in bodies}) == len(bodies)


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "a\n", "x" * 256])
def test_a_key_is_1_to_255_visible_ascii_characters(key: str) -> None:
    with pytest.raises(InvalidInput):
        idempotency.valid_key(key)


@pytest.mark.parametrize("key", ["a", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_other_keys_are_taken_as_they_are(key: str) -> None:
    assert idempotency.valid_key(key) == key
