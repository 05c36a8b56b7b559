"""The SQL of conversations and their messages, one statement a function; what was said is sealed (security/encryption).

The hash of a text stands beside it in no table: that of a short one is found by trying.
"""

import hashlib
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from lyo_rt.database.pool import Queries, Row, Transaction
from lyo_rt.problems import Problem
from lyo_rt.tutoring.records import ConversationRecord, MessageRecord, ProblemState, Resource, Summary, Unfinished

_CONVERSATION = "id, title, resource_kind, resource_id, created_at, updated_at"
_MESSAGE = "id, position, role, text, revision, status, model, prompt, answers, created_at, code, retry_at"
TITLE, TEXT, TRIED = "conversations.title", "messages.text", "tutor_problems.tried"
HARM = "harm"
"""Where it is hinted at that a message was flagged."""
SUMMARY, FLAG = "conversation_summaries.text", "tutor_flags.kind"


async def add_conversation(
    queries: Queries, user: UUID, resource: Resource | None, title: str
) -> ConversationRecord | None:
    """A new conversation about `resource`, or about nothing in particular."""
    id = uuid4()
    row = await queries.fetchrow(
        f"""
        INSERT INTO conversations (id, user_id, title, resource_kind, resource_id) VALUES ($1, $2, $3, $4, $5)
        RETURNING {_CONVERSATION}
        """,  # noqa: S608  (a constant)
        id,
        user,
        queries.cipher.seal(title, TITLE, id),
        resource.kind if resource else None,
        resource.id if resource else None,
    )
    return None if row is None else _conversation(queries, row)


async def get_conversation(queries: Queries, id: UUID, user: UUID) -> ConversationRecord | None:
    """The user's conversation of this id; a stranger's is None."""
    row = await queries.fetchrow(
        f"SELECT {_CONVERSATION} FROM conversations WHERE id = $1 AND user_id = $2",  # noqa: S608  (a constant)
        id,
        user,
    )
    return None if row is None else _conversation(queries, row)


async def latest_about(queries: Queries, user: UUID, resource: Resource) -> ConversationRecord | None:
    """The user's most recent conversation about the resource."""
    row = await queries.fetchrow(
        f"""
        SELECT {_CONVERSATION} FROM conversations WHERE user_id = $1 AND resource_kind = $2 AND resource_id = $3
        ORDER BY updated_at DESC LIMIT 1
        """,  # noqa: S608  (a constant)
        user,
        resource.kind,
        resource.id,
    )
    return None if row is None else _conversation(queries, row)


