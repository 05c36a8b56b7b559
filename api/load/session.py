"""What one session does: it follows its learner's stream and plays its role, until nothing new is begun any more."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar
from uuid import UUID, uuid4

import httpx

from api.load.observer import Kickoff, Observer, Turn
from api.load.plan import Plan, Role
from api.load.tally import Tally
from api.signing_in import Learner
from lyo_rt.client.client import Client, Refused
from lyo_rt.clock import Clock
from lyo_rt.frames import After, Ask, Generate, Unsubscribe

Found = TypeVar("Found")

HELD_OFF_SECONDS = 10.0
"""So long waits who asks too often: the problem in a reply has no Retry-After."""
AWAY_SECONDS = 1.0
QUESTION = "I do not understand this yet; where should I begin, and why?"
NOWHERE = f"task:{UUID(int=0)}"
"""A stream nobody follows: to leave it costs the server no more than the reply."""


class SeverableClient(Client):
    """A client whose network can fail."""

    def sever(self) -> bool:
        """Cut the TCP connection without a word; whether a session had begun on it."""
        if self._session is None:
            return False
        self._session.transport.abort()
        return True


class Scene:
    """What the sessions of a run share."""

    def __init__(self, plan: Plan, learner: Learner, http: httpx.AsyncClient, clock: Clock) -> None:
        self.plan, self.learner, self.http, self.clock = plan, learner, http, clock
        self.tally = Tally()
        self.over = asyncio.Event()
        """Nothing new is begun any more."""
        new: Callable[[], asyncio.Future[str | None]] = asyncio.get_running_loop().create_future
        self.tasks = [new() for _ in range(plan.tasks)]
        """The stream of each generation once it has been kicked off, None if that was refused."""

    async def rest(self, seconds: float) -> None:
        """So long, or until nothing new is begun any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.over.wait()

    async def accepted(self, command: Callable[[], Awaitable[Found]]) -> Found | None:
        """The command's result; None when it was refused. Who is refused for asking too often comes again."""
        while True:
            try:
                return await command()
            except Refused as refused:
                if not self.refused(refused.problem.status, refused.problem.code):
                    return None
            await self.rest(HELD_OFF_SECONDS)

    def refused(self, status: int, code: str) -> bool:
        """Count it; whether to come again."""
        self.tally.refusals[code] += 1
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return not self.over.is_set()
        self.tally.faults["errors"] += 1
        return False


class Session:
    """One session of a run."""

    def __init__(self, scene: Scene, client: SeverableClient, observer: Observer, role: Role, place: int) -> None:
        """`place`: which of those of its role it is, from 0."""
        self.role, self.client, self.observer = role, client, observer
        self.played = False
        """Its role has come to its end."""
        self._scene, self._place = scene, place

    @property
    def unfinished(self) -> bool:
        """Something that it has begun has not ended."""
        begun = (self.observer.turn, self.observer.kickoff)
        return any(one is not None and not one.ended.done() for one in begun)

    async def play(self) -> None:
        """The role, to its end. Raises Dismissed once the server has said not to come back."""
        await self._follow(f"user:{self._scene.learner.user}")
        match self.role:
            case Role.TASK:
                await self._generate()
            case Role.WATCHER:
                stream = await asyncio.shield(self._scene.tasks[self._place % len(self._scene.tasks)])
                if stream is not None:
                    await self._follow(stream)
            case Role.TUTOR:
                await self._talk()
            case Role.IDLE:
                pass
        self.played = True

    def cut(self) -> bool:
        """Sever the connection; whether there was one."""
        if not self.observer.up or not self.client.sever():
            return False
        self.observer.cut()
        return True

    async def probe(self) -> None:
        """Time one round trip; not across a resume. Raises Dismissed."""
        began = monotonic()
        await self.client.call(Unsubscribe(str(uuid4()), NOWHERE))
        if self.observer.up_since <= began:
            self._scene.tally.time("round_trip", monotonic() - began)

    async def _follow(self, stream: str, behind: int | None = None) -> None:
        if behind is not None:
            self.observer.follows(stream, behind)
        after = None if behind is None else After(1, behind)
        state = await self._scene.accepted(lambda: self.client.subscribe(stream, after))
        if state is not None:
            self.observer.joined(state)

    async def _generate(self) -> None:
        kickoff = self.observer.kickoff = Kickoff(monotonic())

        async def kick_off() -> str:
            kickoff.kicked_at = monotonic()
            payload = {"topic": f"How bread rises, {self._place + 1}", "level": "beginner"}
            return f"task:{(await self.client.call(Generate(str(uuid4()), payload)))['task_id']}"

        kickoff.stream = stream = await self._scene.accepted(kick_off)
        self._scene.tasks[self._place].set_result(stream)
        if stream is None:
            self.observer.kickoff = None
            return
        self._scene.tally.counts["tasks_begun"] += 1
        await self._follow(stream, 0)
        await kickoff.ended

    async def _talk(self) -> None:
        conversation = await self._conversation()
        if conversation is None:
            return
        await self._follow(f"conversation:{conversation}", 0)
        while not self._scene.over.is_set():
            await self._ask(conversation)
            await self._scene.rest(self._scene.plan.think)

    async def _ask(self, conversation: UUID) -> None:
        turn = self.observer.turn = Turn(uuid4(), monotonic())

        async def ask() -> bool:
            turn.asked_at = monotonic()
            await self.client.call(Ask(turn.id, conversation, QUESTION))
            return True

        if await self._scene.accepted(ask):
            self._scene.tally.counts["answers_begun"] += 1
            await turn.ended
        self.observer.turn = None

    async def _conversation(self) -> UUID | None:
        """A new one; None when it was refused, or nothing new is begun any more."""
        scene, key = self._scene, str(uuid4())
        address = scene.plan.addresses[self._place % len(scene.plan.addresses)]
        while not scene.over.is_set():
            try:
                token = await scene.learner.tokens.valid(address)
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
                answer = await scene.http.post(
                    f"{address}/v1/tutor/conversations", json={"title": "Load"}, headers=headers
                )
            except httpx.HTTPError:
                await scene.rest(AWAY_SECONDS)
                continue
            if answer.is_success:
                return UUID(answer.json()["id"])
            if not scene.refused(answer.status_code, answer.json()["code"]):
                return None
            await scene.rest(float(answer.headers.get("Retry-After", HELD_OFF_SECONDS)))
        return None
