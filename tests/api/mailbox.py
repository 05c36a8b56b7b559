"""The mails that a development server writes into files, as their recipients read them."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import anyio

SECONDS = 30.0


class Mailbox:
    """Every mail so far, the oldest first; each is read once."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "mail"
        self._read: set[Path] = set()

    def waiting(self) -> list[EmailMessage]:
        """Those that have come and were not read."""
        return [_message(file) for file in self._new()]

    async def next(self, recipient: str, subject: str = "") -> EmailMessage:
        """The next mail to them, about that."""
        with anyio.fail_after(SECONDS):
            while True:
                for file in self._new():
                    mail = _message(file)
                    if mail["To"] == recipient and subject in mail["Subject"]:
                        self._read.add(file)
                        return mail
                await anyio.sleep(0.02)

    def _new(self) -> list[Path]:
        return [file for file in sorted(self._folder.glob("[!.]*.eml")) if file not in self._read]


def link_in(mail: EmailMessage) -> str:
    """The link of the mail's plain text; that of its HTML is the same."""
    text, html = (part.get_content() for part in mail.iter_parts())
    found = re.search(r"https?://\S+", text)
    assert found is not None
    assert found[0].replace("&", "&amp;") in html
    return found[0]


def token_in(mail: EmailMessage) -> str:
    """The token of the mail's link."""
    return link_in(mail).partition("#")[2]


def _message(file: Path) -> EmailMessage:
    message = message_from_bytes(file.read_bytes(), policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    return message
