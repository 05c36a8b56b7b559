"""What a loopback provider is told to do, and what it has seen."""

import re
from collections import Counter
from typing import Any, Literal

import anyio
import msgspec

Kind = Literal[
    "ok",
    "status",
    "hang",
    "hang_between",
    "cut",
    "truncated",
    "malformed",
    "wrong_schema",
    "flawed",
    "undecided",
    "blocked",
    "empty",
]


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How one request is answered.

    `status` answers with that HTTP status, `retry_after` seconds and further `headers`; `hang` sends nothing,
    `hang_between` and `cut` stop after `after` tokens of a stream (`cut` also cuts a whole answer in the middle);
    `flawed` leaves the last question of an assessment without its explanation, `undecided` does not find the first key.
    `only` is the beginning of the purposes it is meant for ("lesson", "lesson 2.3", "tutor"); others pass it by.
    A stream says `says` if given.
    """

    kind: Kind = "ok"
    status: int = 500
    retry_after: float | None = None
    headers: dict[str, str] = {}
    after: int = 3
    only: str = ""
    says: str = ""


class Received(msgspec.Struct, kw_only=True):
    """One request as the provider saw it.

    `purpose` is the prompt's own name for the task: "plan", "lesson 2.3", "assessment 2", "tutor"; "" when the
    request was refused before it was understood. `outcome` is "running" until it has ended. `seconds` counts from
    the request's arrival to its end; `turns` is the number of turns, 3 in a repair round; `most_tokens`
    is the limit that was asked for; `text` is what was streamed.
    `system` and `texts` are what was asked: the system text, and the turns oldest first.
    """

    number: int
    purpose: str = ""
    model: str = ""
    stream: bool = False
    turns: int = 0
    most_tokens: int = 0
    behaviour: Kind = "ok"
    tokens_sent: int = 0
    text: str = ""
    system: str = ""
    texts: list[str] = []
    outcome: Literal["running", "answered", "failed", "cut", "disconnected"] = "running"
    status: int = 0
    seconds: float = 0.0


class Script:
    """The queue of behaviours, the log of requests, and the pace.

    `token_delay` is the time before each token of a stream, `delay` before any answer, both in seconds.
    """

    def __init__(self, *, token_delay: float = 0.0, delay: float = 0.0) -> None:
        self.token_delay = token_delay
        self.delay = delay
        self.requests: list[Received] = []
        self._queue: list[Behaviour] = []
        self._changed = anyio.Event()

    def queue(self, *behaviours: Behaviour) -> None:
        """Puts behaviours at the end of the queue; with the queue empty, or nothing meant for it, a request is ok."""
        self._queue.extend(behaviours)

    def forget_queue(self) -> None:
        """From here on every request is ok."""
        self._queue.clear()

    def taken_for(self, purpose: str) -> Behaviour:
        """The first behaviour in the queue that is meant for `purpose`, taken out of it."""
        for behaviour in self._queue:
            if purpose.startswith(behaviour.only):
                self._queue.remove(behaviour)
                return behaviour
        return Behaviour()

    def received(self) -> Received:
        """A new entry of the log."""
        entry = Received(number=len(self.requests) + 1)
        self.requests.append(entry)
        self.changed()
        return entry

    def changed(self) -> None:
        """Wakes who waits in `until`."""
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, outcome: str, *, within: float = 5.0) -> Received:
        """The newest request once its outcome is `outcome`. Raises TimeoutError after `within` seconds."""
        with anyio.fail_after(within):
            while not self.requests or self.requests[-1].outcome != outcome:
                await self._changed.wait()
        return self.requests[-1]

    async def until_tokens(self, count: int, *, within: float = 5.0) -> Received:
        """The newest request once `count` tokens of it have been sent. Raises TimeoutError after `within` seconds."""
        with anyio.fail_after(within):
            while not self.requests or self.requests[-1].tokens_sent < count:
                await self._changed.wait()
        return self.requests[-1]

    @property
    def asked(self) -> Counter[str]:
        """How often each purpose was asked for, repair rounds not counted."""
        return Counter(entry.purpose for entry in self.requests if entry.purpose and entry.turns < 3)

    @property
    def answered(self) -> Counter[str]:
        """How often each purpose was answered in full."""
        return Counter(entry.purpose for entry in self.requests if entry.purpose and entry.outcome == "answered")


def purpose_of(first_user_text: str, *, structured: bool) -> str:
    """The prompt's own name for its task, from its first line (lyo_rt/language_models/prompts.py)."""
    if not structured:
        return "tutor"
    found = re.match(r"Task: (\S.*)", first_user_text)
    return found.group(1).strip() if found else "?"


def log_as_json(script: Script) -> bytes:
    """The body of `GET /__log`: the requests in order of arrival, and counts by purpose."""
    log: dict[str, Any] = {
        "requests": script.requests,
        "asked": dict(script.asked),
        "answered": dict(script.answered),
    }
    return msgspec.json.encode(log)
