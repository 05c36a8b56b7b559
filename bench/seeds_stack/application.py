"""The web process: FastAPI with the seeds' doors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from uuid import UUID, uuid4

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from openai import AsyncOpenAI, DefaultAioHttpClient
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from bench.seeds_stack.configuration import POOL, PROVIDER, database_url
from bench.seeds_stack.connections import Connections
from bench.seeds_stack.tables import Base, Course, Task
from bench.seeds_stack.tokens import Unauthorized, user_of
from bench.seeds_stack.tutor import Tutor
from bench.seeds_stack.worker import encoded, generate_course, queue

engine = create_async_engine(database_url("asyncpg"), pool_size=POOL, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)
connections = Connections()
tutor = Tutor(sessions)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """The tables, the subscription and the provider's client, while the process serves."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    # The SDK's faster transport: a token is 69 ms late at p99 with 200 learners, 250 over the other one.
    tutor.provider = AsyncOpenAI(**PROVIDER, http_client=DefaultAioHttpClient())
    ready = asyncio.Event()
    listening = asyncio.create_task(connections.run(ready))
    await ready.wait()
    # Connected now, so that the first learner does not wait for it.
    await asyncio.to_thread(_reach_broker)
    yield
    listening.cancel()
    await tutor.provider.close()
    await engine.dispose()


def _reach_broker() -> None:
    with queue.producer_or_acquire() as producer:
        producer.connection.ensure_connection(max_retries=3)


app = FastAPI(lifespan=lifespan)


class GenerateCourse(BaseModel):
    """What a learner asks for (seeds 000 and 002)."""

    topic: str = Field(min_length=2, max_length=200)
    interests: list[str] = Field([], max_length=20)
    level: Literal["beginner", "intermediate", "advanced"] = "beginner"
    locale: str = "en"
    duration: int | None = Field(None, ge=1, le=16)


# A coroutine, though it awaits nothing: FastAPI runs a plain function in a thread, which costs more than the work.
async def current_user(authorization: Annotated[str | None, Header()] = None) -> UUID:
    """The signed-in user, or 401."""
    try:
        return user_of(authorization)
    except Unauthorized as fault:
        raise HTTPException(401, str(fault)) from None


CurrentUser = Annotated[UUID, Depends(current_user)]


@app.post("/api/v1/courses:generate", status_code=202)
async def generate(
    payload: GenerateCourse,
    user: CurrentUser,
    idempotency_key: Annotated[str, Header()],
) -> Response:
    """Store the task, once for each idempotency key, and hand it to Celery."""
    task, course = uuid4(), uuid4()
    # One statement for "is there one, else make it", where the seeds read first and then wrote.
    claim = (
        insert(Task)
        .values(
            id=task,
            user_id=user,
            idempotency_key=idempotency_key,
            state="PENDING",
            progress_pct=0,
            message="Waiting to start",
            provisional_course_id=course,
        )
        .on_conflict_do_nothing()
        .returning(Task.id)
    )
    async with sessions() as session:
        if await session.scalar(claim) is None:
            known = await session.execute(
                select(Task.id, Task.provisional_course_id).where(
                    Task.user_id == user, Task.idempotency_key == idempotency_key
                )
            )
            return _accepted(*known.one())
        session.add(Course(id=course, user_id=user, title=payload.topic))
        await session.commit()
    # Blocks the loop for 0.4 ms; handing it to a thread took longer under load, alone and with 100 at once.
    generate_course.delay(str(task), str(course), payload.model_dump())
    return _accepted(task, course)


def _accepted(task: UUID, course: UUID) -> Response:
    body = orjson.dumps({"task_id": task, "provisional_course_id": course})
    headers = {"Location": f"/api/v1/tasks/{task}", "Retry-After": "1"}
    return Response(body, status_code=202, headers=headers, media_type="application/json")


@app.get("/api/v1/tasks/{task}")
async def read_task(task: UUID, user: CurrentUser) -> Response:
    """Poll a task."""
    found = await _state(task, user)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="application/json")


async def _state(task: UUID, user: UUID) -> bytes | None:
    # Columns instead of the entity: the ORM's bookkeeping for an object that is only shown costs 100 us.
    wanted = select(Task.state, Task.progress_pct, Task.message, Task.result_course_id).where(
        Task.id == task, Task.user_id == user
    )
    async with sessions() as session:
        row = (await session.execute(wanted)).one_or_none()
    return None if row is None else encoded(*row)


@app.websocket("/api/v1/ws/tasks/{task}")
async def watch(socket: WebSocket, task: UUID) -> None:
    """The state at once, then what is published."""
    user = await _admitted(socket)
    if user is None:
        return
    name = str(task)
    # Listening before reading: what is published in between comes twice rather than never.
    connections.add(name, socket)
    try:
        state = await _state(task, user)
        if state is None:
            await socket.close(4404)
            return
        await socket.accept()
        await socket.send_text(state.decode())
        await _until_gone(socket)
    finally:
        connections.remove(name, socket)


@app.websocket("/api/v1/ws")
async def connected(socket: WebSocket) -> None:
    """A learner's connection, kept for notifications."""
    user = await _admitted(socket)
    if user is None:
        return
    name = str(user)
    await socket.accept()
    connections.add(name, socket)
    try:
        await socket.send_text('{"type":"connected"}')
        await _until_gone(socket)
    finally:
        connections.remove(name, socket)


@app.post("/api/v1/tutor/conversations", status_code=201)
async def begin_conversation(_: CurrentUser) -> Response:
    """A conversation exists from its first message on; until then it is a name."""
    return Response(orjson.dumps({"id": uuid4()}), status_code=201, media_type="application/json")


@app.websocket("/api/v1/ws/tutor/{conversation}")
async def converse(socket: WebSocket, conversation: UUID) -> None:
    """Questions in, answers out token by token."""
    user = await _admitted(socket)
    if user is None:
        return
    await socket.accept()
    try:
        while True:
            question = orjson.loads(await socket.receive_text())["text"]
            await tutor.answer(socket, conversation, user, question)
    except WebSocketDisconnect:
        return


async def _admitted(socket: WebSocket) -> UUID | None:
    try:
        return user_of(socket.headers.get("authorization"))
    except Unauthorized:
        await socket.close(4401)
        return None


async def _until_gone(socket: WebSocket) -> None:
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        return


@app.exception_handler(HTTPException)
async def problem(request: Request, fault: HTTPException) -> Response:
    """Seed 002's problem details."""
    body = {
        "type": "about:blank",
        "title": str(fault.detail),
        "status": fault.status_code,
        "instance": request.url.path,
    }
    return Response(orjson.dumps(body), fault.status_code, media_type="application/problem+json")
