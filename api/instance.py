"""The composition root of one instance: every part, made once, given to those that need it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import anyio

from actors.adopter import Adopter
from actors.alarms import Alarms
from actors.attendance import Attendance
from actors.conversation import ConversationActor
from actors.courtesy import Courtesy
from actors.crashes import NEVER
from actors.devices import Devices
from actors.erasing import Eraser
from actors.exporting import Exporter
from actors.feeds import Feeds
from actors.forgotten_passwords import answer_forgotten
from actors.generation import GenerationActor
from actors.housekeeping import keep_house
from actors.leased import opener
from actors.leaseholder import Leaseholder, Teller
from actors.mail_relay import MailRelay
from actors.parental_notices import warn_parents
from actors.quiz_grading import Grader
from actors.quiz_writing import QuizWriter
from actors.refusals import write_down
from actors.roll import Roll
from actors.supervisor import Supervisor
from actors.work import Take
from actors.workshop import Workshop
from api.accounts import open_accounts
from api.addresses import Clients
from api.app import create_app
from api.asgi import Application, create_asgi
from api.local_model import LocalModel, open_local_model
from api.realtime.application import Realtime
from api.realtime.commands import SessionCommands
from api.realtime.session_door import Sessions
from api.services import Services
from api.truth import Truth
from lyo_rt import leases
from lyo_rt.accounts.administration.service import Administration
from lyo_rt.accounts.mailed_exports import MailedExports
from lyo_rt.accounts.profiles.rules import time_zones
from lyo_rt.accounts.refusals import EVERY_SECONDS
from lyo_rt.accounts.revocations import Revocations
from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.broadcast.redis import RedisBroadcast
from lyo_rt.clock import Clock
from lyo_rt.cursor import Cursors
from lyo_rt.database.pool import Database, Transaction
from lyo_rt.generation.records import KIND as GENERATION
from lyo_rt.language_models.gatekeeper import Gatekeeper
from lyo_rt.language_models.routing import open_model
from lyo_rt.leases import Lease, Presence
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.redis import RedisStore
from lyo_rt.limits.service import Limits, policies_of
from lyo_rt.mail.opening import open_transport
from lyo_rt.mail.templates import Templates
from lyo_rt.mail.tokens import MailedTokens
from lyo_rt.mail.transport import Transport
from lyo_rt.media.service import Library
from lyo_rt.privacy.exports import KIND as EXPORT
from lyo_rt.privacy.exports import Exports, Ready
from lyo_rt.privacy.service import KIND as ERASURE
from lyo_rt.quizzes.records import GRADING, WRITING
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from lyo_rt.security.reencryption import sealed_tables
from lyo_rt.security.secrets import ENCRYPTION, SECRETS, SIGNING, Secret, keep_up, read_ring, recognise
from lyo_rt.settings import Settings
from lyo_rt.storage.store import open_storage
from lyo_rt.tutoring.records import KIND as TURN
from migrations.tables import all_tables

SURRENDER_SECONDS = 3.0
RECONNECT_SPREAD_SECONDS = 2.0
MAIL_SECONDS = 1.0
"""For the mails that are on their way when everything else has been handed over."""


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
    alarms: Alarms
    attendance: Attendance
    devices: Devices
    roll: Roll
    mail_relay: MailRelay
    eraser: Eraser
    realtime: Realtime
    sessions: Sessions
    draining: bool = False

    async def drain(self) -> None:
        """Take nothing more, send the sessions elsewhere, hand the work over: in this order (REALTIME §3)."""
        self.draining = True
        self.adopter.drain()
        self.mail_relay.drain()
        self.sessions.announce(RECONNECT_SPREAD_SECONDS)
        await self.roll.drain()
        held = await self.leaseholder.surrender(SURRENDER_SECONDS)
        await leases.release(self.services.database, held)
        self.feeds.end()
        await self.attendance.drain()
        await self.realtime.close()
        await self.mail_relay.finished(MAIL_SECONDS)

    def statistics(self) -> Mapping[str, Any]:
        """Counts of what lives here."""
        return {
            "instance": str(self.id),
            "draining": self.draining,
            "actors": {kind: asdict(counts) for kind, counts in self.supervisor.statistics().items()},
            "feeds": self.feeds.statistics(),
            "sessions": self.sessions.statistics(),
            "watchers": self.realtime.watchers,
            "attendance": self.attendance.statistics(),
            "leases": len(self.leaseholder.held()),
            "takeovers": self.adopter.takeovers,
            "mail": self.mail_relay.statistics(),
            "broadcast": self.services.broadcast.statistics(),
            "database": self.services.database.statistics(),
            "gates": self.services.model.statistics(),
            "limits": self.services.limits.statistics(),
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
        rings = {secret: await read_ring(settings, secret) for secret in SECRETS}
        cipher = Cipher(rings[ENCRYPTION], clock)
        database = await stack.enter_async_context(
            Database.open(database_url, broadcast, cipher=cipher, pool_max=settings.database_pool_max)
        )
        storage = await open_storage(settings)
        for secret, ring in rings.items():
            await recognise(database, secret, ring, settings)
        await anyio.to_thread.run_sync(time_zones)
        local = await open_local_model(settings)
        id = leases.new_instance()
        opened = partial(open_model, database=database, broadcast=broadcast, clock=clock, instance=id)
        model = Gatekeeper(
            await stack.enter_async_context(opened(settings, local=local.provider if local else None)),
            await stack.enter_async_context(opened(second_reading(settings))) if settings.ai_second_reader else None,
        )
        presence = Presence(database_url, id)
        await stack.enter_async_context(presence.held())
        supervisor = await stack.enter_async_context(Supervisor())
        library, exports = Library(database, storage, clock), Exports(database, storage, clock)
        mail = await stack.enter_async_context(open_transport(settings))
        parts = Parts(id, settings, clock, database, broadcast, model, library, exports, supervisor, mail, rings, local)
        instance = compose(parts)
        async with working(instance, parts, presence):
            yield instance


def second_reading(settings: Settings) -> Settings:
    """The settings of the model that reads the questions of the others."""
    return settings.model_copy(update={"ai_providers": (settings.ai_second_reader,)})


@dataclass(frozen=True)
class Parts:
    """What an instance is made of, opened."""

    id: int
    settings: Settings
    clock: Clock
    database: Database
    broadcast: Broadcast
    model: Gatekeeper
    library: Library
    exports: Exports
    supervisor: Supervisor
    mail: Transport
    rings: Mapping[Secret, KeyRing]
    local: LocalModel | None = None


def compose(parts: Parts) -> Instance:
    """The instance over its parts; nothing runs yet."""
    feeds = Feeds(Truth(parts.database), parts.broadcast)
    if isinstance(parts.broadcast, RedisBroadcast):
        parts.database.nearby = feeds.foretold
    courtesy, alarms = Courtesy(), Alarms()
    eraser = Eraser(parts.database, parts.broadcast, parts.library, parts.exports, parts.clock)
    counted = limits(parts)
    accounts = open_accounts(
        parts.settings, parts.database, parts.broadcast, parts.clock, parts.rings[SIGNING], counted
    )
    leaseholder, adopter = work(parts, courtesy, eraser, accounts.mailed_exports)
    services = Services(
        settings=parts.settings,
        clock=parts.clock,
        database=parts.database,
        broadcast=parts.broadcast,
        model=parts.model,
        accounts=accounts.accounts,
        administration=Administration(parts.database, accounts.accounts.revocations, parts.clock),
        verification=accounts.verification,
        password_changes=accounts.password_changes,
        signed_in_devices=accounts.signed_in_devices,
        leaving=accounts.leaving,
        parents=accounts.parents,
        cursors=Cursors(parts.rings[SIGNING], parts.clock),
        library=parts.library,
        exports=parts.exports,
        workshop=Workshop(adopter),
        feeds=feeds,
        courtesy=courtesy,
        alarms=alarms,
        limits=counted,
        clients=Clients(parts.settings.trusted_proxies),
        local_model=parts.local,
        draining=lambda: instance.draining,
        statistics=lambda: instance.statistics(),
    )
    attendance = Attendance(parts.database, parts.broadcast, instance=parts.id)
    devices = Devices(parts.broadcast, parts.clock)
    commands = SessionCommands(
        parts.database, services.workshop, services.accounts, attendance, devices, parts.clock, services.limits
    )
    sessions = Sessions(parts.supervisor, feeds, commands, parts.clock, alarms, courtesy, instance=str(parts.id))
    realtime = Realtime(services, feeds, sessions)
    asgi = create_asgi(create_app(services), realtime)
    instance = Instance(
        parts.id,
        asgi,
        services,
        parts.supervisor,
        feeds,
        leaseholder,
        adopter,
        alarms,
        attendance,
        devices,
        Roll(parts.database, parts.id),
        mail_relay(parts),
        eraser,
        realtime,
        sessions,
    )
    return instance


def limits(parts: Parts) -> Limits:
    """Who may ask how often, counted for all instances where there are several."""
    broadcast = parts.broadcast
    shared = RedisStore(broadcast.shards) if isinstance(broadcast, RedisBroadcast) else None
    return Limits(shared or InProcessStore(parts.clock), policies_of(parts.settings))


def mail_relay(parts: Parts) -> MailRelay:
    """Who sends the mails."""
    settings = parts.settings
    return MailRelay(
        parts.supervisor,
        parts.database,
        parts.broadcast,
        parts.mail,
        Templates(public_url=settings.reached_at, sender=settings.mail_sender),
        MailedTokens(parts.rings[SIGNING], parts.clock),
        parts.clock,
    )


@asynccontextmanager
async def working(instance: Instance, parts: Parts, presence: Presence) -> AsyncIterator[None]:
    """The root tasks run while the block does; the revocations have been read when it begins."""
    await instance.roll.enter()
    if parts.local is not None:
        await parts.local.start(parts.supervisor, parts.database, parts.clock)
    ready = anyio.Event()
    root = parts.supervisor.root
    roots = [
        root(instance.feeds.run),
        root(instance.leaseholder.run),
        root(instance.adopter.run),
        root(instance.alarms.run),
        root(instance.attendance.run),
        root(instance.devices.run),
        root(instance.roll.run),
        root(instance.mail_relay.run),
        root(answer_forgotten, instance.services.password_changes.answer_forgotten, parts.broadcast),
        root(write_down, instance.services.accounts.refusals.write, EVERY_SECONDS),
        root(instance.eraser.begin_due),
        root(warn_parents, parts.database, parts.broadcast, instance.services.parents.warn, parts.clock),
        root(presence.keep),
        root(keep_house, parts.database, parts.library, parts.exports, parts.settings.retention, parts.clock),
        *(root(keep_up, parts.database, secret, ring, parts.settings) for secret, ring in parts.rings.items()),
        root(_started, instance.services.accounts.revocations, ready),
    ]
    await ready.wait()
    try:
        yield
    finally:
        for task in roots:
            task.cancel()
    await instance.roll.leave()


async def _started(revocations: Revocations, ready: anyio.Event) -> None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(revocations.run)
        ready.set()


def work(parts: Parts, courtesy: Courtesy, eraser: Eraser, mailed: MailedExports) -> tuple[Leaseholder, Adopter]:
    """Who keeps this instance's leases, and who starts the actors of its work."""
    database, broadcast, model, supervisor = parts.database, parts.broadcast, parts.model, parts.supervisor
    leaseholder = Leaseholder(lambda held: leases.renew(database, held), broadcast, parts.clock)

    def generation(lease: Lease) -> Teller:
        return supervisor.start(
            GENERATION,
            (lease.id, lease.epoch),
            lambda: GenerationActor(lease, database, model, leaseholder, courtesy),
            policy=NEVER,
        )

    def turn(lease: Lease) -> Teller:
        address = supervisor.start(
            TURN,
            lease.subject or lease.id,
            lambda: ConversationActor(database, broadcast, model, leaseholder, parts.clock),
            policy=NEVER,
        )
        address.tell(Take(lease))
        return address

    writer, grader = QuizWriter(database, model, parts.clock), Grader(database, model, parts.clock)
    sealed = {table.name: table for table in sealed_tables(all_tables().tables.values())}

    async def mail(transaction: Transaction, ready: Ready) -> bytes | None:
        return await mailed.post(transaction, ready.user_id, for_parent=ready.for_parent, expires_at=ready.expires_at)

    exporter = Exporter(database, parts.library, parts.exports, parts.clock, sealed, mail)
    openers = {
        GENERATION: generation,
        TURN: turn,
        WRITING: opener(supervisor, leaseholder, writer.write),
        GRADING: opener(supervisor, leaseholder, grader.grade),
        EXPORT: opener(supervisor, leaseholder, exporter.export),
        ERASURE: opener(supervisor, leaseholder, eraser.erase),
    }
    if (local := parts.local) is not None and local.place is not None:
        openers[local.kind] = partial(local.keeper, supervisor, leaseholder)
    adopter = Adopter(
        lambda kinds, limit: leases.claim(database, kinds, parts.id, limit=limit),
        leaseholder,
        openers,
        instance=parts.id,
    )
    return leaseholder, adopter
