"""No answer tells whether there is such an account, or such a thing: what is not yours is as if it were not there."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from lyo_rt.audit.records import COMMAND_LINE
from tests.api import published
from tests.api.learners import Client, become, signed_in, user_of
from tests.api.quizzing import made
from tests.attacks import Cases
from tests.security.openings import body_of, operations

pytestmark = [pytest.mark.anyio, pytest.mark.attack("enumeration by message")]

VARIES = {"date", "x-request-id", "etag"}


@pytest.fixture
async def known(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Known") as client:
        privacy = {"privacy_settings": {"profile_visibility": "private"}}
        assert (await client.patch("/v1/users/me", json=privacy)).is_success
        yield client


@pytest.fixture
async def asker(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Asker") as client:
        await become(services, client, "teacher")
        yield client


def told(answer: httpx.Response, *names: str) -> tuple[int, list[tuple[str, str]], Any]:
    """All that an answer tells: but for its moment, its request, and the `names` that the asker gave."""
    text = answer.text
    for name in names:
        text = text.replace(name, "<name>")
    body = re.sub(r'"(request_id|id|created_at)":"[^"]*"', "", text)
    fields = [(name, value) for name, value in answer.headers.items() if name not in VARIES | {"location"}]
    return answer.status_code, [(name, value) for name, value in fields if name != "content-length"], body


async def test_no_door_tells_who_has_an_account(
    cases_tried: Cases,
    client: httpx.AsyncClient,
    known: Client,
    asker: Client,
    services: Services,
    address: tuple[str, int],
) -> None:
    async with await signed_in(services, address, "Suspended") as suspended:
        root = COMMAND_LINE
        await services.administration.suspend(root, user_of(suspended), reason="spam")
    pairs = [(known.email, "wrong"), (suspended.email, "wrong"), (suspended.email, "Correct-horse-9-battery")]
    cases = 0
    for email, password in pairs:
        nobody = f"nobody-{uuid4().hex}@example.com"
        for sender, path, more in (
            (client, "/v1/auth/login", {"password": password}),
            (client, "/v1/auth/password/forgot", {}),
            (asker, "/v1/teaching/invitations", {}),
        ):
            if email == suspended.email and password != "wrong" and sender is asker:
                continue  # invited a moment ago
            one = await sender.post(path, json={"email": email, **more})
            other = await sender.post(path, json={"email": nobody, **more})
            assert told(one, email) == told(other, nobody), path
            cases += 1
    assert cases == 8
    cases_tried(cases)


async def things_of(known: Client, services: Services) -> dict[str, list[str]]:
    """What is theirs, by the parameter that names it in a path."""
    sent = {"Idempotency-Key": "1"}
    task = (await known.post("/v1/courses:generate", json={"topic": "Tides"}, headers=sent)).json()["task_id"]
    course = await published.course(services, known, "Mine", is_published=False)
    talk = (await known.post("/v1/tutor/conversations", json={})).json()["id"]
    text = "Yeast is a fungus that eats sugar. Yeast makes carbon dioxide, which lifts the dough. Salt slows the yeast."
    quiz = (await made(known, content=text, questionCount=1))["quiz_id"]
    user = str(user_of(known))
    session = (await known.get("/v1/auth/sessions")).json()["items"][0]["id"]
    streams = [f"task:{task}", f"conversation:{talk}", f"user:{user}", f"course:{course}"]
    return {
        "task_id": [task],
        "course_id": [course],
        "conversation_id": [talk],
        "quiz_id": [quiz],
        "user_id": [user],
        "session_id": [session],
        "stream": streams,
    }


@pytest.mark.attack("IDOR")
async def test_a_strangers_thing_is_answered_as_none_at_all(
    cases_tried: Cases, known: Client, asker: Client, services: Services
) -> None:
    things, cases = await things_of(known, services), 0
    for method, path, operation in operations():
        names = re.findall(r"{([^}]+)}", path)
        for id in things.get(names[0], ()) if names else ():
            nothing = f"{id.partition(':')[0]}:{uuid4()}" if ":" in id else str(uuid4())
            body = body_of(operation)
            one = await asker.request(method, path.replace(f"{{{names[0]}}}", id), json=body)
            other = await asker.request(method, path.replace(f"{{{names[0]}}}", nothing), json=body)
            assert told(one, id) == told(other, nothing), (method, path)
            cases += 1
    cases_tried(cases)
    assert cases >= 20
