"""Accounts, put together: who may come in, and what they may do about their own way in."""

from dataclasses import dataclass
from datetime import timedelta

from lyo_rt.accounts.agreements import Texts
from lyo_rt.accounts.leaving import Leaving
from lyo_rt.accounts.mailed_exports import MailedExports
from lyo_rt.accounts.mailed_links import AccountMail
from lyo_rt.accounts.minors.gate import AgeGate
from lyo_rt.accounts.minors.letters import ParentMail
from lyo_rt.accounts.minors.parents import Parents
from lyo_rt.accounts.password_changes import PasswordChanges
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.accounts.signed_in_devices import SignedInDevices
from lyo_rt.accounts.verification import Verification
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.limits.service import Limits
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.tokens import Tokens
from lyo_rt.settings import Settings


@dataclass(frozen=True)
class AccountParts:
    """The accounts of one instance."""

    accounts: Accounts
    verification: Verification
    password_changes: PasswordChanges
    signed_in_devices: SignedInDevices
    leaving: Leaving
    parents: Parents
    mailed_exports: MailedExports


def open_accounts(
    settings: Settings, database: Database, broadcast: Broadcast, clock: Clock, keys: KeyRing, limits: Limits
) -> AccountParts:
    """Over one set of keys, passwords and revocations; nothing runs yet."""
    access = timedelta(minutes=settings.jwt_access_token_expire_minutes)
    refresh = timedelta(days=settings.jwt_refresh_token_expire_days)
    outbox = Outbox(MailedTokens(keys, clock), clock)
    mail, gate = AccountMail(outbox, clock), AgeGate(required=settings.birth_date_required)
    passwords = Passwords()
    revocations = Revocations(database, broadcast, clock, access_lifetime=access)
    parents = Parents(database, gate, ParentMail(outbox, clock), mail, revocations, clock)
    texts = Texts(settings.terms_version, settings.privacy_version)
    tokens = Tokens(keys, clock, access_lifetime=access)
    return AccountParts(
        Accounts(
            database,
            tokens,
            passwords,
            clock,
            revocations,
            mail,
            limits,
            refresh_lifetime=refresh,
            gate=gate,
            texts=texts,
        ),
        Verification(database, mail, clock),
        PasswordChanges(database, passwords, mail, revocations, clock, parents.remind),
        SignedInDevices(database, revocations, clock, access_lifetime=access, refresh_lifetime=refresh),
        Leaving(database, passwords, revocations, gate, clock, cool_off=timedelta(days=settings.erasure_cool_off_days)),
        parents,
        MailedExports(mail, parents),
    )
