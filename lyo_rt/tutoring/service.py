"""A tutor turn: begun once however often it is asked, written under a lease, ended once, told in the log."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import msgspec

from lyo_rt import frames, leases, streams
from lyo_rt.database.pool import Database, Queries, Transaction
from lyo_rt.language_models.tasks import Style, Turn
from lyo_rt.leases import Lease
from lyo_rt.problems import Conflict, NotFound, Problem
from lyo_rt.tutoring import repository
from lyo_rt.tutoring.records import KIND, Begun, MessageRecord, TurnContext

CONCERNING = frozenset({"self_harm", "abuse"})
"""Flags after which the tutor speaks with more care in the whole conversation."""


async def begin_turn(
    transaction: Transaction, *, user: UUID, conversation: UUID, id: UUID, text: str, owner: int | None
) -> tuple[Begun, Lease | None]:
    """Store the question and an answer to be written; the lease is `owner`'s if given.

    The same `id` again gives what it began the first time, and no lease. Raises NotFound for a conversation that is
    not the user's, Conflict while another answer is being written or when the id belongs to another message.
    """
    if not await repository.lock_conversation(transaction, conversation, user):
        raise NotFound("There is no such conversation.")
    if known := await repository.get_message(transaction, id):
        return await _begun_before(transaction, conversation, known, text), None
    if await repository.writing(transaction, conversation):
        raise Conflict("The tutor is still answering; stop that answer or wait for its end.")
    question = await repository.add_message(transaction, conversation, id, "user", text, "complete", None)
    await _tell_message(transaction, conversation, question)
    return await _begin_answer(transaction, conversation, id, owner)


async def begin_again(
    transaction: Transaction, *, user: UUID, conversation: UUID, owner: int | None
) -> tuple[Begun, Lease | None]:
    """Another answer to the newest question; the former one is marked superseded.

    Raises NotFound for a stranger's or an empty conversation, Conflict while an answer is being written.
    """
    if not await repository.lock_conversation(transaction, conversation, user):
        raise NotFound("There is no such conversation.")
    if await repository.writing(transaction, conversation):
        raise Conflict("The tutor is still answering; stop that answer or wait for its end.")
    former = await transaction.fetchrow(
        """
        UPDATE messages SET status = 'superseded' WHERE id = (
            SELECT id FROM messages WHERE conversation_id = $1 AND role = 'assistant' ORDER BY position DESC LIMIT 1)
        RETURNING id, answers
        """,
        conversation,
    )
    if former is None:
        raise NotFound("There is no answer to give again.")
    await streams.append(
        transaction, streams.conversation_stream(conversation), "superseded", {"message": str(former["id"])}
    )
    return await _begin_answer(transaction, conversation, former["answers"], owner)


async def request_stop(transaction: Transaction, *, user: UUID, conversation: UUID) -> bool:
    """Ask for the end of the answer being written; False when none is. Raises NotFound for a stranger."""
    if await repository.get_conversation(transaction, conversation, user) is None:
        raise NotFound("There is no such conversation.")
    answer = await repository.writing(transaction, conversation)
    if answer is None or not await leases.request_cancel(transaction, KIND, answer.message):
        return False
    transaction.announce(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, answer.message))
    return True


async def context(queries: Queries, answer: UUID) -> TurnContext | None:
    """What is needed to write the answer; None when it is gone."""
    row = await queries.fetchrow(
        """
        SELECT c.id AS conversation, c.user_id, m.status, m.revision, m.text, c.resource_kind, c.resource_id,
            u.language AS locale, u.learning_style AS style, m.position, q.id AS question, q.position AS asked,
            (SELECT jsonb_agg(jsonb_build_array(f.id, f.kind)) FROM tutor_flags f WHERE f.conversation_id = c.id)
                AS flags
        FROM messages m JOIN conversations c ON c.id = m.conversation_id JOIN users u ON u.id = c.user_id
        JOIN messages q ON q.id = m.answers
        WHERE m.id = $1
        """,
        answer,
    )
    if row is None:
        return None
    members: dict[str, Any] = dict(row)
    position, flags = members.pop("position"), members.pop("flags") or ()
    summary = await repository.get_summary(queries, row["conversation"])
    turns = await queries.fetch(
        """
        SELECT id, role, text, position FROM messages
        WHERE conversation_id = $1 AND position > $2 AND position < $3
          AND status NOT IN ('superseded', 'failed') AND text <> ''
        ORDER BY position
        """,
        row["conversation"],
        summary.position if summary else 0,
        position,
    )
    cipher = queries.cipher
    members["style"] = msgspec.convert(members["style"], Style | None)
    members["text"] = cipher.open(row["text"], repository.TEXT, answer)
    return TurnContext(
        **members,
        concerned=any(cipher.open(kind, repository.FLAG, id) in CONCERNING for id, kind in flags),
        turns=tuple(Turn(turn["role"], cipher.open(turn["text"], repository.TEXT, turn["id"])) for turn in turns),
        positions=tuple(turn["position"] for turn in turns),
        summary=summary,
    )


async def checkpoint(database: Database, lease: Lease, *, revision: int, text: str) -> bool:
    """Store the answer so far; returns whether a stop was requested. Raises LeaseLost."""
    async with database.transaction() as transaction:
        stop = await leases.fence(transaction, lease)
        await repository.set_text(transaction, lease.id, revision=revision, text=text)
    return stop


async def end_turn(
    database: Database,
    lease: Lease,
    conversation: UUID,
    *,
    revision: int,
    text: str,
    status: str,
    model: str | None,
    prompt: str | None,
    problem: Problem | None = None,
) -> None:
    """Store the whole answer with its hash, tell its end, close the lease, in one transaction. Raises LeaseLost.

    A stop that was acknowledged before this counts, also when the answer was complete by then.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    async with database.transaction() as transaction:
        if await leases.fence(transaction, lease) and status == "complete":
            status = "stopped"
        await repository.end_message(
            transaction,
            lease.id,
            revision=revision,
            text=text,
            status=status,
            model=model,
            prompt=prompt,
            problem=problem,
        )
        told = {
            "message": str(lease.id),
            "revision": revision,
            "status": status,
            "length": len(text),
            "sha256": digest,
        }
        if problem is not None:
            told["code"] = problem.code
        await streams.append(transaction, streams.conversation_stream(conversation), frames.END, told)
        await leases.close(transaction, lease)


async def _begun_before(queries: Queries, conversation: UUID, known: MessageRecord, text: str) -> Begun:
    answer = await repository.answer_to(queries, known.id)
    if answer is None or await repository.conversation_of(queries, known.id) != conversation or known.text != text:
        raise Conflict("This message id has been used for another message; take a new one.")
    return Begun(conversation, known.id, answer.id, answer.status, new=False)


async def _begin_answer(
    transaction: Transaction, conversation: UUID, question: UUID, owner: int | None
) -> tuple[Begun, Lease]:
    answer = await repository.add_message(transaction, conversation, uuid4(), "assistant", "", "writing", question)
    assert answer is not None  # noqa: S101  (INSERT ... RETURNING of one row)
    await _tell_message(transaction, conversation, answer)
    lease = await leases.create(transaction, KIND, answer.id, owner=owner, subject=conversation)
    return Begun(conversation, question, answer.id, answer.status, new=True), lease


async def _tell_message(transaction: Transaction, conversation: UUID, message: MessageRecord | None) -> None:
    if message is not None:
        await streams.append(
            transaction, streams.conversation_stream(conversation), "message", msgspec.to_builtins(message)
        )
