"""Mails as files: what a development server, or a test, sends."""

import os
from email.policy import SMTPUTF8
from pathlib import Path

import anyio.to_thread

from lyo_rt.mail.mime import mime
from lyo_rt.mail.records import Message
from lyo_rt.mail.transport import Undelivered


class FileTransport:
    """One file for each mail, `<moment>-<id>.eml`; sent twice it is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: Message) -> None:
        """As Transport.send."""
        try:
            await anyio.to_thread.run_sync(self._write, message)
        except OSError as fault:
            raise Undelivered(f"the folder for mails cannot be written to: {fault.strerror}") from fault

    def _write(self, message: Message) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{message.date:%Y%m%dT%H%M%S}-{message.id.partition('@')[0]}.eml"
        draft = self._folder / f".{name}"
        # Whoever may read it may use its link.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(mime(message).as_bytes(policy=SMTPUTF8))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
