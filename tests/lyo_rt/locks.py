"""Who waits for whom in PostgreSQL."""

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    import asyncpg

    from lyo_rt.database.pool import Database


async def until_someone_waits(watcher: "Database | asyncpg.Connection[asyncpg.Record]", least: int = 1) -> None:
    """Returns once so many connections to this database wait for others' locks."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with anyio.fail_after(10):
        while await watcher.fetchval(waiting) < least:  # noqa: ASYNC110 - PostgreSQL tells nobody of a wait
            await anyio.sleep(0.01)