async def list_conversations(
    queries: Queries, user: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[ConversationRecord]:
    """The user's conversations, newest first, beginning behind `after` (created_at, id)."""
    rows = await queries.fetch(
        f"""
        SELECT {_CONVERSATION} FROM conversations
        WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """,  # noqa: S608  (a constant)
        user,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [_conversation(queries, row) for row in rows]


async def delete_conversation(transaction: Transaction, id: UUID) -> None:
    """The conversation and its messages are gone."""
    await transaction.execute("DELETE FROM conversations WHERE id = $1", id)


async def lock_conversation(transaction: Transaction, id: UUID, user: UUID) -> bool:
    """Take the conversation's row until the commit, so that turns begin one after the other; False for a stranger."""
    found = await transaction.fetchval(
        "UPDATE conversations SET updated_at = now() WHERE id = $1 AND user_id = $2 RETURNING true", id, user
    )
    return bool(found)


async def list_messages(queries: Queries, conversation: UUID, *, after: int, limit: int) -> list[MessageRecord]:
    """The messages behind position `after`, in order."""
    rows = await queries.fetch(
        f"""
        SELECT {_MESSAGE} FROM messages WHERE conversation_id = $1 AND position > $2 ORDER BY position LIMIT $3
        """,  # noqa: S608  (a constant)
        conversation,
        after,
        limit,
    )
    return [_message(queries, row) for row in rows]


async def list_newest(queries: Queries, conversation: UUID, *, limit: int) -> list[MessageRecord]:
    """The newest `limit` messages, oldest first."""
    rows = await queries.fetch(
        f"""
        SELECT {_MESSAGE} FROM messages WHERE conversation_id = $1 ORDER BY position DESC LIMIT $2
        """,  # noqa: S608  (a constant)
        conversation,
        limit,
    )
    return [_message(queries, row) for row in reversed(rows)]


async def get_message(queries: Queries, id: UUID) -> MessageRecord | None:
    """The message of this id."""
    row = await queries.fetchrow(f"SELECT {_MESSAGE} FROM messages WHERE id = $1", id)  # noqa: S608  (a constant)
    return None if row is None else _message(queries, row)


async def conversation_of(queries: Queries, message: UUID) -> UUID | None:
    """The conversation a message belongs to."""
    found: UUID | None = await queries.fetchval("SELECT conversation_id FROM messages WHERE id = $1", message)
    return found


async def answer_to(queries: Queries, question: UUID) -> MessageRecord | None:
    """The newest answer to a question."""
    row = await queries.fetchrow(
        f"SELECT {_MESSAGE} FROM messages WHERE answers = $1 ORDER BY position DESC LIMIT 1",  # noqa: S608  (a constant)
        question,
    )
    return None if row is None else _message(queries, row)


async def writing(queries: Queries, conversation: UUID) -> Unfinished | None:
    """The answer being written, if one is."""
    row = await queries.fetchrow(
        "SELECT id AS message, revision, text, status FROM messages WHERE conversation_id = $1 AND status = 'writing'",
        conversation,
    )
    return None if row is None else _unfinished(queries, row)


async def answer(queries: Queries, id: UUID) -> Unfinished | None:
    """An answer's text as stored."""
    row = await queries.fetchrow("SELECT id AS message, revision, text, status FROM messages WHERE id = $1", id)
    return None if row is None else _unfinished(queries, row)


async def add_message(
    transaction: Transaction, conversation: UUID, id: UUID, role: str, text: str, status: str, answers: UUID | None
) -> MessageRecord | None:
    """The next message of the conversation (whose row is locked)."""
    row = await transaction.fetchrow(
        f"""
        INSERT INTO messages (id, conversation_id, position, role, text, status, answers)
        SELECT $1, $2, coalesce(max(position), 0) + 1, $3, $4, $5, $6 FROM messages WHERE conversation_id = $2
        RETURNING {_MESSAGE}
        """,  # noqa: S608  (a constant)
        id,
        conversation,
        role,
        transaction.cipher.seal(text, TEXT, id),
        status,
        answers,
    )
    return None if row is None else _message(transaction, row)


async def set_text(transaction: Transaction, id: UUID, *, revision: int, text: str) -> None:
    """The checkpoint of an answer that is being written."""
    await transaction.execute(
        "UPDATE messages SET text = $2, revision = $3 WHERE id = $1 AND status = 'writing'",
        id,
        transaction.cipher.seal(text, TEXT, id),
        revision,
    )


async def end_message(
    transaction: Transaction,
    id: UUID,
    *,
    revision: int,
    text: str,
    status: str,
    model: str | None,
    prompt: str | None,
    problem: Problem | None,
) -> None:
    """The answer as it will stay, with the problem it failed with if it did."""
    await transaction.execute(
        """
        UPDATE messages SET text = $2, revision = $3, status = $4, model = $5, prompt = $6,
            code = $7, retry_at = now() + $8::float8 * interval '1 second'
        WHERE id = $1 AND status = 'writing'
        """,
        id,
        transaction.cipher.seal(text, TEXT, id),
        revision,
        status,
        model,
        prompt,
        problem.code if problem else None,
        problem.retry_after if problem else None,
    )


async def list_problems(queries: Queries, conversation: UUID) -> list[ProblemState]:
    """The problems the conversation has been about, the newest first."""
    rows = await queries.fetch(
        """
        SELECT problem, question, state, rung, attempts, tried, verdict, begun, credit, counted FROM tutor_problems
        WHERE conversation_id = $1 ORDER BY updated_at DESC, counted DESC LIMIT 50
        """,
        conversation,
    )
    return [_problem(queries, conversation, row) for row in rows]


async def set_problem(transaction: Transaction, conversation: UUID, state: ProblemState) -> None:
    """The problem as it stands once a message has been counted; a later count is never undone."""
    await transaction.execute(
        """
        INSERT INTO tutor_problems AS kept
            (conversation_id, problem, question, state, rung, attempts, tried, verdict, begun, credit, counted)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (conversation_id, problem) DO UPDATE SET state = excluded.state, rung = excluded.rung,
            attempts = excluded.attempts, tried = excluded.tried, verdict = excluded.verdict, begun = excluded.begun,
            credit = excluded.credit, counted = excluded.counted, updated_at = now()
        WHERE kept.counted < excluded.counted
        """,
        conversation,
        state.problem,
        state.question,
        state.state,
        state.rung,
        state.attempts,
        transaction.cipher.seal_document(state.tried, TRIED, conversation, state.problem),
        state.verdict,
        state.begun,
        state.credit,
        state.counted,
    )


async def get_summary(queries: Queries, conversation: UUID) -> Summary | None:
    """The conversation's summary."""
    row = await queries.fetchrow(
        "SELECT position, text FROM conversation_summaries WHERE conversation_id = $1", conversation
    )
    if row is None:
        return None
    return Summary(row["position"], queries.cipher.open(row["text"], SUMMARY, conversation))


async def set_summary(queries: Queries, conversation: UUID, summary: Summary, model: str) -> None:
    """A summary that reaches further than the one before; an older one changes nothing, nor does one of a deleted
    conversation."""
    await queries.execute(
        """
        INSERT INTO conversation_summaries AS kept (conversation_id, position, text, model)
        SELECT id, $2, $3, $4 FROM conversations WHERE id = $1
        ON CONFLICT (conversation_id) DO UPDATE
            SET position = excluded.position, text = excluded.text, model = excluded.model, created_at = now()
        WHERE kept.position < excluded.position
        """,
        conversation,
        summary.position,
        queries.cipher.seal(summary.text, SUMMARY, conversation),
        model,
    )


async def add_flag(
    transaction: Transaction, *, user: UUID, conversation: UUID, message: UUID, kind: str, source: str
) -> None:
    """Harm was seen in a message; flagged once. For a minor with a parent on file it is also the notice to be sent."""
    ids = [UUID(bytes=index[:16], version=4) for index in transaction.cipher.indexes(FLAG, message, source, kind)]
    await transaction.execute(
        """
        INSERT INTO tutor_flags (id, user_id, conversation_id, message_id, kind, source)
        SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (SELECT FROM tutor_flags WHERE id = ANY ($7))
        ON CONFLICT DO NOTHING
        """,
        ids[0],
        user,
        conversation,
        message,
        transaction.cipher.seal(kind, FLAG, ids[0]),
        source,
        ids,
    )
    transaction.announce(HARM, b"")


async def take_untold(transaction: Transaction, *, now: datetime) -> UUID | None:
    """A child with a parent on file, and flags that they were not told of; all of these count as told from now on."""
    child: UUID | None = await transaction.fetchval(
        """
        WITH waiting AS (
            SELECT user_id FROM guardians WHERE consented_at IS NOT NULL AND EXISTS (
                SELECT FROM tutor_flags AS flag WHERE flag.user_id = guardians.user_id AND told_at IS NULL
            ) LIMIT 1 FOR UPDATE SKIP LOCKED
        ), told AS (
            UPDATE tutor_flags AS flag SET told_at = $1 FROM waiting
            WHERE flag.user_id = waiting.user_id AND told_at IS NULL RETURNING flag.user_id
        )
        SELECT user_id FROM told LIMIT 1
        """,
        now,
    )
    return child


def _conversation(queries: Queries, row: Row) -> ConversationRecord:
    return msgspec.convert({**row, "title": queries.cipher.open(row["title"], TITLE, row["id"])}, ConversationRecord)


def _message(queries: Queries, row: Row) -> MessageRecord:
    text = queries.cipher.open(row["text"], TEXT, row["id"])
    digest = None if row["status"] == "writing" else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return msgspec.convert({**row, "text": text, "sha256": digest}, MessageRecord)


def _unfinished(queries: Queries, row: Row) -> Unfinished:
    text = queries.cipher.open(row["text"], TEXT, row["message"])
    return Unfinished(row["message"], row["revision"], text, row["status"])


def _problem(queries: Queries, conversation: UUID, row: Row) -> ProblemState:
    tried = queries.cipher.open_document(row["tried"], TRIED, conversation, row["problem"])
    return msgspec.convert({**row, "tried": tried}, ProblemState)
