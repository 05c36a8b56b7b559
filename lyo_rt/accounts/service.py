"""Accounts: who may come in, with which tokens, and until when."""

import hashlib
from datetime import date, datetime, timedelta
from uuid import UUID

from lyo_rt import streams
from lyo_rt.accounts import agreements, closed, known_addresses, repository
from lyo_rt.accounts.agreements import Texts
from lyo_rt.accounts.mailed_links import VERIFY_EMAIL, AccountMail
from lyo_rt.accounts.minors.gate import AgeGate
from lyo_rt.accounts.records import (
    ITSELF,
    Caller,
    Credentials,
    Recipient,
    RefreshedTokens,
    RefreshState,
    Registered,
    SignedIn,
    User,
)
from lyo_rt.accounts.refusals import Refusals
from lyo_rt.accounts.revocations import STOPPED, TOPIC, Revocations
from lyo_rt.accounts.rules import email_address, email_key, person_name, registration_faults
from lyo_rt.accounts.signing_out import sign_out, tell_signed_out
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import Act, Origin
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.limits.service import Limits
from lyo_rt.problems import (
    EmailTaken,
    InvalidInput,
    NotAuthenticated,
    SessionRevoked,
    TooManyRequests,
    WrongCredentials,
)
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import Identity, Tokens, new_refresh_token, refresh_digest

REFRESH_REFUSED = "The refresh token is not valid; sign in again."


