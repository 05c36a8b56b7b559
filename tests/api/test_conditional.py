"""Entity tags, conditional requests and caches (RFC 9110, RFC 9111): of every single resource, and one place."""

import gzip
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from api.app import openapi_json
from api.services import Services
from tests.api.learners import signed_in
from tests.api.quizzing import made
from tests.api.test_quizzes import BEES

pytestmark = pytest.mark.anyio

STRONG = re.compile(r'"[0-9a-f]{24}(\.[0-9a-f]{24})?(\.gzip)?"')


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
async def conversation(learner: httpx.AsyncClient) -> str:
    made = await learner.post("/v1/tutor/conversations", json={"title": "Of light"})
    return f"/v1/tutor/conversations/{made.json()['id']}"


async def single_resources(learner: httpx.AsyncClient) -> list[str]:
    """Paths of one resource of each kind there is."""
    key = {"Idempotency-Key": "k"}
    begun = (await learner.post("/v1/courses:generate", json={"topic": "Light"}, headers=key)).json()
    talk = (await learner.post("/v1/tutor/conversations", json={})).json()["id"]
    quiz = await made(learner, content=BEES, questionCount=3)
    return [
        "/v1/users/me",
        f"/v1/courses/{begun['provisional_course_id']}",
        f"/v1/tutor/conversations/{talk}",
        f"/v1/quizzes/{quiz['quiz_id']}",
    ]


async def test_a_single_resource_has_a_strong_tag_and_is_not_sent_twice(learner: httpx.AsyncClient) -> None:
    paths = await single_resources(learner)
    assert len(paths) == 4
    for path in paths:
        for _ in range(20):  # a course may be growing
            first = await learner.get(path)
            again = await learner.get(path, headers={"If-None-Match": first.headers["etag"]})
            if again.status_code == 304:
                break
        assert STRONG.fullmatch(first.headers["etag"]), path
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        for name in ("cache-control", "vary"):
            assert again.headers[name]
        assert not {"content-length", "content-type", "content-encoding"} & set(again.headers)


@pytest.mark.parametrize("pattern", ["{}", "W/{}", '"other", {}', '"a,b",{} , "c"', "*"])
async def test_one_tag_of_several_is_enough(learner: httpx.AsyncClient, pattern: str) -> None:
    tag = (await learner.get("/v1/users/me")).headers["etag"]
    given = {"If-None-Match": pattern.format(tag)}
    assert (await learner.get("/v1/users/me", headers=given)).status_code == 304
    assert (await learner.head("/v1/users/me", headers=given)).status_code == 304


@pytest.mark.parametrize("given", ['"other"', "nonsense", "", 'W/"x"'])
async def test_another_tag_gets_the_resource(learner: httpx.AsyncClient, given: str) -> None:
    assert (await learner.get("/v1/users/me", headers={"If-None-Match": given})).json()["email"]


async def test_packed_and_not_are_two_representations_of_one_version(
    learner: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    path = (await single_resources(learner))[3]
    plain = await learner.get(path, headers={"Accept-Encoding": "identity"})
    async with learner.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as packed:
        body = b"".join([part async for part in packed.aiter_raw()])
    assert gzip.decompress(body) == plain.content
    assert packed.headers["etag"] == plain.headers["etag"].removesuffix('"') + '.gzip"'
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        answer = await learner.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["etag"]) == (304, tag)
        assert "Accept-Encoding" in answer.headers["vary"]


async def test_a_list_has_no_tag(learner: httpx.AsyncClient) -> None:
    assert "etag" not in (await learner.get("/v1/courses")).headers


@pytest.mark.parametrize("given", ['"stale"', "W/{}", '"a", "b"', "nonsense"])
async def test_a_change_of_what_is_not_as_one_knew_it_is_refused(
    learner: httpx.AsyncClient, conversation: str, given: str
) -> None:
    tag = (await learner.get(conversation)).headers["etag"]
    answer = await learner.delete(conversation, headers={"If-Match": given.format(tag)})
    assert (answer.status_code, answer.json()["code"]) == (412, "STALE_VERSION")
    assert (await learner.get(conversation)).status_code == 200


