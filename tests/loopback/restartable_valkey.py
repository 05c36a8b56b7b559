"""A Valkey server of a test's own that can be stopped and started again on the same port."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio

from lyo_rt.embedded.valkey import Valkey, valkey_server


class Restartable:
    """A server of the test's own on a fixed port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self.port = port
        self._folder = folder

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Valkey]:
        server = valkey_server(self._folder, port=self.port)
        running = await anyio.to_thread.run_sync(server.__enter__)
        try:
            yield running
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(partial(server.__exit__, None, None, None))
