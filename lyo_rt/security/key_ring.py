"""Keys by their id, one of which is used for what is new: a key is replaced while the ring is in use."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence

import msgspec

KEY_BYTES = 32
NAMED = b"lyo-rt key id"
RECORDED = b"lyo-rt secret fingerprint"


class NewKey(msgspec.Struct, frozen=True):
    """A key as it is configured. `since`: seconds since 1970 from which it is used; None: from the first moment."""

    secret: bytes
    since: float | None = None


class Key(msgspec.Struct, frozen=True):
    """A key of a ring. `replaced_at`: seconds since 1970 from which a newer one is used; None: nobody has said."""

    id: str
    secret: bytes
    since: float | None
    replaced_at: float | None

    @property
    def fingerprint(self) -> str:
        """What the database may know it by; tells nothing of the key."""
        return _digest(self.secret, RECORDED)


class KeyRing:
    """Keys, the newest first. The first whose time has come is used for what is new; the others are still known."""

    def __init__(self, keys: Sequence[bytes | NewKey]) -> None:
        """`keys`: at least one, each of 32 bytes or more."""
        self._followers: list[Callable[[], None]] = []
        self._keys = _keys(keys)

    def current(self, now: float) -> Key:
        """The key that is used for what is new at `now` (seconds since 1970)."""
        keys = list(self)
        return next((key for key in keys if key.since is None or key.since <= now), keys[-1])

    def find(self, key_id: str) -> Key | None:
        """The key with this id, or None."""
        return self._keys.get(key_id)

    def __iter__(self) -> Iterator[Key]:
        """All of them, the newest first."""
        return iter(self._keys.values())

    def replace(self, keys: Sequence[bytes | NewKey]) -> None:
        """From now on the ring has these keys; whoever follows it is told."""
        self._keys = _keys(keys)
        for told in self._followers:
            told()

    def follow(self, told: Callable[[], None]) -> None:
        """Call `told` whenever the keys are replaced; it must not wait or raise."""
        self._followers.append(told)


def split_keys(text: str) -> list[str]:
    """The keys in the value of a variable. One alone is taken as it is, to the last space."""
    return [key.strip() for key in text.split(",") if key.strip()] if "," in text else [text]


def _keys(given: Sequence[bytes | NewKey]) -> dict[str, Key]:
    new = [NewKey(key) if isinstance(key, bytes) else key for key in given]
    if not new or any(len(key.secret) < KEY_BYTES for key in new):
        raise ValueError(f"a key ring needs keys of at least {KEY_BYTES} bytes")
    newer = [None, *(key.since for key in new)]
    return {
        id: Key(id, key.secret, key.since, replaced_at)
        for key, replaced_at in zip(new, newer, strict=False)
        for id in (_digest(key.secret, NAMED)[:16],)
    }


def _digest(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()
