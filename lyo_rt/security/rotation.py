"""A new key on top of a ring in LYO_DATA_DIR, while servers use it.

It is used a minute after it was written: every server on the folder looks at the file every two seconds, so by then all
know it, though their clocks differ by half a minute, and none is shown a token, or a sealed row, of a key it lacks.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from lyo_rt.security.key_files import change_keys
from lyo_rt.security.key_ring import KEY_BYTES, NewKey
from lyo_rt.security.secrets import Secret, path_of
from lyo_rt.settings import Settings

KNOWN_BEFORE = timedelta(seconds=60)


def rotate(settings: Settings, secret: Secret, now: float) -> NewKey:
    """The new key, in its file. Of a secret whose keys do nothing for long, those past use are dropped.

    Raises InvalidSettings when the file cannot be used.
    """
    new = NewKey(secrets.token_bytes(KEY_BYTES), now + KNOWN_BEFORE.total_seconds())
    # As long as a device may come back with a token of a key, it is told that the token has expired, not that it is
    # none: it then asks for a new one, and nobody is signed out.
    needed_for = timedelta(days=settings.jwt_refresh_token_expire_days + 1)
    oldest = None if secret.keeps else now - needed_for.total_seconds()
    change_keys(path_of(settings, secret), lambda keys: [new, *_still_needed(keys, oldest)])
    return new


def _still_needed(keys: Sequence[NewKey], oldest: float | None) -> list[NewKey]:
    """The newest, and each that was replaced after `oldest`; None: all."""
    kept = list(keys[:1])
    for newer, key in pairwise(keys):
        if oldest is None or newer.since is None or newer.since > oldest:
            kept.append(key)
    return kept
