"""The key rings: from the environment, or from LYO_DATA_DIR; never other ones than the other instances'.

Instances on one database must share their secrets, or each refuses what the others signed and cannot read what they
sealed. So the database records the fingerprints of keys, and a start with a ring that lacks a recorded one stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from pydantic import SecretStr

from lyo_rt.database.pool import Database
from lyo_rt.problems import Unavailable
from lyo_rt.security.key_files import read_or_make_keys, stamp
from lyo_rt.security.key_ring import KeyRing, split_keys
from lyo_rt.settings import InvalidSettings, Settings

LOOK_SECONDS = 2.0
"""Between looks whether a key file has been changed; a new key is used a minute after it was written."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Secret:
    """A secret there is a ring of keys for. `recorded`: its name in the database; `keeps`: whether what was done with
    a key lasts, so that every key recorded is needed; otherwise the newest takes the place of the former one."""

    recorded: str
    variable: str
    file: str
    keeps: bool


SIGNING = Secret("jwt", "JWT_SECRET_KEY", "jwt.keys", keeps=False)
ENCRYPTION = Secret("data", "DATA_ENCRYPTION_KEYS", "data.keys", keeps=True)
SECRETS = (SIGNING, ENCRYPTION)


def given(settings: Settings, secret: Secret) -> SecretStr | None:
    """The keys of the secret as the environment gives them: text, separated by commas, the newest first."""
    return settings.jwt_secret_key if secret is SIGNING else settings.data_encryption_keys


def path_of(settings: Settings, secret: Secret) -> Path:
    """Where the keys of the secret are kept while the environment gives none."""
    return settings.lyo_data_dir / secret.file


async def read_ring(settings: Settings, secret: Secret) -> KeyRing:
    """The ring of the secret: of its variable, or of its file in LYO_DATA_DIR, made at the first start.

    Raises InvalidSettings when the key file cannot be used.
    """
    if (text := given(settings, secret)) is not None:
        return KeyRing([key.encode() for key in split_keys(text.get_secret_value())])
    return KeyRing(await anyio.to_thread.run_sync(read_or_make_keys, path_of(settings, secret)))


async def recognise(database: Database, secret: Secret, ring: KeyRing, settings: Settings) -> None:
    """Record the newest key of `ring`. Raises InvalidSettings, one line, when a recorded key is not in the ring."""
    known = [key.fingerprint for key in ring]
    async with database.transaction() as transaction:
        # Two first starts with different keys at once: one of them must see the other's.
        await transaction.execute("LOCK TABLE secret_fingerprints IN SHARE ROW EXCLUSIVE MODE")
        missing = await transaction.fetchval(
            "SELECT count(*) FROM secret_fingerprints WHERE name = $1 AND fingerprint <> ALL ($2)",
            secret.recorded,
            known,
        )
        if missing:
            raise InvalidSettings([_other_keys(settings, secret)])
        if not secret.keeps:
            await transaction.execute(
                "DELETE FROM secret_fingerprints WHERE name = $1 AND fingerprint <> $2", secret.recorded, known[0]
            )
        await transaction.execute(
            "INSERT INTO secret_fingerprints (name, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            secret.recorded,
            known[0],
        )


async def forget(database: Database, secret: Secret, fingerprints: Sequence[str]) -> None:
    """What was done with these keys is gone: no instance needs them any more."""
    await database.execute(
        "DELETE FROM secret_fingerprints WHERE name = $1 AND fingerprint = ANY ($2)", secret.recorded, fingerprints
    )


async def keep_up(database: Database, secret: Secret, ring: KeyRing, settings: Settings) -> None:
    """Take up what `lyo-rt keys rotate` writes into the secret's file, for ever; a file that is not understood, or of
    other keys, changes nothing and is told."""
    if given(settings, secret) is not None:
        return
    path = path_of(settings, secret)
    seen: tuple[int, int] | None = None
    while True:
        await anyio.sleep(LOOK_SECONDS)
        found = await anyio.to_thread.run_sync(stamp, path)
        if found == seen or found == (0, 0):
            continue
        try:
            keys = await anyio.to_thread.run_sync(read_or_make_keys, path)
            await recognise(database, secret, KeyRing(keys), settings)
        except InvalidSettings as fault:
            log.error("keys not taken up", secret=secret.recorded, error=str(fault))
        except Unavailable:
            continue
        else:
            ring.replace(keys)
        seen = found


def _other_keys(settings: Settings, secret: Secret) -> str:
    source = secret.variable
    if given(settings, secret) is None:
        source = f"{path_of(settings, secret)} in LYO_DATA_DIR"
    lost = f"remove the rows '{secret.recorded}' from the table secret_fingerprints to accept this one"
    if secret.keeps:
        lost += "; what was sealed with the lost key cannot be read again"
    return f"{source}: this database is used with another key. Give this instance the same one; if that is lost, {lost}"
