"""The SQL of accounts: one statement per function."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.accounts.records import Credentials, Profile, RefreshState, User
from lyo_rt.database.pool import Queries, one

USER = "id, email, full_name, user_type, created_at"


async def insert_user(
    database: Queries, *, email: str, email_key: str, password_hash: str, full_name: str, now: datetime
) -> User | None:
    """The new learner, or None when the e-mail is taken."""
    row = await database.fetchrow(
        f"""
        INSERT INTO users (email, email_key, password_hash, full_name, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $5)
        ON CONFLICT (email_key) DO NOTHING
        RETURNING {USER}
        """,  # noqa: S608 - a constant list of columns
        email,
        email_key,
        password_hash,
        full_name,
        now,
    )
    return one(User, row)


async def find_credentials(database: Queries, email_key: str) -> Credentials | None:
    """What a login with this e-mail is checked against."""
    row = await database.fetchrow(
        f"SELECT {USER}, password_hash, is_active FROM users WHERE email_key = $1",  # noqa: S608 - constant columns
        email_key,
    )
    if row is None:
        return None
    return Credentials(msgspec.convert(dict(row), User), row["password_hash"], row["is_active"])


async def find_profile(database: Queries, user_id: UUID) -> Profile | None:
    """The profile of a learner who is active."""
    row = await database.fetchrow(
        f"""
        SELECT {USER}, language, learning_style, is_verified, updated_at
        FROM users WHERE id = $1 AND is_active
        """,  # noqa: S608 - a constant list of columns
        user_id,
    )
    return one(Profile, row)


async def is_premium(database: Queries, user_id: UUID) -> bool:
    """Whether the learner may ask more often."""
    return bool(await database.fetchval("SELECT is_premium FROM users WHERE id = $1", user_id))


async def insert_session(database: Queries, *, user_id: UUID, device: str | None, now: datetime) -> UUID | None:
    """A new signed-in device, or None when the learner is gone or no longer active."""
    session: UUID | None = await database.fetchval(
        """
        INSERT INTO auth_sessions (user_id, device, created_at, last_used_at)
        SELECT id, $2, $3, $3 FROM users WHERE id = $1 AND is_active
        RETURNING id
        """,
        user_id,
        device,
        now,
    )
    return session


async def drop_dead_sessions(database: Queries, *, user_id: UUID, unused_since: datetime) -> None:
    """Forget the learner's sessions that nobody has used since, with their refresh tokens."""
    await database.execute("DELETE FROM auth_sessions WHERE user_id = $1 AND last_used_at < $2", user_id, unused_since)


async def insert_refresh_token(
    database: Queries, *, digest: bytes, session_id: UUID, now: datetime, expires_at: datetime
) -> None:
    """One more token of the session's family."""
    await database.execute(
        "INSERT INTO refresh_tokens (digest, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        digest,
        session_id,
        now,
        expires_at,
    )


async def lock_family(database: Queries, digest: bytes) -> None:
    """Let nobody else change the session of this refresh token, or its family, until the transaction ends."""
    await database.execute(
        """
        SELECT FROM auth_sessions
        WHERE id = (SELECT session_id FROM refresh_tokens WHERE digest = $1)
        FOR UPDATE
        """,
        digest,
    )


async def find_refresh_state(database: Queries, digest: bytes) -> RefreshState | None:
    """The refresh token, its session and its learner."""
    row = await database.fetchrow(
        """
        SELECT users.id, email, full_name, user_type, users.created_at, is_active,
            session_id, expires_at, spent_at, revoked_at, refresh_revoked_at
        FROM refresh_tokens
        JOIN auth_sessions ON auth_sessions.id = session_id
        JOIN users ON users.id = user_id
        WHERE digest = $1
        """,
        digest,
    )
    if row is None:
        return None
    found = dict(row)
    return msgspec.convert({**found, "user": found}, RefreshState)


async def spend_refresh_token(database: Queries, digest: bytes, now: datetime) -> None:
    """Mark the token as used."""
    await database.execute("UPDATE refresh_tokens SET spent_at = $2 WHERE digest = $1", digest, now)


async def drop_expired_refresh_tokens(database: Queries, session_id: UUID, now: datetime) -> None:
    """Forget the session's tokens that could not be used any more in any case."""
    await database.execute("DELETE FROM refresh_tokens WHERE session_id = $1 AND expires_at < $2", session_id, now)


async def touch_session(database: Queries, session_id: UUID, now: datetime) -> None:
    """Note that the device has been here."""
    await database.execute("UPDATE auth_sessions SET last_used_at = $2 WHERE id = $1", session_id, now)


async def revoke_refresh(database: Queries, session_id: UUID, now: datetime) -> bool:
    """No token of the family refreshes any more; whether one still did."""
    revoked = await database.fetchval(
        """
        UPDATE auth_sessions SET refresh_revoked_at = $2
        WHERE id = $1 AND refresh_revoked_at IS NULL AND revoked_at IS NULL RETURNING true
        """,
        session_id,
        now,
    )
    return bool(revoked)


async def revoke_session(database: Queries, session_id: UUID, reason: str) -> bool:
    """Sign the device out: no token of it, of either kind, is good any more; whether it was signed in.

    The moment is the database's: other instances read what was revoked since, by that clock.
    """
    revoked = await database.fetchval(
        """
        UPDATE auth_sessions SET revoked_at = clock_timestamp(), revoked_for = $2
        WHERE id = $1 AND revoked_at IS NULL RETURNING true
        """,
        session_id,
        reason,
    )
    return bool(revoked)


async def revoked_sessions(database: Queries, within_seconds: float) -> list[UUID]:
    """The sessions that were signed out in the last so many seconds."""
    rows = await database.fetch(
        "SELECT id FROM auth_sessions WHERE revoked_at > clock_timestamp() - make_interval(secs => $1)",
        within_seconds,
    )
    return [row["id"] for row in rows]


async def stopped_sessions(queries: Queries, seconds: float) -> list[UUID]:
    """Sessions of which a refresh token has been used twice in the last so many seconds."""
    rows = await queries.fetch(
        "SELECT id FROM auth_sessions WHERE refresh_revoked_at > clock_timestamp() - make_interval(secs => $1)",
        seconds,
    )
    return [row["id"] for row in rows]
