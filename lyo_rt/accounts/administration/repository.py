"""The SQL of administration: one statement per function."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from lyo_rt.accounts.administration.records import Account, AccountSummary, Standing
from lyo_rt.accounts.profiles.repository import PROFILE
from lyo_rt.accounts.records import Role
from lyo_rt.database.pool import Queries, Transaction, many, one
from lyo_rt.security.tokens import UserType


async def list_accounts(
    queries: Queries, *, search: str | None, role: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[AccountSummary]:
    """Accounts, newest first, behind a place; those of a role, and with a text in the e-mail or the name."""
    moment, id = after or (None, None)
    rows = await queries.fetch(
        """
        SELECT id, email, full_name, user_type, created_at, is_active, is_verified, suspended_at FROM users
        WHERE ($1::text IS NULL OR strpos(email_key, lower($1)) > 0 OR strpos(lower(full_name), lower($1)) > 0)
            AND ($2::text IS NULL OR user_type = $2)
            AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $5
        """,
        search,
        role,
        moment,
        id,
        limit,
    )
    return many(AccountSummary, rows)


async def find_account(queries: Queries, user_id: UUID) -> Account | None:
    """An account, active or not."""
    row = await queries.fetchrow(f"SELECT {PROFILE}, suspended_at FROM users WHERE id = $1", user_id)  # noqa: S608
    return one(Account, row)


async def find_id(queries: Queries, email_key: str) -> UUID | None:
    """Whose e-mail it is."""
    found: UUID | None = await queries.fetchval("SELECT id FROM users WHERE email_key = $1", email_key)
    return found


async def lock_standings(transaction: Transaction, user_id: UUID, roles: Collection[UserType]) -> list[Standing]:
    """This account, and all active ones of these roles: nobody else changes them until the transaction ends."""
    rows = await transaction.fetch(
        """
        SELECT id, user_type, is_active FROM users
        WHERE id = $1 OR (user_type = ANY($2) AND is_active)
        ORDER BY id FOR UPDATE
        """,
        user_id,
        list(roles),
    )
    return many(Standing, rows)


async def write_role(transaction: Transaction, user_id: UUID, role: UserType, *, now: datetime) -> Role | None:
    """Give the account this role; None when there is no such account.

    The moment is the database's, and later than the last one: other instances go by it.
    """
    row = await transaction.fetchrow(
        """
        UPDATE users SET user_type = $2, updated_at = $3,
            role_changed_at = greatest(clock_timestamp(), role_changed_at + interval '1 microsecond')
        WHERE id = $1 RETURNING id AS user_id, user_type, role_changed_at AS changed_at
        """,
        user_id,
        role,
        now,
    )
    return one(Role, row)


async def suspend(transaction: Transaction, user_id: UUID, *, now: datetime) -> bool:
    """Nobody signs in as this account any more; False when nobody could anyway. One that its owner has closed is still
    erased when its time comes."""
    done = await transaction.fetchval(
        """
        UPDATE users SET is_active = false, suspended_at = $2, updated_at = $2
        WHERE id = $1 AND (is_active OR erase_at IS NOT NULL) AND suspended_at IS NULL RETURNING true
        """,
        user_id,
        now,
    )
    return bool(done)


async def restore(transaction: Transaction, user_id: UUID, *, now: datetime) -> bool:
    """Lift a suspension; False when there is none."""
    done = await transaction.fetchval(
        """
        UPDATE users SET is_active = erase_at IS NULL, suspended_at = NULL, updated_at = $2
        WHERE id = $1 AND suspended_at IS NOT NULL RETURNING true
        """,
        user_id,
        now,
    )
    return bool(done)


async def revoke_sessions(transaction: Transaction, user_id: UUID, reason: str) -> list[UUID]:
    """Sign all devices of an account out; returns the sessions that were signed in."""
    rows = await transaction.fetch(
        """
        UPDATE auth_sessions SET revoked_at = clock_timestamp(), revoked_for = $2
        WHERE user_id = $1 AND revoked_at IS NULL RETURNING id
        """,
        user_id,
        reason,
    )
    return [row["id"] for row in rows]