@pytest.mark.parametrize("given", ["{}", '"a", {}', "*"])
async def test_one_of_what_is_goes_through(learner: httpx.AsyncClient, conversation: str, given: str) -> None:
    tag = (await learner.get(conversation)).headers["etag"]
    answer = await learner.delete(conversation, headers={"If-Match": given.format(tag)})
    assert answer.status_code == 204
    assert (await learner.get(conversation)).status_code == 404


async def test_what_happened_meanwhile_counts(learner: httpx.AsyncClient, conversation: str) -> None:
    tag = (await learner.get(conversation, headers={"Accept-Encoding": "gzip"})).headers["etag"]
    asked = await learner.post(
        f"{conversation}/messages", json={"text": "Why?"}, headers={"Accept": "text/event-stream"}
    )
    assert asked.status_code == 200
    assert (await learner.delete(conversation, headers={"If-Match": tag})).status_code == 412
    assert (await learner.delete(conversation)).status_code == 204


async def test_nobody_learns_of_a_stranger_s_resource_by_its_version(
    services: Services, address: tuple[str, int], conversation: str
) -> None:
    async with await signed_in(services, address, "Stranger") as stranger:
        for given in ("*", '"x"'):
            assert (await stranger.delete(conversation, headers={"If-Match": given})).status_code == 404


async def test_there_is_nothing_to_match_where_nothing_can_be_read(learner: httpx.AsyncClient) -> None:
    answer = await learner.request("DELETE", f"/v1/tutor/conversations/{uuid4()}", headers={"If-Match": '"x"'})
    assert answer.status_code == 404


async def test_who_may_keep_what(learner: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    """RFC 9111: a learner's answers are their device's alone, tokens and refusals nobody's."""
    own = await learner.get("/v1/users/me")
    assert own.headers["cache-control"] == "private, no-cache"
    assert "Authorization" in own.headers["vary"]
    credentials = {"email": f"{uuid4().hex}@example.com", "password": "Correct-horse-9-battery", "full_name": "A B"}
    unkept = [
        await client.post("/v1/auth/register", json=credentials),
        await client.post("/v1/auth/login", json=credentials),
        await learner.post("/v1/ws/tickets"),
        await client.get("/v1/users/me"),
        await client.get("/v1/health/live"),
        await client.get("/v1/nothing"),
    ]
    assert [answer.status_code for answer in unkept] == [201, 200, 201, 401, 200, 404]
    for answer in unkept:
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


async def test_an_answer_with_tokens_is_never_packed(client: httpx.AsyncClient) -> None:
    """BREACH: the name is the stranger's to choose, and long enough to have the answer packed."""
    credentials = {"email": f"{uuid4().hex}@example.com", "password": "Correct-horse-9-battery", "full_name": "A" * 100}
    answer = await client.post("/v1/auth/register", json=credentials, headers={"Accept-Encoding": "gzip"})
    assert "access_token" in answer.json()
    assert "content-encoding" not in answer.headers


def test_the_document_says_so() -> None:
    document: Any = msgspec.json.decode(openapi_json())
    me = document["paths"]["/v1/users/me"]["get"]
    assert {"$ref": "#/components/parameters/IfNoneMatch"} in me["parameters"]
    assert "ETag" in me["responses"]["200"]["headers"]
    assert "304" in me["responses"]
    for path, item in document["paths"].items():
        for method in {"put", "patch", "delete"} & set(item):
            assert "412" in item[method]["responses"], (path, method)
            assert {"$ref": "#/components/parameters/IfMatch"} in item[method]["parameters"]
        for method, operation in item.items():
            for status, answer in operation["responses"].items():
                named = answer.get("$ref", "").rpartition("/")[2]
                found = document["components"]["responses"][named] if named else answer
                assert {"RateLimit", "RateLimit-Policy"} <= set(found["headers"]), (path, method, status)
                assert ("Retry-After" in found["headers"]) >= (status in {"429", "503"})
