"""The port, under several descriptors of one socket: all who come at once are served, and it is closed at the end."""

import os
import socket

import anyio
import httpx
import pytest

from api.instance import Instance
from api.server import ACCEPTED_AT_ONCE, hypercorn_config
from tests.api.conftest import served

pytestmark = pytest.mark.anyio


async def test_a_hundred_who_come_at_once_are_served_and_the_port_is_free_afterwards(instance: Instance) -> None:
    statuses: list[int] = []

    async def ask() -> None:
        statuses.append((await client.get(url)).status_code)

    limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=20, limits=limits) as client, served(instance.asgi) as address:
        url = "http://{}:{}/v1/health/live".format(*address)
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(ask)
    assert statuses == [200] * 100
    # Nobody listens under any descriptor: the address can be had again.
    socket.create_server(address).close()


def test_each_descriptor_is_that_of_the_one_socket() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    descriptors = [int(bind.removeprefix("fd://")) for bind in hypercorn_config(listener).bind]
    assert len(set(descriptors)) == ACCEPTED_AT_ONCE
    assert len({os.fstat(descriptor).st_ino for descriptor in descriptors}) == 1
    assert listener.fileno() == -1
    for descriptor in descriptors:
        with socket.socket(fileno=descriptor) as one:
            assert one.getsockname() == address
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
