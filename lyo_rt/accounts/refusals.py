"""Sign-ins that were refused, told to the audit log: counted here, and written down apart from the requests.

Written one by one they would let strangers fill the log, and the time it takes would tell them which accounts there
are. So there is one entry for each account and every `EVERY_SECONDS`, and one for all e-mails without an account.
"""

from collections import Counter
from uuid import UUID

from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import SERVER, Act
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database

EVERY_SECONDS = 30.0
MOST_ACCOUNTS = 1000
"""Beyond them it is not kept apart whose the sign-ins were."""

WRONG: Act = "user.sign_in_failed"
HELD_OFF: Act = "user.sign_in_held_off"


class Refusals:
    """Those of one instance that have not been written yet."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counts: Counter[tuple[Act, UUID | None]] = Counter()

    def wrong(self, user_id: UUID | None) -> None:
        """Not the password of this account; None: there is no account with the e-mail."""
        self._count(WRONG, user_id)

    def held_off(self, user_id: UUID | None) -> None:
        """Not looked at: there were too many guesses before."""
        self._count(HELD_OFF, user_id)

    async def write(self) -> int:
        """Write down what has been counted; returns of how many entries. Raises Unavailable, and keeps the counts."""
        counts, now = self._counts.copy(), self._clock.now()
        if not counts:
            return 0
        async with self._database.transaction() as transaction:
            for (act, user_id), times in counts.items():
                await audit.record(transaction, act, SERVER, subject=user_id, details={"times": times}, now=now)
        self._counts = self._counts - counts
        return len(counts)

    def _count(self, act: Act, user_id: UUID | None) -> None:
        known = (act, user_id) in self._counts or len(self._counts) < MOST_ACCOUNTS
        self._counts[act, user_id if known else None] += 1
