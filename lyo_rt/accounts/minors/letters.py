"""Mails to parents, and the links in them."""

from datetime import datetime, timedelta

from lyo_rt.accounts.minors import repository
from lyo_rt.accounts.minors.records import Child, Guardian, Purpose
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Transaction
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.records import Kind, Letter
from lyo_rt.mail.tokens import Mailed

AGREE = timedelta(days=7)
LOOK_AFTER = timedelta(days=60)
CONFIRM_AFTER = timedelta(days=1)
"""Between the consent and the mail that confirms it."""
PAGES: dict[Purpose, str] = {"agree": "/parental-consent", "look_after": "/parents"}


class ParentMail:
    """What is posted to parents, in the transaction of whatever it is about. They are not greeted by name: nobody has
    asked for it."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def ask(self, transaction: Transaction, child: Child, guardian: Guardian) -> None:
        """Ask whether the child may learn here."""
        await self._post_link(transaction, "parental_consent", "agree", child, guardian, AGREE)

    async def confirm(self, transaction: Transaction, child: Child, guardian: Guardian) -> None:
        """Tell them, some time after they have agreed, that they have, and how to take it back (e-mail plus)."""
        due_at = self._clock.now() + CONFIRM_AFTER
        await self._post_link(transaction, "consent_confirmed", "look_after", child, guardian, LOOK_AFTER, due_at)

    async def warn(self, transaction: Transaction, child: Child, guardian: Guardian) -> None:
        """Tell them that the tutor has seen signs of harm; not which, nor in what words."""
        await self._post_link(transaction, "harm_seen", "look_after", child, guardian, LOOK_AFTER)

    async def remind(self, transaction: Transaction, child: Child, guardian: Guardian) -> None:
        """Give them another link, as they have asked."""
        await self._post_link(transaction, "parents_link", "look_after", child, guardian, LOOK_AFTER)

    async def export_ready(
        self, transaction: Transaction, child: Child, guardian: Guardian, *, expires_at: datetime
    ) -> Mailed:
        """Tell them where all is that is kept of their child."""
        letter = _letter("child_export_ready", child, guardian, page="/export", useless_at=expires_at)
        return await self._outbox.post(transaction, letter)

    async def _post_link(
        self,
        transaction: Transaction,
        kind: Kind,
        purpose: Purpose,
        child: Child,
        guardian: Guardian,
        lifetime: timedelta,
        due_at: datetime | None = None,
    ) -> None:
        now = self._clock.now()
        expires_at = (due_at or now) + lifetime
        letter = _letter(kind, child, guardian, page=PAGES[purpose], useless_at=expires_at)
        mailed = await self._outbox.post(transaction, letter, due_at=due_at)
        await repository.keep_link(transaction, mailed.digest, purpose, child.id, now=now, expires_at=expires_at)


def _letter(kind: Kind, child: Child, guardian: Guardian, *, page: str, useless_at: datetime) -> Letter:
    return Letter(
        kind=kind,
        user_id=child.id,
        recipient=guardian.email,
        name=child.full_name,
        language=guardian.language,
        page=page,
        useless_at=useless_at,
    )
