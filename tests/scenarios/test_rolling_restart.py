"""Both instances are replaced, one after the other, under load: nothing is lost, nothing repeated, no course ends."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from tests.conftest import free_port
from tests.scenarios.conftest import Learner, Server, at_once, log_of, provider
from tests.scenarios.device import Device
from tests.scenarios.work import Work, begin, check

LEARNERS = 3
"""For each of the two restarts."""


def test_a_rolling_restart_under_load_loses_nothing_and_ends_no_course(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", token_delay=0.03, delay=0.6) as (address, environment):
        environments = [{**environment, "PORT": str(free_port())} for _ in range(2)]
        running = at_once(two_instances, *environments)
        places = [instance.websocket for instance in running]
        watched: list[tuple[Work, Device]] = []
        drains = []
        for number, settings in enumerate(environments):
            demos = [learner(instance) for instance in running]
            fresh = [_begin(demos[one % 2], places[one % 2 :] + places[: one % 2]) for one in range(LEARNERS)]
            for work, device in fresh:
                device.until(partial(work.in_the_middle, device))
            began = time.monotonic()
            assert running[number].end(signal.SIGTERM) == 0
            drains.append(time.monotonic() - began)
            assert not any(device.ended(work.made) for work, device in fresh)
            running[number] = two_instances(**settings)
            watched += fresh
        demo = learner(running[0])
        for work, device in watched:
            device.until(partial(work.over, device), 60)
            device.close()
            check(work, [device], demo, address, database_url)
        entries = log_of(address)
    _tell([device for _, device in watched], drains, entries)


def _begin(demo: Learner, places: list[str]) -> tuple[Work, Device]:
    work = begin(demo, words=150)
    return work, Device(demo.token, places, work.streams)


def _tell(devices: list[Device], drains: list[float], entries: list[dict[str, Any]]) -> None:
    courses = len(devices)
    answered = Counter(entry["purpose"] for entry in entries if entry["outcome"] == "answered")
    again = sum(max(0, times - courses) for purpose, times in answered.items() if purpose != "tutor")
    codes = Counter(visit.code for device in devices for visit in device.visits if visit.code)
    away = [
        later.first - earlier.ended
        for device in devices
        for earlier, later in pairwise(device.visits)
        if later.first and earlier.ended
    ]
    print(
        f"{courses} answers and {courses} courses over a rolling restart: drained in {drains[0]:.1f} and "
        f"{drains[1]:.1f} s, closes {dict(codes)}, without news for at most {max(away) * 1000:.0f} ms, "
        f"{again} steps bought again"
    )
    assert set(codes) == {1012}
    # What had been answered, but not stored, when a lease was handed over: at most the steps in flight of each course.
    assert again <= 3 * courses
