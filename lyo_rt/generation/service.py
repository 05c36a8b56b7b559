"""What is true of a task: kicked off once, every step stored once behind the fence, progress that never goes back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from lyo_rt import leases, streams
from lyo_rt.database.pool import Queries, Transaction, many, one
from lyo_rt.generation.records import KIND, Step, TaskRecord, Work
from lyo_rt.language_models.port import Written
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.leases import Lease

_TASK = """id AS task_id, kind, state, progress_pct AS "progressPct", message, result_id AS "resultId",
    provisional_course_id, created_at AS "createdAt", updated_at AS "updatedAt" """


async def create(
    transaction: Transaction, *, id: UUID, user: UUID, course: UUID, brief: CourseBrief, owner: int | None
) -> Lease:
    """A task that is PENDING, its lease (held by `owner` if given), and the first event of its stream."""
    row = await transaction.fetchrow(
        f"""
        INSERT INTO tasks (id, user_id, kind, message, provisional_course_id, request)
        VALUES ($1, $2, 'course', 'Waiting to start', $3, $4) RETURNING {_TASK}
        """,  # noqa: S608  (a constant)
        id,
        user,
        course,
        msgspec.to_builtins(brief),
    )
    lease = await leases.create(transaction, KIND, id, owner=owner)
    await _tell(transaction, one(TaskRecord, row))
    return lease


async def get(queries: Queries, id: UUID) -> TaskRecord | None:
    """The task of this id, whoever's it is."""
    return one(TaskRecord, await queries.fetchrow(f"SELECT {_TASK} FROM tasks WHERE id = $1", id))  # noqa: S608


async def get_own(queries: Queries, id: UUID, user: UUID) -> TaskRecord | None:
    """The user's task of this id; a stranger's is None."""
    row = await queries.fetchrow(f"SELECT {_TASK} FROM tasks WHERE id = $1 AND user_id = $2", id, user)  # noqa: S608
    return one(TaskRecord, row)


async def list_own(
    queries: Queries, user: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[TaskRecord]:
    """The user's tasks, newest first, beginning behind `after` (created_at, id)."""
    rows = await queries.fetch(
        f"""
        SELECT {_TASK} FROM tasks WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
        ORDER BY created_at DESC, id DESC LIMIT $4
        """,  # noqa: S608  (a constant)
        user,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return many(TaskRecord, rows)


async def work(queries: Queries, id: UUID) -> Work | None:
    """What there is to do."""
    return one(
        Work,
        await queries.fetchrow(
            "SELECT user_id, provisional_course_id AS course_id, state, request AS brief FROM tasks WHERE id = $1", id
        ),
    )


async def finished_steps(queries: Queries, id: UUID) -> dict[str, Step]:
    """The steps that are done, by name."""
    rows = await queries.fetch("SELECT step, result::text AS result, written FROM task_steps WHERE task_id = $1", id)
    return {
        row["step"]: Step(row["step"], msgspec.Raw(row["result"].encode()), msgspec.convert(row["written"], Written))
        for row in rows
    }


async def begin(transaction: Transaction, lease: Lease, message: str) -> None:
    """The task is RUNNING under this lease, for the first time or again. Raises LeaseLost."""
    await leases.fence(transaction, lease)
    await _advance(transaction, lease.id, "RUNNING", 0, message)


async def store_step(
    transaction: Transaction, lease: Lease, step: str, result: msgspec.Struct, written: Written
) -> bool:
    """Store a step's result; False, and nothing changed, when it is stored already. Raises LeaseLost."""
    await leases.fence(transaction, lease)
    stored = await transaction.fetchval(
        "INSERT INTO task_steps (task_id, step, result, written) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING RETURNING true",
        lease.id,
        step,
        msgspec.to_builtins(result),
        msgspec.to_builtins(written),
    )
    return bool(stored)


async def advance(transaction: Transaction, lease: Lease, percent: int, message: str) -> None:
    """Tell of progress; behind `store_step` in the same transaction."""
    await _advance(transaction, lease.id, "RUNNING", percent, message)


async def finish(
    transaction: Transaction, lease: Lease, state: str, message: str, *, result: UUID | None = None
) -> None:
    """The one terminal state: DONE with its result, ERROR or CANCELLED; told to its learner too. Raises LeaseLost."""
    await leases.fence(transaction, lease)
    await _advance(transaction, lease.id, state, 100 if state == "DONE" else 0, message, result)
    if ended := await work(transaction, lease.id):
        data = {"task": lease.id, "course": ended.course_id, "state": state}
        await streams.append(transaction, streams.user_stream(ended.user_id), "task.finished", data)
    await leases.close(transaction, lease)


async def request_cancel(transaction: Transaction, id: UUID) -> bool:
    """Ask for the end of a task; returns whether it was still running or waiting."""
    open_ = await leases.request_cancel(transaction, KIND, id)
    if open_:
        transaction.announce(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, id))
    return open_


async def _advance(
    transaction: Transaction, id: UUID, state: str, percent: int, message: str, result: UUID | None = None
) -> None:
    row = await transaction.fetchrow(
        f"""
        UPDATE tasks SET state = $2, progress_pct = greatest(progress_pct, $3), message = $4,
            result_id = coalesce($5, result_id), updated_at = now()
        WHERE id = $1 RETURNING {_TASK}
        """,  # noqa: S608  (a constant)
        id,
        state,
        percent,
        message,
        result,
    )
    await _tell(transaction, one(TaskRecord, row))


async def _tell(transaction: Transaction, task: TaskRecord | None) -> None:
    if task is not None:
        data: dict[str, Any] = msgspec.to_builtins(task.progress)
        await streams.append(transaction, streams.task_stream(task.task_id), "progress", data)
