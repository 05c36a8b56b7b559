"""What is true of a task: kicked off once, every step stored once behind the fence, progress that never goes back."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from lyo_rt import leases, streams
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.database.pool import Queries, Transaction, many, one
from lyo_rt.generation.records import KIND, Step, TaskRecord, Work
from lyo_rt.language_models.port import Written
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.leases import Lease
from lyo_rt.problems import Problem

_TASK = """id AS task_id, kind, state, progress_pct AS "progressPct", message, result_id AS "resultId",
    provisional_course_id, created_at AS "createdAt", updated_at AS "updatedAt", code, retry_at"""

_PROGRESS = """tasks.state, tasks.progress_pct AS "progressPct", tasks.message, tasks.result_id AS "resultId" """
"""TaskProgress, column by column."""


def create(
    changes: Changes, *, id: UUID, user: UUID, course: UUID, brief: CourseBrief, owner: int | None, behind: str = ONCE
) -> Lease:
    """A task that is PENDING, its lease (held by `owner` if given), and the first event of its stream."""
    _add(changes, "course", id, user, course, msgspec.to_builtins(brief), behind)
    return leases.creating(changes, KIND, id, owner=owner, behind="task")


def create_other(changes: Changes, kind: str, *, id: UUID, user: UUID, owner: int | None) -> Lease:
    """The same for a task that makes no course; `kind` is its lease's too."""
    _add(changes, kind, id, user, None, {}, ONCE)
    return leases.creating(changes, kind, id, owner=owner, behind="task")


def _add(
    changes: Changes, kind: str, id: UUID, user: UUID, course: UUID | None, request: dict[str, Any], behind: str
) -> None:
    changes.add(
        "task",
        f"""
        INSERT INTO tasks (id, user_id, kind, message, provisional_course_id, request)
        SELECT $1, $2, $5, 'Waiting to start', $3, $4 FROM {behind} RETURNING {_PROGRESS}
        """,  # noqa: S608  (constants)
        id,
        user,
        course,
        request,
        kind,
    )
    _tell(changes, id)


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


async def owner_of(queries: Queries, id: UUID) -> UUID | None:
    """Whose task it is."""
    owner: UUID | None = await queries.fetchval("SELECT user_id FROM tasks WHERE id = $1", id)
    return owner


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


def begin(changes: Changes, lease: Lease, message: str) -> None:
    """The task is RUNNING under this lease, for the first time or again; see leases.fencing."""
    leases.fencing(changes, lease)
    _change(changes, lease.id, "RUNNING", 0, message, behind="fence")


def store_step(changes: Changes, lease: Lease, step: str, result: msgspec.Struct, written: Written) -> None:
    """Store a step's result, as the part `step`: it returns nothing when that is stored already; see leases.fencing."""
    leases.fencing(changes, lease)
    changes.add(
        "step",
        "INSERT INTO task_steps (task_id, step, result, written) SELECT $1, $2, $3, $4 FROM fence "
        "ON CONFLICT DO NOTHING RETURNING step",
        lease.id,
        step,
        msgspec.to_builtins(result),
        msgspec.to_builtins(written),
    )


def advance(changes: Changes, id: UUID, percent: int, message: str, *, behind: str = "step") -> None:
    """Tell of progress, as the part `task`."""
    _change(changes, id, "RUNNING", percent, message, behind=behind)


def finish(
    changes: Changes,
    lease: Lease,
    state: str,
    message: str,
    ended: Work | None,
    *,
    result: UUID | None = None,
    problem: Problem | None = None,
) -> None:
    """The one terminal state: DONE with its result, ERROR with its problem, or CANCELLED; told to its learner too; see
    leases.fencing."""
    leases.fencing(changes, lease, close=True)
    _change(changes, lease.id, state, 100 if state == "DONE" else 0, message, result, problem, behind="fence")
    if ended is not None:
        data = {"task": lease.id, "course": ended.course_id, "state": state}
        if problem is not None:
            data["code"] = problem.code
        streams.appending(changes, "finished", streams.user_stream(ended.user_id), "task.finished", data, behind="task")


async def request_cancel(transaction: Transaction, id: UUID) -> bool:
    """Ask for the end of a task; returns whether it was still running or waiting."""
    open_ = await leases.request_cancel(transaction, KIND, id)
    if open_:
        transaction.announce(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, id))
    return open_


async def purge(queries: Queries, *, before: datetime) -> int:
    """Forget tasks that ended before then, what was written for them, and their streams; returns how many."""
    purged: int = await queries.fetchval(
        """
        WITH gone AS (
            DELETE FROM tasks WHERE state IN ('DONE', 'ERROR', 'CANCELLED') AND updated_at < $1 RETURNING id
        ), told AS (
            DELETE FROM stream_events USING gone WHERE stream = 'task:' || gone.id
        ), heads AS (
            DELETE FROM streams USING gone WHERE name = 'task:' || gone.id
        )
        SELECT count(*) FROM gone
        """,
        before,
    )
    return purged


def _change(
    changes: Changes,
    id: UUID,
    state: str,
    percent: int,
    message: str,
    result: UUID | None = None,
    problem: Problem | None = None,
    *,
    behind: str,
) -> None:
    changes.add(
        "task",
        f"""
        UPDATE tasks SET state = $2, progress_pct = greatest(progress_pct, $3::smallint), message = $4,
            result_id = coalesce($5, result_id), code = $6, retry_at = now() + $7::float8 * interval '1 second',
            updated_at = now()
        FROM {behind} WHERE id = $1 RETURNING {_PROGRESS}
        """,  # noqa: S608  (constants)
        id,
        state,
        percent,
        message,
        result,
        problem.code if problem else None,
        problem.retry_after if problem else None,
    )
    _tell(changes, id)


def _tell(changes: Changes, id: UUID) -> None:
    """A task's event is what the part `task` has returned: the four members of TaskProgress."""
    streams.appending(changes, "progress", streams.task_stream(id), "progress", "to_jsonb(task)", behind="task")
