"""The client against a server of a test's own, which does on a real socket what the product's never does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import anyio
import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from lyo_rt.client.client import Client, Link, pause
from lyo_rt.client.tokens import Dismissed, Tokens
from lyo_rt.frames import Event, Presence, Typist

pytestmark = pytest.mark.anyio

STREAM = "task:00000000-0000-4000-8000-000000000001"
ROOM = UUID(int=7)
SECONDS = 10.0


class Peer:
    """The server's end of one session."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def send(self, type: str, **members: Any) -> None:
        await self.connection.send(msgspec.json.encode({"type": type, **members}), text=True)

    async def event(self, seq: int) -> None:
        await self.send("event", stream=STREAM, epoch=1, seq=seq, event="told", data={})

    async def read(self, type: str) -> dict[str, Any]:
        """The client's next frame, which must be of this type."""
        with anyio.fail_after(SECONDS):
            frame: dict[str, Any] = msgspec.json.decode(await self.connection.recv())
        assert frame["type"] == type
        return frame

    async def welcome(self, heartbeat: int = 25, **state: int | bool) -> dict[str, Any]:
        """Answer the hello, saying of the stream what is said here; the hello."""
        hello = await self.read("hello")
        states = [{"stream": STREAM, "epoch": 1, **state}] if state else []
        await self.send("welcome", session="s", user="u", heartbeat=heartbeat, streams=states, instance="i")
        return hello

    async def joined(self, seq: int) -> dict[str, Any]:
        """Answer a subscribe with this place; the subscribe."""
        subscribe = await self.read("subscribe")
        await self.send("reply", id=subscribe["id"], ok={"epoch": 1, "seq": seq, "recovered": True})
        return subscribe


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, Callable[[], Any]]]:
    """Its address, and what awaits the next session."""
    peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def session(connection: ServerConnection) -> None:
        peers.put_nowait(Peer(connection))
        await connection.wait_closed()

    async with serve(session, "127.0.0.1", 0, compression=None) as running:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}", peers.get


async def told(notifications: asyncio.Queue[Any], kind: type) -> Any:
    """The next notification of this kind."""
    with anyio.fail_after(SECONDS):
        while not isinstance(one := await notifications.get(), kind):
            pass
    return one


async def test_every_close_code_is_an_instruction() -> None:
    assert {pause(code, 0) for code in (1000, 4000, 4001, 4003, 4009, 4010, 1009, 401, 403, 404)} == {float("inf")}
    assert {pause(code, 0) for code in (4208, 4211, 4212, 4301)} == {0.0}
    for failures, most in enumerate([0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]):
        for code in (1006, 1011, 1012, 500, 503):
            waits = [pause(code, failures) for _ in range(50)]
            assert 0 <= min(waits) < most / 2 < max(waits) <= most, "full jitter"
        assert all(2 <= pause(code, failures) <= 2 + most for code in (4129, 4130, 429))
    assert max(pause(4211, 3) for _ in range(50)) > 0, "a fault that comes again is not met in a loop"


async def test_a_gap_is_subscribed_again_once_and_nothing_comes_twice() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with (
        server() as (address, next_peer),
        Client([address], Tokens("access"), notifications.put_nowait) as client,
        anyio.create_task_group() as tasks,
    ):
        peer = await next_peer()
        assert (await peer.welcome())["token"] == "access"
        tasks.start_soon(client.subscribe, STREAM)
        await peer.joined(0)
        for seq in (1, 3, 4):
            await peer.event(seq)
        await peer.send("a later server's", seq=1)
        assert (await peer.joined(1))["after"] == {"epoch": 1, "seq": 1}
        for seq in (2, 3, 4):
            await peer.event(seq)
        assert [(await told(notifications, Event)).seq for _ in range(4)] == [1, 2, 3, 4]
        await peer.send("pong", positions={STREAM: 5})
        assert (await peer.joined(4))["after"] == {"epoch": 1, "seq": 4}
        await peer.send("pong", positions={})
        assert (await peer.joined(4))["stream"] == STREAM
        await peer.event(5)
        assert (await told(notifications, Event)).seq == 5
        assert {name: client.counts[name] for name in ("taken", "repeated", "gaps")} == {
            "taken": 5,
            "repeated": 0,
            "gaps": 3,
        }


