"""When a mail is tried again and when it is given up, in which language it is, and whom it greets by name. Pure."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from lyo_rt.mail.records import Waiting

LANGUAGES = ("en", "de", "es", "fr")
"""The first is what everybody else gets."""
MOST_ATTEMPTS = 12
FIRST_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(hours=1)


def spoken(tag: str) -> str:
    """The language of mails for who speaks `tag` (BCP 47): `de-AT` is `de`."""
    return preferred([tag])


def preferred(tags: Iterable[str]) -> str:
    """The first language of mails among those of `tags`, the best liked first."""
    primaries = (re.split("[-_]", tag, maxsplit=1)[0].lower() for tag in tags)
    return next((primary for primary in primaries if primary in LANGUAGES), LANGUAGES[0])


def pause_after(attempt: int, asked: timedelta, jitter: Callable[[float, float], float]) -> timedelta:
    """How long to wait after the n-th attempt has failed: 20 s, 40 s, ... up to an hour, each with up to half more.

    `asked` is what the server has asked for, at least; `jitter(low, high)` draws a number between the two.
    """
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(attempt - 1, 20)))
    return max(asked, pause * jitter(1, 1.5))


def why_useless(waiting: Waiting, now: datetime) -> str | None:
    """Why a mail that was taken is not to be sent any more, in a few words; None when it is."""
    if waiting.useless_at <= now:
        return "too late"
    if waiting.attempt > MOST_ATTEMPTS:
        return "too many attempts"
    return None


def greeted(name: str) -> str:
    """How a mail greets: by the name, or by none at all ("") when that could be read as an address.

    Anybody can register with another's e-mail and call themselves `win.example/prize`: our mail must not say that.
    """
    return "" if re.search(r"[@/\\<>:]|\w\.\w|www", name, re.IGNORECASE) else name
