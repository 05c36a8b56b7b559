"""The SQL of uploads and stored files, one statement a function."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.media.records import Content, Media, NewMedia

_LOCKS = 0x6D656469  # "medi", beside the one-number locks of instances and migrations
_BATCH = 500

_MEDIA = """media.id, user_id, purpose, course_id, name, media.created_at, object_id, digest, media_type, size, width,
    height"""


async def lock_learner(transaction: Transaction, user: UUID) -> None:
    """One avatar of the learner at a time, until the commit."""
    await transaction.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user)


async def lock_digests(transaction: Transaction, digests: Sequence[bytes]) -> None:
    """References to files of these digests neither come nor go elsewhere until the commit.

    All that one transaction needs in one call: they are taken in one order, so that two never wait for one another.
    """
    keys = sorted({int.from_bytes(digest[:4], "big", signed=True) for digest in digests})
    await transaction.execute("SELECT pg_advisory_xact_lock($1, key) FROM unnest($2::int[]) AS key", _LOCKS, keys)


async def begin_object(queries: Queries, id: UUID, content: Content, *, now: datetime) -> None:
    """A file that is about to be written."""
    await queries.execute(
        """
        INSERT INTO media_objects (id, digest, media_type, size, width, height, state, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'writing', $7)
        """,
        id,
        content.digest,
        content.media_type,
        len(content.data),
        content.width,
        content.height,
        now,
    )


async def kept_object(transaction: Transaction, digest: bytes) -> UUID | None:
    """The file of this digest that uploads refer to; the digest is locked."""
    found: UUID | None = await transaction.fetchval(
        "SELECT id FROM media_objects WHERE digest = $1 AND state = 'kept'", digest
    )
    return found


async def keep_object(transaction: Transaction, id: UUID, *, now: datetime) -> bool:
    """A file that has been written is the one of its digest; False when it has been swept away meanwhile."""
    kept = await transaction.fetchval(
        "UPDATE media_objects SET state = 'kept', changed_at = $2 WHERE id = $1 AND state = 'writing' RETURNING true",
        id,
        now,
    )
    return bool(kept)


async def doom_unused(queries: Queries, id: UUID, *, now: datetime) -> bool:
    """A file that was written, and not needed after all; whether that is so."""
    doomed = await queries.fetchval(
        "UPDATE media_objects SET state = 'doomed', changed_at = $2 WHERE id = $1 AND state = 'writing' RETURNING true",
        id,
        now,
    )
    return bool(doomed)


async def doom_unreferenced(transaction: Transaction, id: UUID, *, now: datetime) -> bool:
    """A kept file goes if no upload refers to it; whether that is so. Its digest is locked."""
    doomed = await transaction.fetchval(
        """
        UPDATE media_objects SET state = 'doomed', changed_at = $2
        WHERE id = $1 AND state = 'kept' AND NOT EXISTS (SELECT FROM media WHERE object_id = $1)
        RETURNING true
        """,
        id,
        now,
    )
    return bool(doomed)


async def doom_abandoned(queries: Queries, *, before: datetime, now: datetime) -> None:
    """Files whose writer has not come back."""
    await queries.execute(
        "UPDATE media_objects SET state = 'doomed', changed_at = $2 WHERE state = 'writing' AND changed_at < $1",
        before,
        now,
    )


async def unreferenced_objects(queries: Queries) -> list[tuple[UUID, bytes]]:
    """Kept files, with their digests, whose uploads went with a learner or a course."""
    rows = await queries.fetch(
        """
        SELECT id, digest FROM media_objects
        WHERE state = 'kept' AND NOT EXISTS (SELECT FROM media WHERE object_id = media_objects.id) LIMIT $1
        """,
        _BATCH,
    )
    return [(row["id"], row["digest"]) for row in rows]


async def doomed_objects(queries: Queries) -> list[UUID]:
    """Files that are to go."""
    rows = await queries.fetch(
        "SELECT id FROM media_objects WHERE state = 'doomed' ORDER BY changed_at LIMIT $1", _BATCH
    )
    return [row["id"] for row in rows]


async def forget_object(queries: Queries, id: UUID) -> None:
    """The doomed file has gone."""
    await queries.execute("DELETE FROM media_objects WHERE id = $1 AND state = 'doomed'", id)


async def add_media(transaction: Transaction, object: UUID, new: NewMedia, *, now: datetime) -> Media:
    """One more reference to a kept file, whose digest is locked."""
    row = await transaction.fetchrow(
        f"""
        WITH added AS (
            INSERT INTO media (user_id, object_id, purpose, course_id, name, created_at)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
        )
        SELECT {_MEDIA.replace("media.", "added.")} FROM added JOIN media_objects ON media_objects.id = object_id
        """,  # noqa: S608  (a constant)
        new.user_id,
        object,
        new.purpose,
        new.course_id,
        new.name,
        now,
    )
    added = one(Media, row)
    assert added is not None  # noqa: S101  (an INSERT of one row)
    return added


async def find_media(queries: Queries, id: UUID) -> Media | None:
    """The upload, whoever asks."""
    row = await queries.fetchrow(
        f"SELECT {_MEDIA} FROM media JOIN media_objects ON media_objects.id = object_id WHERE media.id = $1",  # noqa: S608  (a constant)
        id,
    )
    return one(Media, row)


async def find_avatar(queries: Queries, user: UUID) -> Media | None:
    """The learner's avatar."""
    row = await queries.fetchrow(
        f"""
        SELECT {_MEDIA} FROM media JOIN media_objects ON media_objects.id = object_id
        WHERE user_id = $1 AND purpose = 'avatar'
        """,  # noqa: S608  (a constant)
        user,
    )
    return one(Media, row)


async def remove_media(transaction: Transaction, id: UUID) -> bool:
    """One reference fewer, its digest being locked; False when it had gone already."""
    removed = await transaction.fetchval("DELETE FROM media WHERE id = $1 RETURNING true", id)
    return bool(removed)
