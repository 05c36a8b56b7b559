"""An evaluation: learners come in, say their lines one after the other, and every answer is judged."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import httpx

from api.evaluation.dialogues import Script
from api.evaluation.door import Answer, Talk, Unheard
from api.evaluation.judge import Exchange, judged
from api.evaluation.plan import Plan
from api.evaluation.report import Played, Report, Said, report_of
from lyo_rt.client.tokens import Dismissed
from lyo_rt.clock import Clock


class Door(Protocol):
    """A way to a tutor."""

    def talk(self, problem: str) -> AbstractAsyncContextManager[Talk]:
        """A new conversation about the problem of this name. Raises Unheard."""
        ...


class Evaluation:
    """One run."""

    def __init__(self, plan: Plan, scripts: Sequence[Script], door: Door, clock: Clock) -> None:
        self._plan, self._scripts, self._door = plan, scripts, door
        self._began_at, self._began = time.monotonic(), clock.now()
        self._played: dict[tuple[int, int], Played] = {}
        """By the round and the place of the script, so that a report does not depend on who was ready first."""
        self._interrupted = asyncio.Event()
        self._slots = asyncio.Semaphore(plan.parallel)

    def interrupt(self) -> None:
        """End now, with what there is."""
        self._interrupted.set()

    async def run(self, show: Callable[[Report], None]) -> Report:
        """To its end; `show` is called after each dialogue."""
        async with asyncio.TaskGroup() as group:
            playing = [
                group.create_task(self._play(round_, place, show))
                for round_ in range(self._plan.repeat)
                for place in range(len(self._scripts))
            ]
            stop = group.create_task(self._stop(playing))
            await asyncio.wait(playing)
            stop.cancel()
        return self.report()

    def report(self) -> Report:
        """What there is so far."""
        wanted = len(self._scripts) * self._plan.repeat
        played = [self._played[key] for key in sorted(self._played)]
        seconds = round(time.monotonic() - self._began_at, 3)
        phase = "interrupted" if self._interrupted.is_set() else "done" if len(played) == wanted else "playing"
        return report_of(self._plan, played, wanted=wanted, began_at=self._began, seconds=seconds, phase=phase)

    async def _stop(self, playing: Sequence[asyncio.Task[None]]) -> None:
        await self._interrupted.wait()
        for task in playing:
            task.cancel()

    async def _play(self, round_: int, place: int, show: Callable[[Report], None]) -> None:
        async with self._slots:
            self._played[round_, place] = await played(self._scripts[place], self._door)
            show(self.report())


async def played(script: Script, door: Door) -> Played:
    """A dialogue, from its first line to its last; what cannot be begun has no answers."""
    said: list[Said] = []
    fault = ""
    try:
        async with door.talk(script.problem.name) as talk:
            await _converse(script, talk, said)
    except (Unheard, Dismissed, httpx.HTTPError) as refused:
        fault = str(refused) or type(refused).__name__
    missed = [_said(script, place, Answer(None, fault), ()) for place in range(len(said), len(script.dialogue.lines))]
    return Played.of(script, [*said, *missed])


async def _converse(script: Script, talk: Talk, said: list[Said]) -> None:
    heard: list[str] = []
    for place, line in enumerate(script.dialogue.lines):
        answer = await talk.say(line)
        heard.append(line.say)
        said.append(_said(script, place, answer, heard))
        heard.append(answer.text or "")


def _said(script: Script, place: int, answer: Answer, heard: Sequence[str]) -> Said:
    lines = script.dialogue.lines
    is_open = any(line.mood == "right" for line in lines[: place + 1])
    marks = judged(Exchange(script, lines[place], heard, is_open), answer.text)
    return Said.of(lines[place], answer, marks)
