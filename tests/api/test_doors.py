"""Who comes through which door: every route and every socket, by every role, and with somebody else's ids.

The expectations are written here, from seed 000 §6.1 and SPEC §4, not taken from the code.
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any, get_args
from uuid import uuid4

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from api import doors
from api.app import openapi_json, routes
from api.services import Services
from lyo_rt import frames
from lyo_rt.security.permissions import ADMINS, MATRIX, Permission, allows, may_see
from lyo_rt.security.tokens import UserType
from tests.api.learners import Client, become, signed_in, token_of, user_of
from tests.api.lives import exported
from tests.api.published import course
from tests.api.quizzing import made
from tests.api.sockets import device, greeted
from tests.api.uploading import picture
from tests.attacks import Cases

pytestmark = pytest.mark.anyio

ROLES: tuple[UserType, ...] = ("student", "teacher", "admin", "super_admin")
SEED = {
    "VIEW_OWN_PROFILE": "✓✓✓✓",
    "EDIT_OWN_PROFILE": "✓✓✓✓",
    "VIEW_COURSES": "✓✓✓✓",
    "CREATE_COURSES": "✗✓✓✓",
    "DELETE_COURSES": "✗✗✓✓",
    "VIEW_ALL_USERS": "✗✗✓✓",
    "MANAGE_USERS": "✗✗✗✓",
    "AI_GENERATION": "✓✓✓✓",
    "SYSTEM_CONFIG": "✗✗✗✓",
}
OURS = {
    "KEEP_ACCOUNT": "✓✓✓✓",
    "LEARN": "✓✓✓✓",
    "MEET": "✓✓✓✓",
    "SHARE": "✓✓✓✓",
    "TEACH": "✗✓✓✓",
    "CORRECT_PROFILES": "✗✗✓✓",
    "VIEW_OPERATIONS": "✗✗✓✓",
    "VIEW_AUDIT": "✗✗✓✓",
}
RESTRICTED = {
    ("get", "/v1/admin/ai/costs"): "✗✗✓✓",
    ("get", "/v1/admin/audit"): "✗✗✓✓",
    ("get", "/v1/teaching/students"): "✗✓✓✓",
    ("post", "/v1/teaching/invitations"): "✗✓✓✓",
    ("get", "/v1/users"): "✗✗✓✓",
    ("get", "/v1/users/{user_id}"): "✗✗✓✓",
    ("patch", "/v1/users/{user_id}"): "✗✗✓✓",
    ("put", "/v1/users/{user_id}/role"): "✗✗✗✓",
    ("post", "/v1/users/{user_id}/suspend"): "✗✗✗✓",
    ("delete", "/v1/users/{user_id}/suspend"): "✗✗✗✓",
}
"""The routes that are not for everybody who is signed in."""

Operation = tuple[str, str, dict[str, Any]]


def operations() -> Iterator[Operation]:
    """(method, path, operation) of all operations; those that end the session come last."""
    document = msgspec.json.decode(openapi_json())
    found = [(method, path, one) for path, item in document["paths"].items() for method, one in item.items()]
    return iter(sorted(found, key=lambda one: one[1] == "/v1/auth/logout"))


def body_of(operation: dict[str, Any]) -> Any:
    """An example of the request's body."""
    return operation["requestBody"]["content"]["application/json"]["example"] if "requestBody" in operation else None


@pytest.fixture
async def owner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Owner") as client:
        privacy = {"privacy_settings": {"profile_visibility": "private"}}
        assert (await client.patch("/v1/users/me", json=privacy)).is_success
        yield client


@pytest.fixture
async def visitors(services: Services, address: tuple[str, int]) -> AsyncIterator[dict[UserType, Client]]:
    """A learner of each role."""
    async with AsyncExitStack() as stack:
        found: dict[UserType, Client] = {}
        for role in ROLES:
            found[role] = await stack.enter_async_context(await signed_in(services, address, role.title()))
            await become(services, found[role], role)
        yield found


def test_the_matrix_is_the_seed_s_cell_by_cell() -> None:
    expected = SEED | OURS
    assert {permission.name for permission in MATRIX} == expected.keys() == {one.name for one in Permission}
    for name, marks in expected.items():
        for role, mark in zip(ROLES, marks, strict=True):
            assert allows(role, Permission[name]) is (mark == "✓"), (name, role)


