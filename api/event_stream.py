"""Server-Sent Events (WHATWG HTML, "Server-sent events"): a stream as an HTTP answer, resumed by `Last-Event-ID`."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager
from types import TracebackType

import anyio
import msgspec
import structlog
from quart import Response
from quart.wrappers.response import ResponseBody

from actors.feeds import Feeds
from actors.follower import follow
from api.admission import admitted
from api.authentication import who
from api.services import services
from lyo_rt import frames
from lyo_rt.frames import END, Codec, Delta, End, Event, Resume, Snapshot, StreamState
from lyo_rt.problems import Draining, NotAuthenticated, Problem
from lyo_rt.streams import StreamEvent

BEAT_SECONDS = 15.0
"""A comment this often keeps proxies from closing a silent stream, and shows when the client has gone."""
WRITE_SECONDS = 10.0
"""For a client to take one event off our hands, as on a WebSocket. For one that does not the answer ends there: what
it has not read yet waits in the connection's buffers only, and it may come back."""
RETRY_MILLISECONDS = 1000
"""Until a client that lost its stream comes back; a browser that is not told takes three to five seconds."""

BEAT = b": still here\n\n"

Told = Event | Delta | Snapshot | End
"""The data of an event of a stream that is followed, for OpenAPI; before them all comes one `stream`, a StreamState."""

LAST_EVENT_ID = {"Last-Event-ID": "The `id` of the last event you have, to go on behind it; browsers send it."}
SHOWN = """\
retry: 1000
id: 1-41
event: stream
data: {"stream":"conversation:5f0d7e0a-5c1b-4f6e-9a77-3f1f0a0f3f55","epoch":1,"seq":41,"recovered":true}

event: delta
data: {"type":"delta","stream":"conversation:5f0d7e0a-5c1b-4f6e-9a77-3f1f0a0f3f55",\
"message":"0b8f6e52-7d0c-4b8e-8f0d-3d1c1c1b7a10","revision":1,"at":0,"text":"What do you "}

: still here

"""

log = structlog.get_logger()


def resumed(stream: str, last_event_id: str | None) -> Resume | None:
    """The place `Last-Event-ID` names, `<epoch>-<seq>`; None without one, or for one that is not ours."""
    found = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,18})", last_event_id or "")
    return Resume(stream, int(found[1]), int(found[2])) if found else None


def behind(stream: str, last_event_id: str | None) -> Resume | None:
    """As `resumed`, for a stream that shows no state at its beginning: an id that is not ours is told as not recovered.

    Nothing is recovered behind epoch 0: there is none.
    """
    return (resumed(stream, last_event_id) or Resume(stream, 0, 0)) if last_event_id else None


def encoded(name: str, data: bytes, *, id: str | None = None) -> bytes:
    """One event; `data` is one line of JSON."""
    place = f"id: {id}\n".encode() if id else b""
    return b"%sevent: %s\ndata: %s\n\n" % (place, name.encode(), data)


def told(entry: StreamEvent | Delta | Snapshot | None) -> bytes:
    """What a follower got as one event, named by the type of its frame on `/v1/ws`; None, a silence, as a comment.

    What is stored has its place as `id`; pieces of an answer have none, for a client comes back behind what is stored.
    """
    match entry:
        case None:
            return BEAT
        case StreamEvent():
            name = END if entry.name == END else "event"
            return encoded(name, entry.outgoing.payload(Codec.JSON), id=f"{entry.epoch}-{entry.seq}")
        case _:
            return encoded(str(entry.__struct_config__.tag), frames.encode(entry))


async def followed(feeds: Feeds, stream: str, after: Resume | None) -> AsyncIterator[bytes]:
    """All of a stream behind `after`, for ever; first where that is, so that a client that has got nothing else yet
    resumes there, and whether it is what was asked for."""
    async with follow(feeds, stream, after) as follower:
        joined = follower.joined
        state = msgspec.json.encode(StreamState(stream, joined.epoch, joined.seq, joined.recovered))
        yield f"retry: {RETRY_MILLISECONDS}\n".encode() + encoded("stream", state, id=f"{joined.epoch}-{joined.seq}")
        while True:
            yield told(await follower.within(BEAT_SECONDS))


def event_stream(events: AsyncIterator[bytes]) -> Response:
    """The answer that sends encoded events one after the other to who sent the current request.

    It ends with the events, when this instance drains, the client has gone, its session is signed out or its access
    token has ended; a client comes back by itself (EventSource reconnects with Last-Event-ID), and is then told why.
    """
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(_Body(events, admitted(services(), who())), 200, headers)
    response.timeout = None
    return response


class _Body(ResponseBody):
    """What Quart sends: entered, iterated and left in the task that writes."""

    def __init__(self, events: AsyncIterator[bytes], admission: AbstractContextManager[anyio.CancelScope]) -> None:
        self._events = events
        self._admission = admission

    async def __aenter__(self) -> "_Body":
        self._scope = self._admission.__enter__()
        self._end = self._scope.deadline
        return self

    def __aiter__(self) -> "_Body":
        return self

    async def __anext__(self) -> bytes:
        self._scope.deadline = self._end
        try:
            event = await anext(self._events)
        except Draining:
            raise StopAsyncIteration from None
        except Problem as problem:
            log.warning("event stream ended", error=str(problem))
            raise StopAsyncIteration from None
        self._scope.deadline = min(self._end, anyio.current_time() + WRITE_SECONDS)
        return event

    async def __aexit__(  # type: ignore[override]  # Quart says None, and heeds what is returned: it is `async with`
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return bool(self._admission.__exit__(kind, error, trace))
        except NotAuthenticated:
            return True
        finally:
            if isinstance(self._events, AsyncGenerator):
                await self._events.aclose()
