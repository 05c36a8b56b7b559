"""The Redis broadcast while replies come late, not at all, or were never asked for."""

import time
from collections.abc import AsyncIterator
from itertools import pairwise

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketAttribute, SocketStream

from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.embedded.valkey import Valkey
from lyo_rt.problems import Unavailable
from tests.contracts.listening import Ear

pytestmark = pytest.mark.anyio

TOPIC = "conversation:7"
ENOUGH = 400
"""Messages of 1 KiB: many times what is read at once."""


class Interpreter:
    """Stands between who connects to `port` and a server, and can speak in the server's place."""

    def __init__(self, port: int, server: int) -> None:
        self.port = port
        self._server = server
        self._clients: list[SocketStream] = []

    async def serve(self, client: SocketStream) -> None:
        async with client, await anyio.connect_tcp("127.0.0.1", self._server) as server:
            self._clients.append(client)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._pass, client, server)
                await self._pass(server, client)
                tasks.cancel_scope.cancel()

    async def _pass(self, source: SocketStream, sink: SocketStream) -> None:
        try:
            while True:
                await sink.send(await source.receive())
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            await sink.aclose()

    async def say(self, data: bytes) -> None:
        """Send `data` on every connection of the moment."""
        clients, self._clients = self._clients, []
        for client in clients:
            await client.send(data)


@pytest.fixture
async def interpreter(redis_url: str, valkey_server: Valkey) -> AsyncIterator[Interpreter]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        interpreter = Interpreter(listener.extra(SocketAttribute.local_port), valkey_server.port)  # noqa: S610
        tasks.start_soon(listener.serve, interpreter.serve)
        yield interpreter
        tasks.cancel_scope.cancel()


async def until_well(broadcast: RedisBroadcast) -> None:
    with anyio.fail_after(10):
        while True:
            try:
                await broadcast.check()
            except Unavailable:
                await anyio.sleep(0.02)
            else:
                return


@pytest.mark.parametrize("said", [b"$4\r\nwhat\r\n", b":1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_a_server_that_talks_rubbish_is_left_and_connected_to_anew(interpreter: Interpreter, said: bytes) -> None:
    ear = Ear()
    async with (
        RedisBroadcast.open(f"redis://127.0.0.1:{interpreter.port}/0", clock=SystemClock()) as broadcast,
        broadcast.listen(TOPIC, ear),
    ):
        await broadcast.publish(TOPIC, b"before")
        await ear.until_heard(b"before")
        await interpreter.say(said)
        await ear.until(lambda: ear.losses >= 2)
        await until_well(broadcast)
        await broadcast.publish(TOPIC, b"after")
        await ear.until_heard(b"after")


async def test_a_reply_that_came_while_the_event_loop_was_held_up_counts(redis_url: str) -> None:
    ear = Ear()
    async with (
        RedisBroadcast.open(redis_url, clock=SystemClock()) as broadcast,
        broadcast.listen(TOPIC, ear),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(broadcast.publish, TOPIC, b"under way")
        for _ in range(2):
            await anyio.lowlevel.checkpoint()
        hold_up_the_loop(2)
        await ear.until_heard(b"under way")
        await broadcast.publish(TOPIC, b"and on")
        await ear.until_heard(b"and on")
        assert (broadcast.statistics()["failed"], ear.losses) == (0, 0)


def hold_up_the_loop(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_flood_is_heard_whole_and_in_order_while_others_have_their_turn(redis_url: str) -> None:
    ear, said = Ear(), [b"%04d" % number + b"x" * 1024 for number in range(ENOUGH)]
    async with (
        RedisBroadcast.open(redis_url, clock=SystemClock()) as broadcast,
        broadcast.listen(TOPIC, ear),
        anyio.create_task_group() as tasks,
    ):
        for payload in said:
            tasks.start_soon(broadcast.publish, TOPIC, payload)
        heard = []
        while len(ear.payloads) < ENOUGH:
            heard.append(len(ear.payloads))
            await anyio.lowlevel.checkpoint()
        assert ear.payloads == said
        assert max(after - before for before, after in pairwise(heard)) <= 50
