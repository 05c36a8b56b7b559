"""The SQL of accounts: one statement per function."""

from datetime import date, datetime
from uuid import UUID, uuid4

import msgspec

from lyo_rt.accounts.records import Credentials, NewSession, Recipient, RefreshState, Role, SignedInDevice, User
from lyo_rt.database.pool import Queries, many, one
from lyo_rt.security.tokens import Consent

USER = "id, email, full_name, user_type, created_at"
RECIPIENT = "id, email, full_name, language, is_verified"


async def insert_user(
    database: Queries,
    *,
    email: str,
    email_key: str,
    password_hash: str,
    full_name: str,
    language: str = "en",
    birth_date: date | None = None,
    consent: Consent = "none_needed",
    consent_due_at: datetime | None = None,
    now: datetime,
) -> User | None:
    """The new learner, or None when the e-mail is taken."""
    id = uuid4()
    row = await database.fetchrow(
        f"""
        INSERT INTO users (email, email_key, password_hash, full_name, created_at, updated_at, language, id,
            birth_date, consent, consent_due_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (email_key) DO NOTHING
        RETURNING {USER}
        """,  # noqa: S608 - a constant list of columns
        email,
        email_key,
        password_hash,
        full_name,
        now,
        language,
        id,
        None if birth_date is None else database.cipher.seal(birth_date.isoformat(), "users.birth_date", id),
        consent,
        consent_due_at,
    )
    return one(User, row)


async def find_credentials(database: Queries, email_key: str) -> Credentials | None:
    """What a login with this e-mail is checked against."""
    row = await database.fetchrow(
        f"SELECT {USER}, password_hash, is_active, erase_at FROM users WHERE email_key = $1",  # noqa: S608 - constant columns
        email_key,
    )
    if row is None:
        return None
    found = dict(row)
    return msgspec.convert({**found, "user": found}, Credentials)


async def insert_session(
    database: Queries, *, user_id: UUID, password_hash: str, device: str | None, now: datetime
) -> NewSession | None:
    """A new signed-in device, or None when the learner is gone, no longer active, or has another password by now.

    What a child's device calls itself is not kept before a parent has agreed.

    Whoever suspends them or changes the password at this moment is waited for; or they wait, and sign this device out
    too.
    """
    row = await database.fetchrow(
        """
        INSERT INTO auth_sessions (user_id, device, created_at, last_used_at)
        SELECT id, CASE WHEN consent <> 'pending' THEN $2 END, $3, $3
        FROM users WHERE id = $1 AND is_active AND password_hash = $4 FOR SHARE
        RETURNING id, device
        """,
        user_id,
        device,
        now,
        password_hash,
    )
    return one(NewSession, row)


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


async def revoke_sessions(
    database: Queries, user_id: UUID, reason: str, *, only: UUID | None = None, but: UUID | None = None
) -> list[UUID]:
    """Sign devices of the learner out: no token of them, of either kind, is good any more; those that were signed in.

    The moment is the database's: other instances read what was revoked since, by that clock.
    """
    rows = await database.fetch(
        """
        UPDATE auth_sessions SET revoked_at = clock_timestamp(), revoked_for = $2
        WHERE user_id = $1 AND revoked_at IS NULL AND id = coalesce($3, id) AND id IS DISTINCT FROM $4
        RETURNING id
        """,
        user_id,
        reason,
        only,
        but,
    )
    return [row["id"] for row in rows]


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


async def changed_roles(queries: Queries, seconds: float) -> list[Role]:
    """The roles that were given or taken away in the last so many seconds."""
    rows = await queries.fetch(
        """
        SELECT id AS user_id, user_type, role_changed_at AS changed_at FROM users
        WHERE role_changed_at > clock_timestamp() - make_interval(secs => $1)
        """,
        seconds,
    )
    return many(Role, rows)


async def list_sessions(
    queries: Queries,
    user_id: UUID,
    *,
    present: UUID,
    refreshed_since: datetime,
    accessed_since: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[SignedInDevice]:
    """The learner's sessions that are not signed out and were used since then, or since a later moment where they
    cannot be refreshed; the newest first, behind `after`."""
    rows = await queries.fetch(
        """
        SELECT id, device, created_at, last_used_at, id = $2 AS current FROM auth_sessions
        WHERE user_id = $1 AND revoked_at IS NULL
          AND last_used_at > CASE WHEN refresh_revoked_at IS NULL THEN $3::timestamptz ELSE $4 END
          AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $7
        """,
        user_id,
        present,
        refreshed_since,
        accessed_since,
        *(after or (None, None)),
        limit,
    )
    return many(SignedInDevice, rows)


async def find_recipient(
    queries: Queries, *, email_key: str | None = None, user_id: UUID | None = None
) -> Recipient | None:
    """Whom mails go to, of the active account with this e-mail or this id; nobody else changes it meanwhile."""
    row = await queries.fetchrow(
        f"""
        SELECT {RECIPIENT} FROM users WHERE (email_key = $1 OR id = $2) AND is_active FOR NO KEY UPDATE
        """,  # noqa: S608 - a constant list of columns
        email_key,
        user_id,
    )
    return one(Recipient, row)


async def verify_email(queries: Queries, user_id: UUID, email_key: str, *, now: datetime) -> bool:
    """The address is the learner's; whether it still is theirs, and they are active."""
    found = await queries.fetchval(
        """
        UPDATE users SET is_verified = true, updated_at = $3 WHERE id = $1 AND email_key = $2 AND is_active
        RETURNING true
        """,
        user_id,
        email_key,
        now,
    )
    return bool(found)


async def find_password_hash(queries: Queries, user_id: UUID) -> str | None:
    """The password of an active learner, hashed."""
    hashed: str | None = await queries.fetchval("SELECT password_hash FROM users WHERE id = $1 AND is_active", user_id)
    return hashed


async def reset_password(
    queries: Queries, user_id: UUID, email_key: str, password_hash: str, *, now: datetime
) -> Recipient | None:
    """A new password for who reads the mails to this address; None when it is not theirs or they are not active."""
    row = await queries.fetchrow(
        f"""
        UPDATE users SET password_hash = $3, is_verified = true, updated_at = $4
        WHERE id = $1 AND email_key = $2 AND is_active RETURNING {RECIPIENT}
        """,  # noqa: S608 - a constant list of columns
        user_id,
        email_key,
        password_hash,
        now,
    )
    return one(Recipient, row)


async def change_password(
    queries: Queries, user_id: UUID, former: str, password_hash: str, *, now: datetime
) -> Recipient | None:
    """Another password in place of `former`; None when that is not the learner's any more, or they are not active."""
    row = await queries.fetchrow(
        f"""
        UPDATE users SET password_hash = $3, updated_at = $4
        WHERE id = $1 AND password_hash = $2 AND is_active RETURNING {RECIPIENT}
        """,  # noqa: S608 - a constant list of columns
        user_id,
        former,
        password_hash,
        now,
    )
    return one(Recipient, row)


async def insert_forgotten(queries: Queries, email_key: str, *, now: datetime) -> None:
    """Somebody asks for another password, with this e-mail."""
    await queries.execute("INSERT INTO forgotten_passwords (email_key, created_at) VALUES ($1, $2)", email_key, now)


async def take_forgotten(queries: Queries) -> str | None:
    """The e-mail that waits longest, and it waits no more; None when there is none that nobody else is at."""
    email_key: str | None = await queries.fetchval(
        """
        DELETE FROM forgotten_passwords WHERE id =
            (SELECT id FROM forgotten_passwords ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING email_key
        """
    )
    return email_key
