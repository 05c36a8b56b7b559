"""Who listens to one topic on this instance; both broadcasts tell their listeners through it."""

import logging
from collections import Counter

from lyo_rt.broadcast.contract import Listener

logger = logging.getLogger(__name__)


class Audience:
    """The listeners of one topic. What they are told is counted in `tally` under `heard`, `lost` and `faults`."""

    def __init__(self, tally: Counter[str]) -> None:
        self._tally = tally
        self._seats: dict[object, Listener] = {}
        self._listeners: tuple[Listener, ...] = ()

    def __len__(self) -> int:
        return len(self._listeners)

    def add(self, listener: Listener) -> object:
        """Seat `listener`; the seat returned is what `remove` takes, so one listener may sit twice."""
        seat = object()
        self._seats[seat] = listener
        self._listeners = tuple(self._seats.values())
        return seat

    def remove(self, seat: object) -> None:
        """Nothing is told to this seat from here on."""
        del self._seats[seat]
        self._listeners = tuple(self._seats.values())

    def heard(self, payload: bytes) -> None:
        """Tell everyone of one message."""
        for listener in self._listeners:
            try:
                listener.heard(payload)
            except Exception:
                self._fault("heard")
            else:
                self._tally["heard"] += 1

    def lost(self) -> None:
        """Tell everyone that messages may be missing."""
        for listener in self._listeners:
            try:
                listener.lost()
            except Exception:
                self._fault("lost")
            else:
                self._tally["lost"] += 1

    def _fault(self, what: str) -> None:
        """The listener is foreign code, the caller serves all the others: an edge, as a request's handler is."""
        self._tally["faults"] += 1
        logger.exception("a listener failed when told that something was %s", what)
