"""Every answer of every route: problems by RFC 9457, limits by the RateLimit draft, caches by RFC 9111."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from api.demo import seed_all
from api.services import Services
from lyo_rt.problems import TYPE_ROOT, every_problem
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import Client, become, signed_in
from tests.attacks import Cases
from tests.security.openings import body_of, document, filled, operations

pytestmark = pytest.mark.anyio

QUOTA = 999_999
NAMES = ("general", "ai", "auth", "upload", "search")
POLICY = re.compile(rf'"(?:{"|".join(NAMES)})";q={QUOTA};w=60(?:, "(?:{"|".join(NAMES)})";q={QUOTA};w=60)*')
LIMIT = re.compile(rf'"(?:{"|".join(NAMES)})";r=\d+;t=\d+(?:, "(?:{"|".join(NAMES)})";r=\d+;t=\d+)*')
"""Structured fields (RFC 9651) as draft-ietf-httpapi-ratelimit-headers has them."""
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
KINDS = {kind.name(): kind for kind in every_problem()}
TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}
HARDENED = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer"}
LAST = {"/v1/auth/logout"}
LEAST = 550


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_settings(settings, **{f"rate_limit_{name}": f"{QUOTA}/minute" for name in NAMES})


@pytest.fixture
async def root(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    """May go through every door."""
    await seed_all(services.database, services.clock)
    async with await signed_in(services, address, "Root") as client:
        await become(services, client, "super_admin")
        yield client


def variants(operation: Any) -> Iterator[dict[str, Any]]:
    """Ways to send a request: as it should be, and with one thing wrong."""
    body = body_of(operation)
    yield {"json": body}
    yield {"json": body, "headers": {"Authorization": "Bearer forged"}}
    yield {"json": body, "headers": {"Authorization": ""}}
    yield {"json": body, "headers": {"If-Match": '"stale"'}}
    yield {"json": body, "headers": {"X-Request-ID": "asked-by-me", "Prefer": "respond-async"}}
    yield {"json": body, "params": {"limit": "0", "cursor": "forged", "wait": "x", "scope": "x", "role": "x"}}
    if body is not None:
        yield {"json": {}}
        yield {"json": [1]}
        yield {"content": b'{"a":', "headers": JSON}
        yield {"content": b"text", "headers": TEXT}
        yield {"content": b"[" * 5000, "headers": JSON}


def faults_of(sent: httpx.Request, answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer, whatever it is."""
    told = answer.headers
    yield from (f"{name} is {told.get(name)}" for name, value in HARDENED.items() if told.get(name) != value)
    if "x-request-id" not in told:
        yield "no X-Request-ID"
    if "set-cookie" in told:
        yield "a cookie"
    if answer.status_code >= 400:
        yield from faults_of_problem(sent, answer)
    elif sent.url.path.startswith("/v1/health"):
        yield from () if told["cache-control"] == "no-store" else ("health is kept",)
    else:
        yield from faults_of_success(answer)
    if "ratelimit" in told or "ratelimit-policy" in told:
        policy, limit = told.get("ratelimit-policy", ""), told.get("ratelimit", "")
        if not POLICY.fullmatch(policy) or not LIMIT.fullmatch(limit):
            yield f"RateLimit-Policy: {policy}, RateLimit: {limit}"
    elif answer.status_code < 400 and not sent.url.path.startswith("/v1/health"):
        yield "no RateLimit"


def faults_of_problem(sent: httpx.Request, answer: httpx.Response) -> Iterator[str]:
    """RFC 9457, and what SPEC §2 adds to it."""
    told = answer.headers
    if told.get("content-type") != "application/problem+json":
        yield f"content type {told.get('content-type')}"
        return
    problem = answer.json()
    name = str(problem.get("type", "")).removeprefix(TYPE_ROOT)
    if not problem.keys() >= MEMBERS or name not in KINDS:
        yield f"members {sorted(problem)}, type {name}"
        return
    kind = KINDS[name]
    said = (problem["status"], problem["code"], problem["instance"], problem["request_id"])
    meant = (answer.status_code, kind.code, sent.url.raw_path.decode().partition("?")[0], told["x-request-id"])
    if said != meant or kind.status != answer.status_code:
        yield f"{said} instead of {meant}"
    if not problem["title"] or not problem["detail"] or told.get("cache-control") != "no-store" or "etag" in told:
        yield "no title, no detail, or it may be kept"
    listed = problem.get("errors")
    if (answer.status_code == 422 and name == "invalid-input") != bool(listed):
        yield f"errors {listed}"
    if any(entry.keys() != {"pointer", "detail"} or not entry["detail"] for entry in listed or ()):
        yield f"errors {listed}"
    needed = {401: "www-authenticate", 405: "allow", 429: "retry-after", 503: "retry-after"}.get(answer.status_code)
    if needed is not None and needed not in told:
        yield f"no {needed}"


