"""What an actor that works under leases is told, and what it asks of PostgreSQL when that is away for a moment."""

from uuid import UUID

import msgspec

from lyo_rt.database.patience import persist as persist
from lyo_rt.leases import Lease


class Take(msgspec.Struct, frozen=True):
    """This work is yours now."""

    lease: Lease


class Stop(msgspec.Struct, frozen=True):
    """Somebody asked for the end of this work: end it, and store that."""

    id: UUID


class Lost(msgspec.Struct, frozen=True):
    """The lease is another's, or this instance gives it back: stop, and store nothing."""

    id: UUID


WorkMessage = Take | Stop | Lost
