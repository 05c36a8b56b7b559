"""The one primitive (REALTIME §4): private state, one bounded mailbox, one task; a Supervisor starts it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Generic

from anyio.abc import TaskGroup

from actors.crashes import OnlyScopesCancel
from actors.mailbox import Address, Message


class Actor(ABC, Generic[Message]):
    """What one kind of actor does. A restart makes a new object, so nothing kept in it outlives a crash."""

    mailbox_size: ClassVar[int] = 256
    """Messages that may wait; more are refused."""
    idle_seconds: ClassVar[float | None] = None
    """It ends when its mailbox has been empty this long and no child work runs; None: never."""
    stop_seconds: ClassVar[float] = 5
    """What stopped() is given before it is cancelled."""

    address: Address[Message]
    """Its own, from started() on: child work tells it what happened."""
    _children: TaskGroup | None = None
    _working = 0

    async def started(self) -> None:
        """Before the first message of each life, restarts included. An exception is a crash."""
        return

    @abstractmethod
    async def receive(self, message: Message) -> Any:
        """One message at a time. What it returns answers an ask.

        A Problem raised to an ask is a refusal: the asker gets it and the actor lives on. Any other exception, and a
        Problem that nobody asked for, is a crash: the actor ends, the asker gets Crashed, the restart policy decides.
        """

    async def stopped(self) -> None:
        """At the end of each life, however it ends, after the child work: shielded, for `stop_seconds` at most."""
        return

    def start_soon(self, function: Callable[..., Awaitable[Any]], *args: Any) -> None:
        """Run `function(*args)` beside the mailbox. It is cancelled when the actor ends; its crash is the actor's.

        Raises RuntimeError before started() and from stopped() on.
        """
        if self._children is None:
            raise RuntimeError("child work runs only from started() until stopped()")
        self._children.start_soon(self._work, function, args, name=getattr(function, "__qualname__", None))
        self._working += 1

    def finish(self) -> None:
        """End once the messages already accepted have been received; from now on they are refused."""
        self.address.mailbox.close()

    async def _work(self, function: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> None:
        try:
            with OnlyScopesCancel():
                await function(*args)
        finally:
            self._working -= 1
