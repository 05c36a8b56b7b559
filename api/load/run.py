"""A run: sessions begin over the ramp, play their roles, are cut now and then, and settle."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count, cycle
from random import SystemRandom

import httpx

from api.load.observer import Observer
from api.load.plan import FAULTS, Plan, Role
from api.load.report import Report, counted, failures_of, harness_of, sessions_of
from api.load.session import Scene, Session, SeverableClient
from api.signing_in import Learner
from lyo_rt.client.client import Refused
from lyo_rt.client.tokens import Dismissed
from lyo_rt.clock import Clock

CONNECTING = 100
"""Handshakes under way at once; the kernel's queue for a listening socket is 100 with Hypercorn's defaults."""
CONNECT_SECONDS = 10.0
"""After so long a session that is not welcomed makes room for the next handshake."""
PROBES_PER_SECOND = 50.0
"""Round trips timed in all; each session at most one in five seconds."""
LEAVING = 200
"""Sessions that leave at once."""
TICK_SECONDS = 0.05


class Load:
    """One run."""

    def __init__(self, plan: Plan, learner: Learner, http: httpx.AsyncClient, clock: Clock) -> None:
        self._plan, self._clock = plan, clock
        self._scene = Scene(plan, learner, http, clock)
        self._tally = self._scene.tally
        self._sessions: list[Session] = []
        self._slots = asyncio.Semaphore(CONNECTING)
        self._interrupted = asyncio.Event()
        self._phase = "connecting"
        self._began_at, self._cpu_at, self._began = time.monotonic(), time.process_time(), clock.now()

    def interrupt(self) -> None:
        """End now, with what there is."""
        self._interrupted.set()
        self._scene.over.set()

    async def run(self, show: Callable[[Report], None], every: float) -> Report:
        """To its end; `show` is called every so many seconds."""
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(work) for work in (self._show(show, every), self._probe(), self._watch_lag())]
            played = await self._ramp(group)
            self._phase = "loading"
            show(self.report())
            killer = group.create_task(self._kill())
            await self._pause(self._plan.duration)
            killer.cancel()
            self._scene.over.set()
            self._phase = "settling"
            await self._settle()
            self._phase = "interrupted" if self._interrupted.is_set() else "done"
            report = self.report()
            for task in beside:
                task.cancel()
            for place in range(0, len(played), LEAVING):
                await _left(played[place : place + LEAVING])
        return report

    def report(self) -> Report:
        """What there is so far."""
        seconds, latencies = time.monotonic() - self._began_at, self._tally.quantiles()
        faults = {name: self._tally.faults[name] for name in FAULTS}
        if self._phase == "done":
            faults["unfinished"] = sum(session.unfinished for session in self._sessions)
            faults["sessions"] = self._plan.sessions - sum(session.observer.up for session in self._sessions)
        return Report(
            addresses=self._plan.addresses,
            options=self._plan,
            began_at=self._began,
            seconds=round(seconds, 3),
            phase=self._phase,
            sessions=sessions_of(self._plan, self._tally, self._sessions, self._began_at),
            counts=counted(self._tally, self._sessions),
            faults=faults,
            closes=_by_code(self._tally.closes),
            failed_tries=_by_code(self._tally.failed_tries),
            refusals=dict(self._tally.refusals),
            latencies_ms=latencies,
            harness=harness_of(self._tally, time.process_time() - self._cpu_at, seconds),
            failures=failures_of(self._plan, faults, latencies),
        )

    async def _ramp(self, group: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Every session has begun, or was about to when the run was interrupted."""
        begun: list[asyncio.Task[None]] = []
        places = {role: count() for role in Role}
        for number, role in enumerate(self._plan.roles()):
            await self._pause(self._began_at + self._plan.ramp * number / self._plan.sessions - time.monotonic())
            while self._slots.locked() and not self._interrupted.is_set():
                await self._pause(TICK_SECONDS)
            if self._interrupted.is_set():
                break
            await self._slots.acquire()
            begun.append(group.create_task(self._live(number, role, next(places[role]))))
        return begun

    async def _live(self, number: int, role: Role, place: int) -> None:
        """One session, until it is cancelled. It has one of the slots, and gives it back once it is connected."""
        at = number % len(self._plan.addresses)
        addresses = self._plan.addresses[at:] + self._plan.addresses[:at]
        observer = Observer(self._tally, self._clock, one_clock=self._plan.one_clock)
        async with SeverableClient(addresses, self._scene.learner.tokens, observer.told, self._plan.codec) as client:
            session = Session(self._scene, client, observer, role, place)
            self._sessions.append(session)
            with suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await observer.welcomed.wait()
            self._slots.release()
            try:
                await session.play()
            except Dismissed:
                session.played = True
            await asyncio.Event().wait()

    async def _settle(self) -> None:
        """Until all that was begun has ended and every session is back, or patience is over."""
        ends_at = time.monotonic() + self._plan.patience
        while not self._interrupted.is_set() and time.monotonic() < ends_at and not self._settled():
            await self._pause(TICK_SECONDS)

    def _settled(self) -> bool:
        begun = len(self._sessions) == self._plan.sessions
        return begun and all(session.played and session.observer.up for session in self._sessions)

    async def _kill(self) -> None:
        while self._plan.kill:
            await asyncio.sleep(1 / self._plan.kill)
            up = [session for session in self._sessions if session.observer.up]
            if up and SystemRandom().choice(up).cut():
                self._tally.counts["cuts"] += 1

    async def _probe(self) -> None:
        """Round trips, of one session after the other."""
        seconds = 1 / min(PROBES_PER_SECOND, self._plan.sessions / 5)
        async with asyncio.TaskGroup() as probes:
            for number in cycle(range(self._plan.sessions)):
                await asyncio.sleep(seconds)
                if number < len(self._sessions) and self._sessions[number].observer.up:
                    probes.create_task(_probed(self._sessions[number]))

    async def _show(self, show: Callable[[Report], None], every: float) -> None:
        while True:
            await asyncio.sleep(every)
            show(self.report())

    async def _watch_lag(self) -> None:
        while True:
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self._tally.lag.add(max(0.0, time.monotonic() - due))

    async def _pause(self, seconds: float) -> None:
        """So long, or until the run is interrupted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._interrupted.wait()


def _by_code(found: Mapping[int, int]) -> dict[str, int]:
    return {str(code): count for code, count in sorted(found.items())}


async def _probed(session: Session) -> None:
    with suppress(Dismissed, Refused):
        await session.probe()


async def _left(sessions: list[asyncio.Task[None]]) -> None:
    for session in sessions:
        session.cancel()
    if sessions:
        await asyncio.wait(sessions)
