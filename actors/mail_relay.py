"""Sends the mails of the outbox: each by one of the instances, until its server has taken charge of it.

What no program can rule out is a server that takes a mail and is cut off before it says so. Such a mail is sent again
with the same Message-ID: to lose the only way back into an account would be worse.
"""

import random
from collections.abc import Callable
from functools import partial
from typing import Never, assert_never

import anyio
import structlog

from actors.actor import Actor
from actors.crashes import NEVER
from actors.supervisor import Supervisor
from actors.work import persist
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.mail import repository
from lyo_rt.mail.outbox import TOPIC
from lyo_rt.mail.records import Waiting
from lyo_rt.mail.rules import pause_after, why_useless
from lyo_rt.mail.templates import Templates
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.mail.transport import Transport, Undelivered
from lyo_rt.problems import Unavailable

KIND = "mail"
AT_ONCE = 8
"""Mails on their way at the same time, of one instance."""
LOOK_SECONDS = 5.0
"""Between looks for mails that are due again, or whose hint was lost."""
SEND_SECONDS = 60.0
"""For a whole mail, counted from before it was taken: who was frozen meanwhile sends nothing when its claim has run out
(repository.CLAIM, which has room for storing that it was sent as well)."""

log = structlog.get_logger()


class MailRelay:
    """What one instance sends. `run` belongs into the root task group."""

    def __init__(
        self,
        supervisor: Supervisor,
        database: Database,
        broadcast: Broadcast,
        transport: Transport,
        templates: Templates,
        tokens: MailedTokens,
        clock: Clock,
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._supervisor = supervisor
        self._database = database
        self._broadcast = broadcast
        self._transport = transport
        self._templates = templates
        self._tokens = tokens
        self._clock = clock
        self._jitter = jitter
        self._sending = 0
        self._draining = False
        self._wake = anyio.Event()
        self._idle = anyio.Event()
        self.sent = 0
        self.failed = 0
        self.given_up = 0

    async def run(self) -> None:
        """Send what is due, until drained."""
        async with self._broadcast.listen(TOPIC, self):
            while not self._draining:
                self._wake = anyio.Event()
                if (room := AT_ONCE - self._sending) > 0:
                    await self._take(room)
                with anyio.move_on_after(LOOK_SECONDS):
                    await self._wake.wait()

    def heard(self, payload: bytes) -> None:  # noqa: ARG002  (it says only that there is something)
        """A mail has been posted."""
        self._wake.set()

    def lost(self) -> None:
        """A mail may have been posted."""
        self._wake.set()

    def drain(self) -> None:
        """Take nothing more; what is on its way goes on."""
        self._draining = True
        self._wake.set()

    async def finished(self, seconds: float) -> None:
        """Wait up to `seconds` for what is on its way. Behind `drain`."""
        with anyio.move_on_after(seconds):
            while self._sending:
                self._idle = anyio.Event()
                await self._idle.wait()

    def statistics(self) -> dict[str, int]:
        """Of this instance: mails `sending` now; `sent`, attempts `failed`, and mails `given_up` since its start."""
        return {"sending": self._sending, "sent": self.sent, "failed": self.failed, "given_up": self.given_up}

    async def _take(self, room: int) -> None:
        deadline = anyio.current_time() + SEND_SECONDS
        try:
            taken = await repository.take(self._database, now=self._clock.now(), limit=room)
        except Unavailable as fault:
            log.warning("could not look for mails", error=str(fault))
            return
        for waiting in taken:
            self._sending += 1
            key = (waiting.id, waiting.attempt)
            self._supervisor.start(KIND, key, partial(Dispatch, self, waiting, deadline), policy=NEVER)

    def ended(self) -> None:
        """One mail is no longer on its way, however that came: there is room for another."""
        self._sending -= 1
        self._wake.set()
        if not self._sending:
            self._idle.set()

    async def dispatch(self, waiting: Waiting, deadline: float) -> None:
        """Send one mail, and store what came of it."""
        token = self._tokens.again(waiting.id, waiting.key_id) if waiting.page is not None else ""
        why = why_useless(waiting, self._clock.now())
        if token is None or why is not None:
            await self._give_up(waiting, why or "its key is not in use any more")
            return
        message = self._templates.compose(waiting, token)
        fault = Undelivered("the server did not answer in time")
        with anyio.CancelScope(deadline=deadline):
            try:
                await self._transport.send(message)
            except Undelivered as undelivered:
                fault = undelivered
            else:
                self.sent += 1
                with anyio.CancelScope(shield=True):
                    await persist(partial(repository.settle, self._database, waiting, "SENT"))
                return
        await self._fail(waiting, fault)

    async def _fail(self, waiting: Waiting, fault: Undelivered) -> None:
        self.failed += 1
        if fault.for_good:
            await self._give_up(waiting, str(fault))
            return
        log.warning("a mail was not sent", mail=str(waiting.id), attempt=waiting.attempt, fault=str(fault))
        due_at = self._clock.now() + pause_after(waiting.attempt, fault.wait, self._jitter)
        await persist(partial(repository.try_again, self._database, waiting, due_at=due_at, fault=str(fault)))

    async def _give_up(self, waiting: Waiting, why: str) -> None:
        self.given_up += 1
        log.error("a mail was given up", mail=str(waiting.id), kind=waiting.kind, attempt=waiting.attempt, fault=why)
        await persist(partial(repository.settle, self._database, waiting, "GIVEN_UP", fault=why))


class Dispatch(Actor[Never]):
    """One mail on its way. When it crashes the mail is taken again after its claim, and given up in the end."""

    def __init__(self, relay: MailRelay, waiting: Waiting, deadline: float) -> None:
        self._relay = relay
        self._waiting = waiting
        self._deadline = deadline

    async def started(self) -> None:
        self.start_soon(self._run)

    async def receive(self, message: Never) -> None:
        assert_never(message)

    async def stopped(self) -> None:
        self._relay.ended()

    async def _run(self) -> None:
        try:
            await self._relay.dispatch(self._waiting, self._deadline)
        except Unavailable:
            log.warning("what came of a mail was not stored", mail=str(self._waiting.id))
        self.finish()
