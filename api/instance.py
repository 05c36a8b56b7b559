"""The composition root of one instance: every part, made once, given to those that need it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import anyio

from actors.adopter import Adopter
from actors.conversation import ConversationActor
from actors.crashes import NEVER
from actors.feeds import Feeds
from actors.generation import GenerationActor
from actors.housekeeping import keep_house
from actors.leaseholder import Leaseholder, Teller
from actors.supervisor import Supervisor
from actors.work import Take
from actors.workshop import Workshop
from api.app import create_app
from api.asgi import Application, create_asgi
from api.realtime.application import Realtime
from api.realtime.commands import SessionCommands
from api.realtime.session_door import Sessions
from api.services import Services
from api.truth import Truth
from lyo_rt import leases
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.accounts.service import Accounts
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import Clock
from lyo_rt.cursor import Cursors
from lyo_rt.database.pool import Database
from lyo_rt.generation.records import KIND as GENERATION
from lyo_rt.language_models.port import LanguageModel
from lyo_rt.language_models.routing import open_model
from lyo_rt.leases import Lease, Presence
from lyo_rt.security.passwords import Passwords
from lyo_rt.security.secrets import open_signing_keys
from lyo_rt.security.tokens import Tokens
from lyo_rt.settings import Settings
from lyo_rt.tutoring.records import KIND as TURN

SURRENDER_SECONDS = 3.0
RECONNECT_SPREAD_SECONDS = 2.0


@dataclass
class Instance:
    """One running instance."""

    id: int
    asgi: Application
    services: Services
    supervisor: Supervisor
    feeds: Feeds
    leaseholder: Leaseholder
    adopter: Adopter
    realtime: Realtime
    sessions: Sessions
    draining: bool = False

    async def drain(self) -> None:
        """Take nothing more, send the sessions elsewhere, hand the work over: in this order (REALTIME §3)."""
        self.draining = True
        self.adopter.drain()
        self.sessions.announce(RECONNECT_SPREAD_SECONDS)
        held = await self.leaseholder.surrender(SURRENDER_SECONDS)
        await leases.release(self.services.database, held)
        self.feeds.end()
        await self.realtime.close()

    def statistics(self) -> Mapping[str, Any]:
        """Counts of what lives here."""
        return {
            "instance": str(self.id),
            "draining": self.draining,
            "actors": {kind: asdict(counts) for kind, counts in self.supervisor.statistics().items()},
            "feeds": self.feeds.statistics(),
            "sessions": self.sessions.statistics(),
            "watchers": self.realtime.watchers,
            "leases": len(self.leaseholder.held()),
            "takeovers": self.adopter.takeovers,
            "broadcast": self.services.broadcast.statistics(),
            "database": self.services.database.statistics(),
        }


@asynccontextmanager
async def open_instance(
    settings: Settings, clock: Clock, *, database_url: str, redis_url: str | None
) -> AsyncIterator[Instance]:
    """An instance over a migrated database, working until the block is left; its work is then anyone's.

    Raises Unavailable when the database or Redis cannot be reached, InvalidSettings when the database was used with
    another secret; a crashed root task leaves the block as an ExceptionGroup.
    """
    async with AsyncExitStack() as stack:
        broadcast: Broadcast = InProcessBroadcast(clock)
        if redis_url is not None:
            broadcast = await stack.enter_async_context(RedisBroadcast.open(redis_url, clock=clock))
        database = await stack.enter_async_context(
            Database.open(database_url, broadcast, pool_max=settings.database_pool_max)
        )
        keys = await open_signing_keys(settings, database)
        model = await stack.enter_async_context(open_model(settings))
        id = leases.new_instance()
        presence = Presence(database_url, id)
        await stack.enter_async_context(presence.held())
        supervisor = await stack.enter_async_context(Supervisor())
        access_lifetime = timedelta(minutes=settings.jwt_access_token_expire_minutes)
        revocations = Revocations(database, broadcast, clock, access_lifetime=access_lifetime)
        accounts = Accounts(
            database,
            Tokens(keys, clock, access_lifetime=access_lifetime),
            Passwords(),
            clock,
            revocations,
            refresh_lifetime=timedelta(days=settings.jwt_refresh_token_expire_days),
        )
        feeds = Feeds(Truth(database), broadcast)
        leaseholder, adopter = work(id, database, broadcast, model, supervisor, clock)
        services = Services(
            settings=settings,
            clock=clock,
            database=database,
            broadcast=broadcast,
            model=model,
            accounts=accounts,
            cursors=Cursors(keys.current, clock),
            workshop=Workshop(adopter),
            feeds=feeds,
            draining=lambda: instance.draining,
            statistics=lambda: instance.statistics(),
        )
        commands = SessionCommands(database, services.workshop, accounts, clock)
        sessions = Sessions(supervisor, feeds, commands, clock, instance=str(id))
        realtime = Realtime(services, feeds, sessions)
        asgi = create_asgi(create_app(services), realtime)
        instance = Instance(id, asgi, services, supervisor, feeds, leaseholder, adopter, realtime, sessions)
        roots = [supervisor.root(root) for root in (feeds.run, leaseholder.run, adopter.run, presence.keep)]
        roots.append(supervisor.root(keep_house, database, clock))
        ready = anyio.Event()
        roots.append(supervisor.root(_started, revocations, ready))
        await ready.wait()
        try:
            yield instance
        finally:
            for root in roots:
                root.cancel()


async def _started(revocations: Revocations, ready: anyio.Event) -> None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(revocations.run)
        ready.set()


def work(
    id: int, database: Database, broadcast: Broadcast, model: LanguageModel, supervisor: Supervisor, clock: Clock
) -> tuple[Leaseholder, Adopter]:
    """Who keeps this instance's leases, and who starts the actors of its work."""
    leaseholder = Leaseholder(lambda held: leases.renew(database, held), broadcast, clock)

    def generation(lease: Lease) -> Teller:
        return supervisor.start(
            GENERATION,
            (lease.id, lease.epoch),
            lambda: GenerationActor(lease, database, model, leaseholder),
            policy=NEVER,
        )

    def turn(lease: Lease) -> Teller:
        address = supervisor.start(
            TURN,
            lease.subject or lease.id,
            lambda: ConversationActor(database, broadcast, model, leaseholder, clock),
            policy=NEVER,
        )
        address.tell(Take(lease))
        return address

    adopter = Adopter(
        lambda kinds, limit: leases.claim(database, kinds, id, limit=limit),
        leaseholder,
        {GENERATION: generation, TURN: turn},
        instance=id,
    )
    return leaseholder, adopter
