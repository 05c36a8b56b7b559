"""Mails over SendGrid's HTTP API v3: POST /v3/mail/send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx

from lyo_rt.mail.address import SendGrid
from lyo_rt.mail.mime import SENDER_NAME, on_the_wire
from lyo_rt.mail.records import Message
from lyo_rt.mail.transport import Undelivered

ANSWER_SECONDS = 30.0
OPERATORS = frozenset({401, 403})
"""A key that is wrong or may not send is the operator's to mend: mails wait for it."""


class SendGridTransport:
    """Only 202 means that SendGrid has the mail."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def open(cls, server: SendGrid) -> AsyncIterator["SendGridTransport"]:
        """Its connections end with the block."""
        headers = {"Authorization": f"Bearer {server.key}"}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=ANSWER_SECONDS) as client:
            yield cls(client)

    async def send(self, message: Message) -> None:
        """As Transport.send."""
        try:
            answer = await self._client.post("/v3/mail/send", json=_body(message))
        except httpx.HTTPError as fault:
            raise Undelivered(f"SendGrid cannot be reached: {type(fault).__name__}") from fault
        if answer.status_code != 202:
            status = answer.status_code
            for_good = 400 <= status < 500 and status not in OPERATORS and status not in {408, 429}
            raise Undelivered(f"SendGrid answers {status}", for_good=for_good, wait=_wait(answer))


def _body(message: Message) -> dict[str, Any]:
    return {
        "personalizations": [{"to": [{"email": on_the_wire(message.recipient)}]}],
        "from": {"email": on_the_wire(message.sender), "name": SENDER_NAME},
        "subject": message.subject,
        "content": [
            {"type": "text/plain", "value": message.text},
            {"type": "text/html", "value": message.html},
        ],
        "headers": {"Message-ID": f"<{message.id}>", "Auto-Submitted": "auto-generated"},
        # A rewritten link would show its token to SendGrid's own server, and counts for nothing here.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }


def _wait(answer: httpx.Response) -> timedelta:
    asked = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(asked), 3600)) if asked.isascii() and asked.isdigit() else timedelta()
