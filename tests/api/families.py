"""Children and their parents, as they come in and agree by mail."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.api.learners import PASSWORD, Client, no_certificates
from tests.api.mailbox import Mailbox, token_in

PARENT = "parent@example.com"
ASKED, CONFIRMED, HARM = "would like to learn", "You have agreed", "talk to your child"


def born(years: int, **more: int) -> str:
    """The date of birth of somebody who is so old, and `more` older, as `timedelta` has it."""
    now = datetime.now(UTC)
    return (now.replace(year=now.year - years, day=min(now.day, 28)) - timedelta(**more)).date().isoformat()


async def register(client: httpx.AsyncClient, **members: Any) -> httpx.Response:
    new = {"email": f"{uuid4().hex[:8]}@example.com", "password": PASSWORD, "full_name": "Kim", **members}
    return await client.post("/v1/auth/register", json=new)


async def child(address: tuple[str, int], *, years: int = 9, name: str = "Kim") -> Client:
    """A client of a child that has just registered; close it."""
    client = Client(base_url=f"http://{address[0]}:{address[1]}", timeout=30, verify=no_certificates())
    client.email = f"{name.lower()}-{uuid4().hex[:8]}@example.com"
    async with httpx.AsyncClient(base_url=client.base_url, verify=no_certificates()) as gate:
        answer = await register(gate, email=client.email, full_name=name, birth_date=born(years, days=40))
        assert answer.status_code == 201, answer.text
        client.cookies = gate.cookies
    carry(client, answer.json())
    return client


def carry(client: Client, pair: dict[str, Any]) -> None:
    """The client sends this token from now on."""
    client.refresh_token = pair["refresh_token"]
    client.headers["Authorization"] = f"Bearer {pair['access_token']}"


async def refreshed(client: Client) -> None:
    answer = await client.post("/v1/auth/refresh", json={"refresh_token": client.refresh_token})
    assert answer.status_code == 200, answer.text
    carry(client, answer.json())


async def ask(client: Client, parent: str = PARENT) -> httpx.Response:
    return await client.post("/v1/users/me/consent", json={"parent_email": parent})


async def decide(client: httpx.AsyncClient, what: str, token: str) -> httpx.Response:
    """What a parent does with a link."""
    return await client.post(f"/v1/parents/{what}", json={"token": token})


async def agreed(client: Client, mailbox: Mailbox, parent: str = PARENT) -> None:
    """A parent has agreed, and the child's token says so."""
    asked = await ask(client, parent)
    assert asked.status_code == 202, asked.text
    answer = await decide(client, "agree", token_in(await mailbox.next(parent, ASKED)))
    assert answer.status_code == 204, answer.text
    await refreshed(client)
