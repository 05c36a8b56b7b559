"""Values held for a while in this process, within a bound of bytes."""

from lyo_rt.clock import Clock


class Memory:
    """Values by key; together they have at most `limit` bytes, beyond that those held longest are forgotten."""

    def __init__(self, clock: Clock, *, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._bytes = 0
        self._held: dict[str, tuple[float, bytes]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def remember(self, key: str, value: bytes, seconds: float) -> None:
        """Hold `value` for so many seconds at most."""
        self.forget(key)
        self._held[key] = (self._clock.monotonic() + seconds, value)
        self._bytes += len(value)
        while self._bytes > self._limit:
            self.forget(next(iter(self._held)))

    def recall(self, key: str) -> bytes | None:
        """What is held under `key`."""
        held = self._held.get(key)
        if held is None:
            return None
        until, value = held
        if until > self._clock.monotonic():
            return value
        self.forget(key)
        return None

    def forget(self, key: str) -> None:
        """Hold nothing under `key`."""
        held = self._held.pop(key, None)
        if held is not None:
            self._bytes -= len(held[1])
