"""Two who have read the same, and change it at once: with If-Match one of them is told that it is stale.

The routes are those of the OpenAPI document; one that is added without a line in `CHANGES` fails here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import asyncpg
import httpx
import msgspec
import pytest

from api.app import openapi_json
from api.services import Services
from tests.api.learners import PASSWORD, Client, become, signed_in, user_of
from tests.api.uploading import picture, uploaded
from tests.lyo_rt.locks import until_someone_waits

pytestmark = pytest.mark.anyio

PREFERENCES = {
    "language": "de",
    "timezone": "Europe/Berlin",
    "learning_style": None,
    "notification_preferences": {},
    "privacy_settings": {},
}


async def own(services: Services, asker: Client, other: Client) -> str:
    return "/v1/users/me"


async def preferences(services: Services, asker: Client, other: Client) -> str:
    return "/v1/users/me/preferences"


async def account(services: Services, asker: Client, other: Client) -> str:
    return f"/v1/users/{user_of(other)}"


async def role(services: Services, asker: Client, other: Client) -> str:
    return f"/v1/users/{user_of(other)}/role"


async def suspension(services: Services, asker: Client, other: Client) -> str:
    await asker.post(f"/v1/users/{user_of(other)}/suspend", json={"reason": "a test"})
    return f"/v1/users/{user_of(other)}/suspend"


async def device(services: Services, asker: Client, other: Client) -> str:
    devices = (await asker.get("/v1/auth/sessions")).json()["items"]
    return f"/v1/auth/sessions/{devices[0]['id']}"


async def upload(services: Services, asker: Client, other: Client) -> str:
    url: str = (await uploaded(asker, picture()))["url"]
    return url


async def teaching(services: Services, asker: Client, other: Client) -> str:
    made = await asker.post("/v1/teaching/invitations", json={"email": other.email})
    return str(made.headers["location"])


async def conversation(services: Services, asker: Client, other: Client) -> str:
    made = await asker.post("/v1/tutor/conversations", json={})
    return f"/v1/tutor/conversations/{made.json()['id']}"


Recipe = tuple[Callable[[Services, Client, Client], Awaitable[str]], Any, str, frozenset[int]]
USERS = "SELECT FROM users ORDER BY id FOR UPDATE"
STALE = frozenset({412})
GONE = frozenset({404})
"""What never changes but can go: who comes too late finds nothing, with If-Match or without."""

CHANGES: dict[str, Recipe] = {
    "put /v1/users/me": (own, {"full_name": "Ada Two"}, USERS, STALE),
    "patch /v1/users/me": (own, {"bio": "I bake."}, USERS, STALE),
    "delete /v1/users/me": (own, {"password": PASSWORD}, USERS, STALE),
    "put /v1/users/me/preferences": (preferences, PREFERENCES, USERS, STALE),
    "patch /v1/users/{user_id}": (account, {"full_name": "Ada Two"}, USERS, STALE),
    "delete /v1/media/{media_id}": (upload, None, "LOCK TABLE media IN EXCLUSIVE MODE", GONE),
    "delete /v1/teaching/{teaching_id}": (teaching, None, "SELECT FROM teaching FOR UPDATE", STALE),
    "delete /v1/tutor/conversations/{conversation_id}": (
        conversation,
        None,
        "SELECT FROM conversations FOR UPDATE",
        STALE | GONE,
    ),
}
UNREADABLE: dict[str, Recipe] = {
    "put /v1/users/{user_id}/role": (role, {"role": "teacher"}, USERS, STALE),
    "delete /v1/users/{user_id}/suspend": (suspension, None, USERS, STALE),
    "delete /v1/auth/sessions/{session_id}": (device, None, USERS, STALE),
}
"""At these addresses nothing can be read: whatever If-Match names, it is not there (RFC 9110 §13.1.1)."""


@pytest.fixture
async def asker(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Ada") as client:
        await become(services, client, "super_admin")
        yield client


@pytest.fixture
async def other(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Bob") as client:
        yield client


@pytest.fixture
async def second_super_admin(services: Services, address: tuple[str, int]) -> AsyncIterator[None]:
    """So that the first may go."""
    async with await signed_in(services, address, "Cleo") as client:
        await become(services, client, "super_admin")
        yield


def test_every_route_that_promises_412_is_raced_here() -> None:
    document: Any = msgspec.json.decode(openapi_json())
    promised = {
        f"{method} {path}"
        for path, item in document["paths"].items()
        for method in item.keys() & {"put", "patch", "delete"}
        if "412" in item[method]["responses"]
    }
    assert promised == CHANGES.keys() | UNREADABLE.keys()


@pytest.mark.parametrize("route", CHANGES)
async def test_of_two_with_one_version_one_is_refused(
    services: Services, asker: Client, other: Client, second_super_admin: None, database_url: str, route: str
) -> None:
    """Both have passed the look before the transaction when the first of them is let go on."""
    prepare, body, lock, late = CHANGES[route]
    path = await prepare(services, asker, other)
    tag = (await asker.get(path)).headers["etag"]
    answers: list[httpx.Response] = []

    async def change() -> None:
        method = route.partition(" ")[0].upper()
        answers.append(await asker.request(method, path, json=body, headers={"If-Match": tag}))

    holder = await asyncpg.connect(database_url)
    try:
        async with anyio.create_task_group() as tasks, holder.transaction():
            await holder.execute(lock)
            tasks.start_soon(change)
            tasks.start_soon(change)
            await until_someone_waits(services.database, least=2)
    finally:
        await holder.close()
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert first.is_success, first.text
    assert second.status_code in late, second.text
    if late == STALE:
        assert second.json()["code"] == "STALE_VERSION"


@pytest.mark.parametrize("route", UNREADABLE)
async def test_what_cannot_be_read_has_no_version_to_match(
    services: Services, asker: Client, other: Client, route: str
) -> None:
    prepare, body, _, _ = UNREADABLE[route]
    path = await prepare(services, asker, other)
    method = route.partition(" ")[0].upper()
    for given in ('"one"', "*"):
        answer = await asker.request(method, path, json=body, headers={"If-Match": given})
        assert (answer.status_code, answer.json()["code"]) == (412, "STALE_VERSION")
    assert (await asker.request(method, path, json=body)).is_success


async def test_an_account_that_an_admin_has_read_has_a_version(asker: Client, other: Client) -> None:
    path = f"/v1/users/{user_of(other)}"
    read = await asker.get(path)
    assert read.headers["cache-control"] == "private, no-store"
    changed = await asker.patch(path, json={"bio": "One"}, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200
    stale = await asker.patch(path, json={"bio": "Two"}, headers={"If-Match": read.headers["etag"]})
    assert (stale.status_code, (await asker.get(path)).json()["bio"]) == (412, "One")
