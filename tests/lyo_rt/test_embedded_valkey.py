"""The embedded Valkey lives as long as the process that serves it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
import redis
import redis.asyncio

from lyo_rt.embedded.guarded import EmbeddedFault
from lyo_rt.embedded.valkey import Valkey, embedded_valkey
from lyo_rt.embedded.valkey import valkey_server as start_valkey
from tests.lyo_rt.embedding import address, eventually, serving

SERVE = """
import sys
from pathlib import Path
from lyo_rt.embedded.valkey import valkey_server
with valkey_server(Path(sys.argv[1])) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="lyo-") as name:
        yield Path(name)


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url) as client:
            return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.mark.anyio
async def test_serves_on_a_unix_socket_until_the_block_ends(folder: Path) -> None:
    async with embedded_valkey(folder / "with spaces") as server, redis.asyncio.from_url(server.url(3)) as client:
        await client.set("key", "value")
        assert await client.get("key") == b"value"
    assert not server.path.exists()


def test_serves_on_the_loopback_too_when_asked(valkey_server: Valkey) -> None:
    with redis.Redis.from_url(valkey_server.tcp_url()) as client:
        assert client.ping()


def test_kill_9_of_the_serving_process_stops_it(folder: Path) -> None:
    with serving(folder, program=SERVE) as process:
        url = address(process)
        assert answers(url)
        process.kill()
        eventually(lambda: not answers(url), 5, "Valkey stops")


@pytest.mark.anyio
async def test_its_own_death_is_told_in_one_line(folder: Path) -> None:
    async with embedded_valkey(folder) as server:
        async with redis.asyncio.from_url(server.url()) as client:
            await client.shutdown(nosave=True)
        with anyio.fail_after(5):
            assert (await server.ended()).startswith("Valkey ended with exit code 0")


def test_a_folder_in_use_is_refused(folder: Path) -> None:
    with (
        start_valkey(folder),
        pytest.raises(EmbeddedFault, match="is in use by another lyo-rt"),
        start_valkey(folder),
    ):
        pass
