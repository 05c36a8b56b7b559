"""What a request can reach: built once by api/server.py, handed to the app, never global."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from quart import current_app

from actors.alarms import Alarms
from actors.courtesy import Courtesy
from actors.feeds import Feeds
from actors.workshop import Workshop
from api.addresses import Clients
from api.entrance import Entrance
from api.local_model import LocalModel
from lyo_rt.accounts.administration.service import Administration
from lyo_rt.accounts.leaving import Leaving
from lyo_rt.accounts.minors.parents import Parents
from lyo_rt.accounts.password_changes import PasswordChanges
from lyo_rt.accounts.service import Accounts
from lyo_rt.accounts.signed_in_devices import SignedInDevices
from lyo_rt.accounts.verification import Verification
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.cursor import Cursors
from lyo_rt.database.pool import Database
from lyo_rt.language_models.gatekeeper import Gatekeeper
from lyo_rt.limits.service import Limits
from lyo_rt.media.service import Library
from lyo_rt.privacy.exports import Exports
from lyo_rt.settings import Settings


def _never() -> bool:
    return False


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Services:
    """The parts of one running instance."""

    settings: Settings
    clock: Clock
    database: Database
    broadcast: Broadcast
    model: Gatekeeper
    accounts: Accounts
    administration: Administration
    verification: Verification
    password_changes: PasswordChanges
    signed_in_devices: SignedInDevices
    leaving: Leaving
    parents: Parents
    cursors: Cursors
    library: Library
    exports: Exports
    workshop: Workshop
    feeds: Feeds
    courtesy: Courtesy
    alarms: Alarms
    limits: Limits
    clients: Clients
    entrance: Entrance = field(default_factory=Entrance)
    local_model: LocalModel | None = None
    """The model this instance runs itself."""
    draining: Callable[[], bool] = _never
    """Whether this instance has begun to shut down; readiness fails from then on."""
    statistics: Callable[[], Mapping[str, Any]] = _nothing
    """Counts of the live sockets and actors of this instance."""


def services() -> Services:
    """The services of the app that answers the current request."""
    return cast("Services", current_app.extensions["lyo"])
