"""Members that nobody may set, put into every object of every body: none of them is stored anywhere."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.demo import seed_all
from api.services import Services
from lyo_rt.database.pool import Database
from tests.api import published
from tests.api.learners import Client, become, signed_in, user_of
from tests.api.quizzing import made
from tests.attacks import Cases
from tests.security.openings import Json, body_of, filled, objects, operations, planted, resolved, schema_of

pytestmark = [pytest.mark.anyio, pytest.mark.attack("mass assignment")]

EVIL = UUID("0e1f0e1f-0e1f-4e1f-8e1f-0e1f0e1f0e1f")
"""An id, and an owner, that nobody has; and what no text of the product's own says."""
MARK = "planted-0e1f"
FORBIDDEN: dict[str, Json] = {
    **dict.fromkeys(("id", "user_id", "owner_id", "author_id", "course_id", "session_id", "task_id"), str(EVIL)),
    **dict.fromkeys(("student_id", "teacher_id", "conversation_id", "quiz_id"), str(EVIL)),
    **dict.fromkeys(("user_type", "role", "roles"), "super_admin"),
    **dict.fromkeys(("is_admin", "is_premium", "premium", "is_verified", "is_published", "is_superuser"), True),
    **dict.fromkeys(("is_active", "deleted", "graded_by_server"), False),
    **dict.fromkeys(("email", "email_key"), f"{MARK}@example.com"),
    **dict.fromkeys(("password", "new_password"), f"{MARK}-Password-9"),
    **dict.fromkeys(("password_hash", "state", "status", "model", "sha256", "slug", "revoked_for"), MARK),
    **dict.fromkeys(("score", "xp", "points", "rating", "cost", "balance", "position", "revision"), 424_242_424_242),
    **dict.fromkeys(("created_at", "updated_at", "expires_at", "suspended_at"), "1999-01-01T00:00:00Z"),
    **{name: {"$set": MARK} for name in ("permissions", "scopes", "details")},
    "__proto__": {"user_type": "super_admin"},
    "constructor": {"prototype": {"is_admin": True}},
    "user": {"user_type": "super_admin", "is_premium": True, "id": str(EVIL)},
}
LEAST = 1200
OWN = "SELECT user_type, is_premium, is_active, is_verified, email, email_key, password_hash, created_at, suspended_at"


@pytest.fixture
async def attacker(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    """A teacher: one more body than a student's is looked at, and no account's but their own."""
    async with await signed_in(services, address, "Attacker") as client:
        await become(services, client, "teacher")
        yield client


@pytest.fixture
async def things(services: Services, attacker: Client) -> dict[str, str]:
    """What the paths name: the attacker's own."""
    await seed_all(services.database, services.clock)
    talk = (await attacker.post("/v1/tutor/conversations", json={})).json()["id"]
    text = "Yeast is a fungus that eats sugar. Yeast makes carbon dioxide, which lifts the dough. Salt slows the yeast."
    quiz = (await made(attacker, content=text, questionCount=1, graded=True))["quiz_id"]
    course = await published.course(services, attacker, "Tides")
    return {"conversation_id": talk, "quiz_id": quiz, "course_id": course, "user_id": str(user_of(attacker))}


def fresh(body: Any) -> Any:
    """A body that can be sent again and again: who registers, and who is invited, is new each time."""
    return {**body, "email": f"new-{uuid4().hex}@example.com"} if "email" in body else body


def cases() -> list[tuple[str, str, dict[str, Any], str, list[str]]]:
    """(method, path, body, pointer of an object in it, the members put into that)."""
    found = []
    for method, path, operation in operations():
        schema, body = schema_of(operation), body_of(operation)
        for pointer in objects(schema) if schema else ():
            known = members(schema, pointer)
            found.append((method, path, body, pointer, [name for name in FORBIDDEN if name not in known]))
    return found


def members(schema: Json, pointer: str) -> set[str]:
    """The members that the object at the pointer has by its schema."""
    for part in pointer.split("/")[1:]:
        schema = resolved(schema)
        schema = schema["items"] if "items" in schema else schema["properties"][part]
    return set(resolved(schema).get("properties", {}))


def with_members(schema: Json, body: Json, pointer: str, names: list[str]) -> Json:
    """The body with the forbidden members in that object."""
    here = body
    for part in pointer.split("/")[1:]:
        here = (here[0] if here else {}) if isinstance(here, list) else (here or {}).get(part, {})
    forbidden = {name: FORBIDDEN[name] for name in names}
    return planted(schema, body, pointer, {**(here if isinstance(here, dict) else {}), **forbidden})


async def stored(database: Database) -> list[str]:
    """Every table in which one of the forbidden values stands."""
    tables = await database.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = []
    for table in tables:
        rows = await database.fetchval(
            f'SELECT count(*) FROM "{table["name"]}" AS row WHERE row::text ~ $1',  # noqa: S608 - a table of our own
            f"{EVIL}|{MARK}|424242424242|1999-01-01",
        )
        found += [table["name"]] if rows else []
    return found


async def test_no_member_is_taken_that_is_not_one_s_to_set(
    cases_tried: Cases, attacker: Client, things: dict[str, str], services: Services
) -> None:
    tried, crashed = cases(), []
    me = user_of(attacker)
    before = await services.database.fetchrow(f"{OWN} FROM users WHERE id = $1", me)
    schemas = {(method, path): schema_of(operation) for method, path, operation in operations()}
    for method, path, body, pointer, names in tried:
        sent = with_members(schemas[method, path], fresh(body), pointer, names)
        key = {"Idempotency-Key": uuid4().hex}
        answer = await attacker.request(method, filled(path, things), json=sent, headers=key)
        if answer.status_code >= 500 and path != "/v1/ai/translate":
            crashed.append((method, path, pointer, answer.text))
    assert crashed == []
    assert await services.database.fetchrow(f"{OWN} FROM users WHERE id = $1", me) == before
    assert await stored(services.database) == []
    promoted = "SELECT count(*) FROM users WHERE user_type <> 'student' OR is_premium OR is_verified"
    assert await services.database.fetchval(promoted) == 1  # the teacher
    planted_members = sum(len(names) for *_, names in tried)
    cases_tried(planted_members)
    assert planted_members >= LEAST


async def test_the_search_finds_what_is_stored(client: httpx.AsyncClient, services: Services) -> None:
    body = {"email": f"{MARK}@example.com", "password": "Correct-horse-9-battery", "full_name": "Ada"}
    assert (await client.post("/v1/auth/register", json=body)).status_code == 201
    assert "users" in await stored(services.database)
