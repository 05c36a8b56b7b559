"""Positions: in an ordered stream (`StreamPosition`), and in a list read page by page (`Cursors`).

A page cursor is opaque to clients: base64url of an HMAC, the moment it was made, and the keyset of the last row shown,
e.g. (created_at, id). It is bound to a scope, so one list's cursor opens no other list, and no other user's.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Generic, TypeVar

import msgspec

from lyo_rt.clock import Clock
from lyo_rt.problems import Fault, InvalidCursor, InvalidInput
from lyo_rt.security.key_ring import KeyRing

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
CURSOR_LIFE = timedelta(hours=24)
CURSOR_LENGTH_MAX = 2048

_MAC_BYTES = 16
_MADE = struct.Struct(">Q")

Item = TypeVar("Item")
Row = TypeVar("Row")
Keyset = TypeVar("Keyset")


class StreamPosition(msgspec.Struct, frozen=True):
    """How far a reader is in a stream: everything up to `seq` of `epoch` has been applied."""

    stream: str
    epoch: int
    seq: int


class Page(msgspec.Struct, Generic[Item], frozen=True, rename="camel"):
    """One page of a list (SPEC §2); `nextCursor` is null on the last one."""

    items: Sequence[Item]
    next_cursor: str | None


class Cursors:
    """Seals and opens page cursors. Instances that share a ring read each other's."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        """`keys`: e.g. those of the access tokens; others are derived from them."""
        self._keys = keys
        self._clock = clock

    def seal(self, scope: str, keyset: Sequence[Any]) -> str:
        """The cursor for the rows after `keyset` in the list `scope`."""
        now = self._clock.now().timestamp()
        sealed = _MADE.pack(int(now)) + msgspec.json.encode(keyset)
        mac = _mac(self._keys.current(now).secret, scope, sealed)
        return base64.urlsafe_b64encode(mac + sealed).rstrip(b"=").decode()

    def open(self, scope: str, cursor: str, keyset: type[Keyset]) -> Keyset:
        """The position in `cursor`, of the shape `keyset`, e.g. tuple[datetime, UUID].

        Raises InvalidCursor when it was not sealed here for `scope`, or is older than 24 hours.
        """
        raw = _decoded(cursor)
        mac, sealed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if len(sealed) < _MADE.size or not self._is_ours(mac, scope, sealed):
            raise InvalidCursor("This cursor does not belong to this list; begin again without one.")
        (made,) = _MADE.unpack_from(sealed)
        if self._clock.now().timestamp() - made > CURSOR_LIFE.total_seconds():
            raise InvalidCursor("This cursor is older than 24 hours; begin again without one.")
        try:
            return msgspec.json.decode(sealed[_MADE.size :], type=keyset)
        except msgspec.DecodeError as fault:
            raise InvalidCursor("This cursor is from another release; begin again without one.") from fault

    def page(self, scope: str, rows: Sequence[Row], limit: int, keyset: Callable[[Row], Sequence[Any]]) -> Page[Row]:
        """A page of at most `limit` rows, from `limit + 1` rows read; the extra one tells that more follow.

        `keyset` gives a row's place in the order, in the shape that `open` is given.
        """
        shown = rows[:limit]
        return Page(items=shown, next_cursor=self.seal(scope, keyset(shown[-1])) if len(rows) > limit else None)

    def _is_ours(self, mac: bytes, scope: str, sealed: bytes) -> bool:
        return any(hmac.compare_digest(mac, _mac(key.secret, scope, sealed)) for key in self._keys)


def page_request(
    arguments: Mapping[str, str], cursors: Cursors, scope: str, keyset: type[Keyset]
) -> tuple[int, Keyset | None]:
    """`limit` (1-100, default 20) and the place to read on after, from a request's query arguments.

    Raises InvalidInput naming every fault when `limit` is wrong, InvalidCursor when only the cursor is.
    """
    faults: list[Fault] = []
    limit = LIMIT_DEFAULT
    given = arguments.get("limit", str(LIMIT_DEFAULT))
    if given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= LIMIT_MAX:
        limit = int(given)
    else:
        faults.append(Fault("query:limit", f"must be a whole number from 1 to {LIMIT_MAX}"))
    position: Keyset | None = None
    if "cursor" in arguments:
        try:
            position = cursors.open(scope, arguments["cursor"], keyset)
        except InvalidCursor as problem:
            if not faults:
                raise
            faults.append(Fault("query:cursor", problem.detail))
    if faults:
        raise InvalidInput(errors=faults)
    return limit, position


def _mac(secret: bytes, scope: str, sealed: bytes) -> bytes:
    key, named = hmac.digest(secret, b"lyo page cursor 1", hashlib.sha256), scope.encode()
    return hmac.digest(key, struct.pack(">I", len(named)) + named + sealed, hashlib.sha256)[:_MAC_BYTES]


def _decoded(cursor: str) -> bytes:
    if not cursor.isascii() or len(cursor) > CURSOR_LENGTH_MAX:
        raise InvalidCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error as fault:
        raise InvalidCursor from fault
    return raw
