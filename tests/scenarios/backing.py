"""PostgreSQL and Valkey servers of a scenario's own that can be killed and started again; a link that falls silent."""

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from lyo_rt.embedded.postgresql import PostgreSQL, postgresql_server
from lyo_rt.embedded.valkey import Valkey, valkey_server
from tests.conftest import free_port
from tests.loopback.faulty_link import FaultyLink, faulty_link
from tests.scenarios.conftest import processes_below

Backing = TypeVar("Backing", PostgreSQL, Valkey)


class Killable(Generic[Backing]):
    """A server over one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: AbstractContextManager[Backing] | None = None

    def _server(self) -> AbstractContextManager[Backing]:
        raise NotImplementedError

    def start(self) -> Backing:
        """Start it, on what it has stored."""
        self._running = self._server()
        return self._running.__enter__()

    def kill(self, number: signal.Signals) -> None:
        """Send the server a signal that ends it, and wait for its end."""
        if self._running is not None:
            found = [pid for pid, command in processes_below(os.getpid()) if self._is(command)]
            os.kill(found[0], number)
            self.stop()

    def _is(self, command: str) -> bool:
        raise NotImplementedError

    def stop(self) -> None:
        """Wait for its end, having asked for it if nobody has."""
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None


class KillablePostgreSQL(Killable[PostgreSQL]):
    """What it has committed is on the disk, as in earnest."""

    def _server(self) -> AbstractContextManager[PostgreSQL]:
        return postgresql_server(self._folder)

    def _is(self, command: str) -> bool:
        return Path(command.partition("\0")[0]).name == "postgres" and str(self._folder) in command


class KillableValkey(Killable[Valkey]):
    """On a port of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._port = free_port()

    def _server(self) -> AbstractContextManager[Valkey]:
        return valkey_server(self._folder, port=self._port)

    def _is(self, command: str) -> bool:
        # It has renamed itself: "…/valkey-server 127.0.0.1:6379".
        return command.rstrip("\0 ").endswith(f"127.0.0.1:{self._port}")


@contextmanager
def kept(server: Killable[Backing]) -> Iterator[Backing]:
    """Started, and stopped in the end."""
    try:
        yield server.start()
    finally:
        server.stop()


class Link:
    """A FaultyLink that lives in a thread of its own."""

    def __init__(self, link: FaultyLink, portal: BlockingPortal) -> None:
        self.port = link.port
        self._link = link
        self._portal = portal

    def freeze(self) -> None:
        """Pass nothing on from here; see FaultyLink."""
        self._portal.call(self._link.freeze)

    def thaw(self) -> None:
        """Pass everything on again, what was held back first."""
        self._portal.call(self._link.thaw)


@contextmanager
def link_to(port: int) -> Iterator[Link]:
    """A link to a port of the loopback, whole at first."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(faulty_link(port)) as link:
        yield Link(link, portal)
