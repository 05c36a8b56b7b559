"""The lines of the table: titles, units, and the bars of issue 3."""

from bench.figures import Measure

FIRST = Measure("first frame, alone (median)", "ms", "lower")
DONE = Measure("course ready, alone (median)", "ms", "lower")
FIRST_P50 = Measure("first frame, 100 at once, p50", "ms", "lower", bar=3)
FIRST_P99 = Measure("first frame, 100 at once, p99", "ms", "lower", bar=3)
BEGUN_P50 = Measure("first frame of work begun, 100 at once, p50", "ms", "lower")
BEGUN_P99 = Measure("first frame of work begun, 100 at once, p99", "ms", "lower")
EVENT_P50 = Measure("event latency, 100 courses being written, p50", "ms", "lower")
EVENT_P99 = Measure("event latency, 100 courses being written, p99", "ms", "lower", bar=3)
EVENTS = Measure("events delivered, 100 courses being written", "a second", "higher")
ALL_DONE = Measure("all 100 courses ready", "s", "lower")
COURSE_CPU = Measure("processor time a course, all processes", "ms", "lower")
KICK_OFF = (
    FIRST,
    DONE,
    FIRST_P50,
    FIRST_P99,
    BEGUN_P50,
    BEGUN_P99,
    EVENT_P50,
    EVENT_P99,
    EVENTS,
    ALL_DONE,
    COURSE_CPU,
)

RATE = Measure("events delivered", "a second", "higher")
CORE_RATE = Measure("events delivered, of the server's processor time", "a core second", "higher")
BURST_P99 = Measure("latency, an event of every task at once, p99", "ms", "lower")
WHOLE_P50 = Measure("latency, stored and published at a steady rate, p50", "ms", "lower")
WHOLE_P99 = Measure("latency, stored and published at a steady rate, p99", "ms", "lower")
WATCHERS = (RATE, CORE_RATE, BURST_P99, WHOLE_P50, WHOLE_P99)

FANNED = Measure("deliveries", "a core second", "higher", bar=1.5)
FANNED_P50 = Measure("until the last socket has it, p50", "ms", "lower")
FANNED_P99 = Measure("until the last socket has it, p99", "ms", "lower")
FAN_OUT = (FANNED, FANNED_P50, FANNED_P99)

TOKEN_P50 = Measure("added latency of a token, p50", "ms", "lower")
TOKEN_P99 = Measure("added latency of a token, p99", "ms", "lower")
TOKEN_FIRST = Measure("from the question to the first token, p99", "ms", "lower")
TOKEN_WHOLE = Measure("from the first question to the last answer's end", "s", "lower")
TOKEN_CPU = Measure("processor time a token", "us", "lower")
TOKEN_ANEW = Measure("answers begun anew", "times", "lower", limit=0)
TUTOR = (TOKEN_P50, TOKEN_P99, TOKEN_FIRST, TOKEN_WHOLE, TOKEN_CPU, TOKEN_ANEW)

SERVED_P50 = Measure("a token's time beyond the SDK's bare loop, p50", "ms", "lower", bar=0, limit=1)
SERVED_P99 = Measure("a token's time beyond the SDK's bare loop, p99", "ms", "lower", bar=0, limit=1)
AGE_P50 = Measure("a token's time from the provider, p50", "ms", "lower")
AGE_P99 = Measure("a token's time from the provider, p99", "ms", "lower")
BESIDE_SDK = (AGE_P50, AGE_P99, SERVED_P50, SERVED_P99)

CONNECTS = Measure("connected and greeted, 50 at a time", "a second", "higher")
CORE_CONNECTS = Measure("connected and greeted, of the server's processor time", "a core second", "higher")
CONNECTING = (CONNECTS, CORE_CONNECTS)

SESSION_KIB = Measure("memory of an idle session", "KiB", "lower", limit=45)
CROWDED_MIB = Measure("memory of the server with 10,000 sessions", "MiB", "lower", limit=512)
