"""Reports progress as the product's own workers do, from outside: stored, appended to the stream, announced.

Standard input: one line of JSON, `{"tasks": [...], "rate": reports a second, "seconds": ...}`. It says `ready`, waits
for a second line, reports on the tasks in turn at that rate, and says `reported N`.
"""

import asyncio
import os
import sys
from uuid import UUID

import msgspec
import uvloop

from bench.stamps import stamp
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.database.pool import Database
from lyo_rt.generation import service


class Order(msgspec.Struct):
    """What is to be reported."""

    tasks: list[UUID]
    rate: float
    seconds: float


async def run() -> None:
    """One order."""
    clock = SystemClock()
    async with (
        RedisBroadcast.open(os.environ["REDIS_URL"], clock=clock) as broadcast,
        Database.open(os.environ["DATABASE_URL"], broadcast) as database,
    ):
        order = msgspec.json.decode(sys.stdin.readline(), type=Order)
        _say("ready")
        sys.stdin.readline()
        count = int(order.rate * order.seconds)
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as reports:
            for number in range(count):
                await asyncio.sleep(began + number / order.rate - loop.time())
                reports.create_task(report(database, order.tasks[number % len(order.tasks)]))
        _say(f"reported {count}")


async def report(database: Database, task: UUID, message: str | None = None) -> None:
    """One step of a task, as actors/generation.py tells of it; its message is the time it began, unless given."""
    message = message or stamp()
    changes = Changes()
    service.advance(changes, task, 50, message, behind=ONCE)
    await database.carry_out(changes)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(run())
