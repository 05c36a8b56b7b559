"""The simple door on a direct stream: each change goes from the feed straight to the transport, the latest one wins."""

from collections.abc import Callable
from typing import Any

import anyio
import msgspec

from actors.alarms import Alarm, Alarms
from actors.feeds import Feeds
from api.entrance import Entrance
from api.realtime.direct import DirectStream
from api.realtime.inbound import seen, unread
from api.realtime.pace import Pace
from api.realtime.socket import LINGER_SECONDS, Patience
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.generation.records import TERMINAL, TaskRecord
from lyo_rt.outgoing import TEXT, Outgoing, framed
from lyo_rt.problems import Draining, Problem, TokenExpired
from lyo_rt.security.tokens import Identity
from lyo_rt.streams import StreamEvent, task_stream

ENDED = "the task has ended"


class Watcher:
    """The stream's Peer, and the feed's Sink. What a client has not read when it changes again is left out."""

    def __init__(
        self, stream: DirectStream, feeds: Feeds, pace: Pace, patience: Patience, ended: Callable[["Watcher"], None]
    ) -> None:
        """`ended` is called at the end."""
        self._stream = stream
        self._feeds = feeds
        self._pace = pace
        self._patience = patience
        self._when_ended = ended
        self._topic = ""
        self._shown: dict[str, Any] | None = None
        self._waiting: StreamEvent | None = None
        self._over = False
        self._exits: list[Callable[[], object]] = []

    async def begin(self, task: TaskRecord, entrance: Entrance) -> None:
        """Show the task as it is, and every change from here on. Never raises: what is wrong ends the stream.

        What this one has seen is enough for a moment: those who have seen nothing yet go first.
        """
        self._stream.detach(self)
        self._shown = msgspec.to_builtins(task.progress)
        self._stream.write(framed(TEXT, msgspec.json.encode(task.progress)))
        if task.ended:
            self._end(1000, ENDED)
            return
        self._topic = task_stream(task.task_id)
        await entrance.stand_back()
        try:
            await self._feeds.join(self._topic, self)
        except Exception as error:
            self._fail(seen(error))
        if self._over:
            await self._feeds.leave(self._topic, self)

    def admit(self, who: Identity, seconds: float, revocations: Revocations, alarms: Alarms) -> None:
        """For as long as `who` is signed in: the token ends in `seconds`."""
        watching = revocations.watching(who, self._fail)
        watching.__enter__()
        alarm: Alarm = alarms.at(anyio.current_time() + seconds, lambda: self._fail(TokenExpired()))
        self._exits = [lambda: watching.__exit__(None, None, None), alarm.cancel]

    # -- from the stream

    async def received(self, data: str | bytes) -> None:  # noqa: ARG002
        """See Peer. What a watcher sends means nothing; that it floods does."""
        try:
            self._pace.count()
        except Problem as problem:
            self._fail(problem)

    def gone(self) -> None:
        """See Peer."""
        self._end(1000, "")

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye; returns when the client has gone, or been cut off."""
        self._end(code, reason)
        await self._stream.ended()

    # -- from the feed

    def event(self, event: StreamEvent) -> bool:
        """See Sink."""
        if event.name == "progress" and event.data != self._shown:
            self._shown = None
            if self._waiting is not None or not self._stream.write(event.bare):
                self._wait(event)
            elif event.data["state"] in TERMINAL:
                self._end(1000, ENDED)
        return True

    def unlogged(self, frame: Outgoing) -> None:
        """See Sink; of a task there is none."""

    def ended(self) -> None:
        """See Sink."""
        self._fail(Draining())

    def _wait(self, event: StreamEvent) -> None:
        if self._waiting is None:
            self._stream.task_group.spawn(self._catch_up)
        self._waiting = event

    async def _catch_up(self) -> None:
        while self._waiting is not None and not self._over:
            with anyio.move_on_after(self._patience.write) as waiting:
                await self._stream.drained()
            if waiting.cancelled_caught:
                self._fail(unread(self._patience.write))
            elif self._stream.write(self._waiting.bare):
                event, self._waiting = self._waiting, None
                if event.data["state"] in TERMINAL:
                    self._end(1000, ENDED)

    def _fail(self, problem: Problem) -> None:
        self._end(problem.close_code, problem.detail)

    def _end(self, code: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        for leave in self._exits:
            leave()
        self._when_ended(self)
        self._stream.finish(code, reason, LINGER_SECONDS)
        if self._topic:
            self._stream.task_group.spawn(self._feeds.leave, self._topic, self)
