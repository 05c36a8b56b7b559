"""How the page is served: with ETags, its policy, and not at all in production."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import pytest

from api.app import create_app
from api.asgi import create_asgi
from api.instance import open_instance
from lyo_rt.clock import SystemClock
from lyo_rt.settings import Settings

Environment = Literal["development", "staging", "production"]

pytestmark = pytest.mark.anyio


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Environment:
    """Where it is deployed."""
    chosen: Environment = getattr(request, "param", "development")
    return chosen


@pytest.fixture
async def client(environment: Environment, database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    settings = Settings.model_construct(environment=environment, lyo_data_dir=tmp_path, ai_providers=("outline",))
    async with open_instance(settings, SystemClock(), database_url=database_url, redis_url=None) as instance:
        asgi = create_asgi(create_app(instance.services), instance.realtime)
        transport = httpx.ASGITransport(asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


async def test_the_page_and_its_files_are_revalidated(client: httpx.AsyncClient) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/page/app.js", "text/javascript"),
        ("/page/styles/layout.css", "text/css"),
    ):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "no-cache" in answer.headers["cache-control"]
        again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_page_allows_nothing_inline(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "path", ["/page/index.html", "/page/../demo.py", "/page/%2e%2e/demo.py", "/page/absent.js", "/page/"]
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == (400 if "%2e" in path else 404)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("environment", ["production"], indirect=True)
@pytest.mark.parametrize("path", ["/", "/page/app.js", "/page/deployment.json"])
async def test_production_has_no_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/problems/not-found")


@pytest.mark.parametrize(
    ("environment", "known"), [("development", True), ("staging", False)], indirect=["environment"]
)
async def test_the_demo_login_is_told_only_where_it_exists(client: httpx.AsyncClient, known: bool) -> None:
    answer = (await client.get("/page/deployment.json")).json()
    assert (answer["demo"] is not None) is known
