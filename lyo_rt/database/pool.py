"""The connections to PostgreSQL, and transactions that announce what they appended only once it is committed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Protocol, TypeAlias, TypeVar

import anyio
import asyncpg
import msgspec

from lyo_rt.database.changes import Changes, Returned
from lyo_rt.problems import Unavailable
from lyo_rt.security.encryption import Cipher

Record = TypeVar("Record", bound=msgspec.Struct)
Row = asyncpg.Record
Connection: TypeAlias = asyncpg.pool.PoolConnectionProxy

ACQUIRE_SECONDS = 10.0
OPEN_AT_START = 10
"""Connections; one that has to be opened in a burst holds up who waits for it, and everybody else for 5 ms."""
PATIENT_SECONDS = 0.02
"""A connection is opened when nobody has given one back for so long: most statements take a tenth of it."""
ANNOUNCE_SECONDS = 2.0
IDLE_IN_TRANSACTION = "5s"
"""An instance frozen inside a transaction must not keep its rows from the others: as long as a lease."""


class Announcer(Protocol):
    """Tells the other instances of something committed. Best effort: it never raises for a lost announcement."""

    async def publish(self, topic: str, payload: bytes) -> None: ...


class Queries(Protocol):
    """What a repository function needs: the pool for a plain read, or a transaction; and what opens sealed columns."""

    @property
    def cipher(self) -> Cipher: ...
    async def fetch(self, query: str, *arguments: Any) -> Sequence[Row]: ...
    async def fetchrow(self, query: str, *arguments: Any) -> Row | None: ...
    async def fetchval(self, query: str, *arguments: Any) -> Any: ...
    async def execute(self, query: str, *arguments: Any) -> str: ...


class Transaction:
    """One open transaction. What is announced here goes out after the commit, in order, or not at all."""

    def __init__(self, connection: Connection, cipher: Cipher | None) -> None:
        self._connection = connection
        self._cipher = cipher
        self.announcements: list[tuple[str, bytes]] = []
        self.continuations: list[Callable[[], None]] = []

    def announce(self, topic: str, payload: bytes) -> None:
        """Send `payload` to `topic` once this transaction has been committed."""
        self.announcements.append((topic, payload))

    def afterwards(self, continuation: Callable[[], None]) -> None:
        """Call `continuation` once this transaction has been committed; it must not wait or raise."""
        self.continuations.append(continuation)

    async def fetch(self, query: str, *arguments: Any) -> Sequence[Row]:
        return await self._connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        return await self._connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        return await self._connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> str:
        return await self._connection.execute(query, *arguments)

    @property
    def cipher(self) -> Cipher:
        """What seals and opens sealed columns."""
        return _there(self._cipher)

    async def carry_out(self, changes: Changes) -> Returned:
        """The changes as one statement of this transaction; see Database.carry_out."""
        returned = _returned(await self.fetchrow(changes.sql, *changes.arguments))
        self.continuations += changes.due(returned)
        self.announcements += changes.told(returned)
        return returned

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that can fail (a constraint, say) without losing the rest."""
        async with self._connection.transaction():
            yield


