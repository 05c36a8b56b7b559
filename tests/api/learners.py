"""Learners of a test's own, signed in."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx

from api.services import Services


async def signed_in(services: Services, address: tuple[str, int], name: str = "Learner") -> httpx.AsyncClient:
    """A client of a new learner; close it."""
    registered = await services.accounts.register(
        email=f"{name.lower()}-{uuid4().hex[:8]}@example.com", password="Correct-horse-9-battery", full_name=name
    )
    host, port = address
    return httpx.AsyncClient(
        base_url=f"http://{host}:{port}", timeout=30, headers={"Authorization": f"Bearer {registered.access_token}"}
    )


def token_of(client: httpx.AsyncClient) -> str:
    """The access token a client sends."""
    return client.headers["Authorization"].removeprefix("Bearer ")


async def events_of(response: httpx.Response) -> AsyncIterator[tuple[str, str, Any]]:
    """The (id, name, data) of a response's Server-Sent Events."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
            fields = {}
