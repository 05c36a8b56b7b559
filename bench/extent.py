"""How much of everything a run does."""

import msgspec


class Extent(msgspec.Struct, frozen=True):
    """Sizes and times of a run; seconds where it says so."""

    name: str
    alone: int
    """Courses one after the other."""
    rounds: int
    """Times a hundred courses are kicked off at once."""
    celery: tuple[int, ...]
    """Concurrencies the opponent's workers are tried with; the better one counts, line by line."""
    watchers: tuple[int, ...]
    flood_seconds: float
    paced_rate: float
    paced_seconds: float
    fan_out_events: int
    fan_out_rounds: int
    learners: int
    few: int
    """Learners beside the SDK's bare loop."""
    tokens: int
    """Of each streamed answer, 25 a second."""
    connecting: int
    idle: int
    crowded: int
    """Sessions on one instance at last; 0 leaves it out."""
    bare_seconds: float


FULL = Extent(
    name="full",
    alone=20,
    rounds=2,
    celery=(8, 2),
    watchers=(100, 1000),
    flood_seconds=4.0,
    paced_rate=200.0,
    paced_seconds=8.0,
    fan_out_events=60,
    fan_out_rounds=3,
    learners=200,
    few=20,
    tokens=250,
    connecting=2000,
    idle=5000,
    crowded=10_000,
    bare_seconds=3.0,
)

QUICK = Extent(
    name="quick",
    alone=4,
    rounds=1,
    celery=(8,),
    watchers=(100,),
    flood_seconds=1.5,
    paced_rate=200.0,
    paced_seconds=1.5,
    fan_out_events=20,
    fan_out_rounds=1,
    learners=200,
    few=20,
    tokens=50,
    connecting=500,
    idle=500,
    crowded=0,
    bare_seconds=1.0,
)
