"""The age gate: a date of birth as it is given, without a hint at any limit and without a second try."""

from datetime import date, datetime, timedelta
from uuid import UUID

from lyo_rt.accounts.minors import repository
from lyo_rt.accounts.minors.records import Standing
from lyo_rt.accounts.minors.rules import is_child, may_be_birth_date
from lyo_rt.database.pool import Queries, Transaction
from lyo_rt.problems import EmailTaken, Fault
from lyo_rt.security.tokens import Consent

WAIT = timedelta(days=14)
HELD = timedelta(days=30)
"""How long an address is held after a child's account may have gone, and after it has."""


class AgeGate:
    """Who comes in as a child."""

    def __init__(self, *, required: bool = False, wait: timedelta = WAIT) -> None:
        """`required`: whether nobody registers without a date of birth. `wait`: how long a parent's consent is waited
        for until the account is erased."""
        self._required = required
        self.wait = wait

    def faults(self, born: date | None, now: datetime) -> list[Fault]:
        """What is wrong with a date of birth, or with there being none."""
        if born is None:
            return [Fault("/birth_date", "is missing")] if self._required else []
        return [] if may_be_birth_date(born, now) else [Fault("/birth_date", "is no date of birth")]

    async def judge(self, transaction: Transaction, email_key: str, born: date | None, *, now: datetime) -> Consent:
        """Whether who registers needs a parent's consent; a child's address is held from now on.

        Raises EmailTaken for an address with which a child has registered, whatever date comes now.
        """
        if await repository.is_held(transaction, email_key, now=now):
            raise EmailTaken()
        if born is None or not is_child(born, now):
            return "none_needed"
        await self.hold(transaction, email_key, now=now)
        return "pending"

    async def hold(self, queries: Queries, email_key: str, *, now: datetime) -> None:
        """Nobody registers with the address of a child for a while."""
        await repository.hold(queries, email_key, until=now + self.wait + HELD)

    async def standing(self, transaction: Transaction, user_id: UUID, *, now: datetime) -> Standing:
        """What a new access token says of the learner. Who is 13 by now needs nobody's consent any more."""
        standing = await repository.find_standing(transaction, user_id)
        born = standing.birth_date
        if standing.consent == "none_needed" or (born is not None and is_child(born, now)):
            return standing
        await repository.set_consent(transaction, user_id, "none_needed", due_at=None)
        await repository.drop_guardian(transaction, user_id)
        return Standing(standing.premium, "none_needed", born)
