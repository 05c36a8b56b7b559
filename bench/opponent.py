"""The other side: the seeds' stack, from its own virtual environment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID, uuid4

import asyncpg
import msgspec

from bench.processes import ROOT, Program, program
from bench.product import first
from bench.side import SECRET, Ground, Learner, Watched
from bench.stamps import SIZE, age
from bench.wire import Http, WebSocket, connect, publisher

DATABASE = "seeds"
PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class Opponent:
    """A Side."""

    name = "seeds' stack"
    prefix = "/api/v1"
    beat: bytes | None = None  # uvicorn pings by itself

    def __init__(self, ground: Ground, programs: list[Program], port: int, user: UUID) -> None:
        self._ground = ground
        self.programs = programs
        self.address = ("127.0.0.1", port)
        self.user = user

    async def tasks(self, count: int) -> list[UUID]:
        """See Side."""
        made = [uuid4() for _ in range(count)]
        connection = await asyncpg.connect(self._ground.database_url(DATABASE))
        try:
            await connection.executemany(
                "INSERT INTO tasks (id, user_id, idempotency_key, state, progress_pct, message, provisional_course_id) "
                "VALUES ($1, $2, $3, 'RUNNING', 50, 'Working', $1)",
                [(task, self.user, str(task)) for task in made],
            )
        finally:
            await connection.close()
        return made

    async def announce(self, tasks: Sequence[UUID], text: str) -> None:
        """See Side."""
        connection = await asyncpg.connect(self._ground.database_url(DATABASE))
        try:
            await connection.execute("UPDATE tasks SET message = $1 WHERE id = ANY($2)", text, list(tasks))
        finally:
            await connection.close()
        out = await publisher(self._ground.redis_port)
        for task in tasks:
            out.publish(*self.report(task, 0, text))
        await out.close()

    def report(self, task: UUID, seq: int, text: str) -> tuple[bytes, bytes]:  # noqa: ARG002  it has no positions
        """See Side."""
        members = {"state": "RUNNING", "progressPct": 50, "message": text, "resultId": None}
        return f"task:{task}".encode(), msgspec.json.encode(members)

    def reporter(self) -> tuple[list[str], dict[str, str]]:
        """See Side."""
        return [str(PYTHON), "-m", "bench.seeds_stack.reporter"], environment(self._ground)

    async def session(self, learner: Learner, heard: Callable[[bytes], None]) -> WebSocket:
        """See Side. An accepted socket in the dictionary of connections, greeted."""
        greeted: list[bytes] = []
        socket = await connect(self.address, "/api/v1/ws", greeted.append, token=learner.token)
        await first(socket, greeted)
        socket.heard = heard
        return socket

    async def tutor(
        self, learner: Learner, http: Http, heard: Callable[[bytes], None]
    ) -> tuple[WebSocket, Callable[[str], None]]:
        """See Side."""
        made = await http.post("/api/v1/tutor/conversations", {}, learner.headers, status=201)
        socket = await connect(self.address, f"/api/v1/ws/tutor/{made['id']}", heard, token=learner.token)
        return socket, lambda text: socket.send(msgspec.json.encode({"text": text}))

    async def event_ages(self, watched: Sequence[Watched]) -> list[float]:
        """See Side. The worker's messages end with the time."""
        return [age((told.message or "")[-SIZE:], at) for course in watched for at, told in course.frames[1:]]


def environment(ground: Ground) -> dict[str, str]:
    """What every process of the stack is told."""
    return {
        "DATABASE_URL": ground.database_url(DATABASE),
        "REDIS_URL": ground.redis_url(1),
        "CELERY_BROKER_URL": ground.redis_url(2),
        "JWT_SECRET_KEY": SECRET,
        "OPENAI_API_KEY": "bench",
        "OPENAI_BASE_URL": f"{ground.provider}/v1",
    }


@contextmanager
def opponent(ground: Ground, port: int, user: UUID, *, workers: int = 0) -> Iterator[Opponent]:
    """One uvicorn process, and Celery with so many worker processes; none where nothing is generated."""
    told = environment(ground)
    web = [str(PYTHON), "-m", "bench.seeds_stack.serve", str(port)]
    # prefork: with threads the same work took as long, and the kick-offs beside it longer.
    celery = [str(PYTHON), "-m", "celery", "--app", "bench.seeds_stack.worker", "worker", "--pool", "prefork"]
    celery += ["--concurrency", str(workers), "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    with ExitStack() as stack:
        programs = [stack.enter_context(program(web, told, "serving"))]
        if workers:
            programs.append(stack.enter_context(program(celery, told, "worker ready")))
        yield Opponent(ground, programs, port, user)
