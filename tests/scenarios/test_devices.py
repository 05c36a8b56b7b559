"""The device's side of the promise: its TCP is cut again and again, its instance is killed, and then the owner's."""

import signal
import statistics
from collections.abc import Callable

from tests.scenarios.conftest import Learner, Server, at_once, provider
from tests.scenarios.device import Device, until_all
from tests.scenarios.work import begin, check

CUTS, LEAST_CUTS = 100, 30
"""On a slow machine the answer ends before the last of them."""


def test_a_device_that_is_cut_a_hundred_times_misses_and_repeats_nothing(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", token_delay=0.015, delay=0.2) as (address, environment):
        first, second = at_once(two_instances, environment, environment)
        demo = learner(first)
        work = begin(demo, words=500)
        steady = Device(demo.token, [second.websocket], work.streams)
        wandering = Device(demo.token, [second.websocket, first.websocket], work.streams)
        steady.until(lambda: work.in_the_middle(steady))
        while len(wandering.visits) <= CUTS and not steady.ended(work.told):
            visit = wandering.visits[-1]
            wandering.until(lambda visit=visit: visit.first is not None or wandering.ended(work.told))  # type: ignore[misc]
            wandering.cut()
            wandering.until(lambda visit=visit: wandering.visits[-1] is not visit)  # type: ignore[misc]
        until_all((steady, wandering), work.over)
        steady.close()
        wandering.close()
        check(work, [steady, wandering], demo, address, database_url)
    resumed = [visit for visit in wandering.visits[1:] if visit.welcomed and visit.first]
    welcomes = [visit.welcomed - visit.began for visit in resumed if visit.welcomed]
    continued = [visit.first - visit.began for visit in resumed if visit.first]
    assert len(resumed) >= LEAST_CUTS
    assert wandering.snapshots <= 1
    for name, seconds in (("welcome", welcomes), ("first new piece", continued)):
        cut = statistics.quantiles(seconds, n=100)
        print(f"{len(resumed)} resumes, dialling to {name}: p50 {cut[49] * 1000:.0f} ms, p99 {cut[98] * 1000:.0f} ms")
    assert statistics.quantiles(continued, n=100)[98] < 0.25


def test_the_watchers_instance_is_killed_and_then_the_owner(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", token_delay=0.02, delay=0.5) as (address, environment):
        owner, other, third = at_once(two_instances, environment, environment, environment)
        demo = learner(owner)
        elsewhere = learner(third)
        work = begin(demo, words=120)
        devices = [Device(demo.token, [place.websocket, third.websocket], work.streams) for place in (owner, other)]
        until_all(devices, work.in_the_middle)
        killed = devices[1].moment(lambda: other.send(signal.SIGKILL))
        devices[1].until(lambda: devices[1].visits[-1].began > killed and devices[1].visits[-1].first is not None)
        moved = devices[1].first_after(killed, work.told)
        killed = devices[0].moment(lambda: owner.send(signal.SIGKILL))
        until_all(devices, work.over)
        for device in devices:
            device.close()
        check(work, devices, elsewhere, address, database_url)
    assert devices[0].texts[work.answer].revision == 2
    taken = [device.first_after(killed, work.told, new=lambda frame: frame["revision"] == 2) for device in devices]
    made = [device.first_after(killed, work.made) for device in devices]
    print(f"the watcher's instance killed: its device goes on after {moved * 1000:.0f} ms, in the same revision")
    print(f"the owner killed: the answer goes on after {_ms(taken)}, the course after {_ms(made)}")
    assert max(*taken, *made) < 1.0


def _ms(seconds: list[float]) -> str:
    return " and ".join(f"{second * 1000:.0f}" for second in seconds) + " ms"
