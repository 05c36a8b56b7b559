"""One tutor turn as an HTTP answer tells it: begun, then followed to its end."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import UUID

from actors.feeds import Feeds
from actors.follower import follow
from api.event_stream import BEAT_SECONDS, told
from api.services import services
from lyo_rt import streams
from lyo_rt.frames import END, Delta, Resume, Snapshot
from lyo_rt.streams import StreamEvent, conversation_stream
from lyo_rt.tutoring.records import Begun


async def begin_turn(user: UUID, conversation: UUID, id: UUID, text: str) -> tuple[Begun, Resume]:
    """Begin a turn, and the place in the conversation's stream behind which all of it will be told.

    Raises NotFound and Conflict.
    """
    stream = conversation_stream(conversation)
    async with services().database.transaction() as transaction:
        head = await streams.head(transaction, stream)
        begun = await services().workshop.ask(transaction, user, conversation, id, text)
    # A question that was asked before has its answer somewhere behind: it is told from the beginning of the log.
    return begun, Resume(stream, head.epoch, head.top if begun.status == "writing" and begun.new else 0)


async def entries(
    feeds: Feeds, begun: Begun, after: Resume
) -> AsyncGenerator[StreamEvent | Delta | Snapshot | None, None]:
    """All that is told of a turn's answer, to its end; None for every quarter of a minute of silence."""
    async with follow(feeds, after.stream, after) as follower:
        while True:
            entry = await follower.within(BEAT_SECONDS)
            if _of(entry, str(begun.answer)):
                yield entry
            if isinstance(entry, StreamEvent) and entry.name == END and entry.data["message"] == str(begun.answer):
                return


async def turn_events(feeds: Feeds, begun: Begun, after: Resume) -> AsyncIterator[bytes]:
    """The same as Server-Sent Events."""
    async with aclosing(entries(feeds, begun, after)) as turn:
        async for entry in turn:
            yield told(entry)


def _of(entry: StreamEvent | Delta | Snapshot | None, answer: str) -> bool:
    if isinstance(entry, StreamEvent):
        return answer in (entry.data.get("id"), entry.data.get("message"))
    return entry is None or entry.message == answer