class Database:
    """The pool of one instance."""

    def __init__(self, pool: "asyncpg.Pool[Row]", announcer: Announcer, cipher: Cipher | None) -> None:
        self._pool = pool
        self._cipher = cipher
        self._at_hand: list[Connection] = []
        self._patient: deque[asyncio.Future[Connection]] = deque()
        self._waiting = 0
        self._announcer = announcer
        self.nearby: Callable[[str, bytes], bool] | None = None
        """Told of what was written here, topic and payload, before a broadcast that takes its way around a server.
        Whether all who follow the topic on this instance have it now."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, announcer: Announcer, *, cipher: Cipher | None = None, pool_max: int = 20
    ) -> AsyncIterator["Database"]:
        """A pool on `url` (postgresql://…) of at most `pool_max` connections, closed at the end.

        Without a `cipher` whoever comes to a sealed column fails; nothing is ever stored unsealed for want of one.
        Raises Unavailable when the server cannot be reached.
        """
        with foreign_faults():
            pool = await asyncpg.create_pool(
                url,
                min_size=min(OPEN_AT_START, pool_max),
                max_size=pool_max,
                init=prepare,
                reset=leave_as_it_is,
                command_timeout=30,
                server_settings={"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION},
            )
        database = cls(pool, announcer, cipher)
        try:
            yield database
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(5):
                await database._close()
            pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Everything in the block is committed together, then announced; an exception rolls it back."""
        with foreign_faults():
            async with self._connection() as connection, connection.transaction():
                transaction = Transaction(connection, self._cipher)
                yield transaction
        for continuation in transaction.continuations:
            continuation()
        await self._announce(transaction.announcements)

    async def carry_out(self, changes: Changes) -> Returned:
        """Commit the changes in one statement, then announce them; what the wanted parts returned, by name."""
        returned = _returned(await self.fetchrow(changes.sql, *changes.arguments))
        for continuation in changes.due(returned):
            continuation()
        await self._announce(changes.told(returned))
        return returned

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """One connection for the block.

        Those that come back sound are kept at hand: the pool's own acquiring and releasing, with their timers and
        tasks, cost 90 us a statement, half of what a short one costs this process (Python 3.11, asyncpg 0.32).
        """
        connection = await self._acquire()
        try:
            yield connection
        except BaseException:
            # The pool sees to what was cut short: it waits for a cancelled statement, and closes what is broken.
            await self._pool.release(connection)
            raise
        await self._hand_on(connection)

    async def _hand_on(self, connection: Connection) -> None:
        if self._waiting:
            await self._pool.release(connection)
            return
        while self._patient:
            place = self._patient.popleft()
            if not place.done():
                place.set_result(connection)
                return
        self._at_hand.append(connection)

    async def _acquire(self) -> Connection:
        while (connection := self._at_hand.pop() if self._at_hand else await self._handed_on()) is not None:
            if is_sound(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=ACQUIRE_SECONDS)
        finally:
            self._waiting -= 1

    async def _handed_on(self) -> Connection | None:
        """One that somebody else gives back in a moment, where that is sooner than to open one."""
        if self._pool.get_idle_size():
            return None
        place: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        self._patient.append(place)
        try:
            await asyncio.wait([place], timeout=PATIENT_SECONDS)
        except BaseException:
            if place.done():
                await self._hand_on(place.result())
            raise
        finally:
            place.cancel()
        return None if place.cancelled() else place.result()

    async def _close(self) -> None:
        self._waiting += 1  # for all of them: those in use go back to the pool, which waits for that
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())
        await self._pool.close()

    async def _announce(self, announcements: Sequence[tuple[str, bytes]]) -> None:
        if self.nearby is not None:
            for topic, payload in announcements:
                self.nearby(topic, payload)
        if announcements:
            with anyio.CancelScope(shield=True), anyio.move_on_after(ANNOUNCE_SECONDS):
                for topic, payload in announcements:
                    await self._announcer.publish(topic, payload)

    async def fetch(self, query: str, *arguments: Any) -> Sequence[Row]:
        with foreign_faults():
            async with self._connection() as connection:
                return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> Row | None:
        with foreign_faults():
            async with self._connection() as connection:
                return await connection.fetchrow(query, *arguments)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        with foreign_faults():
            async with self._connection() as connection:
                return await connection.fetchval(query, *arguments)

    async def execute(self, query: str, *arguments: Any) -> str:
        with foreign_faults():
            async with self._connection() as connection:
                return await connection.execute(query, *arguments)

    @property
    def cipher(self) -> Cipher:
        """What seals and opens sealed columns."""
        return _there(self._cipher)

    def statistics(self) -> dict[str, int]:
        """Connections: `size` open, `idle` of those, `max` allowed."""
        return {
            "size": self._pool.get_size(),
            "idle": self._pool.get_idle_size() + sum(map(is_sound, self._at_hand)),
            "max": self._pool.get_max_size(),
        }


def _there(cipher: Cipher | None) -> Cipher:
    if cipher is None:
        raise RuntimeError("this database was opened without the keys of its sealed columns")
    return cipher


def is_sound(connection: Connection) -> bool:
    """Whether it is open. One that broke at hand has gone back to the pool by itself, and answers nothing more."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


def _returned(row: Row | None) -> Returned:
    assert row is not None  # noqa: S101  (a SELECT without FROM)
    return dict(row)


async def prepare(connection: Any) -> None:
    """jsonb columns are Python values on both sides."""
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        schema="pg_catalog",
        format="binary",
    )


async def leave_as_it_is(connection: Any) -> None:
    """A connection going back to the pool. Nothing here sets session state, so asyncpg's own reset, one more round trip
    for every statement outside a transaction, is left out."""


@contextmanager
def foreign_faults() -> Iterator[None]:
    """What asyncpg raises when the server is away becomes Unavailable; statements' own errors pass through."""
    try:
        yield
    except (
        OSError,
        TimeoutError,
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
        asyncpg.IdleInTransactionSessionTimeoutError,
        # Used between the server's goodbye and the end of its connection: "protocol is in the failed state".
        asyncpg.InternalClientError,
    ) as fault:
        raise Unavailable("The database cannot be reached; try again in a moment.", retry_after=1) from fault


def one(kind: type[Record], row: Row | None) -> Record | None:
    """The row as a record of `kind`, matched by column name; None stays None."""
    return None if row is None else msgspec.convert(dict(row), kind)


def many(kind: type[Record], rows: Sequence[Row]) -> list[Record]:
    """The rows as records of `kind`."""
    return [msgspec.convert(dict(row), kind) for row in rows]
