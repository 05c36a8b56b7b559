"""How far a child comes, through every door: each operation and each command is written down here, by SPEC §6.

A new route is in none of the lists, and fails the test until somebody has thought about children.
"""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from api import doors
from api.services import Services
from lyo_rt.accounts.tickets import issue
from lyo_rt.security.permissions import ALL, CHILDREN, MATRIX, Permission
from lyo_rt.settings import Settings
from tests.api.families import PARENT, agreed, child
from tests.api.learners import Client, become, refresh, signed_in, token_of, user_of
from tests.api.mailbox import Mailbox
from tests.api.published import course
from tests.api.sockets import device, greeted
from tests.api.test_doors import operations

pytestmark = pytest.mark.anyio

ACCOUNT = """
get /v1/auth/sessions
delete /v1/auth/sessions/{session_id}
post /v1/auth/logout
get /v1/users/me
delete /v1/users/me
get /v1/users/me/agreements
get /v1/users/me/consent
post /v1/users/me/consent
post /v1/users/me/export
get /v1/users/me/exports/{export_id}
"""
"""Open to every child: to have a parent asked, to have or erase what is kept, to sign out."""
LEARNING = """
post /v1/auth/password/change
post /v1/auth/verify-email/resend
put /v1/users/me
patch /v1/users/me
get /v1/users/me/activity
get /v1/users/me/preferences
put /v1/users/me/preferences
get /v1/users/me/stats
get /v1/ai/usage
post /v1/ai/explain-code
post /v1/ai/generate-course
post /v1/ai/generate-quiz
post /v1/ai/study-session
post /v1/ai/translate
get /v1/courses
get /v1/courses/{course_id}
post /v1/courses/generate
post /v1/courses:generate
get /v1/feeds/recommendations
delete /v1/media/{media_id}
get /v1/media/{media_id}
get /v1/quizzes
get /v1/quizzes/{quiz_id}
post /v1/quizzes/{quiz_id}/submit
get /v1/streams/{stream}
get /v1/tasks
get /v1/tasks/{task_id}
post /v1/tasks/{task_id}/cancel
get /v1/tasks/{task_id}/events
get /v1/tasks/{task_id}/status
get /v1/tutor/conversations
post /v1/tutor/conversations
get /v1/tutor/conversations/{conversation_id}
delete /v1/tutor/conversations/{conversation_id}
get /v1/tutor/conversations/{conversation_id}/events
post /v1/tutor/conversations/{conversation_id}/messages
post /v1/tutor/conversations/{conversation_id}/regenerate
post /v1/tutor/conversations/{conversation_id}/stop
post /v1/ws/tickets
"""
"""Open with a parent's consent."""
SHUT = """
post /v1/media
get /v1/users/{user_id}/profile
delete /v1/teaching/{teaching_id}
get /v1/teaching/invitations
post /v1/teaching/invitations/{invitation_id}/accept
post /v1/teaching/invitations/{invitation_id}/decline
get /v1/teaching/teachers
get /v1/teaching/{teaching_id}
"""
"""Open to learners from 13 on: others are met there, or something is shown to them."""


def lines(text: str) -> set[tuple[str, str]]:
    return {(method, path) for method, path in (line.split() for line in text.strip().splitlines())}