class Accounts:
    """Registration, login, refresh, logout, and who a token belongs to (SPEC §4 and §6)."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        passwords: Passwords,
        clock: Clock,
        revocations: Revocations,
        mail: AccountMail,
        limits: Limits,
        *,
        refresh_lifetime: timedelta,
        gate: AgeGate | None = None,
        texts: Texts = Texts(),  # noqa: B008  (frozen)
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._passwords = passwords
        self._clock = clock
        self.revocations = revocations
        self._mail = mail
        self._limits = limits
        self.refusals = Refusals(database, clock)
        self._refresh_lifetime = refresh_lifetime
        self._gate = gate or AgeGate()
        self._texts = texts

    def identify(self, token: str) -> Identity:
        """Who is asking with this access token. Reads no database.

        Raises TokenExpired, also when it tells a role that is no longer theirs; SessionRevoked after a logout,
        NotAuthenticated for all else.
        """
        identity = self._tokens.read(token)
        if (fault := self.revocations.fault_of(identity)) is not None:
            raise fault
        return identity

    async def register(
        self,
        *,
        email: str,
        password: str,
        full_name: str,
        birth_date: date | None = None,
        language: str = "en",
        device: str | None = None,
        caller: Caller = ITSELF,
    ) -> Registered:
        """A new account, signed in. It is a student's, always: nobody gives themselves a role.

        A mail asks whether the address is theirs, and they have agreed to the terms. A child's account waits for a
        parent instead: nobody else is mailed, the device is not noted, and its access token opens next to nothing.
        Raises InvalidInput with every fault at once, EmailTaken when an account with the e-mail exists.
        """
        now = self._clock.now()
        if faults := registration_faults(email, password, full_name) + self._gate.faults(birth_date, now):
            raise InvalidInput(errors=faults)
        hashed = await self._passwords.hash(password)
        async with self._database.transaction() as transaction:
            consent = await self._gate.judge(transaction, email_key(email), birth_date, now=now)
            child = consent == "pending"
            user = await repository.insert_user(
                transaction,
                email=email_address(email),
                email_key=email_key(email),
                password_hash=hashed,
                full_name=person_name(full_name),
                language=language,
                birth_date=birth_date,
                consent=consent,
                consent_due_at=now + self._gate.wait if child else None,
                now=now,
            )
            if user is None:
                raise EmailTaken()
            pair = await self._open_session(transaction, user, hashed, device, now)
            await self._came_in(transaction, "user.registered", user, caller, now)
            if not child:
                await self._welcome(transaction, user, language, now)
        return Registered(
            user_id=user.id,
            email=user.email,
            full_name=user.full_name,
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in=pair.expires_in,
            refresh_expires_in=pair.refresh_expires_in,
        )

    async def _welcome(self, transaction: Transaction, user: User, language: str, now: datetime) -> None:
        await agreements.record_registration(transaction, user.id, self._texts, language, now=now)
        recipient = Recipient(user.id, user.email, user.full_name, language, is_verified=False)
        await self._mail.post_link(transaction, VERIFY_EMAIL, recipient)

    async def login(self, *, email: str, password: str, device: str | None = None, caller: Caller = ITSELF) -> SignedIn:
        """A new session on one more device.

        An account that its owner has closed is theirs again, until it is erased. Raises WrongCredentials, the same and
        after the same time, for an unknown e-mail, a wrong password and an account that is not active; TooManyRequests
        after wrong ones, for any e-mail, but not where its learner has signed in from the same address before.
        """
        found = await self._verified(email_key(email), password, caller)
        now = self._clock.now()
        async with self._database.transaction() as transaction:
            if not found.is_active:
                await self._come_back(transaction, found.user.id, now)
            pair = await self._open_session(transaction, found.user, found.password_hash, device, now)
            await self._came_in(transaction, "user.signed_in", found.user, caller, now)
            # Behind it: whoever changes the password locks the account first, and its sessions then.
            unused_since = now - self._refresh_lifetime - self._tokens.access_lifetime
            await repository.drop_dead_sessions(transaction, user_id=found.user.id, unused_since=unused_since)
        return SignedIn(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in=pair.expires_in,
            refresh_expires_in=pair.refresh_expires_in,
            user=found.user,
        )

    async def refresh(self, token: str, *, caller: Caller = ITSELF) -> RefreshedTokens:
        """A new pair for a refresh token, which is spent by it.

        A spent token that comes again means that two hold it: its whole family stops refreshing, the pair that was
        given for it included, and its live sockets end. Access tokens stay good until they expire or are logged out.
        Of two refreshes at once with one token, on any two instances, one gets a pair and the other is such a re-use.

        Raises SessionRevoked when the family is signed out or stopped, NotAuthenticated when the token is unknown or
        has expired, or the account is not active.
        """
        digest, now = refresh_digest(token), self._clock.now()
        async with self._database.transaction() as transaction:
            await repository.lock_family(transaction, digest)
            state = await repository.find_refresh_state(transaction, digest)
            if state is not None and state.spent_at is not None:
                await self._stop(transaction, state, caller, now)
            elif state is not None and _usable(state, now):
                await self._remember(transaction, state.user, caller, now)
                return await self._rotate(transaction, state, digest, now)
        # Out of the transaction: what a re-use has stopped must be committed, not rolled back with the refusal.
        if state is not None and (state.spent_at or state.revoked_at or state.refresh_revoked_at):
            raise SessionRevoked()
        raise NotAuthenticated(REFRESH_REFUSED)

    async def logout(self, identity: Identity, *, caller: Caller = ITSELF) -> None:
        """Sign the session out: access and refresh tokens of it are refused at once, on every instance."""
        user, session, now = identity.user_id, identity.session_id, self._clock.now()
        async with self._database.transaction() as transaction:
            if await sign_out(transaction, self.revocations, user, "logout", now=now, only=session):
                origin, details = Origin(user, caller.request_id), {"session": str(session)}
                await audit.record(transaction, "user.signed_out", origin, subject=user, details=details, now=now)
        self.revocations.add(session)

    async def _verified(self, key: str, password: str, caller: Caller) -> Credentials:
        """The account of this e-mail and password; what is done and told is the same where there is none.

        The guess is counted before it is looked at: of many at once none slips through.
        """
        found = await repository.find_credentials(self._database, key)
        person = found.user.id if found else None
        counted = caller.address is not None and not await known_addresses.knows(
            self._database, key, caller.address, now=self._clock.now()
        )
        try:
            if counted:
                await self._limits.guess(_guessed_at(key))
        except TooManyRequests:
            self.refusals.held_off(person)
            raise
        right = await self._passwords.verify(password, found.password_hash if found else None)
        if found is None or not right or not (found.is_active or found.erase_at):
            self.refusals.wrong(person)
            raise WrongCredentials()
        if counted:
            await self._limits.guessed(_guessed_at(key))
        return found

    async def _came_in(self, transaction: Transaction, act: Act, user: User, caller: Caller, now: datetime) -> None:
        """Keep that they did, and where."""
        await audit.record(transaction, act, Origin(user.id, caller.request_id), subject=user.id, now=now)
        await self._remember(transaction, user, caller, now)

    async def _remember(self, transaction: Transaction, user: User, caller: Caller, now: datetime) -> None:
        """Guesses elsewhere do not hold them off where they are now."""
        if caller.address is not None:
            await known_addresses.remember(transaction, user.id, email_key(user.email), caller.address, now=now)

    async def _stop(self, transaction: Transaction, state: RefreshState, caller: Caller, now: datetime) -> None:
        """A spent refresh token has come again: its family refreshes no more."""
        if not await repository.revoke_refresh(transaction, state.session_id, now):
            return
        user, session = state.user.id, state.session_id
        await tell_signed_out(transaction, user, session, "token_reused", now=now)
        transaction.announce(TOPIC, STOPPED + session.bytes)
        origin, details = Origin(None, caller.request_id), {"session": str(session)}
        await audit.record(transaction, "user.refresh_reused", origin, subject=user, details=details, now=now)

    async def _come_back(self, transaction: Transaction, user_id: UUID, now: datetime) -> None:
        """Raises WrongCredentials when it is too late for that."""
        if not await closed.come_back(transaction, user_id, now=now):
            raise WrongCredentials()
        await audit.record(transaction, "user.came_back", Origin(user_id, None), subject=user_id, now=now)

    async def _open_session(
        self, transaction: Transaction, user: User, password_hash: str, device: str | None, now: datetime
    ) -> RefreshedTokens:
        session = await repository.insert_session(
            transaction, user_id=user.id, password_hash=password_hash, device=device, now=now
        )
        if session is None:
            raise WrongCredentials()
        data = {"session": session.id, "device": session.device, "at": now}
        await streams.append(transaction, streams.user_stream(user.id), "device.signed_in", data)
        return await self._pair(transaction, user, session.id, now)

    async def _rotate(
        self, transaction: Transaction, state: RefreshState, digest: bytes, now: datetime
    ) -> RefreshedTokens:
        await repository.spend_refresh_token(transaction, digest, now)
        await repository.drop_expired_refresh_tokens(transaction, state.session_id, now)
        await repository.touch_session(transaction, state.session_id, now)
        return await self._pair(transaction, state.user, state.session_id, now)

    async def _pair(self, transaction: Transaction, user: User, session_id: UUID, now: datetime) -> RefreshedTokens:
        refresh = new_refresh_token()
        await repository.insert_refresh_token(
            transaction,
            digest=refresh.digest,
            session_id=session_id,
            now=now,
            expires_at=now + self._refresh_lifetime,
        )
        standing = await self._gate.standing(transaction, user.id, now=now)
        access = self._tokens.issue(
            user_id=user.id,
            session_id=session_id,
            email=user.email,
            user_type=user.user_type,
            premium=standing.premium,
            consent=standing.consent,
        )
        return RefreshedTokens(
            access_token=access,
            refresh_token=refresh.text,
            expires_in=int(self._tokens.access_lifetime.total_seconds()),
            refresh_expires_in=int(self._refresh_lifetime.total_seconds()),
        )


def _guessed_at(key: str) -> str:
    """Whose guesses are counted together, without the e-mail itself in it."""
    return f"account:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _usable(state: RefreshState, now: datetime) -> bool:
    revoked = state.revoked_at is not None or state.refresh_revoked_at is not None
    return not revoked and state.is_active and state.expires_at > now