def test_a_route_without_a_rule_keeps_the_app_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = dict(doors.ROUTES)
    del rules["users.read_me"]
    monkeypatch.setattr(doors, "ROUTES", rules)
    with pytest.raises(RuntimeError, match=r"users\.read_me"):
        routes()
    monkeypatch.setattr(doors, "ROUTES", {**rules, "users.read_me": Permission.LEARN, "users.gone": Permission.LEARN})
    with pytest.raises(RuntimeError, match=r"users\.gone"):
        routes()


def test_a_route_that_says_nothing_of_itself_keeps_the_app_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    from quart import Blueprint

    from api import app

    class Silent:
        blueprint = Blueprint("silent", __name__)

    Silent.blueprint.add_url_rule("/v1/silent", "say", lambda: "")
    monkeypatch.setattr(app, "ROUTES", (*app.ROUTES, Silent))
    with pytest.raises(RuntimeError, match=r"silent\.say"):
        routes()


@pytest.mark.attack("every route by every role")
async def test_every_route_by_every_role(cases_tried: Cases, visitors: dict[UserType, Client]) -> None:
    cases = 0
    restricted: dict[tuple[str, str], str] = {}
    for method, path, operation in operations():
        target = re.sub(r"{[^}]+}", str(uuid4()), path)
        marks = ""
        for role in ROLES:
            answer = await visitors[role].request(method, target, json={} if "requestBody" in operation else None)
            problem = answer.headers["content-type"] == "application/problem+json" if answer.content else False
            refused = problem and answer.json()["code"] == "FORBIDDEN"
            assert refused is (answer.status_code == 403), (method, path, role)
            assert answer.status_code != 500, (method, path, role, answer.text)
            assert answer.status_code != 401 or not operation["security"], (method, path, role, answer.text)
            marks += "✗" if refused else "✓"
            cases += 1
        if marks != "✓✓✓✓":
            restricted[method, path] = marks
            assert "403" in operation["responses"], (method, path)
        if operation["security"]:
            assert operation["x-roles"] == [role for role, mark in zip(ROLES, marks, strict=True) if mark == "✓"]
    assert restricted == RESTRICTED
    cases_tried(cases)


async def things_of(owner: Client, services: Services) -> dict[str, list[str]]:
    """What belongs to the owner, by the name of the parameter that stands for it in a path."""
    accepted = await owner.post("/v1/courses:generate", json={"topic": "Tides"}, headers={"Idempotency-Key": "1"})
    task = accepted.json()["task_id"]
    private = await course(services, owner, "Mine", is_published=False)
    talk = (await owner.post("/v1/tutor/conversations", json={"resource": private})).json()["id"]
    quiz = await quiz_of(owner)
    file = {"file": ("a.png", picture("PNG"))}
    media = (await owner.post("/v1/media", data={"purpose": "lesson", "course_id": private}, files=file)).json()["id"]
    await become(services, owner, "teacher")
    relation = (await owner.post("/v1/teaching/invitations", json={"email": "one@example.com"})).json()["id"]
    user = str(user_of(owner))
    session = (await owner.get("/v1/auth/sessions")).json()["items"][0]["id"]
    return {
        "task_id": [task],
        "course_id": [private, accepted.json()["provisional_course_id"]],
        "conversation_id": [talk],
        "quiz_id": [quiz],
        "media_id": [media],
        "session_id": [session],
        "export_id": [await exported(owner)],
        "teaching_id": [relation],
        "invitation_id": [relation],
        "user_id": [user],
        "stream": [f"task:{task}", f"conversation:{talk}", f"user:{user}", f"course:{private}"],
    }


async def quiz_of(owner: Client) -> str:
    text = "Yeast is a fungus that eats sugar. Yeast makes carbon dioxide, which lifts the dough. Salt slows the yeast."
    quiz: str = (await made(owner, content=text, questionCount=1))["quiz_id"]
    return quiz


