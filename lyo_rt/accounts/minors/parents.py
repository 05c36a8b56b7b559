"""Consent by e-mail plus: a child names a parent, who agrees by a mailed link and has a second mail some time later.

Parents have no account. What they do they do with the links of their mails; each is fenced by the child's row.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from lyo_rt.accounts import agreements
from lyo_rt.accounts.leaving import LEAVING
from lyo_rt.accounts.mailed_links import VERIFY_EMAIL, AccountMail
from lyo_rt.accounts.mailed_tokens import REFUSED
from lyo_rt.accounts.minors import repository
from lyo_rt.accounts.minors.gate import AgeGate
from lyo_rt.accounts.minors.letters import ParentMail
from lyo_rt.accounts.minors.records import Child, ConsentState, Guardian, Purpose
from lyo_rt.accounts.minors.rules import may_mail
from lyo_rt.accounts.records import Recipient
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.rules import email_key
from lyo_rt.accounts.signing_out import sign_out
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.mail import repository as mails
from lyo_rt.mail.tokens import is_token
from lyo_rt.problems import Conflict, Fault, InvalidInput, NotAuthenticated
from lyo_rt.security.tokens import Identity

NOTICE = "2026-11-30"
"""The version of what parents agree to: the page's texts (api/pages/mailed_links), whose change needs a new one."""
ANY: tuple[Purpose, ...] = ("agree", "look_after")
NOBODY_NEEDED = "No consent is being waited for."
ANOTHER = "is not the address of the parent who has agreed before; only they can agree again"
OWN = "is your own address; give a parent's"
GONE = "This account is not active any more."