def faults_of_success(answer: httpx.Response) -> Iterator[str]:
    """RFC 9111: nobody but the learner's own device keeps what is a learner's, and that asks each time."""
    told = answer.headers
    cached = told.get("cache-control", "")
    if answer.request.method not in {"GET", "HEAD"}:
        if "public" in cached or "max-age" in cached:
            yield f"a change may be kept: {cached}"
    elif cached == "no-store":
        yield from ("no-store has an ETag",) if "etag" in told else ()
    elif "private" not in cached or "authorization" not in told.get("vary", "").lower():
        yield f"cache-control {cached}, vary {told.get('vary')}"


BY_MAIL = {"/v1/exports/file"}
"""Found with a mailed token only: tests/api/test_exports.py."""


@pytest.mark.attack("conformance: problems, limits, caches")
async def test_every_answer_keeps_to_the_standards(cases_tried: Cases, root: Client) -> None:
    found, statuses = [], Counter[int]()
    for method, path, operation in operations():
        for sent in variants(operation):
            if path in LAST and "headers" not in sent:
                continue
            request = root.build_request(method, filled(path, {}), **sent)
            if request.headers["authorization"] == "":
                del request.headers["authorization"]
            answer = await root.send(request)
            statuses[answer.status_code] += 1
            found += [f"{method} {path} {sent!s:.80}: {fault}" for fault in faults_of(request, answer)]
    cases_tried(statuses.total())
    assert found == []
    assert {200, 201, 202, 204, 400, 401, 404, 415, 422} <= statuses.keys(), statuses
    assert statuses.total() >= LEAST


@pytest.mark.attack("conformance: problems, limits, caches")
async def test_what_no_route_answers_keeps_to_them_too(cases_tried: Cases, root: Client) -> None:
    tried = [("GET", "/v1/nothing"), ("POST", "/nothing"), ("GET", "/v1/users/%2e%2e"), ("GET", "/v1//users")]
    tried += [("TRACE", filled(path, {})) for path in document()["paths"]]
    found = []
    for method, path in tried:
        request = root.build_request(method, path)
        answer = await root.send(request)
        assert answer.status_code >= 400, (method, path)
        found += [f"{method} {path}: {fault}" for fault in faults_of(request, answer)]
    assert found == []
    cases_tried(len(tried))


@pytest.mark.attack("conformance: problems, limits, caches")
async def test_what_has_not_changed_is_not_sent_again(cases_tried: Cases, root: Client) -> None:
    """Every single resource (ETag, If-None-Match), and every problem's own page."""
    things, asked = {"course_id": "photosynthesis_basics", "user_id": (await me(root))["id"]}, 0
    for method, path, operation in operations():
        if method != "GET" or "304" not in operation["responses"] or "{" in filled_only(path, things):
            continue
        if path in BY_MAIL:
            continue
        first = await root.get(filled(path, things))
        assert (first.status_code, "etag" in first.headers) == (200, True), path
        again = await root.get(filled(path, things), headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"]), path
        assert again.headers["cache-control"] == first.headers["cache-control"]
        asked += 1
    assert asked >= 6
    for name in KINDS:
        assert (await root.get(f"/problems/{name}")).status_code == 200, name
    cases_tried(asked + len(KINDS))


async def me(client: Client) -> Any:
    return (await client.get("/v1/users/me")).json()


def filled_only(path: str, things: dict[str, str]) -> str:
    """The path, its known parameters filled in; the others stay."""
    for name, value in things.items():
        path = path.replace(f"{{{name}}}", value)
    return path
