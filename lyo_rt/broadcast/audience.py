"""Who listens to one topic on this instance; both broadcasts tell their listeners through it."""

import logging
from collections import Counter
from collections.abc import Callable

from lyo_rt.broadcast.contract import Listener

logger = logging.getLogger(__name__)


class Audience:
    """The listeners of one topic. What they are told is counted in `tally` under `heard`, `lost` and `faults`."""

    def __init__(self, tally: Counter[str]) -> None:
        self._tally = tally
        self._seats: dict[object, Listener] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def add(self, listener: Listener) -> object:
        """Seat `listener`; the seat returned is what `remove` takes, so one listener may sit twice."""
        seat = object()
        self._seats[seat] = listener
        return seat

    def remove(self, seat: object) -> None:
        """Nothing is told to this seat from here on."""
        del self._seats[seat]

    def heard(self, payload: bytes) -> None:
        """Tell everyone of one message."""
        for listener in tuple(self._seats.values()):
            self._tell("heard", listener.heard, payload)

    def lost(self) -> None:
        """Tell everyone that messages may be missing."""
        for listener in tuple(self._seats.values()):
            self._tell("lost", listener.lost)

    def _tell(self, what: str, call: Callable[..., None], *arguments: bytes) -> None:
        try:
            call(*arguments)
        except Exception:
            # The listener is foreign code, the caller serves all the others: an edge, as a request's handler is.
            self._tally["faults"] += 1
            logger.exception("a listener failed when told that something was %s", what)
        else:
            self._tally[what] += 1
