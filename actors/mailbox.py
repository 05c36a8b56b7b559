"""How actors are spoken to: an address gives messages to one bounded mailbox, which outlives its actor's crashes."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import anyio

Message = TypeVar("Message")


class AskFailed(Exception):
    """An ask ended without an answer; names the actor's kind and key."""

    def __init__(self, kind: str, key: Hashable) -> None:
        super().__init__(f"{kind} {key}")


class Gone(AskFailed):
    """The actor has ended. Asked before that, it may have acted on the message or not."""


class MailboxFull(AskFailed):
    """The mailbox had no room; the message was not accepted."""


class AskTimeout(AskFailed):
    """No answer within the timeout; the message may still be received."""


class Crashed(AskFailed):
    """The actor crashed on this message, and will not receive it again; `__cause__` is the fault."""


@dataclass(slots=True)
class Statistics:
    """Counts of one kind of actor. Accepted messages are `messages` + `mailbox` + `dropped`."""

    alive: int = 0
    mailbox: int = 0
    """Messages waiting now, in all mailboxes of the kind."""
    messages: int = 0
    """Received."""
    refused: int = 0
    """Not accepted: the mailbox was full or the actor gone."""
    dropped: int = 0
    """Accepted, but the actor ended before; their askers got Gone."""
    crashes: int = 0
    restarts: int = 0
    given_up: int = 0


class Reply:
    """Where one asker waits."""

    __slots__ = ("answer", "failure", "settled")

    def __init__(self) -> None:
        self.settled = anyio.Event()
        self.answer: Any = None
        self.failure: Exception | None = None


class Letter(NamedTuple, Generic[Message]):
    """A message in a mailbox, and who waits for the answer."""

    message: Message
    reply: Reply | None

    def settle(self, answer: Any = None, failure: Exception | None = None) -> None:
        """Wake the asker, if there is one, with an answer or a failure."""
        if self.reply is not None:
            self.reply.answer, self.reply.failure = answer, failure
            self.reply.settled.set()


class Mailbox(Generic[Message]):
    """Messages waiting for one actor, and what is needed to end it. Its task takes, addresses give."""

    __slots__ = (
        *("_letters", "_wake", "closed", "current", "hook", "key"),
        *("kind", "scope", "size", "statistics", "stopping", "task"),
    )

    def __init__(self, kind: str, key: Hashable, size: int, statistics: Statistics) -> None:
        self.kind, self.key, self.size, self.statistics = kind, key, size, statistics
        # A list: empty it takes 56 bytes, a deque 760; pop(0) of 256 letters moves 2 KiB.
        self._letters: list[Letter[Message]] = []
        self.current: Letter[Message] | None = None
        """The one being received."""
        self._wake: anyio.Event | None = None
        self.closed = self.stopping = False
        self.scope: anyio.CancelScope | None = None
        """What stop() cancels: the present life, or the pause before the next."""
        self.hook: anyio.CancelScope | None = None
        """stopped(), while it runs."""
        self.task: anyio.TaskHandle[None] | None = None

    def put(self, message: Message, reply: Reply | None = None) -> bool:
        """Accept a message, or refuse it: False."""
        if self.closed or len(self._letters) >= self.size:
            self.statistics.refused += 1
            return False
        self._letters.append(Letter(message, reply))
        self.statistics.mailbox += 1
        if self._wake is not None:
            self._wake.set()
        return True

    async def wait(self, idle_seconds: float | None) -> None:
        """Until there is a message or the mailbox has been closed, for `idle_seconds` at most."""
        self._wake = anyio.Event()
        if idle_seconds is None:
            await self._wake.wait()
            return
        with anyio.move_on_after(idle_seconds):
            await self._wake.wait()

    def __len__(self) -> int:
        return len(self._letters)

    def take(self) -> Letter[Message]:
        """The oldest message; it is current until settled."""
        self.statistics.mailbox -= 1
        self.statistics.messages += 1
        self.current = letter = self._letters.pop(0)
        return letter

    def settle(self, answer: Any = None, failure: Exception | None = None) -> None:
        """Answer the current message, if there is one and someone asked."""
        if self.current is not None:
            self.current.settle(answer, failure)
            self.current = None

    def close(self) -> None:
        """Refuse new messages; those waiting are still received."""
        self.closed = True
        if self._wake is not None:
            self._wake.set()

    def stop(self) -> None:
        """Refuse new messages, answer the waiting and cancel the actor; stopped() is not cancelled."""
        self.drop()
        self.stopping = True
        if self.scope is not None:
            self.scope.cancel()

    def drop(self) -> None:
        """Refuse new messages and answer the waiting."""
        self.close()
        letters, self._letters = self._letters, []
        self.statistics.mailbox -= len(letters)
        self.statistics.dropped += len(letters)
        for letter in letters:
            letter.settle(failure=Gone(self.kind, self.key))


@dataclass(frozen=True, slots=True)
class Address(Generic[Message]):
    """A handle to one actor, good until it ends; used from the event loop's own thread."""

    mailbox: Mailbox[Message]

    @property
    def kind(self) -> str:
        """What it was started as."""
        return self.mailbox.kind

    @property
    def key(self) -> Hashable:
        """Which one of its kind it is."""
        return self.mailbox.key

    @property
    def gone(self) -> bool:
        """Whether every further message is refused; Supervisor.start then gives a fresh actor."""
        return self.mailbox.closed

    def tell(self, message: Message) -> bool:
        """Give a message without waiting. False when refused: the actor is `gone`, or else its mailbox is full."""
        return self.mailbox.put(message)

    async def ask(self, message: Message, *, timeout: float) -> Any:
        """What the actor's receive() returns for `message`, within `timeout` seconds.

        Raises MailboxFull or Gone at once when refused, Gone when the actor ends before it answers, Crashed when it
        crashes on this message, AskTimeout; and any lyo_rt.problems.Problem that receive() raised.
        """
        reply = Reply()
        if not self.mailbox.put(message, reply):
            raise (Gone if self.gone else MailboxFull)(self.kind, self.key)
        with anyio.move_on_after(timeout):
            await reply.settled.wait()
        if reply.failure is not None:
            raise reply.failure
        if not reply.settled.is_set():
            raise AskTimeout(self.kind, self.key)
        return reply.answer

    def stop(self) -> None:
        """Cancel the actor and its child work now and refuse new messages; everyone waiting gets Gone.

        Returns at once; stopped() runs afterwards. A second call does nothing.
        """
        self.mailbox.stop()

    async def ended(self) -> None:
        """Until the actor has ended, its stopped() included."""
        if self.mailbox.task is not None:
            await self.mailbox.task.wait()
