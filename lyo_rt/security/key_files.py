"""Key rings in LYO_DATA_DIR: made at the first start, added to by `lyo-rt keys rotate`, read again when changed.

One key a line, the newest first: the key in URL-safe base64 and, where another was there before it, the moment from
which it is used. That moment lies ahead when it is written, so that every instance on the folder knows the key by then.
"""

import base64
import binascii
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lyo_rt.security.key_ring import KEY_BYTES, NewKey
from lyo_rt.settings import InvalidSettings


def read_or_make_keys(path: Path) -> list[NewKey]:
    """The keys in the file; made with one key if it is absent.

    Of several processes that make it at once one wins, and all read the winner's; none sees half a file.
    Raises InvalidSettings when the file cannot be made, read or understood.
    """
    try:
        if not path.exists():
            _make(path)
        keys = [_parsed(line) for line in path.read_text("ascii").splitlines() if line.strip()]
    except (binascii.Error, ValueError):
        keys = []
    except OSError as fault:
        raise InvalidSettings([f"LYO_DATA_DIR: {path} cannot be used: {fault.strerror}"]) from fault
    if not keys or any(len(key.secret) < KEY_BYTES for key in keys):
        raise InvalidSettings([f"LYO_DATA_DIR: {path} is damaged; restore it, or remove it to have a new key made"])
    return keys


def change_keys(path: Path, changed: Callable[[Sequence[NewKey]], Sequence[NewKey]]) -> None:
    """Put what `changed` makes of the file's keys into its place; of several processes one after the other.

    Readers see the keys before or after, never half of them. Raises InvalidSettings as read_or_make_keys.
    """
    try:
        read_or_make_keys(path)
        with _sole_writer(path.parent):
            lines = [_line(key) for key in changed(read_or_make_keys(path))]
            draft = _draft(path, b"".join(lines))
            draft.replace(path)
    except OSError as fault:
        raise InvalidSettings([f"LYO_DATA_DIR: {path} cannot be changed: {fault.strerror}"]) from fault


def stamp(path: Path) -> tuple[int, int]:
    """Another one when the file has been replaced or written; (0, 0) while it cannot be looked at."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_mtime_ns


@contextmanager
def _sole_writer(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, _line(NewKey(secrets.token_bytes(KEY_BYTES))))
    try:
        # A link, unlike a rename, fails when another process was first.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _parsed(line: str) -> NewKey:
    secret, _, since = line.strip().partition(" ")
    moment = datetime.fromisoformat(since) if since else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment needs its offset")
    return NewKey(base64.urlsafe_b64decode(secret), moment.timestamp() if moment else None)


def _line(key: NewKey) -> bytes:
    since = "" if key.since is None else f" {datetime.fromtimestamp(key.since, UTC).isoformat(timespec='seconds')}"
    return base64.urlsafe_b64encode(key.secret) + f"{since}\n".encode()
