"""What the tutor's sealed rows hold."""

from typing import Any

from lyo_rt.database.pool import Queries
from lyo_rt.tutoring.repository import FLAG, SUMMARY


async def flags(queries: Queries) -> list[dict[str, Any]]:
    """All flags, their kinds legible."""
    rows = await queries.fetch("SELECT * FROM tutor_flags ORDER BY created_at")
    return [{**row, "kind": queries.cipher.open(row["kind"], FLAG, row["id"])} for row in rows]


async def summary(queries: Queries) -> dict[str, Any] | None:
    """The only summary, if there is one yet, its text legible."""
    row = await queries.fetchrow("SELECT * FROM conversation_summaries")
    if row is None:
        return None
    return {**row, "text": queries.cipher.open(row["text"], SUMMARY, row["conversation_id"])}
