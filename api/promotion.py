"""`lyo-rt users promote`: how a deployment gets its first super admin."""

from contextlib import AsyncExitStack
from datetime import timedelta

from lyo_rt.accounts.administration import repository
from lyo_rt.accounts.administration.service import Administration
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.rules import email_key
from lyo_rt.audit.records import COMMAND_LINE
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.migrate import upgrade
from lyo_rt.database.pool import Database
from lyo_rt.embedded.postgresql import embedded_database
from lyo_rt.problems import NotFound
from lyo_rt.security.tokens import UserType
from lyo_rt.settings import Settings


async def promote(settings: Settings, email: str, role: UserType) -> str:
    """Give the account of this e-mail a role; one line that says so. Running instances know within a second.

    Raises NotFound when there is no such account, Conflict when it is the last super admin's.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = await stack.enter_async_context(embedded_database(settings.lyo_data_dir))
        await upgrade(url)
        broadcast = InProcessBroadcast(clock)
        database = await stack.enter_async_context(Database.open(url, broadcast, pool_max=2))
        user_id = await repository.find_id(database, email_key(email))
        if user_id is None:
            raise NotFound(f"There is no account with the e-mail {email}.")
        lifetime = timedelta(minutes=settings.jwt_access_token_expire_minutes)
        revocations = Revocations(database, broadcast, clock, access_lifetime=lifetime)
        administration = Administration(database, revocations, clock)
        account = await administration.change_role(COMMAND_LINE, user_id, role, reason=None)
        return f"{account.email} is {account.user_type} now."