async def test_who_was_in_a_room_enters_it_again_and_streams_resume_where_they_were() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with (
        server() as (address, next_peer),
        Client([address], Tokens("access"), notifications.put_nowait) as client,
        anyio.create_task_group() as tasks,
    ):
        peer = await next_peer()
        await peer.welcome()
        tasks.start_soon(client.subscribe, STREAM)
        await peer.joined(7)
        tasks.start_soon(client.call, Presence("1", ROOM))
        presence = await peer.read("presence")
        await peer.send("reply", id=presence["id"], ok={})
        await peer.event(8)
        await told(notifications, Event)
        await peer.connection.close(4211)
        again = await next_peer()
        hello = await again.welcome(seq=8, recovered=True)
        place = {"stream": STREAM, "epoch": 1, "seq": 8, "message": None, "revision": None, "at": None}
        assert hello["resume"] == [place]
        presence = await again.read("presence")
        assert (presence["course"], presence["here"]) == (str(ROOM), True)


async def test_the_server_is_pinged_with_the_places() -> None:
    async with (
        server() as (address, next_peer),
        Client([address], Tokens("access"), lambda _: None) as client,
        anyio.create_task_group() as tasks,
    ):
        peer = await next_peer()
        await peer.welcome(heartbeat=1)
        tasks.start_soon(client.subscribe, STREAM)
        await peer.joined(3)
        assert (await peer.read("ping"))["positions"] == {STREAM: 3}
        await peer.send("pong", positions={STREAM: 3})
        await peer.read("ping")


async def test_a_server_that_is_done_ends_the_client_and_its_commands() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with server() as (address, next_peer), Client([address], Tokens("x"), notifications.put_nowait) as client:
        peer = await next_peer()
        await peer.welcome()
        assert await told(notifications, Link) == Link(None, "i", 0)
        waiting = asyncio.create_task(client.subscribe(STREAM))
        await peer.read("subscribe")
        await peer.connection.close(1000, "done")
        with pytest.raises(Dismissed) as dismissed:
            await waiting
        assert dismissed.value.code == 1000
        assert await told(notifications, Link) == Link(1000, "done", float("inf"))


async def test_who_is_asked_to_move_reads_on_until_it_is_time_and_goes_to_the_next_address() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with (
        server() as (first, next_of_first),
        server() as (second, next_of_second),
        Client([first, second], Tokens("access"), notifications.put_nowait),
    ):
        peer = await next_of_first()
        await peer.welcome()
        await peer.send("reconnect", after_ms=200, reason="drain")
        await peer.send("typing", stream="course:1", user="u", name="Ada")
        assert (await told(notifications, Typist)).name == "Ada"
        assert peer.connection.close_code is None
        with anyio.fail_after(SECONDS):
            await peer.connection.wait_closed()
        await (await next_of_second()).welcome()
        assert [(await told(notifications, Link)).code for _ in range(2)] == [1012, None]


async def test_told_to_move_and_closed_early_it_waits_for_its_turn() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with server() as (address, next_peer), Client([address], Tokens("x"), notifications.put_nowait):
        peer = await next_peer()
        await peer.welcome()
        await told(notifications, Link)
        await peer.send("reconnect", after_ms=400, reason="drain")
        await peer.connection.close(1012)
        lost = await told(notifications, Link)
        assert lost.code == 1012
        assert 0.25 < lost.seconds < 0.401
        await (await next_peer()).welcome()


async def test_leaving_says_goodbye_and_ends_the_commands() -> None:
    async with server() as (address, next_peer):
        async with Client([address], Tokens("access"), lambda _: None) as client:
            peer = await next_peer()
            await peer.welcome()
            waiting = asyncio.create_task(client.subscribe(STREAM))
            await peer.read("subscribe")
        with pytest.raises(Dismissed):
            await waiting
        await peer.connection.wait_closed()
        assert peer.connection.close_code == 1000


async def test_garbage_is_a_lost_link() -> None:
    notifications: asyncio.Queue[Any] = asyncio.Queue()
    async with server() as (address, next_peer), Client([address], Tokens("x"), notifications.put_nowait):
        peer = await next_peer()
        await peer.read("hello")
        await peer.connection.send("{")
        lost = await told(notifications, Link)
        assert (lost.code, lost.seconds <= 0.25) == (1006, True)
        await (await next_peer()).welcome()
        assert (await told(notifications, Link)).code is None
