"""The signing keys: from the environment, or made once into LYO_DATA_DIR; never another instance's other ones.

Instances on one database must share their secrets, or each refuses what the others signed. So the database records a
fingerprint of the current key, and a start with keys that do not hold it stops.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from lyo_rt.database.pool import Queries
from lyo_rt.settings import InvalidSettings, Settings

KEY_BYTES = 32
JWT_KEYS_FILE = "jwt.keys"
JWT_SECRET = "jwt"  # noqa: S105 - the name of a secret, not one
NAMED = b"lyo-rt key id"
RECORDED = b"lyo-rt secret fingerprint"


class KeyRing:
    """Keys by their id. The first one signs; all of them verify, so that a key rotates without logging anyone out."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: at least one, each of 32 bytes or more, the signing one first."""
        if not keys or any(len(key) < KEY_BYTES for key in keys):
            raise ValueError(f"a key ring needs keys of at least {KEY_BYTES} bytes")
        self._keys = {_digest(key, NAMED)[:16]: key for key in keys}
        self.current_id, self.current = next(iter(self._keys.items()))

    def find(self, key_id: str) -> bytes | None:
        """The key with this id, or None."""
        return self._keys.get(key_id)

    def fingerprints(self) -> list[str]:
        """What the database may know the keys by, the signing one's first; tells nothing of the keys."""
        return [_digest(key, RECORDED) for key in self._keys.values()]


async def open_signing_keys(settings: Settings, database: Queries) -> KeyRing:
    """The keys of access tokens: JWT_SECRET_KEY, or those in LYO_DATA_DIR, made at the first start.

    Raises InvalidSettings when the key file is damaged, or when the database has been used with another key.
    """
    if settings.jwt_secret_key is not None:
        source = "JWT_SECRET_KEY"
        ring = KeyRing([settings.jwt_secret_key.get_secret_value().encode()])
    else:
        path = settings.lyo_data_dir / JWT_KEYS_FILE
        source = f"{path} in LYO_DATA_DIR"
        ring = KeyRing(await anyio.to_thread.run_sync(read_or_make_keys, path))
    await recognise(database, JWT_SECRET, ring, source)
    return ring


async def recognise(database: Queries, name: str, ring: KeyRing, source: str) -> None:
    """Record the fingerprint of `ring` under `name`; a ring that still holds the recorded key takes its place.

    Raises InvalidSettings, naming `source`, when the recorded key is not in the ring.
    """
    known = ring.fingerprints()
    recorded = await database.fetchval(
        """
        INSERT INTO secret_fingerprints AS known (name, fingerprint) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET fingerprint =
            CASE WHEN known.fingerprint = ANY ($3) THEN excluded.fingerprint ELSE known.fingerprint END
        RETURNING fingerprint
        """,
        name,
        known[0],
        known,
    )
    if recorded != known[0]:
        line = (
            f"{source}: this database is used with another key. Give this instance the same one; if that is lost, "
            f"remove the row '{name}' from the table secret_fingerprints to accept this one"
        )
        raise InvalidSettings([line])


def read_or_make_keys(path: Path) -> list[bytes]:
    """The keys in the file, one a line in URL-safe base64, the signing one first; made with one key if absent.

    Of several processes that make it at once one wins, and all read the winner's; none sees half a file.
    Raises InvalidSettings when the file cannot be made, read or understood.
    """
    try:
        if not path.exists():
            _make(path)
        keys = [base64.urlsafe_b64decode(line) for line in path.read_text("ascii").split()]
    except (binascii.Error, UnicodeDecodeError):
        keys = []
    except OSError as fault:
        raise InvalidSettings([f"LYO_DATA_DIR: {path} cannot be used: {fault.strerror}"]) from fault
    if not keys or any(len(key) < KEY_BYTES for key in keys):
        raise InvalidSettings([f"LYO_DATA_DIR: {path} is damaged; restore it, or remove it to have a new key made"])
    return keys


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, fails when another process was first.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def _digest(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()
