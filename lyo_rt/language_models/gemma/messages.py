"""What the model's process tells the server that started it: one JSON document a line, on a pipe."""

import msgspec

from lyo_rt.models.records import Memory, Reason


class Weighed(msgspec.Struct, frozen=True, tag=True):
    """Before anything is loaded: what it will need, and what is free."""

    memory: Memory


class Loaded(msgspec.Struct, frozen=True, tag=True):
    """The model answers at `address`, an OpenAI-compatible server on loopback, to who knows `key`."""

    address: str
    key: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The model will not be loaded; the process ends."""

    reason: Reason
    detail: str


Message = Weighed | Loaded | Refused
