"""The master of a service that Redis Sentinels watch over, wherever it is at the moment.

As "Guidelines for Redis clients with support for Redis Sentinel" ask: the Sentinels are asked at every connect, and
the server they name must itself say that it is the master.
"""

from collections import Counter
from contextlib import suppress
from typing import NoReturn
from weakref import WeakKeyDictionary

import anyio
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError

from lyo_rt.broadcast.redis_link import NETWORK_FAULTS, Server, ask_once, disconnect
from lyo_rt.broadcast.redis_url import Address, RedisUrl

WATCH_SECONDS = 2.0
"""Between questions whether the master has changed: the old one, still alive, hears of it from the Sentinels only after
10 s (seen with Valkey 9.1, SENTINEL FAILOVER), and ends its clients' connections then.
"""

ASK_SECONDS = 0.8
"""For all Sentinels together; what is left of the 2 s of a connect is the master's."""


class MonitoredMaster:
    """A Place. Raises ValueError for a URL with query arguments that redis-py does not know."""

    def __init__(self, url: RedisUrl) -> None:
        self._url = url
        self._sentinels = [Server(url.sentinel(address)) for address in url.members]
        self.database = Server(url.server(url.members[0])).database
        self._reason = ""
        """Why one of the Sentinels asked last did not answer."""
        self._addresses: WeakKeyDictionary[AbstractConnection, Address] = WeakKeyDictionary()

    async def connect(self) -> AbstractConnection:
        """See Place. A connection to the master that most of the Sentinels that answer name."""
        address = await self._address()
        connection = await Server(self._url.server(address)).connect()
        try:
            await connection.send_command("ROLE", check_health=False)
            role = await connection.read_response()
            if role[0] != b"master":
                raise ConnectionError(
                    f"{address[0]}:{address[1]}, named by the Sentinels, is not the master (any more)"
                )
        except BaseException:
            await disconnect(connection)
            raise
        self._addresses[connection] = address
        return connection

    async def watch(self, connection: AbstractConnection) -> NoReturn:
        """See Place."""
        while True:
            await anyio.sleep(WATCH_SECONDS)
            with suppress(*NETWORK_FAULTS):
                address = await self._address()
                if address != self._addresses[connection]:
                    break
        raise ConnectionError(f"{address[0]}:{address[1]} is the master now, the Sentinels say")

    async def _address(self) -> Address:
        """The first address that more than half of all Sentinels name, or after 0.8 s the one that most do.

        One that was cut off may still name the old master.
        """
        answers: Counter[Address] = Counter()
        self._reason = ""
        with anyio.move_on_after(ASK_SECONDS):
            async with anyio.create_task_group() as tasks:
                for sentinel in self._sentinels:
                    tasks.start_soon(self._ask, sentinel, answers, tasks.cancel_scope)
        if not answers:
            raise ConnectionError(f"no Sentinel tells of a master of {self._url.service!r} {self._reason}".rstrip())
        return answers.most_common(1)[0][0]

    async def _ask(self, sentinel: Server, answers: Counter[Address], enough: anyio.CancelScope) -> None:
        try:
            reply = await ask_once(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._url.service)
        except NETWORK_FAULTS as fault:
            self._reason = str(fault)
            return
        if reply is not None:
            address = (reply[0].decode(), int(reply[1]))
            answers[address] += 1
            if answers[address] > len(self._sentinels) // 2:
                enough.cancel()
