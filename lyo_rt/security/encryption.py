"""Sealed columns: AES-256-GCM under a key of the row's own, bound to its place, and blind indexes for looking up.

A sealed value names its key, so values of several keys stand side by side and a ring's key is replaced row by row:
`$lyo1$<key id>$<base64url of nonce, ciphertext and tag>`. What does not begin so was stored before the column was
sealed, and is read as it is. The empty text has nothing to hide and stays empty.

The place (table and column, primary key) is associated data: a value copied into another row does not open. It also
makes the key: a random nonce of 96 bits serves one key 2^32 times (NIST SP 800-38D, 8.3), which a busy server would
reach in weeks with one key for everything, and never with one a row.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lyo_rt.clock import Clock
from lyo_rt.security.key_ring import KeyRing

SEALED = "$lyo1$"
WHOLE = "sealed"
"""The member of a sealed document that holds all of it."""
NONCE_BYTES = 12
SEALING = b"lyo-rt sealed column 1"
INDEXING = b"lyo-rt blind index 1"


class Unreadable(Exception):
    """A sealed value that cannot be opened; the text names its place and key, never what it holds."""


class Cipher:
    """Seals and opens the values of sealed columns. `column` is always written table.column, `row` its primary key."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def seal(self, text: str, column: str, *row: object) -> str:
        """`text`, sealed for this place."""
        if not text:
            return text
        prefix, box = self._seal(text.encode("utf-8", "surrogatepass"), column, row)
        return prefix + base64.urlsafe_b64encode(box).decode()

    def open(self, stored: str, column: str, *row: object) -> str:
        """The text that was sealed for this place. Raises Unreadable when it was altered, moved, or its key is gone."""
        if not stored.startswith(SEALED):
            return stored
        key_id, _, box = stored[len(SEALED) :].partition("$")
        try:
            raw = base64.b64decode(box, altchars=b"-_", validate=True)
        except binascii.Error:
            raise _unreadable(column, key_id) from None
        return self._open(key_id, raw, column, row).decode("utf-8", "surrogatepass")

    def seal_bytes(self, value: bytes, column: str, *row: object) -> bytes:
        """The same for a column of bytes."""
        prefix, box = self._seal(value, column, row)
        return prefix.encode() + box

    def open_bytes(self, stored: bytes, column: str, *row: object) -> bytes:
        """The same for a column of bytes. Raises Unreadable."""
        if not stored.startswith(SEALED.encode()):
            return stored
        key_id, _, box = stored[len(SEALED) :].partition(b"$")
        return self._open(key_id.decode("ascii", "replace"), box, column, row)

    def seal_document(self, value: Any, column: str, *row: object, legible: Sequence[str] = ()) -> dict[str, Any]:
        """The same for a jsonb column: an object with the sealed document, and those of its members that stay legible
        because statements look for them."""
        plain = {name: value[name] for name in legible if name in value}
        return {**plain, WHOLE: self.seal(msgspec.json.encode(value).decode(), column, *row)}

    def open_document(self, stored: Any, column: str, *row: object) -> Any:
        """The same for a jsonb column. Raises Unreadable."""
        if not (isinstance(stored, dict) and str(stored.get(WHOLE)).startswith(SEALED)):
            return stored
        return msgspec.json.decode(self.open(stored[WHOLE], column, *row))

    @property
    def prefix(self) -> str:
        """What every value begins with that is sealed with the present key."""
        return f"{SEALED}{self._keys.current(self._clock.now().timestamp()).id}$"

    def indexes(self, column: str, *values: object) -> list[bytes]:
        """The blind indexes of `values`, one for each key, the present key's first: store that one, look for all.

        Equal values of one column have equal indexes, which is what makes them found; nothing else can be told by one
        without the key.
        """
        now = self._clock.now().timestamp()
        present = self._keys.current(now)
        keys = [present, *(key for key in self._keys if key.id != present.id)]
        return [hmac.digest(_derived(key.secret, INDEXING), _place(column, values), hashlib.sha256) for key in keys]

    def _seal(self, value: bytes, column: str, row: tuple[object, ...]) -> tuple[str, bytes]:
        key = self._keys.current(self._clock.now().timestamp())
        place, nonce = _place(column, row), os.urandom(NONCE_BYTES)
        box = _box(key.secret, place).encrypt(nonce, value, place)
        return f"{SEALED}{key.id}$", nonce + box

    def _open(self, key_id: str, box: bytes, column: str, row: tuple[object, ...]) -> bytes:
        key, place = self._keys.find(key_id), _place(column, row)
        if key is None:
            raise _unreadable(column, key_id)
        try:
            return _box(key.secret, place).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise _unreadable(column, key_id) from None


def _unreadable(column: str, key_id: str) -> Unreadable:
    return Unreadable(f"{column}: a value sealed with the key {key_id[:16]!r} does not open: altered, moved, or no key")


def _box(secret: bytes, place: bytes) -> AESGCM:
    return AESGCM(hmac.digest(_derived(secret, SEALING), place, hashlib.sha256))


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, hashlib.sha256)


def _place(column: str, row: tuple[object, ...]) -> bytes:
    return msgspec.json.encode([column, *map(str, row)])
