"""Refused sign-ins are written to the audit log in their time, after a database that was away, and at the end."""

import anyio
import pytest

from actors.refusals import write_down
from lyo_rt.problems import Unavailable

pytestmark = pytest.mark.anyio


class Log:
    """An audit log that may be away."""

    def __init__(self) -> None:
        self.away = 0
        self.written = 0
        self.asked = anyio.Event()

    async def write(self) -> int:
        asked, self.asked = self.asked, anyio.Event()
        asked.set()
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        await anyio.lowlevel.checkpoint()
        self.written += 1
        return 1


async def test_it_is_written_again_and_again_whatever_the_database_does(second: float) -> None:
    log = Log()
    log.away = 2
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write_down, log.write, 30 * second)
        with anyio.fail_after(10 + 200 * second):
            for _ in range(4):
                await log.asked.wait()
        tasks.cancel_scope.cancel()
    assert log.written >= 2


async def test_what_is_left_is_written_at_the_end() -> None:
    log = Log()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write_down, log.write, 3600)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert log.written == 1
