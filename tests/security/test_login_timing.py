"""The time of a refused sign-in does not tell whether there is such an account."""

import statistics
import time
from collections.abc import Sequence
from datetime import timedelta

import pytest

from lyo_rt.accounts.mailed_links import AccountMail
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.service import Limits
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.problems import WrongCredentials
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import Tokens

COST = 8
"""About 20 ms a sign-in, a sixteenth of the product's: what differs shows sixteen times as much."""
PAIRS = 40
SHARE = 0.25
"""Of a sign-in. Without the decoy an unknown e-mail takes nearly all of it less."""

pytestmark = [pytest.mark.anyio, pytest.mark.attack("enumeration by timing")]


async def refused(accounts: Accounts, email: str) -> float:
    began = time.perf_counter()
    with pytest.raises(WrongCredentials):
        await accounts.login(email=email, password="Wrong-horse-9-battery")
    return time.perf_counter() - began


def share(differences: Sequence[float], whole: float) -> float:
    """The median of what pairs in turn differ by: a loaded machine delays both of a pair alike."""
    return abs(statistics.median(differences)) / whole


async def test_an_unknown_e_mail_takes_as_long_as_a_wrong_password(database: Database) -> None:
    clock, lifetime = SystemClock(), timedelta(minutes=30)
    keys = KeyRing([b"k" * 32])
    accounts = Accounts(
        database,
        Tokens(keys, clock, access_lifetime=lifetime),
        Passwords(cost=COST),
        clock,
        Revocations(database, InProcessBroadcast(clock), clock, access_lifetime=lifetime),
        AccountMail(Outbox(MailedTokens(keys, clock), clock), clock),
        Limits(InProcessStore(clock), {}),
        refresh_lifetime=timedelta(days=7),
    )
    await accounts.register(email="known@example.com", password="Correct-horse-9-battery", full_name="Known")
    known, unknown, again = [], [], []
    for number in range(PAIRS):
        known.append(await refused(accounts, "known@example.com"))
        unknown.append(await refused(accounts, f"nobody-{number}@example.com"))
        again.append(await refused(accounts, "known@example.com"))
    whole = statistics.median(known)
    assert share([other - one for one, other in zip(known, again, strict=True)], whole) < SHARE
    assert share([other - one for one, other in zip(known, unknown, strict=True)], whole) < SHARE
    assert share([-one for one in known], whole) > SHARE  # so much an answer without a verification would be faster
