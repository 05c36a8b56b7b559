"""The log of every stream over HTTP, for those whose network lets no WebSocket through."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import anyio
import msgspec
from pydantic import BaseModel, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from quart import Blueprint, Response, request
from quart_schema import validate_querystring

from actors import workshop
from actors.feeds import Feeds
from actors.follower import follow
from api.admission import admitted
from api.authentication import signed_in, who
from api.event_stream import LAST_EVENT_ID, Told, behind, event_stream, followed
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt import frames, streams
from lyo_rt.frames import End, Event, Resume
from lyo_rt.problems import Draining, InvalidInput, NotFound
from lyo_rt.streams import StreamEvent

blueprint = Blueprint("streams", __name__, url_prefix="/v1/streams")

WAIT_SECONDS = 25
LONGEST_WAIT = 30
MOST_ITEMS = 100
GREATEST_EPOCH = 2**31 - 1
GREATEST_SEQ = 2**53 - 1
"""RFC 8259 §6: beyond this not every JSON reader keeps an integer exact."""


class Place(BaseModel):
    """Where to read on, and for how long to wait there."""

    after: Annotated[int, Field(ge=0, le=GREATEST_SEQ)] | None = Field(
        None, description="the `seq` of the last event you have; without it you are told where the stream stands"
    )
    epoch: Annotated[int, Field(ge=1, le=GREATEST_EPOCH)] | None = Field(
        None, description="the `epoch` of that event; without it the present one is meant"
    )
    wait: int = Field(
        WAIT_SECONDS, ge=0, le=LONGEST_WAIT, description="seconds to wait for an event when there is none yet"
    )
    limit: int = Field(MOST_ITEMS, ge=1, le=MOST_ITEMS, description="how many events at most")

    @field_validator("epoch")
    @classmethod
    def _of_after(cls, epoch: int | None, info: ValidationInfo) -> int | None:
        if epoch is not None and info.data.get("after", 0) is None:
            raise PydanticCustomError("place", "is the epoch of after: give both")
        return epoch


class StreamPage(msgspec.Struct, frozen=True):
    """Events of a stream, as on the WebSocket; ask on after `epoch` and `seq`.

    Not `recovered`: what is behind your place cannot be told. Fetch the state anew, then go on after this place.
    """

    stream: str
    epoch: int
    seq: int
    recovered: bool
    items: Sequence[Event | End]


SHOWN = {
    "stream": "task:8c5d0d4e-6f9b-4d8a-9c7c-2b1d5a1e9f10",
    "epoch": 1,
    "seq": 3,
    "recovered": True,
    "items": [
        {
            "type": "event",
            "stream": "task:8c5d0d4e-6f9b-4d8a-9c7c-2b1d5a1e9f10",
            "epoch": 1,
            "seq": 3,
            "event": "progress",
            "data": {"state": "RUNNING", "progressPct": 40, "message": "Writing lessons", "resultId": None},
        }
    ],
}


@blueprint.get("/<stream>")
@answers(
    StreamPage,
    problems=(NotFound, InvalidInput),
    headers={"Cache-Control": "no-store"},
    events=Told,
    shown=SHOWN,
    request_headers=LAST_EVENT_ID,
)
@signed_in
@validate_querystring(Place)
async def read(stream: str, query_args: Place) -> Response:
    """Read a stream's log behind a place, by long poll or as Server-Sent Events.

    Any stream you may follow on `/v1/ws`: `task:{id}`, `conversation:{id}`, `course:{id}`, `user:{id}`. A stranger's
    is not found.

    As JSON: the events after `after` at once when there are any, else the next within `wait` seconds; with none,
    `items` is empty. Ask again after the answer's `epoch` and `seq`, and you miss and repeat nothing. An answer's text
    is not among the items: its `end` tells that the whole message can be read. An instance that shuts down answers at
    once, and closes the connection: ask again.

    With `Accept: text/event-stream`: a `stream` event first, `{stream, epoch, seq, recovered}`, then all that is told
    on the WebSocket, each event named by its frame's `type`: `event` and `end`, which bear `<epoch>-<seq>` as their
    `id`, and an answer's `delta` and `snapshot`. `Last-Event-ID` goes on behind that event, and wins over `after`.
    The stream has no end of its own; it ends when you are signed out or your access token does.
    """
    learner = who()
    await workshop.authorise(services().database, learner, stream)
    feeds, given = services().feeds, request.headers.get("Last-Event-ID")
    if request.accept_mimetypes.best_match(["application/json", "text/event-stream"]) == "text/event-stream":
        return event_stream(followed(feeds, stream, behind(stream, given) or await _resume(stream, query_args)))
    with admitted(services(), learner):
        after = await _resume(stream, query_args)
        page = await (_standing(stream) if after is None else page_after(feeds, after, query_args))
    parting = {"Connection": "close"} if services().draining() else {}
    return json_answer(page, headers={"Cache-Control": "no-store", **parting})


async def _resume(stream: str, place: Place) -> Resume | None:
    if place.after is None:
        return None
    epoch = place.epoch or (await streams.head(services().database, stream)).epoch
    return Resume(stream, epoch, place.after)


async def _standing(stream: str) -> StreamPage:
    head = await streams.head(services().database, stream)
    return StreamPage(stream, head.epoch, head.top, True, [])


async def page_after(feeds: Feeds, after: Resume, place: Place) -> StreamPage:
    """The next events, waiting for the first of them. Raises Unavailable."""
    found: list[StreamEvent] = []
    async with follow(feeds, after.stream, after) as follower:
        joined = follower.joined
        if not joined.recovered:
            return StreamPage(after.stream, joined.epoch, joined.seq, False, [])
        with suppress(Draining), anyio.move_on_after(place.wait):
            while len(found) < place.limit:
                entry = await (follower.within(0) if found else follower.next())
                if isinstance(entry, StreamEvent):
                    found.append(entry)
                elif entry is None:
                    break
    return _page(after, joined.epoch, found)


def _page(after: Resume, epoch: int, found: Sequence[StreamEvent]) -> StreamPage:
    """A stream that began anew meanwhile is told by the next page: this one is of one epoch."""
    same = [event for event in found if event.epoch == epoch]
    if found and not same:
        return StreamPage(after.stream, found[-1].epoch, found[-1].seq, False, [])
    items = [frames.of_event(event.stream, event.epoch, event.seq, event.name, event.data) for event in same]
    return StreamPage(after.stream, epoch, same[-1].seq if same else after.seq or 0, True, items)
