"""The measurements in order, each on ours and on the opponent in turn, and the lines they make."""

import os
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from bench import ceiling, measures, rounds, sdk_loop
from bench.extent import Extent
from bench.figures import Fault, Figures, Line, Measure, Reference, middle, quantile
from bench.ground import free_port, ground
from bench.machine import cores
from bench.opponent import opponent
from bench.product import Product, product
from bench.side import Ground, Side, pinned
from bench.wire import NotDone

FANNED = 1000
BESIDE_ROUNDS = 3
CONNECTING_ROUNDS = 3

Round = Callable[[Side], Coroutine[Any, Any, Figures]]


class Contest:
    """One run: what is said of it while it goes on, and what it has found."""

    def __init__(self, extent: Extent, say: Callable[[str], None]) -> None:
        self._extent = extent
        self._say = say
        self._server_core, self._load_core = cores()
        self.lines: list[Line] = []
        self.references: list[Reference] = []
        self.faults: list[Fault] = []

    def run(self, folder: Path) -> None:
        """Everything. Raises what keeps a side from doing its job."""
        with ground(folder, ["--tokens", str(self._extent.tokens)]) as stands:
            with product(stands, free_port()) as ours:
                self._kick_off(stands, ours)
                with opponent(stands, free_port(), ours.user) as theirs:
                    self._live(stands, ours, theirs)
            self._idle(stands)
        self._bare()

    def _kick_off(self, stands: Ground, ours: Side) -> None:
        """Nothing is pinned: the opponent's workers may use both cores."""
        extent, mine, tried = self._extent, list[Figures](), list[Figures]()
        for workers in extent.celery:
            theirs = list[Figures]()
            with opponent(stands, free_port(), ours.user, workers=workers) as other:
                for _ in range(extent.rounds):
                    mine += self._done("courses kicked off", ours, rounds.courses(ours, extent))
                    what = f"courses kicked off with {workers} Celery workers"
                    theirs += self._done(what, other, rounds.courses(other, extent))
            tried += [middle(theirs)] if theirs else []
        # A deployment has one count of workers: the one with which the courses are ready first. With 2 the last
        # learner waits 18 s for the first sign of work, and the few events there are find an idle web process.
        chosen = sorted(tried, key=lambda found: found[measures.ALL_DONE.title])[:1]
        self._compare("kick-off", measures.KICK_OFF, mine, chosen)

    def _live(self, stands: Ground, ours: Side, theirs: Side) -> None:
        """The server alone on its core, the load and all else on the other."""
        extent = self._extent
        os.sched_setaffinity(0, {self._load_core})
        try:
            for count in extent.watchers:
                self._both(
                    f"{count:,} watchers, each of a task of its own",
                    measures.WATCHERS,
                    stands,
                    (ours, theirs),
                    partial(rounds.watchers, stands=stands, extent=extent, count=count, load_core=self._load_core),
                )
            self._fan_out(stands, ours, theirs)
            self._both(
                f"tutor, {extent.learners} learners at 25 tokens a second",
                measures.TUTOR,
                stands,
                (ours, theirs),
                partial(rounds.tutor, extent=extent),
            )
            self._beside_sdk(stands, ours, theirs)
            self._connecting(stands, ours, theirs)
        finally:
            os.sched_setaffinity(0, {self._server_core, self._load_core})

    def _fan_out(self, stands: Ground, ours: Side, theirs: Side) -> None:
        found: dict[str, list[Figures]] = {"session": [], "simple": [], "theirs": []}
        for _ in range(self._extent.fan_out_rounds):
            for name, side in (("session", ours), ("simple", ours), ("theirs", theirs)):
                found[name] += self._round(
                    f"one event to {FANNED:,} sockets",
                    stands,
                    side,
                    partial(
                        rounds.fan_out,
                        stands=stands,
                        sockets=FANNED,
                        count=self._extent.fan_out_events,
                        sessions=name == "session",
                    ),
                )
        self._compare(f"one event to {FANNED:,} sessions", measures.FAN_OUT, found["session"], found["theirs"])
        self._compare(f"one event to {FANNED:,} simple doors", measures.FAN_OUT, found["simple"], found["theirs"])

    def _beside_sdk(self, stands: Ground, ours: Side, theirs: Side) -> None:
        """In turn, several times: what is looked for is less than what one hiccup of the machine costs."""
        few, tokens = self._extent.few, self._extent.tokens
        found, bare = {ours: list[Figures](), theirs: list[Figures]()}, list[Figures]()
        group = f"tutor, {few} learners at 25 tokens a second"
        for _ in range(BESIDE_ROUNDS):
            self._say(f"the SDK's bare loop over {few} answers")
            loop = sdk_loop.measured(stands.provider, learners=few, tokens=tokens, core=self._server_core)
            bare.append({"p50": 1000 * loop.p50, "p99": 1000 * loop.p99})
            for side, figures in found.items():
                served = partial(rounds.served_tokens, extent=self._extent, bare=loop)
                figures += self._round(group, stands, side, served)
        self._compare(group, measures.BESIDE_SDK, found[ours], found[theirs])
        for name, value in middle(bare).items():
            self.references.append(Reference(f"the SDK's bare loop over {few} answers, a token, {name}", "ms", value))

    def _connecting(self, stands: Ground, ours: Side, theirs: Side) -> None:
        """In turn, several times: a round takes a second or two, and a busy machine slows down one of them."""
        found = {ours: list[Figures](), theirs: list[Figures]()}
        for _ in range(CONNECTING_ROUNDS):
            for side, figures in found.items():
                comes = partial(rounds.connects, extent=self._extent)
                figures += self._round("authenticated sessions", stands, side, comes)
        self._compare("authenticated sessions", measures.CONNECTING, found[ours], found[theirs])

    def _idle(self, stands: Ground) -> None:
        """Servers of their own: what earlier work left in the heap is not a session's."""
        extent = self._extent
        with product(stands, free_port()) as ours:
            mine = self._done("idle sessions", ours, rounds.idle(ours, extent))
            user = ours.user
        with opponent(stands, free_port(), user) as theirs:
            other = self._done("idle sessions", theirs, rounds.idle(theirs, extent))
        named = (measures.SESSION_KIB, measures.CROWDED_MIB)[: 2 if extent.crowded else 1]
        self._compare(f"{extent.idle:,} authenticated idle sessions", named, mine, other)

    def _bare(self) -> None:
        for kind in ("websockets", "uvicorn"):
            with ceiling.bare(kind, free_port(), self._server_core) as (address, server):
                self._say(f"bare {kind}")
                echoed = uvloop.run(ceiling.echo(address, server, sockets=50, seconds=self._extent.bare_seconds))
                self.references.append(Reference(f"bare {kind}, echo over 50 sockets", "a core second", echoed))
                if kind == "websockets":
                    sending = ceiling.broadcast(address, server, sockets=FANNED, events=self._extent.fan_out_events)
                    rate, whole = uvloop.run(sending)
                    title = f"bare {kind}, one message to {FANNED:,} sockets"
                    self.references.append(Reference(title, "a core second", rate))
                    self.references.append(Reference(f"{title}, p50", "ms", quantile(whole, 0.5) * 1000))

    def _both(
        self, group: str, named: Sequence[Measure], stands: Ground, sides: tuple[Side, Side], measure: Round
    ) -> None:
        ours, theirs = (self._round(group, stands, side, measure) for side in sides)
        self._compare(group, named, ours, theirs)

    def _round(self, what: str, stands: Ground, side: Side, measure: Round) -> list[Figures]:
        with pinned(side, stands, self._server_core, self._load_core):
            return self._done(what, side, measure(side))

    def _done(self, what: str, side: Side, measuring: Coroutine[Any, Any, Figures]) -> list[Figures]:
        """What was found, or nothing where the side did not do its job: the run goes on, the line does not pass."""
        self._say(f"{what}, {side.name}")
        try:
            found = uvloop.run(measuring)
        except (NotDone, TimeoutError, OSError, ExceptionGroup) as fault:
            text = f"{what}, {side.name}: {type(fault).__name__}: {fault}"
            self.faults.append(Fault(isinstance(side, Product), text))
            return []
        if (share := found.pop(rounds.LOAD, None)) is not None:
            self.references.append(Reference(f"the load itself, {what}, {side.name}", "% of a core", share))
        return [found]

    def _compare(
        self, group: str, named: Sequence[Measure], ours: Sequence[Figures], theirs: Sequence[Figures]
    ) -> None:
        mine, other = (middle(found) if found else {} for found in (ours, theirs))
        for each in named:
            self.lines.append(
                Line(
                    group=group,
                    title=each.title,
                    unit=each.unit,
                    best=each.best,
                    ours=mine.get(each.title),
                    theirs=other.get(each.title),
                    bar=each.bar,
                    limit=each.limit,
                )
            )
