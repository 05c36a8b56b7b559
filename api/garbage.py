"""When the garbage collector looks: while nobody waits.

By itself it looks in the middle of a burst, because that is when objects are made: a tenth of what a new session cost,
in pauses of some milliseconds that everybody felt. Most of what a burst makes is gone again a moment later.
"""

import gc

import anyio

PAUSE_SECONDS = 0.25
YOUNG = 10_000
"""Objects, net, since the last look that make one worth its while; it takes 1 ms."""
AT_LAST = 50_000
"""So many are looked at whoever waits: it takes 5 to 15 ms, and grows with them."""
LATE_SECONDS = 0.002
OLDER, OLD = 5, 800
"""Looks at the young ones before one at those that have outlived a look: with 20 of them it took a second; and of these
before one at all: with 10,000 sessions that takes 150 ms, and comes every quarter of an hour at the most."""


async def collect_in_pauses() -> None:
    """Look for garbage when the loop has nothing to do, for ever.

    What the start has made is left alone: a look at its 250,000 objects took 70 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(AT_LAST, OLDER, OLD)
    while True:
        before = anyio.current_time()
        await anyio.sleep(PAUSE_SECONDS)
        young, middle, old = gc.get_count()
        if young > YOUNG and anyio.current_time() - before < PAUSE_SECONDS + LATE_SECONDS:
            gc.collect(0 if middle <= OLDER else 1 if old <= OLD else 2)
