"""Passwords that are forgotten, and passwords that are changed."""

from collections.abc import Awaitable, Callable

from lyo_rt.accounts import known_addresses, mailed_tokens, repository
from lyo_rt.accounts.mailed_links import RESET_PASSWORD, AccountMail
from lyo_rt.accounts.mailed_tokens import REFUSED
from lyo_rt.accounts.records import Caller, Recipient
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.rules import email_key
from lyo_rt.accounts.signing_out import sign_out
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.problems import Fault, InvalidInput
from lyo_rt.security.passwords import Passwords, broken_rules, normalised
from lyo_rt.security.tokens import Identity

FORGOTTEN = "forgotten"
"""Where it is hinted at that somebody has forgotten their password."""
NOT_THE_PASSWORD = "is not the password of this account"  # noqa: S105 - a phrase
THE_SAME = "is the password that you have; choose another"


class PasswordChanges:
    """Each ends the sessions that the former password has opened, and the mailed links to choose another."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        mail: AccountMail,
        revocations: Revocations,
        clock: Clock,
        remind: Callable[[Transaction, str], Awaitable[None]] | None = None,
    ) -> None:
        """`remind` mails parents at an address their own way in, which they may have lost, too."""
        self._database = database
        self._passwords = passwords
        self._mail = mail
        self._revocations = revocations
        self._clock = clock
        self._remind = remind

    async def forgot(self, email: str) -> None:
        """Have a link mailed to choose a new password with, if there is an active account with this e-mail, and links
        to look after children, if it is their parent's.

        Whether there is one is not looked at here: neither the answer nor its time can tell.
        """
        async with self._database.transaction() as transaction:
            await repository.insert_forgotten(transaction, email_key(email), now=self._clock.now())
            transaction.announce(FORGOTTEN, b"")

    async def answer_forgotten(self) -> bool:
        """Post the mail that `forgot` was asked for, the longest waiting first; whether there was one."""
        async with self._database.transaction() as transaction:
            key = await repository.take_forgotten(transaction)
            if key is None:
                return False
            recipient = await repository.find_recipient(transaction, email_key=key)
            if recipient is not None:
                await self._mail.post_link(transaction, RESET_PASSWORD, recipient)
            if self._remind is not None:
                await self._remind(transaction, key)
        return True

    async def reset(self, token: str, password: str, *, caller: Caller) -> None:
        """A new password by a mailed link, which also shows that the address is the learner's.

        All sessions of the account are signed out. Guesses that others make hold nobody off at this address. Of two at
        once with one token, or with two of one account, one is refused. Raises InvalidInput with every fault at once.
        """
        purpose = RESET_PASSWORD.purpose
        faults = [Fault("/password", phrase) for phrase in broken_rules(password)]
        if not await mailed_tokens.is_good(self._database, purpose, token, now=self._clock.now()):
            faults.append(Fault("/token", REFUSED))
        if faults:
            raise InvalidInput(errors=faults)
        hashed = await self._passwords.hash(password)
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            await mailed_tokens.lock_account(transaction, purpose, token)
            redeemed = await mailed_tokens.redeem(transaction, purpose, token, now=now)
            recipient = None
            if redeemed is not None:
                recipient = await repository.reset_password(
                    transaction, redeemed.user_id, redeemed.email_key, hashed, now=now
                )
            if recipient is None:
                raise InvalidInput(errors=[Fault("/token", REFUSED)])
            await sign_out(transaction, self._revocations, recipient.id, "password_reset", now=now)
            await self._changed(transaction, recipient)
            if redeemed is not None and caller.address is not None:
                key = redeemed.email_key
                await known_addresses.remember(transaction, recipient.id, key, caller.address, now=now)
            origin = Origin(recipient.id, caller.request_id)
            await audit.record(transaction, "user.password_reset", origin, subject=recipient.id, now=now)

    async def change(self, identity: Identity, origin: Origin, *, current: str, new: str) -> None:
        """Another password; all the other sessions are signed out.

        Of two at once one is refused: its `current` is no longer the password. Raises InvalidInput with every fault
        at once.
        """
        former = await repository.find_password_hash(self._database, identity.user_id)
        faults = [Fault("/new_password", phrase) for phrase in broken_rules(new)]
        if not await self._passwords.verify(current, former):
            faults.append(Fault("/current_password", NOT_THE_PASSWORD))
        elif normalised(new) == normalised(current):
            faults.append(Fault("/new_password", THE_SAME))
        if faults or former is None:
            raise InvalidInput(errors=faults)
        hashed = await self._passwords.hash(new)
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            recipient = await repository.change_password(transaction, identity.user_id, former, hashed, now=now)
            if recipient is None:
                raise InvalidInput(errors=[Fault("/current_password", NOT_THE_PASSWORD)])
            mine = identity.session_id
            await sign_out(transaction, self._revocations, recipient.id, "password_changed", now=now, but=mine)
            await self._changed(transaction, recipient)
            await audit.record(transaction, "user.password_changed", origin, subject=recipient.id, now=now)

    async def _changed(self, transaction: Transaction, recipient: Recipient) -> None:
        await mailed_tokens.drop(transaction, RESET_PASSWORD.purpose, recipient.id)
        await self._mail.post_password_changed(transaction, recipient)
