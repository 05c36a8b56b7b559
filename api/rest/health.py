"""Is this instance alive, ready, and what is the matter if not. Open to all; details are for admins (SPEC §4)."""

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

import anyio
import msgspec
from quart import Blueprint, Response

from api.authentication import who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.language_models import breakers
from lyo_rt.language_models.breakers import Breaker
from lyo_rt.language_models.gemma.provider import NAME as GEMMA
from lyo_rt.language_models.gemma.provider import NOT_READY_SECONDS
from lyo_rt.language_models.port import Reuse
from lyo_rt.models.address import shown
from lyo_rt.models.records import Memory, Reason, State
from lyo_rt.problems import Draining, NotAuthenticated, Unavailable
from lyo_rt.security.permissions import Permission, allows

blueprint = Blueprint("health", __name__, url_prefix="/v1/health")

CHECK_SECONDS = 2.0


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Health(msgspec.Struct, frozen=True):
    """`ok`, or `draining`, and each part by itself."""

    status: Literal["ok", "draining"]
    version: str
    database: Literal["ok"]
    broadcast: Literal["in-process", "redis"]
    providers: tuple[str, ...]


class DatabaseHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """The database answers; `latency_ms` is one query's round trip. Admins see `pool`, this instance's connections."""

    status: Literal["ok"]
    latency_ms: float
    pool: dict[str, int] | None = None


class BroadcastHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """`in-process`: one instance by itself, without a Redis; else messages go out through Redis.

    Admins see `limits`, what was counted for rate limits: `uncounted` requests were let through, and sign-ins refused
    as `closed`, while Redis was away.
    """

    status: Literal["ok"]
    mode: Literal["in-process", "redis"]
    limits: dict[str, int] | None = None


class SocketHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Sockets are taken, or no longer. Admins see counts of this instance's live sockets and actors."""

    status: Literal["ok", "draining"]
    statistics: dict[str, Any] | None = None


class ProviderHealth(msgspec.Struct, frozen=True):
    """A provider's circuit breaker, the same for all instances.

    `failures` in a row; `cooling` is how many seconds it is not asked for, after failures or by its own Retry-After.
    """

    provider: str
    breaker: breakers.State
    failures: int
    cooling: float


class AiHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is asked, in this order. `degraded`: the first cannot be now. Admins see the circuit breakers, and how often
    this instance had an answer that was there already."""

    status: Literal["ok", "degraded"]
    providers: tuple[str, ...]
    details: list[ProviderHealth] | None = None
    cache: Reuse | None = None


class GemmaHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """The model that this instance runs itself.

    `percent` of it has come while it is `pulling`, where its size is known. `verifying` is its SHA-256, and then that
    it loads. `reason` is why it has `failed`. Admins see the rest: the file, its bytes, memory, and what went wrong.
    """

    state: State
    percent: int | None = None
    reason: Reason | None = None
    detail: str | None = None
    path: str | None = None
    source: str | None = None
    received: int | None = None
    total: int | None = None
    memory: Memory | None = None


class ModelHealth(msgspec.Struct, frozen=True):
    """Who is asked, in this order. `outline` builds from the given text alone, so its answers are `degraded`."""

    status: Literal["ok"]
    providers: tuple[str, ...]
    gemma: GemmaHealth


@blueprint.get("/live")
@answers(Liveness, signed_in=False, limit="none")
async def live() -> Response:
    """Tell that the process answers.

    Never touches a dependency: a database that is away is no reason to restart this.
    """
    return json_answer(Liveness())


@blueprint.get("/ready")
@answers(Liveness, signed_in=False, limit="none", problems=(Draining, Unavailable))
async def ready() -> Response:
    """Tell whether this instance should be sent requests.

    It fails while the instance is shutting down, and while its database or its broadcast cannot be reached.
    """
    if services().draining():
        raise Draining(retry_after=1)
    await _database_latency()
    await _check_broadcast()
    return json_answer(Liveness())


@blueprint.get("")
@answers(Health, signed_in=False, limit="none", problems=(Unavailable,))
async def health() -> Response:
    """Tell how this instance and its parts are."""
    await _database_latency()
    await _check_broadcast()
    status: Literal["ok", "draining"] = "draining" if services().draining() else "ok"
    return json_answer(Health(status, _version(), "ok", _mode(), services().settings.providers()))


@blueprint.get("/database")
@answers(DatabaseHealth, signed_in=False, limit="none", problems=(Unavailable,))
async def database() -> Response:
    """Tell whether the database answers, and how fast."""
    latency = await _database_latency()
    return json_answer(DatabaseHealth("ok", latency, services().database.statistics() if _asks_an_admin() else None))


@blueprint.get("/redis")
@answers(BroadcastHealth, signed_in=False, limit="none", problems=(Unavailable,))
async def redis() -> Response:
    """Tell whether messages between instances go out.

    Without a Redis the one instance broadcasts within its process, which is then what this says.
    """
    await _check_broadcast()
    return json_answer(BroadcastHealth("ok", _mode(), services().limits.statistics() if _asks_an_admin() else None))


@blueprint.get("/websocket")
@answers(SocketHealth, signed_in=False, limit="none")
async def websocket() -> Response:
    """Tell whether this instance takes WebSockets, and admins how many are live."""
    status: Literal["ok", "draining"] = "draining" if services().draining() else "ok"
    return json_answer(SocketHealth(status, dict(services().statistics()) if _asks_an_admin() else None))


@blueprint.get("/ai")
@answers(AiHealth, signed_in=False, limit="none", problems=(Unavailable,))
async def ai() -> Response:
    """Tell whether language models can be asked.

    503 with Retry-After when none can: none is configured, or all are cooling.
    """
    providers = services().settings.providers()
    if not providers:
        raise Unavailable("No language model is configured.")
    now = services().clock.now()
    known = {one.provider: one for one in await breakers.list_breakers(services().database)}
    asked = [known.get(name, Breaker(provider=name)) for name in providers]
    cooling = [_cooling(one, now) for one in asked]
    if min(cooling) > 0:
        raise Unavailable("No language model can be asked now.", retry_after=min(cooling))
    details = [
        ProviderHealth(one.provider, one.state(now), one.failures, wait)
        for one, wait in zip(asked, cooling, strict=True)
    ]
    status: Literal["ok", "degraded"] = "degraded" if cooling[0] > 0 else "ok"
    if not _asks_an_admin():
        return json_answer(AiHealth(status, providers))
    return json_answer(AiHealth(status, providers, details, services().model.reuse()))


def _cooling(breaker: Breaker, now: datetime) -> float:
    """Seconds until the provider can be asked; the model of this instance can be once it is loaded."""
    local = services().local_model
    if breaker.provider == GEMMA and local is not None and local.standing.condition.state != "ready":
        return NOT_READY_SECONDS
    return breaker.cooling(now)


@blueprint.get("/model")
@answers(ModelHealth, signed_in=False, limit="none", problems=(Unavailable,))
async def model() -> Response:
    """Tell which language models are configured, in the order they are asked."""
    providers = services().settings.providers()
    if not providers:
        raise Unavailable("No language model is configured.")
    return json_answer(ModelHealth("ok", providers, _gemma(admin=_asks_an_admin())))


def _gemma(*, admin: bool) -> GemmaHealth:
    local = services().local_model
    if local is None:
        return GemmaHealth("absent")
    condition, source = local.standing.condition, local.settings.model_source
    if not admin:
        return GemmaHealth(condition.state, condition.percent, condition.reason)
    return GemmaHealth(
        condition.state,
        condition.percent,
        condition.reason,
        condition.detail,
        str(local.artifact.path),
        source and shown(source),
        condition.received,
        condition.total,
        condition.memory,
    )


async def _database_latency() -> float:
    """Milliseconds. Raises Unavailable."""
    started = services().clock.monotonic()
    try:
        with anyio.fail_after(CHECK_SECONDS):
            await services().database.fetchval("SELECT 1")
    except TimeoutError as fault:
        raise Unavailable("The database does not answer.", retry_after=1) from fault
    return round((services().clock.monotonic() - started) * 1000, 2)


async def _check_broadcast() -> None:
    try:
        with anyio.fail_after(CHECK_SECONDS):
            await services().broadcast.check()
    except TimeoutError as fault:
        raise Unavailable("The broadcast does not answer.", retry_after=1) from fault


def _asks_an_admin() -> bool:
    try:
        return allows(who().user_type, Permission.VIEW_OPERATIONS)
    except NotAuthenticated:
        return False


def _mode() -> Literal["in-process", "redis"]:
    return "in-process" if isinstance(services().broadcast, InProcessBroadcast) else "redis"


def _version() -> str:
    try:
        return version("lyo-rt")
    except PackageNotFoundError:
        return "0.1.0"