@pytest.mark.attack("IDOR")
async def test_strangers_things_are_not_found_whoever_asks(
    cases_tried: Cases, owner: Client, visitors: dict[UserType, Client], services: Services
) -> None:
    things = await things_of(owner, services)
    cases = 0
    for method, path, operation in operations():
        names = re.findall(r"{([^}]+)}", path)
        if not names:
            continue
        (name,) = names
        assert name in things, f"{path}: say here whose {name} is"
        for value in things[name]:
            for role, visitor in visitors.items():
                if role in operation["x-roles"] and not (name == "user_id" and role in ADMINS):
                    answer = await visitor.request(method, path.replace(f"{{{name}}}", value), json=body_of(operation))
                    assert answer.status_code == 404, (method, path, role, answer.text)
                    cases += 1
    assert cases > 80
    cases_tried(cases)


@pytest.mark.attack("IDOR")
async def test_every_socket_by_every_role_and_with_others_things(
    owner: Client, visitors: dict[UserType, Client], services: Services, address: tuple[str, int]
) -> None:
    things = await things_of(owner, services)
    (task,), (talk,) = things["task_id"], things["conversation_id"]
    commands: list[tuple[str, dict[str, Any]]] = [
        *(("subscribe", {"stream": stream}) for stream in things["stream"]),
        ("ask", {"conversation": talk, "text": "Whose is this?"}),
        ("stop", {"conversation": talk}),
        ("regenerate", {"conversation": talk}),
        ("cancel", {"task": task}),
        ("presence", {"course": things["course_id"][0]}),
    ]
    for role, visitor in visitors.items():
        async with greeted(address, token_of(visitor)) as session:
            for type, members in commands:
                problem = (await session.ask(type, **members))["problem"]
                assert (problem["status"], problem["code"]) == (404, "NOT_FOUND"), (role, type, members)
            assert ("ok" in await session.ask("subscribe", stream="ops")) is (role in ADMINS)
            await session.send("ping")
            await session.until("pong")
        for path in (f"/v1/ws/tasks/{task}", f"/v1/tasks/ws/{task}"):
            with pytest.raises(InvalidStatus) as refused:
                async with device(address, token_of(visitor), path=path, subprotocols=None):
                    pass
            assert refused.value.response.status_code == 404


def test_every_command_of_a_session_has_its_rule() -> None:
    keeps_itself = {frames.Hello, frames.Auth, frames.Ping, frames.Unsubscribe}
    assert doors.FRAMES.keys() | keeps_itself == set(get_args(frames.ClientFrame))
    assert not doors.FRAMES.keys() & keeps_itself


@pytest.mark.attack("every route by every role")
async def test_a_permission_that_is_taken_away_shuts_routes_and_commands_alike(
    owner: Client, services: Services, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every role may have courses written today; were it not so, no way in would be left open."""
    talk = (await owner.post("/v1/tutor/conversations", json={})).json()["id"]
    monkeypatch.setitem(MATRIX, Permission.AI_GENERATION, ADMINS)
    shut = [(method, path) for method, path, one in operations() if one.get("x-permission") == "AI_GENERATION"]
    assert len(shut) == 10
    for method, path in shut:
        answer = await owner.request(method, path.replace("{conversation_id}", talk), json={})
        assert answer.status_code == 403, path
    async with greeted(address, token_of(owner)) as session:
        for type, members in (
            ("ask", {"conversation": talk, "text": "Why?"}),
            ("regenerate", {"conversation": talk}),
            ("generate", {"payload": {"topic": "Tides"}}),
        ):
            assert (await session.ask(type, **members))["problem"]["code"] == "FORBIDDEN"
        assert "ok" in await session.ask("stop", conversation=talk)
    await become(services, owner, "admin")
    async with greeted(address, token_of(owner)) as session:
        assert "ok" in await session.ask("ask", conversation=talk, text="Why?")


async def test_whose_progress_who_may_see(visitors: dict[UserType, Client], services: Services) -> None:
    learner = uuid4()
    for role, visitor in visitors.items():
        who = services.accounts.identify(token_of(visitor))
        assert may_see(who, who.user_id, teaches=False)
        assert may_see(who, learner, teaches=False) is (role in ADMINS)
        assert may_see(who, learner, teaches=True) is (role != "student")
