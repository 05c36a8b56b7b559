"""A connection to the Redis server that comes back by itself."""

import logging
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

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


class Server:
    """Where the Redis server is.

    `url` is redis://, rediss:// or unix://, with redis-py's query arguments (`?db=`, `?ssl_ca_certs=`…). Raises
    ValueError when it is not. `database` is the number of the database it names.
    """

    def __init__(self, url: str) -> None:
        self._arguments: dict[str, Any] = {**parse_url(url)}
        self._kind: Callable[..., AbstractConnection] = self._arguments.pop("connection_class", Connection)
        self.database: int = self._arguments.get("db", 0)
        try:
            self.connection()
        except TypeError as fault:
            raise ValueError(f"the Redis URL has a query argument nobody knows: {fault}") from None

    def connection(self) -> AbstractConnection:
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


async def keep_connected(
    server: Server, serve: Callable[[AbstractConnection], Awaitable[None]], clock: Clock
) -> NoReturn:
    """Have `serve` use a connection to `server`; each time the network ends that, connect anew.

    Between attempts 0.05 to 1 s, doubling, with jitter; a connection that held for a second starts from 0.05 again.
    Raises what `serve` raises if it is none of NETWORK_FAULTS.
    """
    pause = FIRST_PAUSE_SECONDS
    while True:
        connected_at = math.inf
        connection = server.connection()
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                await connection.connect()  # type: ignore[no-untyped-call]
            connected_at = clock.monotonic()
            await serve(connection)
        except* NETWORK_FAULTS as faults:
            level = logging.WARNING if pause == FIRST_PAUSE_SECONDS or connected_at < math.inf else logging.DEBUG
            logger.log(level, "no connection to Redis: %s", _first(faults))
        finally:
            with anyio.CancelScope(shield=True):
                await connection.disconnect(nowait=True)
        if clock.monotonic() - connected_at > LONGEST_PAUSE_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        await anyio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  spreads reconnections, guards nothing
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    fault: BaseException = faults
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault
