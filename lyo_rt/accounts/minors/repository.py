"""The SQL of children and their parents: one statement per function."""

from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.accounts.minors.records import Child, ConsentState, Guardian, Outstanding, Purpose, Standing
from lyo_rt.database.pool import Queries, Transaction, one
from lyo_rt.mail.tokens import digest
from lyo_rt.security.tokens import Consent

BIRTH_DATE, ADDRESS, HELD = "users.birth_date", "guardians.email", "age_gates.address"


async def find_standing(queries: Queries, user_id: UUID) -> Standing:
    """What a new access token says of the learner."""
    row = await queries.fetchrow("SELECT is_premium AS premium, consent, birth_date FROM users WHERE id = $1", user_id)
    if row is None:
        return Standing(False, "none_needed", None)
    return msgspec.convert({**row, "birth_date": _opened(queries, row["birth_date"], user_id)}, Standing)


async def is_held(queries: Queries, email_key: str, *, now: datetime) -> bool:
    """Whether a child has registered with this address not long ago."""
    indexes = queries.cipher.indexes(HELD, email_key)
    held = await queries.fetchval("SELECT true FROM age_gates WHERE address = ANY($1) AND until > $2", indexes, now)
    return bool(held)


async def hold(queries: Queries, email_key: str, *, until: datetime) -> None:
    """Nobody registers with this address until then."""
    await queries.execute(
        """
        INSERT INTO age_gates AS kept (address, until) VALUES ($1, $2)
        ON CONFLICT (address) DO UPDATE SET until = greatest(kept.until, excluded.until)
        """,
        queries.cipher.indexes(HELD, email_key)[0],
        until,
    )


async def set_consent(queries: Queries, user_id: UUID, consent: Consent, *, due_at: datetime | None) -> None:
    """A parent's consent is needed, given or no longer needed; pending, it is waited for until `due_at`."""
    await queries.execute("UPDATE users SET consent = $2, consent_due_at = $3 WHERE id = $1", user_id, consent, due_at)


async def find_state(queries: Queries, user_id: UUID) -> ConsentState | None:
    """Whether a parent has agreed, of an active learner."""
    row = await queries.fetchrow(
        """
        SELECT consent, asked_at, consent_due_at AS due_at FROM users LEFT JOIN guardians ON user_id = users.id
        WHERE users.id = $1 AND is_active
        """,
        user_id,
    )
    return one(ConsentState, row)


async def lock_child(transaction: Transaction, user_id: UUID) -> Child | None:
    """The learner, whom nobody else changes until the transaction ends."""
    row = await transaction.fetchrow(
        """
        SELECT id, email, full_name, language, consent, is_active, is_verified, birth_date, created_at FROM users
        WHERE id = $1 FOR NO KEY UPDATE
        """,
        user_id,
    )
    if row is None:
        return None
    return msgspec.convert({**row, "birth_date": _opened(transaction, row["birth_date"], user_id)}, Child)


async def close_account(queries: Queries, user_id: UUID, *, now: datetime) -> None:
    """The account is closed, and due to be erased; nobody takes it back."""
    await queries.execute("UPDATE users SET is_active = false, erase_at = $2 WHERE id = $1", user_id, now)


async def find_guardian(queries: Queries, user_id: UUID) -> Guardian | None:
    """The child's parent, as far as one was named."""
    row = await queries.fetchrow(
        "SELECT user_id, email, language, asked_at, consented_at FROM guardians WHERE user_id = $1", user_id
    )
    if row is None:
        return None
    return msgspec.convert({**row, "email": queries.cipher.open(row["email"], ADDRESS, user_id)}, Guardian)


async def name_guardian(queries: Queries, user_id: UUID, email: str, language: str, *, now: datetime) -> None:
    """Who is asked to agree."""
    await queries.execute(
        """
        INSERT INTO guardians (user_id, email, email_index, language, asked_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, email_index = excluded.email_index,
            language = excluded.language, asked_at = excluded.asked_at
        """,
        user_id,
        queries.cipher.seal(email, ADDRESS, user_id),
        queries.cipher.indexes(ADDRESS, email)[0],
        language,
        now,
    )


async def set_agreed(queries: Queries, user_id: UUID, *, now: datetime) -> None:
    """The parent has agreed, now or before."""
    await queries.execute(
        "UPDATE guardians SET consented_at = coalesce(consented_at, $2) WHERE user_id = $1", user_id, now
    )


async def drop_guardian(queries: Queries, user_id: UUID) -> None:
    """Nobody looks after the learner any more: what is known of their parent is forgotten."""
    await queries.execute(
        "WITH links AS (DELETE FROM guardian_links WHERE user_id = $1) DELETE FROM guardians WHERE user_id = $1",
        user_id,
    )


async def find_outstanding(queries: Queries, user_id: UUID, email: str, *, now: datetime) -> Outstanding:
    """What was mailed to parents about this child, and to this address about others, and is not answered."""
    row = await queries.fetchrow(
        """
        SELECT count(*) AS links, max(created_at) AS newest,
            (SELECT count(*) FROM guardians WHERE email_index = ANY($2) AND user_id <> $1 AND consented_at IS NULL)
                AS others
        FROM guardian_links WHERE user_id = $1 AND purpose = 'agree' AND expires_at > $3
        """,
        user_id,
        queries.cipher.indexes(ADDRESS, email),
        now,
    )
    return one(Outstanding, row) or Outstanding(0, None, 0)


async def children_of(queries: Queries, email: str) -> list[UUID]:
    """Children whose parent has agreed, and reads the mails to this address."""
    rows = await queries.fetch(
        """
        SELECT user_id FROM guardians JOIN users ON users.id = user_id
        WHERE email_index = ANY($1) AND consented_at IS NOT NULL AND is_active ORDER BY user_id
        """,
        queries.cipher.indexes(ADDRESS, email),
    )
    return [row["user_id"] for row in rows]


async def find_sent(queries: Queries, user_id: UUID, *, since: datetime) -> Outstanding:
    """The links to look after the child that were mailed since then."""
    row = await queries.fetchrow(
        """
        SELECT count(*) AS links, max(created_at) AS newest, 0 AS others FROM guardian_links
        WHERE user_id = $1 AND purpose = 'look_after' AND created_at > $2
        """,
        user_id,
        since,
    )
    return one(Outstanding, row) or Outstanding(0, None, 0)


async def keep_link(
    queries: Queries, digest: bytes, purpose: Purpose, user_id: UUID, *, now: datetime, expires_at: datetime
) -> None:
    """One more link that goes to the child's parent."""
    await queries.execute(
        "INSERT INTO guardian_links (digest, purpose, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        digest,
        purpose,
        user_id,
        now,
        expires_at,
    )


async def child_of(queries: Queries, token: str, purposes: tuple[Purpose, ...], *, now: datetime) -> UUID | None:
    """Whose parent a link for one of these purposes was mailed to, while it is good."""
    found: UUID | None = await queries.fetchval(
        "SELECT user_id FROM guardian_links WHERE digest = $1 AND purpose = ANY($2) AND expires_at > $3",
        digest(token),
        list(purposes),
        now,
    )
    return found


async def drop_links(queries: Queries, user_id: UUID, purpose: Purpose) -> int:
    """No link about the child is good for this any more; how many were there."""
    tag = await queries.execute("DELETE FROM guardian_links WHERE user_id = $1 AND purpose = $2", user_id, purpose)
    return int(tag.rpartition(" ")[2])


async def purge(queries: Queries, *, now: datetime) -> int:
    """Forget links that are too old, and addresses that were held long enough; how many."""
    tag = await queries.execute(
        """
        WITH links AS (DELETE FROM guardian_links WHERE expires_at <= $1)
        DELETE FROM age_gates WHERE until <= $1
        """,
        now,
    )
    return int(tag.rpartition(" ")[2])


def _opened(queries: Queries, stored: str | None, user_id: UUID) -> str | None:
    return None if stored is None else queries.cipher.open(stored, BIRTH_DATE, user_id)
