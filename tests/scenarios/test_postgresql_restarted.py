"""PostgreSQL is stopped at once and started again in the middle of the work: what was acknowledged is there."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from tests.scenarios.backing import KillablePostgreSQL, kept
from tests.scenarios.conftest import Learner, Server, at_once, provider
from tests.scenarios.device import Device, until_all
from tests.scenarios.work import begin, check

AWAY_SECONDS = 1.0


def test_postgresql_restarts_in_the_middle_of_the_work(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], short_dir: Path
) -> None:
    postgresql = KillablePostgreSQL(short_dir / "restarted")
    with kept(postgresql) as running, provider("openai", token_delay=0.03, delay=0.7) as (address, environment):
        environment["DATABASE_URL"] = database_url = running.url("postgres")
        first, second = at_once(two_instances, environment, environment)
        # Signed in before the work begins: where others have the machine that takes longer than the work.
        demo, other = learner(first), learner(second)
        work = begin(demo, words=150)
        devices = [Device(demo.token, [place.websocket], work.streams) for place in (first, second)]
        with Asking(other) as asking:
            until_all(devices, work.in_the_middle)
            postgresql.kill(signal.SIGQUIT)
            gone = time.monotonic()
            devices.append(Device(demo.token, [second.websocket, first.websocket], work.streams))
            time.sleep(AWAY_SECONDS)
            # From before the start: the work may have gone on by the time that this process has seen the server ready.
            back = time.monotonic()
            postgresql.start()
            until_all(devices, work.over)
        check(work, devices, demo, address, database_url)
        kept_ids = _conversations(demo)
        for device in devices:
            device.close()
    assert asking.acknowledged
    assert asking.refused
    assert set(asking.acknowledged) <= kept_ids
    # Both instances lost their locks at once, and neither took the other for dead.
    assert devices[0].texts[work.answer].revision == 1
    made = [f"{device.first_after(back, work.made) * 1000:.0f}" for device in devices]
    print(
        f"PostgreSQL away for {back - gone:.1f} s; the course goes on {', '.join(made)} ms after its start, the "
        f"answer in revision {devices[0].texts[work.answer].revision}; {len(asking.acknowledged)} conversations begun "
        f"meanwhile are all there, {asking.refused} were refused"
    )


class Asking:
    """A learner who begins one conversation after another."""

    def __init__(self, demo: Learner) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self._demo = demo
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._done.wait(0.05):
            with suppress(httpx.TransportError):
                answer = self._demo.http.post("/v1/tutor/conversations", json={"title": "asked"}, timeout=30)
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["id"])
                else:
                    assert answer.status_code == 503, answer.text
                    self.refused += 1

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def _conversations(demo: Learner) -> set[str]:
    found: set[str] = set()
    cursor = ""
    while True:
        page = demo.http.get(f"/v1/tutor/conversations?limit=100{cursor}").json()
        found |= {item["id"] for item in page["items"]}
        if page["nextCursor"] is None:
            return found
        cursor = f"&cursor={page['nextCursor']}"
