"""A connection that has ended leaves nothing to the garbage collector: looks for it would hold everybody up."""

import gc
from collections.abc import AsyncIterator, Iterator

import anyio
import anyio.lowlevel
import httpx
import pytest

from api.http11 import Connection, StrictH11
from api.realtime.direct import DirectStream
from api.realtime.direct_session import DirectSession
from api.realtime.direct_watcher import Watcher
from api.services import Services
from tests.api.learners import signed_in, token_of
from tests.api.sockets import device, greeted, small_socket

pytestmark = pytest.mark.anyio

KINDS = (Connection, StrictH11, DirectStream, DirectSession, Watcher)


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(services, address) as client:
        yield client


@pytest.fixture
def no_looks() -> Iterator[None]:
    """What is left is what is not let go of."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> dict[str, int]:
    held = [type(one) for one in gc.get_objects() if type(one) in KINDS]
    return {kind.__name__: held.count(kind) for kind in KINDS if kind in held}


async def nothing_is_left() -> bool:
    """Soon, and without a look."""
    with anyio.move_on_after(5):
        while left():  # noqa: ASYNC110  (what the collector knows tells nobody)
            await anyio.sleep(0.01)
    return not left()


@pytest.mark.usefixtures("no_looks")
async def test_after_sessions(learner: httpx.AsyncClient, address: tuple[str, int]) -> None:
    token = token_of(learner)
    await learner.aclose()
    for _ in range(3):
        async with greeted(address, token) as one:
            await one.send("ping")
            await one.until("pong")
            assert left()["DirectSession"] == 1
        async with device(address, token):
            assert left()["StrictH11"] >= 1
    assert await nothing_is_left(), left()


@pytest.mark.usefixtures("no_looks")
async def test_after_a_client_that_is_gone_without_a_word(learner: httpx.AsyncClient, address: tuple[str, int]) -> None:
    token = token_of(learner)
    await learner.aclose()
    async with greeted(address, token) as one:
        one.connection.transport.abort()
    with small_socket(address):
        await anyio.lowlevel.checkpoint()
    assert await nothing_is_left(), left()
