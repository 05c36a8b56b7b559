"""SendGrid's `POST /v3/mail/send` on 127.0.0.1, with faults."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.loopback.server import Request, Response, serve

KEY = "SG.loopback"


class SendGridServer:
    """`faults` are the statuses of the next answers, with their Retry-After; 0 cuts the connection."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.faults: deque[tuple[int, str]] = deque()

    async def answer(self, request: Request, response: Response) -> None:
        """One request."""
        if self.faults:
            status, wait = self.faults.popleft()
            if not status:
                await response.cut()
                return
            headers = {"retry-after": wait} if wait else {}
            await response.whole(status, b'{"errors":[{"message":"fault"}]}', headers)
        elif request.headers.get("authorization") != f"Bearer {KEY}":
            await response.whole(401, b'{"errors":[{"message":"authorization"}]}')
        elif (request.method, request.target) != ("POST", "/v3/mail/send"):
            await response.whole(404, b"{}")
        elif faults := _faults(body := msgspec.json.decode(request.body)):
            await response.whole(400, msgspec.json.encode({"errors": [{"message": fault} for fault in faults]}))
        else:
            self.received.append(body)
            await response.whole(202, b"", {"x-message-id": f"loopback-{len(self.received)}"})


def _faults(body: dict[str, Any]) -> list[str]:
    """What SendGrid refuses: parts that are missing, plain text that is not first, headers that it keeps for itself."""
    faults = [name for name in ("personalizations", "from", "subject", "content") if not body.get(name)]
    if [part["type"] for part in body.get("content", [])] != ["text/plain", "text/html"]:
        faults.append("content")
    reserved = {"received", "to", "from", "subject", "reply-to", "cc", "bcc", "content-type", "dkim-signature"}
    return faults + [name for name in body.get("headers", {}) if name.lower() in reserved]


@asynccontextmanager
async def sendgrid_server(server: SendGridServer) -> AsyncIterator[str]:
    """Serves, and gives the address."""
    async with serve(server.answer) as address:
        yield address
