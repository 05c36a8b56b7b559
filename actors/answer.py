"""One answer on its way: the draft in the broadcast layer, the checkpoints in PostgreSQL, the end stored whole.

The answer so far is a draft in the broadcast layer (any instance can serve the rest of it) and a checkpoint in
PostgreSQL at most a second or 512 characters behind; its end is stored whole, with its hash, and told in the log.
"""

from collections.abc import Awaitable, Callable
from typing import Literal

import anyio
import structlog
from anyio.abc import TaskGroup

from actors.composing import Composed
from actors.work import persist
from lyo_rt import frames, streams
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.database.pool import Database
from lyo_rt.language_models.port import TextSink
from lyo_rt.leases import Lease, LeaseLost
from lyo_rt.problems import Problem, Unavailable
from lyo_rt.tutoring import service
from lyo_rt.tutoring.records import TurnContext

CHECKPOINT_SECONDS = 1.0
CHECKPOINT_CHARACTERS = 512
SHARE_SECONDS = 0.2
"""Between pieces that only this instance's readers wait for, who have them already: each costs 60 µs."""

Status = Literal["complete", "stopped", "failed"]
log = structlog.get_logger()


class Answer:
    """One answer while it is written: a TextSink whose text goes out piece by piece."""

    def __init__(
        self,
        lease: Lease,
        context: TurnContext,
        database: Database,
        broadcast: Broadcast,
        monotonic: Callable[[], float],
        holds: Callable[[], bool],
    ) -> None:
        self.lease = lease
        self.scope = anyio.CancelScope()
        self.lost = False
        self._key = str(lease.id)
        self._conversation = context.conversation
        self._stream = streams.conversation_stream(context.conversation)
        self._topic = streams.topic(self._stream)
        self._database = database
        self._broadcast = broadcast
        self._monotonic = monotonic
        self._holds = holds
        # A new writer begins anew under the next revision: what the former one had shown is replaced, never mixed.
        self._revision = context.revision + (lease.epoch > 1)
        self._shared_revision = 0
        self._elsewhere = True
        self._hurry = anyio.Event()
        self._text = ""
        self._sent = 0
        self._stored = 0
        self._stored_at = monotonic()
        self._more = anyio.Event()
        self._written = False
        self._storing = False

    # -- TextSink

    async def text(self, piece: str) -> None:
        """The next piece from the model."""
        at = len(self._text)
        self._text += piece
        self._more.set()
        if not self._foretell(at, piece):
            self._hurry.set()

    async def restart(self) -> None:
        """Another model begins anew."""
        self._revision += 1
        self._text, self._sent, self._stored = "", 0, 0

    async def say_instead(self, text: str) -> None:
        """Why there is no answer, in place of what a model may have begun."""
        if self._text:
            await self.restart()
        await self.text(text)

    # -- the writing

    async def write(self, compose: Callable[[TextSink], Awaitable[Composed]]) -> Composed:
        """What is composed, sent on as it comes. Raises LeaseLost, ModelUnavailable, BudgetExhausted, in a group."""
        if self._revision > 1:
            await self._begin_revision()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._send_until_written, tasks)
            try:
                composed = await compose(self)
            finally:
                self._written = True
                self._more.set()
                self._hurry.set()
        return composed

    async def end(self, status: Status, composed: Composed | None, problem: Problem | None = None) -> None:
        """Send the rest and store the whole; `problem` is why it failed. Raises LeaseLost."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(5):
            await self._send()
        await persist(lambda: self._end(status, composed, problem))
        await self._broadcast.drop_draft(self._key)

    async def _end(self, status: Status, composed: Composed | None, problem: Problem | None) -> None:
        await service.end_turn(
            self._database,
            self.lease,
            self._conversation,
            revision=self._revision,
            text=self._text,
            status=status,
            model=composed.written.model if composed else None,
            prompt=composed.prompt if composed else None,
            problem=problem,
        )

    async def _begin_revision(self) -> None:
        """Tell the devices that the text begins anew, before its first token."""
        await self._share(self._revision, 0, "")
        await self._checkpoint()

    def _foretell(self, at: int, piece: str) -> bool:
        """Tell the readers on this instance before the piece has been around the broadcast; whether they have it.

        Only of a revision that the broadcast holds: it is nobody else's then, and whoever takes the turn over begins
        another one, so a piece that never gets there is replaced and not gone on from.
        """
        tell = self._database.nearby
        if tell is None or self._shared_revision != self._revision or not self._holds():
            return False
        return tell(self._topic, frames.encode(frames.Delta(self._stream, self._key, self._revision, at, piece)))

    async def _send_until_written(self, tasks: TaskGroup) -> None:
        """Never cut short in the middle of a piece: it would not be known how much of the answer is out."""
        with anyio.CancelScope(shield=True):
            while not self._written:
                if self._sent == len(self._text):
                    self._more = anyio.Event()
                    await self._more.wait()
                    continue
                await self._send()
                if not self._storing and self._is_checkpoint_due():
                    self._storing = True
                    tasks.start_soon(self._store)
                if not self._hurry.is_set() and not self._elsewhere:
                    with anyio.move_on_after(SHARE_SECONDS):
                        await self._hurry.wait()
                self._hurry = anyio.Event()

    async def _send(self) -> None:
        """All that has come since the last time, as one piece; what comes meanwhile is the next piece."""
        at, text = self._sent, self._text[self._sent :]
        if text:
            self._sent = at + len(text)
            await self._share(self._revision, at, text)

    def _is_checkpoint_due(self) -> bool:
        behind, age = self._sent - self._stored, self._monotonic() - self._stored_at
        return behind >= CHECKPOINT_CHARACTERS or (behind > 0 and age >= CHECKPOINT_SECONDS)

    async def _store(self) -> None:
        """Beside the sending: tokens that waited for it were 65 ms late at p99, not 28 (100 answers, 25 a second)."""
        try:
            with anyio.CancelScope(shield=True):
                await self._checkpoint()
        finally:
            self._storing = False

    async def _share(self, revision: int, at: int, text: str) -> None:
        """Put a piece behind the draft and publish it, in one step. Raises LeaseLost."""
        if not self._holds():
            raise LeaseLost(f"turn {self.lease.id} epoch {self.lease.epoch}")
        key = self._key
        piece = frames.Delta(self._stream, key, revision, at, text)
        try:
            if await self._extend(revision, at, text, piece) or revision != self._revision:
                return
            draft = await self._broadcast.read_draft(key)
            if draft is not None and draft.revision > revision:
                raise LeaseLost(f"revision {draft.revision} of {key} is being written")
            # Lost with the broadcast: it is begun again, whole. There, but not as long as it was written: what it
            # holds is unsure, and only a higher revision takes its place.
            if draft is not None:
                self._revision = revision = revision + 1
            whole = self._text[: at + len(text)]
            await self._extend(revision, 0, whole, frames.Snapshot(self._stream, key, revision, whole))
        except Unavailable as fault:
            log.warning("draft not shared; the checkpoint goes on", answer=key, error=str(fault))

    async def _extend(self, revision: int, at: int, text: str, frame: frames.Delta | frames.Snapshot) -> bool:
        told = await self._broadcast.extend_draft(
            self._key,
            self._topic,
            revision=revision,
            at=at,
            text=text,
            payload=frames.encode(frame),
        )
        if told:
            self._shared_revision, self._elsewhere = revision, told > 1
        return told > 0

    async def _checkpoint(self) -> None:
        self._stored_at = self._monotonic()
        text, revision = self._text[: self._sent], self._revision
        try:
            if await service.checkpoint(self._database, self.lease, revision=revision, text=text):
                self.scope.cancel()
        except Unavailable as fault:
            log.warning("answer not stored yet", answer=str(self.lease.id), error=str(fault))
            return
        if revision == self._revision:
            self._stored = len(text)
