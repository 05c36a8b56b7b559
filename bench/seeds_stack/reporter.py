"""Reports progress by the Celery worker's own code, from outside; the orders are those of bench/reporter.py."""

import itertools
import sys
import threading
import time
from uuid import UUID

import orjson

from bench.seeds_stack.worker import progress, publisher, sessions

THREADS = 8


def main() -> None:
    """One order. Eight threads for eight worker processes: at the rates asked for they wait for PostgreSQL most of
    the time, and less memory and start-up is spent beside the measurement."""
    sessions()
    publisher()
    order = orjson.loads(sys.stdin.readline())
    tasks = [UUID(task) for task in order["tasks"]]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    count = int(order["rate"] * order["seconds"])
    numbers = itertools.count()
    began = time.monotonic()

    def work() -> None:
        with sessions()() as session:
            while (number := next(numbers)) < count:
                time.sleep(max(0.0, began + number / order["rate"] - time.monotonic()))
                progress(session, tasks[number % len(tasks)], "RUNNING", 50, "Ready")

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"reported {count}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
