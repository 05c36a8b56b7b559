"""The demo learners of a development server."""

from lyo_rt.accounts import repository
from lyo_rt.accounts.rules import email_key
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.security.passwords import Passwords

PASSWORD = "demo"  # noqa: S105 - printed at every start of a development server; production refuses demo data
LEARNERS = (("demo@example.com", "Demo Learner"), ("alex@example.com", "Alex Learner"))


async def seed_demo(database: Database, passwords: Passwords, clock: Clock) -> None:
    """Make sure that the demo learners exist. Those who do stay as they are; several instances may seed at once."""
    for email, full_name in LEARNERS:
        if await repository.find_credentials(database, email_key(email)) is None:
            await repository.insert_user(
                database,
                email=email,
                email_key=email_key(email),
                password_hash=await passwords.hash(PASSWORD),
                full_name=full_name,
                now=clock.now(),
            )
