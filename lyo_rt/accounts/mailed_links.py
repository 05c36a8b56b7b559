"""Mails to learners about their accounts, with and without a link that holds a one-time token."""

from datetime import datetime, timedelta

import msgspec

from lyo_rt.accounts import mailed_tokens
from lyo_rt.accounts.mailed_tokens import Outstanding, Purpose
from lyo_rt.accounts.records import Recipient
from lyo_rt.accounts.rules import email_key
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Transaction
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.records import Kind, Letter
from lyo_rt.mail.tokens import Mailed

QUIET = timedelta(minutes=1)
MOST_OUTSTANDING = 3
"""No other mail goes to a learner within a minute, nor while three links are still good: whoever asks in another's
name fills no mailbox."""
NOTICE_LIFETIME = timedelta(days=2)


class MailedLink(msgspec.Struct, frozen=True):
    """A kind of link: what for, the page that it leads to, and how long it is good."""

    purpose: Purpose
    page: str
    lifetime: timedelta


VERIFY_EMAIL = MailedLink("verify_email", "/verify-email", timedelta(hours=24))
RESET_PASSWORD = MailedLink("reset_password", "/reset-password", timedelta(hours=1))


class AccountMail:
    """What is posted in the transaction of whatever it is about."""

    def __init__(self, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def post_link(self, transaction: Transaction, link: MailedLink, recipient: Recipient) -> None:
        """A mail with a link, unless enough is on its way to them. Nobody else changes the account meanwhile."""
        now, key = self._clock.now(), email_key(recipient.email)
        outstanding = await mailed_tokens.find_outstanding(transaction, link.purpose, recipient.id, key, now=now)
        if not may_mail(outstanding, now):
            return
        letter = _letter(link.purpose, recipient, page=link.page, useless_at=now + link.lifetime)
        mailed = await self._outbox.post(transaction, letter)
        await mailed_tokens.keep(
            transaction,
            mailed.digest,
            link.purpose,
            user_id=recipient.id,
            email_key=key,
            now=now,
            expires_at=letter.useless_at,
        )

    async def post_password_changed(self, transaction: Transaction, recipient: Recipient) -> None:
        """Tell the learner, whoever it was."""
        useless_at = self._clock.now() + NOTICE_LIFETIME
        await self._outbox.post(transaction, _letter("password_changed", recipient, page=None, useless_at=useless_at))

    async def post_export_ready(
        self, transaction: Transaction, recipient: Recipient, *, expires_at: datetime
    ) -> Mailed:
        """Tell the learner where all that is kept of them is."""
        letter = _letter("export_ready", recipient, page="/export", useless_at=expires_at)
        return await self._outbox.post(transaction, letter)


def _letter(kind: Kind, recipient: Recipient, *, page: str | None, useless_at: datetime) -> Letter:
    return Letter(
        kind=kind,
        user_id=recipient.id,
        recipient=recipient.email,
        name=recipient.full_name,
        language=recipient.language,
        page=page,
        useless_at=useless_at,
    )


def may_mail(outstanding: Outstanding, now: datetime) -> bool:
    """Whether another mail may go to a learner to whom so much has gone."""
    quiet = outstanding.newest is None or outstanding.newest <= now - QUIET
    return quiet and outstanding.count < MOST_OUTSTANDING