@pytest.fixture
async def pending(address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await child(address, name="Pending") as client:
        yield client


@pytest.fixture
async def learning(address: tuple[str, int], settings: Settings) -> AsyncIterator[Client]:
    async with await child(address, name="Learning") as client:
        await agreed(client, Mailbox(settings.lyo_data_dir), PARENT)
        yield client


async def test_every_route_is_open_to_whom_it_is_written_here(pending: Client, learning: Client) -> None:
    found: dict[str, set[tuple[str, str]]] = {"account": set(), "learning": set(), "shut": set()}
    for method, path, operation in operations():
        if not operation["security"] or "student" not in operation["x-roles"]:
            continue
        target, body = re.sub(r"{[^}]+}", str(uuid4()), path), {} if "requestBody" in operation else None
        answers = [await client.request(method, target, json=body) for client in (pending, learning)]
        for answer in answers:
            assert answer.status_code not in {401, 500}, (method, path, answer.text)
            refused = answer.status_code == 403
            assert not refused or answer.json()["code"] == "CONSENT_REQUIRED", (method, path, answer.text)
        refusals = [answer.status_code == 403 for answer in answers]
        assert refusals in ([False, False], [True, False], [True, True]), (method, path)
        found[("account", "learning", "shut")[sum(refusals)]].add((method, path))
    assert found == {"account": lines(ACCOUNT), "learning": lines(LEARNING), "shut": lines(SHUT)}


def test_a_new_permission_is_shut_to_children() -> None:
    """What is allowed is listed, and each of it is every student's."""
    assert CHILDREN["pending"] < CHILDREN["given"] < CHILDREN["none_needed"] == set(Permission)
    assert all(MATRIX[permission] == ALL for permission in CHILDREN["given"])
    assert not CHILDREN["given"] & {Permission.MEET, Permission.SHARE}


async def test_no_socket_opens_to_who_waits_for_consent(
    services: Services, pending: Client, learning: Client, address: tuple[str, int]
) -> None:
    token = token_of(pending)
    ticket = await issue(services.database, services.accounts.identify(token), now=services.clock.now())
    task = f"/v1/ws/tasks/{uuid4()}"
    for path, bearer in (
        *(("/v1/ws", token), (f"/v1/ws?token={token}", None), (f"/v1/ws?token={ticket}", None)),
        *((task, token), (f"{task}?token={token}", None)),
    ):
        with pytest.raises(InvalidStatus) as refused:
            async with device(address, bearer, path=path, subprotocols=None):
                pass
        assert refused.value.response.status_code == 403, path
    async with device(address) as socket:
        await socket.send("hello", token=token)
        assert (await socket.closed())[0] == 4003
    async with greeted(address, token_of(learning)) as socket:
        await socket.send("auth", token=token)
        assert (await socket.closed())[0] == 4003


async def test_every_command_and_stream_goes_as_far_as_learning(
    services: Services, learning: Client, address: tuple[str, int]
) -> None:
    talk = (await learning.post("/v1/tutor/conversations", json={})).json()["id"]
    own = await course(services, learning, "Mine", is_published=False)
    async with await signed_in(services, address, "Author") as author:
        room = await course(services, author, "A room of others")
    commands: dict[type[Any], tuple[dict[str, Any], str]] = {
        doors.frames.Ask: ({"conversation": talk, "text": "Why do leaves look green?"}, "ok"),
        doors.frames.Stop: ({"conversation": talk}, "ok"),
        doors.frames.Regenerate: ({"conversation": talk}, "ok"),
        doors.frames.Generate: ({"payload": {"topic": "Tides"}}, "ok"),
        doors.frames.Cancel: ({"task": str(uuid4())}, "NOT_FOUND"),
        doors.frames.Subscribe: ({"stream": f"conversation:{talk}"}, "ok"),
        doors.frames.Presence: ({"course": own}, "CONSENT_REQUIRED"),
    }
    assert commands.keys() | {doors.frames.Typing} == doors.FRAMES.keys(), "say here what children may send"
    async with greeted(address, token_of(learning)) as socket:
        for frame, (members, expected) in commands.items():
            reply = await socket.ask(frame.__name__.lower(), **members)
            got = "ok" if "ok" in reply else reply["problem"]["code"]
            assert got in {expected, "CONFLICT"}, (frame, reply)
        await socket.send("typing", course=own)
        for stream, allowed in (
            (f"user:{user_of(learning)}", True),
            (f"course:{own}", True),
            (f"course:{room}", False),
            ("ops", False),
        ):
            reply = await socket.ask("subscribe", stream=stream)
            assert ("ok" in reply) is allowed, stream
            assert (await learning.get(f"/v1/streams/{stream}")).is_success is allowed, stream
    resume = [{"stream": f"course:{name}", "epoch": 1, "seq": 0} for name in (own, room)]
    async with greeted(address, token_of(learning), resume=resume) as socket:
        assert [state["stream"] for state in socket.frames[0]["streams"]] == [f"course:{own}"]


async def test_nobody_meets_a_child(services: Services, learning: Client, address: tuple[str, int]) -> None:
    public = {"privacy_settings": {"profile_visibility": "public", "show_stats": True}}
    assert (await learning.patch("/v1/users/me", json=public)).is_success
    async with await signed_in(services, address, "Teacher") as teacher:
        await become(services, teacher, "teacher")
        assert (await teacher.get(f"/v1/users/{user_of(learning)}/profile")).status_code == 404
        assert (await learning.get(f"/v1/users/{user_of(teacher)}/profile")).status_code == 403


async def test_a_role_takes_a_child_no_further(services: Services, learning: Client) -> None:
    await services.database.execute(
        "UPDATE users SET user_type = 'super_admin', role_changed_at = now() WHERE id = $1", user_of(learning)
    )
    await refresh(services, learning)
    answer = await learning.get("/v1/users")
    assert (answer.status_code, answer.json()["code"]) == (403, "CONSENT_REQUIRED")
