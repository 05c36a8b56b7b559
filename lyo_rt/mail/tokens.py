"""The one-time tokens of mailed links, which are kept nowhere: made when the mail is posted, and again when it leaves.

A mail waits for its server for hours, and what opens an account must not wait with it. A token is the HMAC of its
mail's id under the instances' shared key, so whoever sends the mail can make it anew. The database holds its digest
(for who receives it) and the mail's id (for who sends it), and neither gives the token without the key.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID, uuid4

import msgspec

from lyo_rt.clock import Clock
from lyo_rt.security.key_ring import KeyRing

PURPOSE = b"lyo-rt mailed token 1"
LENGTH = 43
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")


class Mailed(msgspec.Struct, frozen=True):
    """A mail's id, the key that its token is made with, and what the token will be known by."""

    letter_id: UUID
    key_id: str
    digest: bytes


class MailedTokens:
    """Makes the tokens of mails. Instances that share a key ring make the same."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def new(self) -> Mailed:
        """For a mail that is about to be posted."""
        letter_id = uuid4()
        key = self._keys.current(self._clock.now().timestamp())
        return Mailed(letter_id, key.id, digest(_token(key.secret, letter_id)))

    def again(self, letter_id: UUID, key_id: str) -> str | None:
        """The token of a mail, 256 bits in URL-safe base64; None when its key is not in the ring any more."""
        key = self._keys.find(key_id)
        return None if key is None else _token(key.secret, letter_id)


def digest(token: str) -> bytes:
    """What a token is known by; SHA-256 is enough for 256 bits that nobody can guess."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def is_token(text: str) -> bool:
    """Whether this is spelled like a token."""
    return _TOKEN.fullmatch(text) is not None


def _token(key: bytes, letter_id: UUID) -> str:
    derived = hmac.digest(key, PURPOSE, hashlib.sha256)
    return base64.urlsafe_b64encode(hmac.digest(derived, letter_id.bytes, hashlib.sha256)).rstrip(b"=").decode()
