"""Redis in the middle of the work: killed and started again, and gone silent. It is a hint; PostgreSQL is the truth."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

from lyo_rt.embedded.valkey import Valkey
from tests.scenarios.backing import KillableValkey, kept, link_to
from tests.scenarios.conftest import Learner, Server, at_once, provider
from tests.scenarios.device import Device, until_all
from tests.scenarios.work import Work, begin, check

AWAY_SECONDS = 1.5
LOST = "no connection to Redis"


def test_redis_is_killed_and_comes_back_empty(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str, tmp_path: Path
) -> None:
    redis = KillableValkey(tmp_path)
    with kept(redis) as running, provider("openai", token_delay=0.03, delay=0.4) as (address, environment):
        environment["REDIS_URL"] = running.tcp_url()
        first, second = at_once(two_instances, environment, environment)
        demo = learner(first)
        work = begin(demo, words=180)
        devices = [Device(demo.token, [place.websocket], work.streams) for place in (first, second)]
        until_all(devices, work.in_the_middle)
        redis.kill(signal.SIGKILL)
        for instance in (first, second):
            instance.wait_for(LOST)
        devices.append(Device(demo.token, [second.websocket], work.streams))
        devices[-1].until_connected()
        time.sleep(AWAY_SECONDS)
        redis.start()
        back = time.monotonic()
        until_all(devices, work.over)
        check(work, devices, demo, address, database_url)
    _tell("back", back, devices, work)


def test_redis_goes_silent_without_closing_a_connection(
    two_instances: Callable[..., Server],
    learner: Callable[..., Learner],
    database_url: str,
    valkey_server: Valkey,
) -> None:
    with link_to(valkey_server.port) as link, provider("openai", token_delay=0.03, delay=0.5) as (address, environment):
        environment["REDIS_URL"] = f"redis://127.0.0.1:{link.port}/0"
        first, second = at_once(two_instances, environment, environment)
        demo = learner(first)
        work = begin(demo, words=220)
        devices = [Device(demo.token, [place.websocket], work.streams) for place in (first, second)]
        until_all(devices, work.in_the_middle)
        link.freeze()
        silent = time.monotonic()
        for instance in (first, second):
            instance.wait_for(LOST, 10)
        noticed = time.monotonic() - silent
        devices.append(Device(demo.token, [second.websocket], work.streams))
        devices[-1].until_connected()
        link.thaw()
        back = time.monotonic()
        until_all(devices, work.over)
        check(work, devices, demo, address, database_url)
    print(f"Redis silent: noticed by both instances within {noticed:.1f} s")
    _tell("heard again", back, devices, work)
    assert noticed < 5


def _tell(what: str, back: float, devices: list[Device], work: Work) -> None:
    went_on = [f"{device.first_after(back, work.told) * 1000:.0f}" for device in devices]
    print(f"Redis {what}: the answer goes on after {', '.join(went_on)} ms on {len(devices)} devices")
    for device in devices:
        device.close()
