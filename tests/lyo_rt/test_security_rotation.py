"""A key is replaced while servers use the ring: nobody is signed out, and nothing else is taken up."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from structlog.testing import capture_logs

from lyo_rt.database.pool import Database
from lyo_rt.problems import NotAuthenticated, TokenExpired
from lyo_rt.security import secrets
from lyo_rt.security.key_files import read_or_make_keys
from lyo_rt.security.key_ring import KeyRing, NewKey
from lyo_rt.security.rotation import KNOWN_BEFORE, rotate
from lyo_rt.security.secrets import ENCRYPTION, SIGNING, Secret, keep_up, path_of, read_ring, recognise
from lyo_rt.security.tokens import Tokens
from lyo_rt.settings import Settings

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = 86_400


class SetClock:
    """A clock that stands until it is set."""

    time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_construct(lyo_data_dir=tmp_path)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "LOOK_SECONDS", 0.01)


@asynccontextmanager
async def kept_up(database: Database, secret: Secret, settings: Settings) -> AsyncIterator[tuple[KeyRing, anyio.Event]]:
    """The ring of a running instance, and what is set when it takes something up."""
    ring, taken = await read_ring(settings, secret), anyio.Event()
    await recognise(database, secret, ring, settings)
    async with anyio.create_task_group() as tasks:
        first = anyio.Event()
        ring.follow(first.set)
        tasks.start_soon(keep_up, database, secret, ring, settings)
        await first.wait()  # it looks once at what it was opened with
        ring.follow(taken.set)
        yield ring, taken
        tasks.cancel_scope.cancel()


def issue(tokens: Tokens) -> str:
    return tokens.issue(user_id=uuid4(), session_id=uuid4(), email="a@example.com", user_type="student")


@pytest.mark.anyio
async def test_a_running_instance_takes_the_new_key_up_and_nobody_is_signed_out(
    database: Database, settings: Settings
) -> None:
    clock = SetClock()
    async with kept_up(database, SIGNING, settings) as (ring, taken):
        tokens = Tokens(ring, clock, access_lifetime=timedelta(hours=24))
        former, before = ring.current(START.timestamp()), issue(tokens)
        rotate(settings, SIGNING, START.timestamp())
        with anyio.fail_after(20):
            await taken.wait()
        # a slower instance, which has the file already, takes what a faster one signs a minute later
        elsewhere = Tokens(await read_ring(settings, SIGNING), clock, access_lifetime=timedelta(hours=24))
        assert ring.current(START.timestamp()).id == former.id
        assert elsewhere.read(issue(tokens))
        assert tokens.read(before)
        clock.time = START + KNOWN_BEFORE
        new = ring.current(clock.time.timestamp())
        assert new.id != former.id
        after = issue(tokens)
        for reader in (elsewhere, tokens):
            assert reader.read(after)
            assert reader.read(before)
        clock.time = START + timedelta(hours=24, seconds=29)
        tokens.read(before)
        clock.time = START + timedelta(days=6)
        with pytest.raises(TokenExpired):  # which sends an app to its refresh token, not to the sign-in page
            elsewhere.read(before)
    rows = await database.fetch("SELECT fingerprint FROM secret_fingerprints WHERE name = 'jwt'")
    assert [row["fingerprint"] for row in rows] == [new.fingerprint]


@pytest.mark.anyio
async def test_what_is_damaged_or_of_other_keys_is_not_taken_up(database: Database, settings: Settings) -> None:
    path = path_of(settings, SIGNING)
    async with kept_up(database, SIGNING, settings) as (ring, taken):
        good, ids = path.read_bytes(), [key.id for key in ring]
        for wrong in (b"!!!\n", base64.urlsafe_b64encode(b"f" * 32) + b"\n", b""):
            with capture_logs() as told, anyio.fail_after(20):
                path.write_bytes(wrong)
                while not told:  # noqa: ASYNC110  (the log tells nobody)
                    await anyio.sleep(0.01)
            assert told[0]["event"] == "keys not taken up"
            assert [key.id for key in ring] == ids
        assert not taken.is_set()
        path.write_bytes(good)
        rotate(settings, SIGNING, START.timestamp())
        with anyio.fail_after(20):
            await taken.wait()
        assert [key.id for key in ring][1:] == ids


def test_a_replaced_key_signs_nothing_new() -> None:
    """Somebody who has it can claim only what it could have signed while it was used."""
    clock, since = SetClock(), START.timestamp()
    old, new = b"o" * 32, b"n" * 32
    thief = Tokens(KeyRing([old]), clock, access_lifetime=timedelta(minutes=30))
    tokens = Tokens(KeyRing([NewKey(new, since), NewKey(old)]), clock, access_lifetime=timedelta(minutes=30))
    clock.time = START + timedelta(seconds=30)
    assert tokens.read(issue(thief))
    clock.time = START + timedelta(seconds=31)
    with pytest.raises(NotAuthenticated):
        tokens.read(issue(thief))


def test_signing_keys_past_use_are_dropped_and_data_keys_never(settings: Settings) -> None:
    for secret, kept in ((SIGNING, 4), (ENCRYPTION, 6)):
        read_or_make_keys(path_of(settings, secret))
        for day in (0, 1, 10, 13, 14):
            rotate(settings, secret, START.timestamp() + day * DAY)
        keys = read_or_make_keys(path_of(settings, secret))
        assert len(keys) == kept
        assert keys[0].since == START.timestamp() + 14 * DAY + KNOWN_BEFORE.total_seconds()
        assert len({key.secret for key in keys}) == len(keys)
