"""Rate limits of the routes: what `@answers` says is counted before anything of the request is looked at.

Of a signed-in route all requests of a learner count; of an open one those from one address. The header fields are those
of draft-ietf-httpapi-ratelimit-headers-11.
"""

import math
from collections.abc import Iterator, Sequence

from quart import request

from api.exchange import Exchange
from api.openapi import Answers, limits_of
from api.services import services
from lyo_rt.limits.policies import Standing
from lyo_rt.limits.service import refusal
from lyo_rt.security.tokens import Identity


async def admit(exchange: Exchange, promise: Answers, asker: Identity | None) -> None:
    """Count the current request. Raises TooManyRequests, and Unavailable where nobody may come in uncounted."""
    limits = services().limits
    names = limits_of(promise)
    if not limits.any_of(names):
        return
    if asker is not None:
        exchange.standings = await limits.count(names, f"user:{asker.user_id}", premium=asker.premium)
    else:
        exchange.standings = await limits.count(names, f"address:{asked_from()}")
    if (problem := refusal(exchange.standings)) is not None:
        raise problem


def fields(standings: Sequence[Standing]) -> Iterator[tuple[str, str]]:
    """The header fields."""
    if standings:
        policies = [one.policy for one in standings]
        yield "RateLimit-Policy", ", ".join(f'"{one.name}";q={one.quota};w={one.seconds}' for one in policies)
        yield (
            "RateLimit",
            ", ".join(f'"{one.policy.name}";r={one.remaining};t={math.ceil(one.seconds)}' for one in standings),
        )


def asked_from() -> str:
    """The address that the current request comes from: of IPv6 its /64 (api/addresses.py)."""
    scope = request.scope
    client = scope.get("client")
    return services().clients.address(client[0] if client else None, scope["headers"])
