"""Every forged access token is refused at both doors, however it is sent, and none changes anything."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from api.services import Services
from lyo_rt.security.secrets import SIGNING, read_ring
from tests.attacks import Cases
from tests.security.forgeries import Good, forgeries, made

CASES = list(forgeries())
MEANT = 250
"""At least so many; a table that lost its cases would pass."""
DOORS = 16
"""Handshakes at once."""

pytestmark = pytest.mark.anyio


@pytest.fixture
async def good(client: httpx.AsyncClient, services: Services) -> Good:
    """The token of a learner just registered."""
    body = {"email": "ada@example.com", "password": "Correct-horse-9-battery", "full_name": "Ada"}
    registered = (await client.post("/v1/auth/register", json=body)).json()
    token = registered["access_token"]
    ticket = (await client.post("/v1/ws/tickets", headers={"Authorization": f"Bearer {token}"})).json()["ticket"]
    options: Any = {"verify_signature": False}
    key = (await read_ring(services.settings, SIGNING)).current(datetime.now(UTC).timestamp()).secret
    header, payload = jwt.get_unverified_header(token), jwt.decode(token, options=options)
    return Good(header, payload, key, b"f" * 32, registered["refresh_token"], ticket)


async def door(address: tuple[str, int], token: str, *, in_header: bool) -> int:
    """The status with which the WebSocket's handshake is answered; 101 when it opens."""
    host, port = address
    path = "/v1/ws" if in_header else f"/v1/ws?token={quote(token)}"
    headers = {"Authorization": f"Bearer {token}"} if in_header else {}
    try:
        async with connect(f"ws://{host}:{port}{path}", additional_headers=headers):
            return 101
    except InvalidStatus as refused:
        problem = json.loads(refused.response.body or b"{}")
        assert problem["code"] in {"NOT_AUTHENTICATED", "TOKEN_EXPIRED"}
        return refused.response.status_code


async def test_the_forger_can_make_a_good_token(
    client: httpx.AsyncClient, address: tuple[str, int], good: Good
) -> None:
    now = good.payload["iat"]
    for token in (made(good), made(good, nbf=now + 5), made(good, iat=now + 5, unknown=[1]), made(good, exp=now + 60)):
        assert (await client.get("/v1/users/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
        assert [await door(address, token, in_header=way) for way in (True, False)] == [101, 101]


@pytest.mark.attack("JWT confusions over REST")
async def test_no_forgery_is_let_in_by_rest(cases_tried: Cases, client: httpx.AsyncClient, good: Good) -> None:
    assert len({name for name, _ in CASES}) == len(CASES) >= MEANT
    let_in, before = [], await client.post("/v1/auth/refresh", json={"refresh_token": "x"})
    assert before.status_code == 401
    for name, forge in CASES:
        answer = await client.get("/v1/users/me", headers={"Authorization": f"Bearer {forge(good)}"})
        told = answer.headers.get("www-authenticate", "")
        if (answer.status_code, told.startswith("Bearer realm=")) != (401, True):
            let_in.append((name, answer.status_code, told))
    assert let_in == []
    cases_tried(len(CASES))


@pytest.mark.parametrize("in_header", [True, False], ids=["header", "address"])
@pytest.mark.attack("JWT confusions over WebSocket")
async def test_no_forgery_opens_a_websocket(
    cases_tried: Cases, address: tuple[str, int], good: Good, in_header: bool
) -> None:
    spent = await door(address, good.ticket, in_header=False)
    assert spent == 101
    limiter, answered = anyio.CapacityLimiter(DOORS), {}

    async def knock(name: str, token: str) -> None:
        async with limiter:
            answered[name] = await door(address, token, in_header=in_header)

    async with anyio.create_task_group() as knocking:
        for name, forge in CASES:
            token = forge(good)
            if len(token) < 5000 or in_header:
                knocking.start_soon(knock, name, token)
    assert {name: status for name, status in answered.items() if status != 401} == {}
    assert len(answered) >= MEANT
    cases_tried(len(answered))


@pytest.mark.attack("JWT confusions over WebSocket")
async def test_a_revoked_token_is_refused_at_both_doors(
    client: httpx.AsyncClient, address: tuple[str, int], good: Good
) -> None:
    headers = {"Authorization": f"Bearer {made(good)}"}
    assert (await client.post("/v1/auth/logout", headers=headers)).status_code == 204
    assert (await client.get("/v1/users/me", headers=headers)).status_code == 401
    host, port = address
    for path, sent in (("/v1/ws", headers), (f"/v1/ws?token={made(good)}", {})):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://{host}:{port}{path}", additional_headers=sent):
                pass
        assert refused.value.response.status_code == 401