class Parents:
    """What children ask of parents, and what parents decide."""

    def __init__(
        self,
        database: Database,
        gate: AgeGate,
        letters: ParentMail,
        mail: AccountMail,
        revocations: Revocations,
        clock: Clock,
    ) -> None:
        self._database = database
        self._gate = gate
        self._letters = letters
        self._mail = mail
        self._revocations = revocations
        self._clock = clock

    async def state(self, identity: Identity) -> ConsentState:
        """Whether a parent has to agree, and has. Raises NotAuthenticated when the account is not active any more."""
        state = await repository.find_state(self._database, identity.user_id)
        if state is None:
            raise NotAuthenticated(GONE)
        return state

    async def ask(self, identity: Identity, *, email: str, language: str) -> None:
        """Have a parent asked by mail, unless enough mails are on their way to them.

        Raises Conflict when none is waited for, InvalidInput for an address that cannot be a parent's.
        """
        email, now = email_key(email), self._clock.now()
        async with self._database.transaction() as transaction:
            child = await repository.lock_child(transaction, identity.user_id)
            if child is None or child.consent != "pending" or not child.is_active:
                raise Conflict(NOBODY_NEEDED)
            guardian = await repository.find_guardian(transaction, child.id)
            if fault := _wrong(email, child, guardian):
                raise InvalidInput(errors=[fault])
            outstanding = await repository.find_outstanding(transaction, child.id, email, now=now)
            if guardian is not None and guardian.email != email:
                await repository.drop_links(transaction, child.id, "agree")
            await repository.name_guardian(transaction, child.id, email, language, now=now)
            if may_mail(outstanding, now):
                await self._letters.ask(transaction, child, Guardian(child.id, email, language, now, None))

    async def agree(self, token: str, *, language: str, request_id: str) -> None:
        """The parent agrees: learning is open to the child from the next access token on. A link is good once."""
        now = self._clock.now()
        async with self._acting(token, ("agree",)) as (transaction, child):
            guardian = await repository.find_guardian(transaction, child.id)
            if child.consent != "pending" or not child.is_active or guardian is None:
                raise _refused()
            await repository.drop_links(transaction, child.id, "agree")
            await repository.set_consent(transaction, child.id, "given", due_at=None)
            await repository.set_agreed(transaction, child.id, now=now)
            await agreements.record_parent(transaction, child.id, "agreed", NOTICE, language, now=now)
            await self._letters.confirm(transaction, child, guardian)
            recipient = Recipient(child.id, child.email, child.full_name, child.language, child.is_verified)
            if not recipient.is_verified:
                await self._mail.post_link(transaction, VERIFY_EMAIL, recipient)
            await audit.record(transaction, "user.consent_given", Origin(None, request_id), subject=child.id, now=now)

    async def look(self, token: str) -> Child:
        """Whose parent the link was mailed to. Raises InvalidInput when it is not good."""
        async with self._acting(token, ("look_after",)) as (_, child):
            return child

    async def withdraw(self, token: str, *, request_id: str) -> UUID:
        """The parent takes consent back: every device is signed out at once, on every instance, and the account waits
        for consent again, until it is erased. Done twice it changes nothing more. Returns whose account it is."""
        now = self._clock.now()
        async with self._acting(token, ("look_after",)) as (transaction, child):
            if child.consent != "given":
                return child.id
            await self._withdrawn(transaction, child)
            await repository.set_consent(transaction, child.id, "pending", due_at=now + self._gate.wait)
            await sign_out(transaction, self._revocations, child.id, "consent_withdrawn", now=now)
            await audit.record(
                transaction, "user.consent_withdrawn", Origin(None, request_id), subject=child.id, now=now
            )
        return child.id

    async def erase(self, token: str, *, request_id: str) -> None:
        """The parent has all of it erased, without a cool-off; also who has not agreed. Nobody takes it back."""
        now = self._clock.now()
        async with self._acting(token, ANY) as (transaction, child):
            if child.consent == "given":
                await self._withdrawn(transaction, child)
            await repository.close_account(transaction, child.id, now=now)
            await sign_out(transaction, self._revocations, child.id, "account_closed", now=now)
            await self._gate.hold(transaction, email_key(child.email), now=now)
            await audit.record(
                transaction, "user.erased_by_parent", Origin(None, request_id), subject=child.id, now=now
            )
            transaction.announce(LEAVING, b"")

    async def warn(self, transaction: Transaction, user_id: UUID) -> None:
        """Tell the child's parent, if there is one who has agreed, that the tutor has seen signs of harm."""
        child = await repository.lock_child(transaction, user_id)
        guardian = await repository.find_guardian(transaction, user_id)
        if child is not None and guardian is not None and guardian.consented_at is not None:
            await self._letters.warn(transaction, child, guardian)

    async def remind(self, transaction: Transaction, email_key: str) -> None:
        """Mail a new link to look after each child whose parent reads the mails to this address, unless that was done
        a minute ago, or three times within a day."""
        now = self._clock.now()
        for user_id in await repository.children_of(transaction, email_key):
            child = await repository.lock_child(transaction, user_id)
            guardian = await repository.find_guardian(transaction, user_id)
            sent = await repository.find_sent(transaction, user_id, since=now - timedelta(days=1))
            if child is not None and guardian is not None and may_mail(sent, now):
                await self._letters.remind(transaction, child, guardian)

    async def mail_export(self, transaction: Transaction, user_id: UUID, *, expires_at: datetime) -> bytes | None:
        """Mail the parent a link to what is kept of the child; what its token is known by."""
        child = await repository.lock_child(transaction, user_id)
        guardian = await repository.find_guardian(transaction, user_id)
        if child is None or guardian is None:
            return None
        mailed = await self._letters.export_ready(transaction, child, guardian, expires_at=expires_at)
        return mailed.digest

    async def _withdrawn(self, transaction: Transaction, child: Child) -> None:
        await mails.drop_waiting(transaction, child.id, "consent_confirmed")
        await agreements.record_parent(
            transaction, child.id, "withdrawn", NOTICE, child.language, now=self._clock.now()
        )

    @asynccontextmanager
    async def _acting(self, token: str, purposes: tuple[Purpose, ...]) -> AsyncIterator[tuple[Transaction, Child]]:
        """The child that a parent's link is about, locked. Raises InvalidInput when it is not good, also when another
        use of it was first."""
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            found = await repository.child_of(transaction, token, purposes, now=now) if is_token(token) else None
            child = await repository.lock_child(transaction, found) if found is not None else None
            if child is None or await repository.child_of(transaction, token, purposes, now=now) is None:
                raise _refused()
            yield transaction, child


def _wrong(email: str, child: Child, guardian: Guardian | None) -> Fault | None:
    """Why this cannot be the address of the child's parent."""
    if email == email_key(child.email):
        return Fault("/parent_email", OWN)
    agreed = guardian is not None and guardian.consented_at is not None
    if agreed and guardian is not None and guardian.email != email:
        return Fault("/parent_email", ANOTHER)
    return None


def _refused() -> InvalidInput:
    return InvalidInput(errors=[Fault("/token", REFUSED)])
