"""Somebody else's things, named where no path names them: in bodies, queries, frames and positions (IDOR)."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from lyo_rt.security.tokens import UserType
from tests.api import published
from tests.api.learners import Client, become, signed_in, token_of, user_of
from tests.api.quizzing import made
from tests.api.sockets import greeted
from tests.api.uploading import picture
from tests.attacks import Cases

pytestmark = [pytest.mark.anyio, pytest.mark.attack("IDOR")]

ROLES: tuple[UserType, ...] = ("student", "teacher", "admin", "super_admin")
SECRET = "the yeast of the owner sleeps at night"
"""What is in everything of theirs."""


@pytest.fixture
async def owner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Owner") as client:
        yield client


@pytest.fixture
async def things(owner: Client, services: Services) -> dict[str, str]:
    """What is theirs alone."""
    talk = (await owner.post("/v1/tutor/conversations", json={"title": SECRET})).json()["id"]
    headers = {"Accept": "text/event-stream"}
    await owner.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": f"Why {SECRET}?"}, headers=headers)
    messages = (await owner.get(f"/v1/tutor/conversations/{talk}")).json()["items"]
    text = f"Yeast is a fungus that eats sugar, and {SECRET}. Yeast makes carbon dioxide, which lifts the dough."
    quiz = await made(owner, content=text, questionCount=1)
    sent = {"Idempotency-Key": "1"}
    task = (await owner.post("/v1/courses:generate", json={"topic": SECRET}, headers=sent)).json()
    return {
        "course": await published.course(services, owner, SECRET, is_published=False, description=SECRET),
        "provisional": task["provisional_course_id"],
        "task": task["task_id"],
        "talk": talk,
        "message": messages[0]["id"],
        "answer": messages[-1]["id"],
        "quiz": quiz["quiz_id"],
        "user": str(user_of(owner)),
    }


@pytest.fixture
async def strangers(services: Services, address: tuple[str, int]) -> AsyncIterator[dict[UserType, Client]]:
    """One of each role."""
    found = {}
    for role in ROLES:
        found[role] = await signed_in(services, address, role)
        await become(services, found[role], role)
    yield found
    for client in found.values():
        await client.aclose()


def requests(things: dict[str, str], own: str) -> Iterator[tuple[str, Any, str]]:
    """(path, body, the name of what is not theirs) of every body that names something; `own` is their conversation."""
    for name in ("course", "provisional", "quiz", "task", "user", "talk"):
        yield "/v1/tutor/conversations", {"resource": things[name]}, name
        yield "/v1/ai/generate-quiz", {"resourceId": things[name], "questionCount": 1}, name
        yield "/v1/ai/study-session", {"resourceId": things[name], "userInput": "What is in it?"}, name
    yield f"/v1/tutor/conversations/{own}/messages", {"text": "Why?", "id": things["message"]}, "message"
    yield f"/v1/quizzes/{things['quiz']}/submit", {"answers": [{"question_id": "q1", "answer": "A"}]}, "quiz"


async def refused(stranger: Client, path: str, body: Any) -> bool:
    """Whether the thing is as if it were none: the answer is the one that a thing gets that nobody has."""
    answer = await stranger.post(path, json=body)
    if "resource" in body or "resourceId" in body:
        field = "resource" if "resource" in body else "resourceId"
        nothing = await stranger.post(path, json={**body, field: str(uuid4())})
        return (answer.status_code, answer.json().get("code")) == (nothing.status_code, nothing.json().get("code"))
    return answer.status_code in {404, 409}


async def test_no_body_reaches_what_is_another_s(
    cases_tried: Cases, strangers: dict[UserType, Client], things: dict[str, str], owner: Client
) -> None:
    before = await everything_of(owner, things)
    for role, stranger in strangers.items():
        own = (await stranger.post("/v1/tutor/conversations", json={})).json()["id"]
        for path, body, name in requests(things, own):
            assert await refused(stranger, path, body), (role, path, name)
            cases_tried(1)
        for name in ("course", "provisional"):
            sent = {"purpose": "lesson", "course_id": things[name]}
            answer = await stranger.post("/v1/media", data=sent, files={"file": ("a.png", picture())})
            assert answer.status_code in {403, 404, 422}, (role, name, answer.text)
            cases_tried(1)
        assert SECRET not in await told_to(stranger), role
    assert await everything_of(owner, things) == before


async def told_to(stranger: Client) -> str:
    """All lists that a stranger may read."""
    paths = ("courses", "quizzes", "tasks", "tutor/conversations", "feeds/recommendations", "users/me/activity")
    answers = [await stranger.get(f"/v1/{path}") for path in paths]
    assert all(answer.is_success for answer in answers)
    return "".join(answer.text for answer in answers)


async def everything_of(owner: Client, things: dict[str, str]) -> list[str]:
    """What the owner has, as it is told."""
    paths = (f"tutor/conversations/{things['talk']}", f"quizzes/{things['quiz']}", f"courses/{things['course']}")
    return [(await owner.get(f"/v1/{path}")).text for path in paths]


async def test_no_position_resumes_what_is_another_s(
    cases_tried: Cases, strangers: dict[UserType, Client], things: dict[str, str], address: tuple[str, int]
) -> None:
    """Neither with `hello`, `subscribe` and `ping`, nor by long poll and as Server-Sent Events."""
    streams = [f"conversation:{things['talk']}", f"task:{things['task']}", f"user:{things['user']}"]
    streams += [f"course:{things[name]}" for name in ("course", "provisional")]
    places: list[dict[str, Any]] = [{"stream": stream, "epoch": 1, "seq": 0} for stream in streams]
    answer = {"stream": streams[0], "message": things["answer"], "revision": 1, "at": 0}
    for role, stranger in strangers.items():
        for resume in [places, [answer], *([place] for place in places)]:
            async with greeted(address, token_of(stranger), resume=resume) as session:
                assert session.frames[0]["streams"] == [], (role, resume)
                await session.send("ping", positions={place["stream"]: 0 for place in resume})
                assert (await session.until("pong"))["positions"] == {}
                told = [frame["type"] for frame in session.frames]
                assert told == ["welcome", "pong"], (role, told)
            cases_tried(1)
        for stream in streams:
            for query, headers in (("after=0&wait=0", {}), ("after=0", {"Accept": "text/event-stream"})):
                one: httpx.Response = await stranger.get(f"/v1/streams/{stream}?{query}", headers=headers)
                assert (one.status_code, one.json()["code"]) == (404, "NOT_FOUND"), (role, stream)
                cases_tried(1)
