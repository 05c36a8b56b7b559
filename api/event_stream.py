"""Server-Sent Events (WHATWG HTML, "Server-sent events"): a stream as an HTTP answer, resumed by `Last-Event-ID`."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress

from quart import Response

from lyo_rt.frames import Resume
from lyo_rt.problems import Draining

BEAT_SECONDS = 15.0
"""A comment this often keeps proxies from closing a silent stream, and shows when the client has gone."""

BEAT = b": still here\n\n"


def resumed(stream: str, last_event_id: str | None) -> Resume | None:
    """The place `Last-Event-ID` names, `<epoch>-<seq>`; None without one, or for one that is not ours."""
    found = re.fullmatch(r"(\d{1,9})-(\d{1,18})", last_event_id or "")
    return Resume(stream, int(found[1]), int(found[2])) if found else None


def encoded(name: str, data: bytes, *, id: str | None = None) -> bytes:
    """One event; `data` is one line of JSON."""
    place = f"id: {id}\n".encode() if id else b""
    return b"%sevent: %s\ndata: %s\n\n" % (place, name.encode(), data)


def event_stream(events: AsyncIterator[bytes]) -> Response:
    """The answer that sends encoded events one after the other, until there are none or the client has gone."""
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = Response(_until_drained(events), 200, headers)
    response.timeout = None
    return response


async def _until_drained(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A client comes back by itself to an instance that stays (EventSource reconnects with Last-Event-ID)."""
    with suppress(Draining):
        async for event in events:
            yield event
