"""What a page of somebody else's can have a browser do: open no socket, and nothing by what browsers add themselves."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.services import Services
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.api.learners import PASSWORD, Client, signed_in, token_of
from tests.attacks import Cases
from tests.security.openings import body_of, filled, operations

pytestmark = pytest.mark.anyio

ALLOWED = "https://app.example"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_settings(settings, cors_origins=(ALLOWED, "https://slash.example/"))


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address) as client:
        yield client


def foreign(host: str) -> list[str]:
    """Origins of pages that are not ours."""
    name, _, port = host.partition(":")
    return [
        "https://evil.example", "null", "", "file://", "about:blank", "*", "https://notapp.example",
        "https://app.exampl",
        ALLOWED.upper(), ALLOWED.replace("https", "http"), f"{ALLOWED}.evil.example", f"{ALLOWED}:444", f"{ALLOWED}/",
        f"{ALLOWED}/page", f"{ALLOWED}, https://evil.example", f"http://{name}", f"http://{name}:1", f"//{host}",
        f"http://{host}.evil.example", f"http://evil.example#{host}", f"http://evil@{host}", f"http://{host}/",
        f"http://{host}@evil.example", f"evil://{host}", f"ftp://{host}", f"chrome-extension://{host}",
        f"http://[::1]:{port}", f"http://localhost:{port}", f"http://{host}\\.evil.example", f"javascript://{host}",
        f"http://http://{host}",
    ]  # fmt: skip


async def knock(address: tuple[str, int], path: str, token: str, origin: str | None) -> int:
    """The status of a handshake; 101 when it opens."""
    host, port = address
    headers = {"Authorization": f"Bearer {token}", **({} if origin is None else {"Origin": origin})}
    try:
        async with connect(f"ws://{host}:{port}{path}", additional_headers=headers):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.attack("WebSocket without an Origin or with a foreign one")
async def test_a_foreign_page_opens_no_socket(cases_tried: Cases, address: tuple[str, int], learner: Client) -> None:
    host, token = f"{address[0]}:{address[1]}", token_of(learner)
    sent = {"Idempotency-Key": "1"}
    task = (await learner.post("/v1/courses:generate", json={"topic": "Tides"}, headers=sent)).json()["task_id"]
    paths = ("/v1/ws", f"/v1/ws/tasks/{task}", f"/v1/tasks/ws/{task}")
    tried = [(path, origin) for path in paths for origin in foreign(host)]
    opened = [(path, origin) for path, origin in tried if await knock(address, path, token, origin) != 403]
    assert opened == []
    for origin in (None, f"http://{host}", ALLOWED, "https://slash.example"):
        assert [await knock(address, path, token, origin) for path in paths] == [101] * 3, origin
    cases_tried(len(tried))


@pytest.mark.attack("CSRF")
async def test_a_foreign_page_reads_no_answer(
    cases_tried: Cases, address: tuple[str, int], client: httpx.AsyncClient
) -> None:
    tried = foreign(f"{address[0]}:{address[1]}")
    for origin in tried:
        wanted = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
        asked = {"Origin": origin, **wanted}
        for answer in (
            await client.options("/v1/users/me", headers=asked),
            await client.get("/v1/users/me", headers={"Origin": origin}),
        ):
            assert not [name for name in answer.headers if name.startswith("access-control")], origin
            assert "Origin" in answer.headers["vary"]
    cases_tried(2 * len(tried))


@pytest.mark.attack("CSRF")
async def test_nothing_that_a_browser_sends_by_itself_signs_in(
    cases_tried: Cases, client: httpx.AsyncClient, learner: Client
) -> None:
    """No cookie, no Basic credentials, no token in an address or a form (SPEC §4: login sets no cookie)."""
    token, cases = token_of(learner), 0
    names = ("access_token", "token", "session", "Authorization", "jwt", "QUART_AUTH", "__Host-session", "bearer")
    cookie = "; ".join(f"{name}={token}" for name in names)
    for method, path, operation in operations():
        if not operation["security"]:
            continue
        url, body = filled(path, {}), body_of(operation)
        for headers, query in (
            ({"Cookie": cookie}, {}),
            ({}, {"token": token, "access_token": token}),
            ({"X-Authorization": f"Bearer {token}", "X-HTTP-Method-Override": "GET", "X-User": "1"}, {}),
        ):
            answer = await client.request(method, url, json=body, params=query, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED"), (method, path)
            assert "set-cookie" not in answer.headers
            cases += 1
        basic = await client.request(method, url, json=body, auth=(learner.email, PASSWORD))
        assert basic.status_code == 401
        cases += 1
    cases_tried(cases)
    assert cases >= 200


@pytest.mark.attack("CSRF")
async def test_a_form_of_a_foreign_page_is_no_request(
    cases_tried: Cases, client: httpx.AsyncClient, services: Services
) -> None:
    """What a form can send without being asked first (Fetch, "simple" requests) is read by no route."""
    cases = 0
    for method, path, operation in operations():
        if operation["security"] or body_of(operation) is None:
            continue
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"):
            content = httpx.Request("POST", "http://x", json=body_of(operation)).content
            answer = await client.request(method, path, content=content, headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE"), (path, kind)
            cases += 1
    assert await services.database.fetchval("SELECT count(*) FROM users") == 0
    assert cases >= 20
    cases_tried(cases)
