"""An Idempotency-Key is its learner's and its route's: who guesses another's gets nothing of theirs."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.demo import seed_all
from api.services import Services
from tests.api.learners import Client, become, signed_in
from tests.api.uploading import picture
from tests.attacks import Cases
from tests.security.openings import body_of, filled, operations, resolved

pytestmark = [pytest.mark.anyio, pytest.mark.attack("idempotency-key theft")]

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
async def learners(services: Services, address: tuple[str, int]) -> AsyncIterator[tuple[Client, Client]]:
    """The owner of the keys, and who tries them; both teachers, whom every such route is open to."""
    await seed_all(services.database, services.clock)
    async with (
        await signed_in(services, address, "Owner") as owner,
        await signed_in(services, address, "Thief") as thief,
    ):
        for learner in (owner, thief):
            await become(services, learner, "teacher")
        yield owner, thief


async def things_of(learner: Client) -> dict[str, str]:
    """A conversation of their own, with an answer in it."""
    begun = await learner.post("/v1/tutor/conversations", json={"resource": "photosynthesis_basics"})
    talk = begun.json()["id"]
    headers = {"Accept": "text/event-stream"}
    answer = await learner.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": "Why?"}, headers=headers)
    assert answer.status_code in {200, 202}
    return {"conversation_id": talk, **{f"everybody's {id}": id for id in ID.findall(begun.text) if id != talk}}


def keyed() -> list[tuple[str, Any]]:
    """(path, example of the body) of every route that takes an Idempotency-Key."""
    return [
        (path, body_of(operation))
        for _, path, operation in operations()
        if any(resolved(parameter)["name"] == "Idempotency-Key" for parameter in operation["parameters"])
    ]


async def send(learner: Client, path: str, body: Any, key: str, things: dict[str, str]) -> httpx.Response:
    """One request with the key."""
    headers, url = {"Idempotency-Key": key}, filled(path, things)
    if path == "/v1/media":
        files = {"file": ("a.png", picture())}
        return await learner.post(url, data={"purpose": "avatar"}, files=files, headers=headers)
    return await learner.post(url, json=body, headers=headers)


def ids_in(answer: httpx.Response, known: dict[str, str]) -> set[str]:
    """What was made."""
    told = f"{answer.text} {answer.headers.get('location', '')}"
    return set(ID.findall(told)) - set(known.values())


async def test_another_learner_s_key_is_a_key_like_any_other(
    cases_tried: Cases, learners: tuple[Client, Client]
) -> None:
    owner, thief = learners
    own, theirs = await things_of(owner), await things_of(thief)
    cases = 0
    for path, body in keyed():
        key = uuid4().hex
        first = await send(owner, path, body, key, own)
        assert first.is_success, (path, first.text)
        # Were the key everybody's, the first would be answered with the owner's, and the second with 422.
        stolen = await send(thief, path, body, key, theirs)
        assert stolen.is_success, (path, stolen.text)
        assert "idempotency-replayed" not in stolen.headers, path
        assert not ids_in(first, own) & ids_in(stolen, theirs), path
        again = await send(owner, path, body, key, own)
        assert again.headers.get("idempotency-replayed") == "true", path
        assert (again.status_code, json.loads(again.content)) == (first.status_code, json.loads(first.content)), path
        cases += 3
    assert cases >= 24
    cases_tried(cases)


async def test_a_key_stands_for_one_route(cases_tried: Cases, learners: tuple[Client, Client]) -> None:
    """One key at every route in turn: no answer of one is another's."""
    owner, _ = learners
    own, key, seen = await things_of(owner), uuid4().hex, set[str]()
    alias = "/v1/courses/generate"  # is /v1/courses:generate, also for its keys
    routes = [(path, body) for path, body in keyed() if path != alias]
    for path, body in routes:
        answer = await send(owner, path, body, key, own)
        assert answer.is_success, (path, answer.text)
        assert "idempotency-replayed" not in answer.headers, path
        assert not seen & ids_in(answer, own), path
        seen |= ids_in(answer, own)
    cases_tried(len(routes))
