"""The log of each stream in PostgreSQL: appended in the transaction of the fact it tells, gapless, read after a cursor.

What a conversation's stream tells is what its messages hold, so its events are sealed as they are; only the id of the
message that an event is about stays legible, by which an end is found.

`seq` comes from `UPDATE streams SET top = top + 1`: the row lock is held until the commit, so the order of commits is
the order of `seq` and a reader never sees n + 1 before n (a sequence does not promise that: it is taken before the
commit, and never given back after a rollback).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from lyo_rt import frames
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.outgoing import TEXT, Outgoing, framed

TOPIC = "stream:"
"""Before a stream's name, the topic on which it is announced."""
PRIVATE = "conversation:"
"""Streams whose names begin so are sealed."""
EVENT = "stream_events.data"
INLINE_BYTES = 16 * 1024
"""Larger events are announced without their data: the hint must stay cheap, the log has the rest."""


class StreamEvent(msgspec.Struct, frozen=True, dict=True):
    """One entry of a stream. `seq` counts from 1 without a gap within an `epoch`."""

    stream: str
    epoch: int
    seq: int
    name: str
    data: dict[str, Any]
    created_at: datetime

    @cached_property
    def outgoing(self) -> Outgoing:
        """The frame as clients get it, encoded once however many read it."""
        return Outgoing(frames.of_event(self.stream, self.epoch, self.seq, self.name, self.data))

    @cached_property
    def bare(self) -> bytes:
        """Its data alone, as one WebSocket frame: what the simple door sends."""
        return framed(TEXT, msgspec.json.encode(self.data))


class Head(msgspec.Struct, frozen=True):
    """Where a stream is now: `top` is the newest seq, 0 before the first event."""

    epoch: int
    top: int


class Hint(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="hint"):
    """What is announced of an event: all of it, or only that it exists."""

    epoch: int
    seq: int
    event: StreamEvent | None = None


def task_stream(task: UUID) -> str:
    """Progress of one task."""
    return f"task:{task}"


def course_stream(course: UUID) -> str:
    """Lessons landing in one course."""
    return f"course:{course}"


def conversation_stream(conversation: UUID) -> str:
    """Messages of one tutor conversation."""
    return f"conversation:{conversation}"


def user_stream(user: UUID) -> str:
    """What concerns one learner, on all their devices."""
    return f"user:{user}"


def topic(stream: str) -> str:
    """The broadcast topic on which a stream's events are announced."""
    return TOPIC + stream


async def append(transaction: Transaction, stream: str, name: str, data: dict[str, Any]) -> StreamEvent:
    """Append one event; it exists, and is announced, when the caller's transaction commits."""
    if stream.startswith(PRIVATE):
        return await _append_sealed(transaction, stream, name, data)
    changes = Changes()
    appending(changes, "event", stream, name, data)
    return msgspec.convert((await transaction.carry_out(changes))["event"], StreamEvent)


def appending(
    changes: Changes, part: str, stream: str, name: str, data: dict[str, Any] | str, *, behind: str = ONCE
) -> None:
    """Append one event, as the part of that name, for the row that the part `behind` returns: none, no event.

    `data` is the event's, or an SQL expression of jsonb over that row. Not for sealed streams: what is sealed for a
    place must know it, and this learns its seq on the way.
    """
    if stream.startswith(PRIVATE):
        raise ValueError("events of a sealed stream are appended one by one")
    changes.add(
        f"{part}_head",
        f"""
        INSERT INTO streams AS s (name, top) SELECT $1, 1 FROM {behind}
        ON CONFLICT (name) DO UPDATE SET top = s.top + 1, updated_at = now()
        RETURNING name, epoch, top
        """,  # noqa: S608  (names of parts)
        stream,
    )
    value, arguments = (data, ()) if isinstance(data, str) else ("$2::jsonb", (data,))
    changes.add(
        part,
        f"""
        INSERT INTO stream_events (stream, seq, name, data)
        SELECT head.name, head.top, $1, {value} FROM {part}_head AS head, {behind}
        RETURNING stream, (SELECT epoch FROM {part}_head) AS epoch, seq, name, data, created_at
        """,  # noqa: S608  (names of parts)
        name,
        *arguments,
    )
    changes.announce(part, _announcement)


async def _append_sealed(transaction: Transaction, stream: str, name: str, data: dict[str, Any]) -> StreamEvent:
    plain = msgspec.to_builtins(data)
    row = await transaction.fetchrow(
        """
        INSERT INTO streams AS s (name, top) VALUES ($1, 1)
        ON CONFLICT (name) DO UPDATE SET top = s.top + 1, updated_at = now()
        RETURNING epoch, top
        """,
        stream,
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row)
    stored = transaction.cipher.seal_document(plain, EVENT, stream, row["top"], legible=["message"])
    created_at = await transaction.fetchval(
        "INSERT INTO stream_events (stream, seq, name, data) VALUES ($1, $2, $3, $4) RETURNING created_at",
        stream,
        row["top"],
        name,
        stored,
    )
    event = StreamEvent(stream, row["epoch"], row["top"], name, plain, created_at)
    transaction.announce(topic(stream), encode_hint(event))
    return event


