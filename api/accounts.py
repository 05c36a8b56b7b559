"""Accounts, put together: who may come in, and what they may do about their own way in."""

from dataclasses import dataclass
from datetime import timedelta

from lyo_rt.accounts.leaving import Leaving
from lyo_rt.accounts.mailed_links import AccountMail
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


def open_accounts(
    settings: Settings, database: Database, broadcast: Broadcast, clock: Clock, keys: KeyRing, limits: Limits
) -> AccountParts:
    """Over one set of keys, passwords and revocations; nothing runs yet."""
    access = timedelta(minutes=settings.jwt_access_token_expire_minutes)
    refresh = timedelta(days=settings.jwt_refresh_token_expire_days)
    mail = AccountMail(Outbox(MailedTokens(keys, clock), clock), clock)
    passwords = Passwords()
    revocations = Revocations(database, broadcast, clock, access_lifetime=access)
    tokens = Tokens(keys, clock, access_lifetime=access)
    return AccountParts(
        Accounts(database, tokens, passwords, clock, revocations, mail, limits, refresh_lifetime=refresh),
        Verification(database, mail, clock),
        PasswordChanges(database, passwords, mail, revocations, clock),
        SignedInDevices(database, revocations, clock, access_lifetime=access, refresh_lifetime=refresh),
        Leaving(database, passwords, revocations, clock, cool_off=timedelta(days=settings.erasure_cool_off_days)),
    )
