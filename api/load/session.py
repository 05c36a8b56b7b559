"""What one session does: it follows its learner's stream, and plays its role until it is told to leave."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import httpx

from api.load.observer import Kickoff, Observer, Turn
from api.load.plan import Plan, Role
from api.load.tally import Tally
from lyo_rt.client.client import Client, Refused
from lyo_rt.clock import Clock
from lyo_rt.frames import After, Ask, Generate, Subscribe, Unsubscribe

HELD_OFF_SECONDS = 10.0
"""Who asks too often waits; a problem's Retry-After is not among the members of a reply."""
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

    def __init__(self, plan: Plan, tally: Tally, user: UUID, clock: Clock) -> None:
        self.plan, self.tally, self.user, self.clock = plan, tally, user, clock
        self.over = asyncio.Event()
        """Nothing new is begun any more."""
        self.tasks: list[asyncio.Future[str]] = [
            asyncio.get_running_loop().create_future() for _ in range(plan.tasks)
        ]
        """The stream of each generation, once it has been kicked off."""

    async def rest(self, seconds: float) -> None:
        """So long, or until nothing new is begun any more."""
        if not self.over.is_set():
            await asyncio.wait([asyncio.ensure_future(self.over.wait())], timeout=seconds)


class Session:
    """One session of a run."""

    def __init__(self, scene: Scene, number: int, role: Role, place: int) -> None:
        """`place`: the how manieth of its role it is, from 0."""
        self.role = role
        self.client: SeverableClient | None = None
        self.observer = Observer(scene.tally, scene.clock, one_clock=scene.plan.one_clock)
        self._scene, self._tally, self._number, self._place = scene, scene.tally, number, place
        self._now = asyncio.get_running_loop().time

    async def play(self, client: SeverableClient, http: httpx.AsyncClient) -> None:
        """The role, to its end. Raises Dismissed once the server has said not to come back."""
        await self._follow(f"user:{self._scene.user}")
        match self.role:
            case Role.TASK:
                await self._generate(client)
            case Role.WATCHER:
                await self._follow(await asyncio.shield(self._scene.tasks[self._place % len(self._scene.tasks)]))
            case Role.TUTOR:
                await self._talk(client, http)
            case Role.IDLE:
                pass
