"""A connection to a Redis server that comes back by itself."""

import logging
import math
import random
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, Protocol

import anyio
from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from lyo_rt.clock import Clock

NETWORK_FAULTS = (RedisError, OSError)
"""What a server that is away, unwilling or talking rubbish makes redis-py raise; anything else is a fault of ours."""

CONNECT_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Place(Protocol):
    """Where a server is to be found."""

    async def connect(self) -> AbstractConnection:
        """An open connection to it, the caller's to end with `disconnect`. Raises one of NETWORK_FAULTS."""
        ...

    async def watch(self, connection: AbstractConnection) -> NoReturn:
        """Raises one of NETWORK_FAULTS once the server is to be found elsewhere than where `connection` goes."""
        ...


class Server:
    """A Redis server at a fixed address.

    `url` is redis://, rediss:// or unix://, with redis-py's query arguments (`?db=`, `?ssl_ca_certs=`…). Raises
    ValueError when it is not. `database` is the number of the database it names.
    """

    def __init__(self, url: str) -> None:
        self._arguments: dict[str, Any] = {**parse_url(url)}
        self._kind: Callable[..., AbstractConnection] = self._arguments.pop("connection_class", Connection)
        self.database: int = self._arguments.get("db", 0)
        try:
            self._connection()
        except TypeError as fault:
            name = str(fault).rpartition(" ")[2]
            raise ValueError(f"has a query argument that redis-py does not know: {name}") from None

    async def connect(self) -> AbstractConnection:
        """See Place."""
        connection = self._connection()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            await disconnect(connection)
            raise
        return connection

    async def watch(self, connection: AbstractConnection) -> NoReturn:  # noqa: ARG002
        """See Place."""
        await anyio.sleep_forever()
        raise AssertionError("for ever has ended")

    def _connection(self) -> AbstractConnection:
        """A connection that is not open yet. It neither times out nor tries again by itself: its owner does.

        RESP 2, because redis-py renders every RESP 3 push as text for a debug log, a big payload too.
        """
        owned = {
            "protocol": 2,
            "decode_responses": False,
            "socket_timeout": None,
            "socket_connect_timeout": CONNECT_SECONDS,
            "health_check_interval": 0,
            "retry": Retry(NoBackoff(), 0),
            "client_name": "lyo-rt-broadcast",
        }
        return self._kind(**{**self._arguments, **owned})


async def disconnect(connection: AbstractConnection) -> None:
    """End `connection` without waiting for the other side."""
    with anyio.CancelScope(shield=True):
        await connection.disconnect(nowait=True)


async def ask_once(place: Place, *command: str) -> Any:
    """The reply to one command over a connection of its own. Raises one of NETWORK_FAULTS."""
    connection = await place.connect()
    try:
        await connection.send_command(*command, check_health=False)
        return await connection.read_response()
    finally:
        await disconnect(connection)


async def keep_connected(
    place: Place,
    serve: Callable[[AbstractConnection], Coroutine[Any, Any, None]],
    clock: Clock,
    ended: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Have `serve` use a connection to `place`; each time the network ends that, say `ended` and connect anew.

    Between attempts 0.05 to 1 s, doubling, with jitter; a connection that held for a second starts from 0.05 again.
    Raises what `serve` raises if it is none of NETWORK_FAULTS.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        connected_at = math.inf
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                connection = await place.connect()
            try:
                connected_at = clock.monotonic()
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(place.watch, connection)
                    tasks.start_soon(serve, connection)
            finally:
                await disconnect(connection)
        except* NETWORK_FAULTS as faults:
            level = logging.WARNING if pause == FIRST_PAUSE_SECONDS or connected_at < math.inf else logging.DEBUG
            logger.log(level, "no connection to Redis: %s", _first(faults))
            ended()
        if clock.monotonic() - connected_at > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await anyio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  spreads reconnections, guards nothing
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    fault: BaseException = faults
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
