"""A page cursor opens the list it was made for, for whom it was made, as it was made: nothing else."""

import base64
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from api.services import Services
from lyo_rt.cursor import Cursors
from lyo_rt.security.key_ring import KeyRing
from tests.api import published
from tests.api.learners import Client, become, refresh, signed_in
from tests.attacks import Cases
from tests.security.openings import filled, operations

pytestmark = [pytest.mark.anyio, pytest.mark.attack("cursor forgery")]

CURSOR = {"$ref": "#/components/parameters/Cursor"}
LEAST = 500


@pytest.fixture
async def readers(services: Services, address: tuple[str, int]) -> AsyncIterator[tuple[Client, Client]]:
    """Two who may read every list."""
    async with await signed_in(services, address, "Reader") as one, await signed_in(services, address, "Other") as two:
        for reader in (one, two):
            await become(services, reader, "super_admin")
        yield one, two


async def prepared(services: Services, reader: Client) -> dict[str, str]:
    """Something in their lists, so that a first page has a second; what the lists' paths name."""
    for number in range(3):
        await published.course(services, reader, f"Tides {number}")
        sent = {"Idempotency-Key": f"{number}"}
        accepted = await reader.post("/v1/courses:generate", json={"topic": f"Tides {number}"}, headers=sent)
        assert accepted.status_code == 202
        talk = (await reader.post("/v1/tutor/conversations", json={})).json()["id"]
        assert (await services.accounts.login(email=reader.email, password="Correct-horse-9-battery")).user
    answer = await reader.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": "Why are there tides?"})
    assert answer.status_code == 202
    await refresh(services, reader)
    return {"conversation_id": talk}


def lists() -> list[str]:
    """The path of every list that is read in pages."""
    return [path for method, path, one in operations() if method == "GET" and CURSOR in one["parameters"]]


def mutilated(cursor: str) -> Iterator[str]:
    """The cursor with something wrong."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    yield from (cursor[:size] for size in range(0, len(cursor), 7))
    for place in range(0, len(raw), 5):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        yield base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
    yield base64.urlsafe_b64encode(raw + b" ").rstrip(b"=").decode()
    yield base64.urlsafe_b64encode(raw[:16] + bytes(8) + raw[24:]).rstrip(b"=").decode()
    yield base64.urlsafe_b64encode(bytes(16) + raw[16:]).rstrip(b"=").decode()
    yield from (cursor + "A", "A" + cursor, cursor.swapcase(), cursor + "!", cursor * 40, f"[{cursor}]", "ключ")
    yield from ("null", "0", "1", "-1", "{}", '["2026-01-01T00:00:00Z"]', "' OR 1=1 --", "../..", "=", "A" * 4000)


async def next_of(reader: httpx.AsyncClient, path: str, things: dict[str, str]) -> str | None:
    """The genuine cursor of a list's first page."""
    answer = await reader.get(filled(path, things), params={"limit": 1})
    assert answer.status_code == 200, answer.text
    found: str | None = answer.json()["nextCursor"]
    return found


async def refused(reader: httpx.AsyncClient, path: str, things: dict[str, str], cursor: str) -> bool:
    answer = await reader.get(filled(path, things), params={"cursor": cursor})
    return (answer.status_code, answer.json().get("code")) == (400, "INVALID_CURSOR")


async def test_no_cursor_is_taken_but_the_lists_own(
    cases_tried: Cases, readers: tuple[Client, Client], services: Services
) -> None:
    one, two = readers
    things, others = await prepared(services, one), await prepared(services, two)
    genuine = {path: cursor for path in lists() if (cursor := await next_of(one, path, things)) is not None}
    assert len(genuine) >= 8, genuine.keys()
    cases, taken = 0, []
    for path, cursor in genuine.items():
        assert not await refused(one, path, things, cursor)
        tried = [
            *((one, target, cursor, things) for target in lists() if target != path),
            (two, path, cursor, others),
            *((one, path, forged, things) for forged in mutilated(cursor)),
        ]
        for reader, target, forged, place in tried:
            cases += 1
            if not await refused(reader, target, place, forged):
                taken.append((path, target, reader is two, forged[:40]))
    cases_tried(cases)
    assert taken == []
    assert cases >= LEAST


async def test_a_cursor_sealed_with_another_key_is_not_taken(
    cases_tried: Cases, readers: tuple[Client, Client], services: Services
) -> None:
    reader, _ = readers
    me = (await reader.get("/v1/users/me")).json()["id"]
    place = ["2026-01-01T00:00:00Z", me]
    assert not await refused(reader, "/v1/tasks", {}, services.cursors.seal(f"tasks:{me}", place))
    keys = (b"f" * 32, b"\0" * 32, b"lyo page cursor 1", me.encode() * 2, b"x" * 64)
    for key in keys:
        forged = Cursors(KeyRing([key.ljust(32, b"0")]), services.clock).seal(f"tasks:{me}", place)
        assert re.fullmatch(r"[\w-]+", forged)
        assert await refused(reader, "/v1/tasks", {}, forged)
    cases_tried(len(keys))
