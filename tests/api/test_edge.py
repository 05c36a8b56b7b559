"""What holds for every request, whoever answers it: refusals, ids, headers, spelling, compression, idempotency."""

import gzip
import json
import re
import socket
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import anyio
import httpx
import msgspec
import pytest
from pydantic import BaseModel, Field
from quart import Blueprint, Response, request
from quart_schema import validate_request
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.asgi import Application, Receive, Scope, Send
from api.requests import once, page_request
from api.responses import json_answer
from api.services import Services, services
from lyo_rt.database.pool import Transaction
from lyo_rt.problems import NotFound, TooManyRequests
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings

pytestmark = pytest.mark.anyio

PROBLEM = "application/problem+json"
LONG = "long enough to be packed " * 100


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: int


class Square(BaseModel):
    kind: Literal["square"]
    side: int


class Drawing(BaseModel):
    title: str = Field(min_length=3)
    pages: list[int] = []
    shape: Annotated[Circle | Square, Field(discriminator="kind")] | None = None


@pytest.fixture
def blueprints(asked: list[Any]) -> Sequence[Blueprint]:
    """Routes that do what the edge must cope with."""
    routes = Blueprint("odd", __name__, url_prefix="/v1/odd")

    @routes.get("/<path:name>")
    async def echo(name: str) -> Response:
        return json_answer({"name": name, "path": request.path, "a": request.args.getlist("a")})

    @routes.post("/drawings")
    @validate_request(Drawing)
    async def draw(data: Drawing) -> Response:
        return json_answer(data.model_dump(), 201, {"Location": "/v1/odd/drawings/1"})

    @routes.post("/shapes:generate")
    async def generate() -> Response:
        return json_answer({"generated": True}, 202)

    @routes.get("/fault")
    async def fault() -> Response:
        raise ZeroDivisionError("a secret: hunter2")

    @routes.get("/limited")
    async def limited() -> Response:
        raise TooManyRequests("Slow down.", retry_after=7)

    @routes.get("/grouped")
    async def grouped() -> Response:
        async def fail() -> None:
            raise NotFound("There is no such shape.")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)
        raise AssertionError("the task group has raised")

    @routes.get("/late")
    async def late() -> Response:
        with anyio.fail_after(0):
            await anyio.sleep_forever()
        raise AssertionError("the deadline has passed")

    @routes.get("/long")
    async def long() -> Response:
        return json_answer({"text": LONG})

    @routes.get("/stream")
    async def stream() -> Response:
        async def events() -> Any:
            while True:
                asked.append("an event")
                yield b"data: " + LONG.encode() + b"\n\n"
                await anyio.sleep(0.01)

        response = Response(events(), content_type="text/event-stream")
        response.timeout = None
        return response

    @routes.get("/numbers")
    async def numbers() -> Response:
        limit, after = page_request("numbers", tuple[int])
        first = after[0] + 1 if after else 0
        rows = list(range(first, min(first + limit + 1, 45)))
        return json_answer(services().cursors.page("numbers", rows, limit, lambda row: (row,)))

    @routes.post("/users/<uuid:user_id>/orders")
    @validate_request(Drawing)
    async def order(user_id: UUID, data: Drawing) -> Response:
        async def work(transaction: Transaction) -> Response:
            asked.append(data.title)
            number = await transaction.fetchval("SELECT count(*) FROM users")
            return json_answer({"order": str(uuid4()), "users": number}, 201, {"Location": "/v1/orders/1"})

        return await once(work, user_id=user_id, required="needs-key" in request.args)

    return (routes,)


@pytest.fixture
def asked() -> list[Any]:
    """What the routes of this test were asked to do."""
    return []


@pytest.fixture
async def learner(services: Services) -> UUID:
    """A user's id."""
    found: UUID = await services.database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name)"
        " VALUES ('a@b.c', 'a@b.c', 'x', 'A') RETURNING id"
    )
    return found


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, after a look at what all problems have in common."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    assert body["status"] == status
    assert re.fullmatch(r"https://api\.lyo\.app/problems/[a-z-]+", body["type"])
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    return body


async def raw(address: tuple[str, int], request: bytes) -> bytes:
    """All the server sends until it closes the connection."""
    stream = await anyio.connect_tcp(*address)
    async with stream:
        with anyio.fail_after(10):
            await stream.send(request)
            received = b""
            try:
                while True:
                    received += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return received


# -- refusals -------------------------------------------------------------------------------------------------------


async def test_an_unknown_path_is_a_problem(client: httpx.AsyncClient) -> None:
    body = refused(await client.get("/v1/nothing/here"), 404, "NOT_FOUND")
    assert body["instance"] == "/v1/nothing/here"


