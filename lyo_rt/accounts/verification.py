"""Whether an e-mail address is its learner's: a mailed link tells."""

from lyo_rt import streams
from lyo_rt.accounts import mailed_tokens, repository
from lyo_rt.accounts.mailed_links import VERIFY_EMAIL, AccountMail
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.problems import Fault, InvalidInput, NotAuthenticated
from lyo_rt.security.tokens import Identity


class Verification:
    """The mail of a registration is Accounts'; this is what comes of it."""

    def __init__(self, database: Database, mail: AccountMail, clock: Clock) -> None:
        self._database = database
        self._mail = mail
        self._clock = clock

    async def ask_again(self, identity: Identity) -> None:
        """Another mail, unless the address is verified; see AccountMail.post_link for how often.

        Raises NotAuthenticated when the account is gone or no longer active.
        """
        async with self._database.transaction() as transaction:
            recipient = await repository.find_recipient(transaction, user_id=identity.user_id)
            if recipient is None:
                raise NotAuthenticated("This account is not active any more.")
            if not recipient.is_verified:
                await self._mail.post_link(transaction, VERIFY_EMAIL, recipient)

    async def confirm(self, token: str, *, request_id: str) -> None:
        """The address that the token was mailed to is verified. Raises InvalidInput when it is not good, or when the
        learner has another address by now."""
        purpose, now = VERIFY_EMAIL.purpose, self._clock.now()
        async with self._database.transaction() as transaction:
            await mailed_tokens.lock_account(transaction, purpose, token)
            redeemed = await mailed_tokens.redeem(transaction, purpose, token, now=now)
            if redeemed is None or not await repository.verify_email(
                transaction, redeemed.user_id, redeemed.email_key, now=now
            ):
                raise InvalidInput(errors=[Fault("/token", mailed_tokens.REFUSED)])
            await mailed_tokens.drop(transaction, purpose, redeemed.user_id)
            await streams.append(transaction, streams.user_stream(redeemed.user_id), "email.verified", {"at": now})
            origin = Origin(redeemed.user_id, request_id)
            await audit.record(transaction, "user.email_verified", origin, subject=redeemed.user_id, now=now)
