"""Posting a mail: in the transaction of the fact that it tells of, so that there is never the one without the other."""

from datetime import datetime

from lyo_rt.clock import Clock
from lyo_rt.database.pool import Transaction
from lyo_rt.mail import repository
from lyo_rt.mail.records import Letter
from lyo_rt.mail.tokens import Mailed, MailedTokens

TOPIC = "mail"
"""Where it is hinted at that a mail waits."""


class Outbox:
    """Takes mails; actors/mail_relay.py sends them."""

    def __init__(self, tokens: MailedTokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    async def post(self, transaction: Transaction, letter: Letter, *, due_at: datetime | None = None) -> Mailed:
        """The mail leaves soon after the commit, or at `due_at`. Returns what its link's token will be known by."""
        mailed = self._tokens.new()
        await repository.insert_letter(transaction, letter, mailed, due_at=due_at, now=self._clock.now())
        transaction.announce(TOPIC, b"")
        return mailed