@pytest.mark.parametrize("path", ["/v1", "/api/v1", "/api/v2/health", "/v1/health/live/x"])
async def test_so_are_paths_that_only_look_like_ours(client: httpx.AsyncClient, path: str) -> None:
    refused(await client.get(path), 404, "NOT_FOUND")


async def test_a_wrong_method_tells_the_right_ones(client: httpx.AsyncClient) -> None:
    response = await client.delete("/v1/odd/drawings")
    refused(response, 405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["allow"]


async def test_a_fault_of_ours_leaks_nothing(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.get("/v1/odd/fault")
    refused(response, 500, "INTERNAL_ERROR")
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    assert [type(line["exc_info"]) for line in logs if line["event"] == "unhandled"] == [ZeroDivisionError]


async def test_a_problem_brings_its_headers(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/odd/limited")
    assert refused(response, 429, "RATE_LIMITED")["detail"] == "Slow down."
    assert response.headers["retry-after"] == "7"


async def test_a_problem_out_of_a_task_group_is_that_problem(client: httpx.AsyncClient) -> None:
    refused(await client.get("/v1/odd/grouped"), 404, "NOT_FOUND")


async def test_a_deadline_is_service_unavailable(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/odd/late")
    refused(response, 503, "UNAVAILABLE")
    assert int(response.headers["retry-after"]) >= 1


# -- bodies ---------------------------------------------------------------------------------------------------------


async def test_a_good_body_is_taken(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/odd/drawings", json={"title": "Für Elise", "pages": [1]})
    assert response.status_code == 201
    assert response.json()["title"] == "Für Elise"


async def test_every_fault_is_told_at_once_with_its_pointer(client: httpx.AsyncClient) -> None:
    shape = {"kind": "circle", "radius": "wide"}
    response = await client.post("/v1/odd/drawings", json={"title": "x", "pages": [1, "a", 2, "b"], "shape": shape})
    body = refused(response, 422, "VALIDATION_ERROR")
    assert [fault["pointer"] for fault in body["errors"]] == ["/title", "/pages/1", "/pages/3", "/shape/radius"]
    assert all(fault["detail"] for fault in body["errors"])


async def test_a_missing_field_is_pointed_to(client: httpx.AsyncClient) -> None:
    body = refused(await client.post("/v1/odd/drawings", json={}), 422, "VALIDATION_ERROR")
    assert body["errors"] == [{"pointer": "/title", "detail": "field required"}]


@pytest.mark.parametrize("body", ["[]", "null", "1", '"x"'])
async def test_a_body_that_is_no_object_is_a_fault_of_the_whole(client: httpx.AsyncClient, body: str) -> None:
    answer = await client.post("/v1/odd/drawings", content=body, headers={"Content-Type": "application/json"})
    assert [fault["pointer"] for fault in refused(answer, 422, "VALIDATION_ERROR")["errors"]] == [""]


async def test_a_missing_body_is_a_fault_of_the_whole(client: httpx.AsyncClient) -> None:
    assert refused(await client.post("/v1/odd/drawings"), 422, "VALIDATION_ERROR")["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"title": "x",}', b"NaN", b'{"title": NaN}', b'"\xff"', b"[" * 100_000, b'{"title":"\\ud800xxxxx"}'],
)
async def test_what_is_no_strict_json_is_a_bad_request(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/odd/drawings", content=body, headers={"Content-Type": "application/json"})
    refused(answer, 400, "INVALID_JSON")


async def test_nul_characters_never_reach_the_database(client: httpx.AsyncClient) -> None:
    body = refused(
        await client.post("/v1/odd/drawings", json={"title": "a\0b", "x": [["\0"]]}), 422, "VALIDATION_ERROR"
    )
    assert [fault["pointer"] for fault in body["errors"]] == ["/title", "/x/0/0"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_another_content_type_is_refused(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/v1/odd/drawings", content=b'{"title": "xxx"}', headers={"Content-Type": kind})
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_over_a_mebibyte_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"title": "' + b"x" * (1024 * 1024) + b'"}'
    refused(await client.post("/v1/odd/drawings", content=body, headers=headers), 413, "TOO_LARGE")
    fits = b'{"title": "' + b"x" * (1024 * 1024 - 13) + b'"}'
    assert (await client.post("/v1/odd/drawings", content=fits, headers=headers)).status_code == 201


async def test_so_is_one_that_does_not_say_its_length(client: httpx.AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 65536

    response = await client.post("/v1/odd/drawings", content=chunks(), headers={"Content-Type": "application/json"})
    refused(response, 413, "TOO_LARGE")


# -- framing --------------------------------------------------------------------------------------------------------


CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (CHUNKED + b"Content-Length: 5\r\n", b"0\r\n\r\n"),
        (b"Content-Length: 5\r\n" + CHUNKED, b"0\r\n\r\n"),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello"),
        (b"Content-Length: 5, 6\r\n", b"hello"),
        (CHUNKED + CHUNKED, b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        (b"Content-Length: -1\r\n", b""),
        (b"Content-Length : 5\r\n", b"hello"),
    ],
)
async def test_a_body_whose_end_is_in_doubt_is_refused_and_the_connection_closed(
    address: tuple[str, int], framing: bytes, body: bytes
) -> None:
    smuggled = b"GET /v1/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = await raw(
        address, b"POST /v1/odd/drawings HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n" + body + smuggled
    )
    assert re.match(rb"HTTP/1.1 (400|501) ", received)
    assert received.count(b"HTTP/1.1 ") == 1


async def test_both_length_and_coding_are_refused_with_a_problem(address: tuple[str, int]) -> None:
    received = await raw(
        address,
        b"POST /v1/odd/drawings HTTP/1.1\r\nHost: localhost\r\n" + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    )
    head, _, body = received.partition(b"\r\n\r\n")
    assert PROBLEM.encode() in head
    assert json.loads(body)["code"] == "BAD_REQUEST"


async def test_a_refused_body_of_any_length_blocks_nothing(address: tuple[str, int], client: httpx.AsyncClient) -> None:
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    received = await raw(
        address,
        b"POST /v1/odd/drawings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n" + CHUNKED + b"\r\n" + chunk * 100,
    )
    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")
    assert (await client.get("/v1/health/live")).status_code == 200


# -- spelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/v1/health/live", "/v1/health/live/", "/api/v1/health/live", "/api/v1/health/live/"],
)
async def test_a_path_may_be_spelled_in_several_ways(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/odd/shapes:generate",
        "/v1/odd/shapes%3Agenerate",
        "/v1/odd/shapes%3agenerate/",
        "/api/v1/odd/shapes%3Agenerate",
    ],
)
async def test_a_colon_may_be_encoded(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path)).status_code == 202


async def test_the_query_is_left_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/odd/some/place/?a=%2Fapi%2Fv1%2F&a=2")
    assert answer.json() == {"name": "some/place", "path": "/v1/odd/some/place", "a": ["/api/v1/", "2"]}


async def test_the_instance_of_a_problem_is_the_path_as_the_client_sent_it(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/caf%C3%A9%3A1/?token=secret")
    assert refused(response, 404, "NOT_FOUND")["instance"] == "/api/v1/caf%C3%A9%3A1/"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"http://localhost/v1/health/live", 200),
        (b"http://localhost", 200),
        (b"?x", 400),
        (b"*", 400),
        (b"http://[", 400),
        (b"/%ff%fe", 404),
        (b"/v1/odd/%00", 400),
        (b"/v1/odd/a?a=%00", 400),
    ],
)
async def test_no_request_target_is_a_fault_of_ours(address: tuple[str, int], target: bytes, status: int) -> None:
    received = await raw(address, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 %d " % status)


async def test_head_answers_like_get_without_a_body(client: httpx.AsyncClient) -> None:
    response = await client.head("/v1/odd/long", headers={"Accept-Encoding": "identity"})
    assert response.status_code == 200
    assert response.content == b""
    assert int(response.headers["content-length"]) > len(LONG)


async def test_head_of_an_endless_stream_generates_nothing(client: httpx.AsyncClient, asked: list[Any]) -> None:
    response = await client.head("/v1/odd/stream")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert asked == []


async def test_options_tells_the_methods(client: httpx.AsyncClient) -> None:
    response = await client.options("/v1/odd/drawings")
    assert response.status_code == 200
    assert "POST" in response.headers["allow"]


# -- ids, log, headers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["a", "x" * 128, "8e03978e-40d5-43dd-bc93-6894a57f9324"])
async def test_a_request_id_is_echoed(client: httpx.AsyncClient, given: str) -> None:
    response = await client.get("/v1/nothing", headers={"X-Request-ID": given})
    assert response.headers.get_list("x-request-id") == [given]
    assert response.json()["request_id"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "ä".encode()])
async def test_else_one_is_made(client: httpx.AsyncClient, given: str | bytes | None) -> None:
    response = await client.get("/v1/health/live", headers={} if given is None else {"X-Request-ID": given})
    assert UUID(response.headers["x-request-id"]).version == 4


async def test_each_request_is_logged_once_without_its_query(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/v1/odd/one/two?token=hunter2", headers={"X-Request-ID": "r1"})
        await client.get("/v1/odd/fault", headers={"X-Request-ID": "r2"})
        await client.get("/v1/nothing", headers={"X-Request-ID": "r3"})
        await client.get("/v1/odd/x", headers={"Host": "evil.example", "X-Request-ID": "r4"})
    lines = [line for line in logs if line["event"] == "request"]
    assert [(line["request_id"], line["status"], line["route"]) for line in lines] == [
        ("r1", 200, "/v1/odd/<path:name>"),
        ("r2", 500, "/v1/odd/fault"),
        ("r3", 404, None),
        ("r4", 421, None),
    ]
    assert lines[0]["path"] == "/v1/odd/one/two"
    assert lines[0]["method"] == "GET"
    assert lines[0]["duration_ms"] > 0
    assert "hunter2" not in str(lines)


@pytest.mark.parametrize("path", ["/v1/health/live", "/v1/nothing", "/v1/odd/fault", "/docs"])
async def test_every_answer_is_hardened(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    (policy,) = headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert "strict-transport-security" not in headers


class TestOutsideDevelopment:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, environment="staging")

    async def test_transport_security_is_demanded_and_any_host_answered(self, client: httpx.AsyncClient) -> None:
        response = await client.get("/v1/odd/x", headers={"Host": "api.example.com"})
        assert response.status_code == 200
        assert "max-age=" in response.headers["strict-transport-security"]


# -- hosts and origins ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1", "[::1]:80", "lyo.localhost"])
async def test_loopback_is_answered_in_development(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/v1/odd/x", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
async def test_other_hosts_are_not(client: httpx.AsyncClient, host: str) -> None:
    refused(await client.get("/v1/odd/x", headers={"Host": host}), 421, "MISDIRECTED")
    assert (await client.get("/v1/health/live", headers={"Host": host})).status_code == 200


class TestNamedHostsAndOrigins:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(
            settings, trusted_hosts=("api.lyo.app", "*.lyo.dev"), cors_origins=("https://web.lyo.app",)
        )

    @pytest.mark.parametrize(
        ("host", "status"),
        [
            ("api.lyo.app", 200),
            ("api.lyo.app:443", 200),
            ("a.b.lyo.dev", 200),
            ("lyo.dev", 421),
            ("xlyo.dev", 421),
            ("localhost", 421),
        ],
    )
    async def test_only_named_hosts_are_answered(self, client: httpx.AsyncClient, host: str, status: int) -> None:
        assert (await client.get("/v1/odd/x", headers={"Host": host})).status_code == status

    async def test_an_allowed_origin_may_preflight(self, client: httpx.AsyncClient) -> None:
        response = await client.options(
            "/v1/odd/drawings",
            headers={
                "Host": "api.lyo.app",
                "Origin": "https://web.lyo.app",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization, idempotency-key",
            },
        )
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "https://web.lyo.app"
        assert "POST" in response.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in response.headers["access-control-allow-headers"]
        assert "Origin" in response.headers["vary"]

    @pytest.mark.parametrize("path", ["/v1/odd/x", "/v1/odd/fault", "/v1/nothing"])
    async def test_an_allowed_origin_may_read_every_answer(self, client: httpx.AsyncClient, path: str) -> None:
        response = await client.get(path, headers={"Host": "api.lyo.app", "Origin": "https://web.lyo.app"})
        assert response.headers["access-control-allow-origin"] == "https://web.lyo.app"
        assert "X-Request-ID" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://web.lyo.app.evil.example", "*"])
    async def test_another_origin_is_told_nothing(self, client: httpx.AsyncClient, origin: str) -> None:
        headers = {"Host": "api.lyo.app", "Origin": origin, "Access-Control-Request-Method": "POST"}
        for response in (
            await client.get("/v1/odd/x", headers=headers),
            await client.options("/v1/odd/x", headers=headers),
        ):
            assert "access-control-allow-origin" not in response.headers
            assert "Origin" in response.headers["vary"]


# -- compression ----------------------------------------------------------------------------------------------------


async def test_json_is_packed_from_a_kibibyte_on_when_accepted(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/v1/odd/long", headers={"Accept-Encoding": "br, gzip;q=0.5"}) as response:
        body = b"".join([part async for part in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["vary"]
    assert int(response.headers["content-length"]) == len(body)
    assert msgspec.json.decode(gzip.decompress(body)) == {"text": LONG}


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br"])
async def test_not_when_it_is_not_accepted(client: httpx.AsyncClient, accepted: str) -> None:
    response = await client.get("/v1/odd/long", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in response.headers
    assert "Accept-Encoding" in response.headers["vary"]


async def test_not_a_short_answer(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/health/live", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers


async def test_never_an_event_stream(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/v1/odd/stream", headers={"Accept-Encoding": "gzip"}) as response:
        assert "content-encoding" not in response.headers
        async for part in response.aiter_raw():
            assert part.startswith(b"data: ")
            break


# -- pages and idempotency in routes --------------------------------------------------------------------------------


async def test_pages_follow_one_another(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    arguments: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/odd/numbers", params=arguments)).json()
        seen += page["items"]
        if page["nextCursor"] is None:
            break
        arguments = {"cursor": page["nextCursor"]}
    assert seen == list(range(45))


async def test_a_forged_cursor_is_a_bad_request_and_a_wrong_limit_a_fault(client: httpx.AsyncClient) -> None:
    refused(await client.get("/v1/odd/numbers?cursor=forged"), 400, "INVALID_CURSOR")
    body = refused(await client.get("/v1/odd/numbers?limit=0&cursor=forged"), 422, "VALIDATION_ERROR")
    assert [fault["pointer"] for fault in body["errors"]] == ["query:limit", "query:cursor"]


async def test_a_repeated_key_gets_the_first_answer(client: httpx.AsyncClient, learner: UUID, asked: list[Any]) -> None:
    path = f"/v1/odd/users/{learner}/orders"
    key = {"Idempotency-Key": "k1"}
    first = await client.post(path, json={"title": "one", "pages": []}, headers=key)
    again = await client.post(
        path, content=b'{ "pages" : [],\n"title":"one"}', headers={**key, "Content-Type": "application/json"}
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert asked == ["one"]


async def test_both_at_once_get_one_answer(client: httpx.AsyncClient, learner: UUID, asked: list[Any]) -> None:
    answers: list[bytes] = []

    async def order() -> None:
        response = await client.post(
            f"/v1/odd/users/{learner}/orders", json={"title": "one"}, headers={"Idempotency-Key": "k"}
        )
        answers.append(response.content)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(order)
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert asked == ["one"]


async def test_a_key_with_another_body_or_another_place_is_refused(client: httpx.AsyncClient, learner: UUID) -> None:
    path = f"/v1/odd/users/{learner}/orders"
    key = {"Idempotency-Key": "k1"}
    await client.post(path, json={"title": "one"}, headers=key)
    refused(await client.post(path, json={"title": "two"}, headers=key), 422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_key_can_be_required_and_must_be_one(client: httpx.AsyncClient, learner: UUID) -> None:
    path = f"/v1/odd/users/{learner}/orders"
    assert (await client.post(path, json={"title": "one"})).status_code == 201
    refused(await client.post(f"{path}?needs-key", json={"title": "one"}), 400, "IDEMPOTENCY_KEY_REQUIRED")
    body = refused(
        await client.post(path, json={"title": "one"}, headers={"Idempotency-Key": "a b"}), 422, "VALIDATION_ERROR"
    )
    assert body["errors"][0]["pointer"] == "header:Idempotency-Key"


# -- WebSockets -----------------------------------------------------------------------------------------------------


class TestSockets:
    @pytest.fixture
    def realtime(self) -> Application:
        async def greet(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": scope["path"]})
            await send({"type": "websocket.close", "code": 1000})

        return greet

    @pytest.mark.parametrize("path", ["/v1/ws", "/v1/ws/", "/api/v1/ws"])
    async def test_go_to_the_realtime_application(self, address: tuple[str, int], path: str) -> None:
        async with connect(f"ws://{address[0]}:{address[1]}{path}", proxy=None) as socket:
            assert await socket.recv() == "/v1/ws"

    async def test_of_another_host_are_refused_with_a_problem(self, address: tuple[str, int]) -> None:
        listener = socket.create_connection(address)
        with pytest.raises(InvalidStatus) as refusal:
            async with connect("ws://evil.example/v1/ws", sock=listener, proxy=None):
                pass
        response = refusal.value.response
        assert response.status_code == 421
        assert response.headers["content-type"] == PROBLEM
        assert json.loads(response.body or b"")["code"] == "MISDIRECTED"


async def test_a_refused_handshake_is_a_problem(address: tuple[str, int]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"ws://{address[0]}:{address[1]}/v1/nothing", proxy=None):
            pass
    problem = json.loads(refusal.value.response.body or b"")
    assert (problem["status"], problem["instance"]) == (404, "/v1/nothing")
    assert problem["request_id"] == refusal.value.response.headers["x-request-id"]