def _opened(queries: Queries, stream: str, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    """The data of a stored event; one that was stored before its stream was sealed is as it is."""
    if not stream.startswith(PRIVATE):
        return data
    opened: dict[str, Any] = queries.cipher.open_document(data, EVENT, stream, seq)
    return opened


def _announcement(row: Mapping[str, Any]) -> tuple[str, bytes]:
    event = msgspec.convert(row, StreamEvent)
    return topic(event.stream), encode_hint(event)


def encode_hint(event: StreamEvent) -> bytes:
    """The announcement of an event."""
    whole = msgspec.json.encode(Hint(event.epoch, event.seq, event))
    if len(whole) <= INLINE_BYTES:
        return whole
    return msgspec.json.encode(Hint(event.epoch, event.seq))


async def head(queries: Queries, stream: str) -> Head:
    """Where the stream is now; a stream nobody has appended to is at epoch 1, seq 0."""
    row = await queries.fetchrow("SELECT epoch, top FROM streams WHERE name = $1", stream)
    return one(Head, row) or Head(1, 0)


async def newest(queries: Queries, stream: str) -> tuple[Head, StreamEvent | None]:
    """Where the stream is now, and its newest event if there is one."""
    row = await queries.fetchrow(
        """
        SELECT s.epoch, s.top, e.name, e.data, e.created_at
        FROM streams s LEFT JOIN stream_events e ON e.stream = s.name AND e.seq = s.top WHERE s.name = $1
        """,
        stream,
    )
    if row is None:
        return Head(1, 0), None
    if row["name"] is None:
        return Head(row["epoch"], row["top"]), None
    data = _opened(queries, stream, row["top"], row["data"])
    event = StreamEvent(stream, row["epoch"], row["top"], row["name"], data, row["created_at"])
    return Head(event.epoch, event.seq), event


async def heads(queries: Queries, names: Sequence[str]) -> dict[str, Head]:
    """Where each of these streams is now; those that nobody has appended to are left out."""
    rows = await queries.fetch("SELECT name, epoch, top FROM streams WHERE name = ANY($1)", list(names))
    return {row["name"]: Head(row["epoch"], row["top"]) for row in rows}


async def read_after(queries: Queries, stream: str, seq: int, *, limit: int = 500) -> Sequence[StreamEvent]:
    """The events with a greater seq, in order, at most `limit`."""
    rows = await queries.fetch(
        """
        SELECT s.epoch, e.seq, e.name, e.data, e.created_at
        FROM stream_events e JOIN streams s ON s.name = e.stream
        WHERE e.stream = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3
        """,
        stream,
        seq,
        limit,
    )
    return [
        StreamEvent(
            stream,
            row["epoch"],
            row["seq"],
            row["name"],
            _opened(queries, stream, row["seq"], row["data"]),
            row["created_at"],
        )
        for row in rows
    ]


async def find_end(queries: Queries, stream: str, message: str) -> int | None:
    """The seq of the end of the answer `message` in its conversation's stream; None while it has not ended."""
    seq: int | None = await queries.fetchval(
        "SELECT seq FROM stream_events WHERE stream = $1 AND name = $2 AND data->>'message' = $3",
        stream,
        frames.END,
        message,
    )
    return seq


async def trim(queries: Queries, names: str, days: int) -> int:
    """Forget what is older than `days` in the streams whose names are LIKE `names`; returns how many events.

    Who comes back from further behind is not recovered (Feeds.join), and fetches the state.
    """
    tag = await queries.execute(
        "DELETE FROM stream_events WHERE created_at < clock_timestamp() - $2 * interval '1 day' AND stream LIKE $1",
        names,
        days,
    )
    return int(tag.rpartition(" ")[2])


async def delete(transaction: Transaction, stream: str) -> None:
    """Forget a stream's events; what it told of is gone.

    Its name and epoch stay: were it ever appended to again, seq 1 must not pass for the seq 1 that clients know.
    """
    epoch = await transaction.fetchval(
        "UPDATE streams SET epoch = epoch + 1, top = 0, updated_at = now() WHERE name = $1 RETURNING epoch", stream
    )
    # A statement of its own, behind the row's lock: it sees the events of every append that came before.
    await transaction.execute("DELETE FROM stream_events WHERE stream = $1", stream)
    if epoch is not None:
        transaction.announce(topic(stream), msgspec.json.encode(Hint(epoch, 0)))
