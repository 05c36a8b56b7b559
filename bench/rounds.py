"""One round of each measurement on one side: what the figures of a line are made of."""

import asyncio
import time

from bench import connecting, events, fanout, kickoff, sdk_loop, tutoring
from bench import measures as of
from bench.extent import Extent
from bench.figures import Figures, median, quantile
from bench.side import Ground, Learners, Side, cost_of, pids

AT_ONCE = 100
WARMING = 100
"""Courses at once beforehand: servers that have had as many before, with their connections open and code loaded."""
LOAD = "load"
"""The key under which a round tells how busy the load itself was, in % of a core."""


async def courses(side: Side, extent: Extent) -> Figures:
    """Kick-offs, one after the other and a hundred at once."""
    learners = Learners().signed_in(side.user, AT_ONCE)
    await kickoff.together(side, learners[:WARMING])
    alone = await kickoff.alone(side, learners[0], extent.alone)
    with cost_of(pids(side)) as cost:
        seen = await kickoff.together(side, learners)
    ages = await side.event_ages(seen)
    first, begun = [each.first for each in seen], [each.running for each in seen]
    all_done = max(each.done for each in seen)
    return {
        of.FIRST.title: 1000 * median([each.first for each in alone]),
        of.DONE.title: 1000 * median([each.done for each in alone]),
        of.FIRST_P50.title: 1000 * quantile(first, 0.5),
        of.FIRST_P99.title: 1000 * quantile(first, 0.99),
        of.BEGUN_P50.title: 1000 * quantile(begun, 0.5),
        of.BEGUN_P99.title: 1000 * quantile(begun, 0.99),
        of.EVENT_P50.title: 1000 * quantile(ages, 0.5),
        of.EVENT_P99.title: 1000 * quantile(ages, 0.99),
        of.EVENTS.title: sum(len(each.frames) for each in seen) / all_done,
        of.ALL_DONE.title: all_done,
        of.COURSE_CPU.title: 1000 * cost.seconds / AT_ONCE,
    }


async def watchers(side: Side, stands: Ground, extent: Extent, count: int, load_core: int) -> Figures:
    """`count` tasks with a watcher each: at a steady rate with all that is stored, then as fast as it goes."""
    learners = Learners().signed_in(side.user, count)
    tasks = await side.tasks(count)
    crowd = await events.watch(side, learners, tasks)
    latencies = await events.paced(
        side, crowd, tasks, rate=extent.paced_rate, seconds=extent.paced_seconds, core=load_core
    )
    crowd.close()
    # Tasks anew: what the load publishes by itself continues the numbers from their first event on.
    tasks = await side.tasks(count)
    crowd = await events.watch(side, learners, tasks)
    began, used = time.monotonic(), time.process_time()
    flooded = await events.flood(side, stands, crowd, tasks, seconds=extent.flood_seconds)
    share = 100 * (time.process_time() - used) / (time.monotonic() - began)
    crowd.close()
    await asyncio.sleep(0.5)
    return {
        of.RATE.title: flooded.per_second,
        of.CORE_RATE.title: flooded.per_core_second,
        of.BURST_P99.title: 1000 * quantile(flooded.latencies, 0.99),
        of.WHOLE_P50.title: 1000 * quantile(latencies, 0.5),
        of.WHOLE_P99.title: 1000 * quantile(latencies, 0.99),
        LOAD: share,
    }


async def fan_out(side: Side, stands: Ground, sockets: int, count: int, *, sessions: bool) -> Figures:
    """`count` events to all of the sockets: those of `/v1/ws`, or simple doors."""
    (task,) = await side.tasks(1)
    join = fanout.subscribers if sessions else fanout.watchers
    crowd = await join(side, Learners().signed_in(side.user, sockets), task)
    began, used = time.monotonic(), time.process_time()
    found = await fanout.fan_out(side, stands, crowd, task, events=count)
    share = 100 * (time.process_time() - used) / (time.monotonic() - began)
    crowd.close()
    await asyncio.sleep(0.5)
    return {
        of.FANNED.title: found.per_core_second,
        of.FANNED_P50.title: 1000 * quantile(found.whole, 0.5),
        of.FANNED_P99.title: 1000 * quantile(found.whole, 0.99),
        LOAD: share,
    }


async def tutor(side: Side, extent: Extent) -> Figures:
    """Answers to all learners at once; two beforehand, so that nothing is loaded for the first time."""
    learners = Learners().signed_in(side.user, extent.learners)
    await tutoring.stream(side, learners[:2], tokens=extent.tokens, spread=0)
    began, used = time.monotonic(), time.process_time()
    found = await tutoring.stream(side, learners, tokens=extent.tokens, spread=extent.tokens / 25 / 3)
    share = 100 * (time.process_time() - used) / (time.monotonic() - began)
    return {
        of.TOKEN_P50.title: 1000 * quantile(found.latencies, 0.5),
        of.TOKEN_P99.title: 1000 * quantile(found.latencies, 0.99),
        of.TOKEN_FIRST.title: 1000 * quantile(found.first, 0.99),
        of.TOKEN_WHOLE.title: found.whole,
        of.TOKEN_CPU.title: 1e6 * found.cpu_per_token,
        of.TOKEN_ANEW.title: found.begun_anew,
        LOAD: share,
    }


async def served_tokens(side: Side, extent: Extent, bare: sdk_loop.Ages) -> Figures:
    """Answers to few learners, whose tokens have to wait for nothing but the work on them."""
    learners = Learners().signed_in(side.user, extent.few)
    found = await tutoring.stream(side, learners, tokens=extent.tokens, spread=extent.tokens / 25 / 3)
    p50, p99 = quantile(found.latencies, 0.5), quantile(found.latencies, 0.99)
    return {
        of.AGE_P50.title: 1000 * p50,
        of.AGE_P99.title: 1000 * p99,
        of.SERVED_P50.title: 1000 * (p50 - bare.p50),
        of.SERVED_P99.title: 1000 * (p99 - bare.p99),
    }


async def connects(side: Side, extent: Extent) -> Figures:
    """Sessions that come and go."""
    learners = Learners().signed_in(side.user, extent.connecting)
    await connecting.connect_all(side, learners[:50])
    found = await connecting.connect_all(side, learners)
    await asyncio.sleep(0.5)
    return {of.CONNECTS.title: found.per_second, of.CORE_CONNECTS.title: found.per_core_second}


async def idle(side: Side, extent: Extent) -> Figures:
    """Sessions that stay."""
    counts = [extent.idle, *([extent.crowded] if extent.crowded else [])]
    held = await connecting.hold(side, Learners().signed_in(side.user, counts[-1]), counts)
    return {of.SESSION_KIB.title: held[0].kib_each, of.CROWDED_MIB.title: held[-1].total_mib}
