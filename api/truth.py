"""What the feeds read: the log of the streams, and the answers as PostgreSQL has them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from lyo_rt import streams
from lyo_rt.database.pool import Database
from lyo_rt.streams import Head, StreamEvent
from lyo_rt.tutoring import repository
from lyo_rt.tutoring.records import Unfinished


class Truth:
    """actors.feed_contract.StreamLog over PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def head(self, stream: str) -> Head:
        """Where the stream is now."""
        return await streams.head(self._database, stream)

    async def newest(self, stream: str) -> tuple[Head, StreamEvent | None]:
        """Where the stream is now, and its newest event."""
        return await streams.newest(self._database, stream)

    async def heads(self, streams_: Sequence[str]) -> Mapping[str, Head]:
        """Where many streams are now."""
        return await streams.heads(self._database, streams_)

    async def read_after(self, stream: str, seq: int) -> Sequence[StreamEvent]:
        """The next events behind `seq`."""
        return await streams.read_after(self._database, stream, seq)

    async def end_of(self, stream: str, message: str) -> int | None:
        """The seq of an answer's end, when it has ended."""
        return await streams.find_end(self._database, stream, message)

    async def writing(self, stream: str) -> Unfinished | None:
        """The answer being written in a conversation's stream."""
        return await repository.writing(self._database, UUID(stream.partition(":")[2]))

    async def answer(self, message: str) -> Unfinished | None:
        """An answer, as stored."""
        return await repository.answer(self._database, UUID(message))
