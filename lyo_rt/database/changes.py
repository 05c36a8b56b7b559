"""Several changes as one statement: one round trip, committed together or not at all.

A checkpoint of eleven statements spends most of its time between them, waiting for its turn on a busy event loop: with
a hundred courses being written, 10 ms of the 14 until a watcher knew of it. As parts of one WITH they need one turn.

PostgreSQL's rules for it (manual, 7.8.4 "Data-Modifying Statements in WITH"): every part runs, none sees what another
changed except through what that one returns, and no row may be changed twice. So a part that depends on another takes
its rows FROM it: where that one returned none, nothing happens.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

ONCE = "(SELECT) AS once"
"""One row that is always there: behind it stands what depends on nothing."""

Returned = Mapping[str, Mapping[str, Any] | None]
"""The row that each wanted part returned; None where it returned none."""
Told = Callable[[Mapping[str, Any]], tuple[str, bytes]]
"""Makes of what a part returned a broadcast's topic and payload."""


class Changes:
    """The parts of one statement; Database.carry_out runs it."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, str, int]] = []
        self._wanted: list[str] = []
        self.arguments: list[Any] = []
        self._announcements: list[tuple[str, Told]] = []
        self._continuations: list[tuple[str, Callable[[], None]]] = []

    def add(self, name: str, sql: str, *arguments: Any) -> None:
        """A part, whose parameters count from $1; later ones may take rows FROM it by its name."""
        self._parts.append((name, sql, len(self.arguments)))
        self.arguments += arguments

    def want(self, name: str) -> None:
        """The row that this part returns is part of the answer."""
        self._wanted.append(name)

    def announce(self, name: str, told: Told) -> None:
        """When it is committed and this part has returned a row, tell of it; see Transaction.announce."""
        self.want(name)
        self._announcements.append((name, told))

    def afterwards(self, name: str, continuation: Callable[[], None]) -> None:
        """When it is committed and this part has returned a row, call `continuation`; it must not wait or raise."""
        self.want(name)
        self._continuations.append((name, continuation))

    def due(self, returned: Returned) -> list[Callable[[], None]]:
        """The continuations of what has happened."""
        return [continuation for name, continuation in self._continuations if returned[name] is not None]

    def told(self, returned: Returned) -> list[tuple[str, bytes]]:
        """The announcements of what has happened."""
        return [told(row) for name, told in self._announcements if (row := returned[name]) is not None]

    @property
    def sql(self) -> str:
        """The whole statement; the same parts make the same text, which PostgreSQL has prepared."""
        return _composed(tuple(self._parts), tuple(dict.fromkeys(self._wanted)))


@lru_cache(64)
def _composed(parts: tuple[tuple[str, str, int], ...], wanted: tuple[str, ...]) -> str:
    shifted = [
        f"{name} AS ({re.sub(r'[$]([0-9]+)', lambda found, by=by: f'${int(found[1]) + by}', sql)})"  # type: ignore[misc]
        for name, sql, by in parts
    ]
    answers = [f"(SELECT to_jsonb({name}) FROM {name}) AS {name}" for name in wanted]  # noqa: S608  (names of parts)
    return f"WITH {', '.join(shifted)} SELECT {', '.join(answers)}"
