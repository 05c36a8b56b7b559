"""The demo data of a development server: two learners, two finished courses."""

from lyo_rt.accounts.demo import seed_demo
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.security.passwords import Passwords


async def seed_all(database: Database, clock: Clock) -> None:
    """Make sure that the demo data is there; what is there already stays as it is."""
    await seed_demo(database, Passwords(), clock)
