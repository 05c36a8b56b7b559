"""Health: alive without any dependency, ready only when it could serve, and open to anyone."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest
from pydantic import SecretStr

from api.instance import Instance
from api.services import Services
from lyo_rt.database.migrate import upgrade
from lyo_rt.embedded.postgresql import PostgreSQL, postgresql_server
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings
from tests.conftest import statement

pytestmark = pytest.mark.anyio


async def admin(client: httpx.AsyncClient, instance: Instance) -> dict[str, str]:
    """The headers of a signed-in admin."""
    account = {"email": "admin@example.com", "password": "SecurePassword123!"}
    await client.post("/v1/auth/register", json={**account, "full_name": "Ada Admin"})
    await instance.services.database.execute("UPDATE users SET user_type = 'admin' WHERE email = $1", account["email"])
    token = (await client.post("/v1/auth/login", json=account)).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def test_a_sound_instance_says_so(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/health")).json()
    assert body["status"] == "ok"
    assert body["database"] == "ok"
    assert body["broadcast"] == "in-process"
    assert body["providers"] == ["outline"]
    assert body["version"]


async def test_it_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    for path in ("/v1/health/live", "/v1/health/ready"):
        response = await client.get(path)
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_while_draining_it_is_alive_but_not_ready(client: httpx.AsyncClient, instance: Instance) -> None:
    instance.draining = True
    assert (await client.get("/v1/health/live")).status_code == 200
    response = await client.get("/v1/health/ready")
    assert (response.status_code, response.json()["code"]) == (503, "DRAINING")
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert (await client.get("/v1/health")).json()["status"] == "draining"


async def test_the_database_tells_its_latency_and_admins_its_pool(
    client: httpx.AsyncClient, instance: Instance
) -> None:
    body = (await client.get("/v1/health/database")).json()
    assert body["status"] == "ok"
    assert 0 < body["latency_ms"] < 2000
    assert set(body) == {"status", "latency_ms"}
    told = (await client.get("/v1/health/database", headers=await admin(client, instance))).json()
    assert 1 <= told["pool"]["size"] <= told["pool"]["max"]


async def test_redis_says_in_process_when_there_is_none(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/health/redis")).json() == {"status": "ok", "mode": "in-process"}


async def test_websocket_tells_admins_what_the_instance_counts(client: httpx.AsyncClient, instance: Instance) -> None:
    assert (await client.get("/v1/health/websocket")).json() == {"status": "ok"}
    body = (await client.get("/v1/health/websocket", headers=await admin(client, instance))).json()
    assert body["status"] == "ok"
    assert body["statistics"]["instance"] == str(instance.id)
    assert {"sessions", "watchers", "actors"} <= set(body["statistics"])


async def test_model_names_the_providers_in_order(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/health/model")).json()
    assert body == {"status": "ok", "providers": ["outline"], "gemma": {"state": "absent"}}


class TestModels:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(
            settings,
            ai_providers=("openai", "gemini"),
            openai_api_key=SecretStr("k"),
            gemini_api_key=SecretStr("k"),
            openai_base_url="http://127.0.0.1:9/v1",
        )

    async def test_ai_tells_who_can_be_asked_and_admins_why_not(
        self, client: httpx.AsyncClient, instance: Instance
    ) -> None:
        body = (await client.get("/v1/health/ai")).json()
        assert body == {"status": "ok", "providers": ["openai", "gemini"]}
        await self._open(instance, "openai")
        assert (await client.get("/v1/health/ai")).json() == {"status": "degraded", "providers": ["openai", "gemini"]}
        all_of_it = (await client.get("/v1/health/ai", headers=await admin(client, instance))).json()
        told = all_of_it["details"]
        assert all_of_it["cache"] == {"hits": 0, "joins": 0, "misses": 0}
        assert [(one["provider"], one["breaker"], one["failures"]) for one in told] == [
            ("openai", "open", 5),
            ("gemini", "closed", 0),
        ]
        assert 0 < told[0]["cooling"] <= 60
        await self._open(instance, "gemini")
        response = await client.get("/v1/health/ai")
        assert response.status_code == 503
        assert 0 < int(response.headers["retry-after"]) <= 60

    async def _open(self, instance: Instance, provider: str) -> None:
        await instance.services.database.execute(
            "UPDATE ai_breakers SET failures = 5, open_until = now() + interval '1 minute' WHERE provider = $1",
            provider,
        )


class TestWithoutAModel:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, environment="production", ai_providers=())

    async def test_model_is_unavailable(self, client: httpx.AsyncClient) -> None:
        for path in ("/v1/health/model", "/v1/health/ai"):
            response = await client.get(path)
            assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")


class TestWithoutADatabase:
    @pytest.fixture
    def own_server(self, short_dir: Path) -> Iterator[tuple[PostgreSQL, ExitStack]]:
        """A PostgreSQL of the test's own, and what stops it."""
        with ExitStack() as stack:
            yield stack.enter_context(postgresql_server(short_dir / "own", fsync=False)), stack

    @pytest.fixture
    async def database_url(self, own_server: tuple[PostgreSQL, ExitStack]) -> str:
        server, _ = own_server
        statement(server, "CREATE DATABASE lyo_own")
        url = server.url("lyo_own")
        await upgrade(url)
        return url

    @pytest.fixture
    async def services(self, services: Services, own_server: tuple[PostgreSQL, ExitStack]) -> Services:
        """The services, once their database has been stopped."""
        await anyio.to_thread.run_sync(own_server[1].close)
        return services

    async def test_it_is_alive_but_not_ready(self, client: httpx.AsyncClient) -> None:
        assert (await client.get("/v1/health/live")).status_code == 200
        for path in ("/v1/health", "/v1/health/ready", "/v1/health/database"):
            response = await client.get(path)
            assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE"), path
            assert int(response.headers["retry-after"]) >= 1
