"""Who is asking: the same JWTs as the product's."""

import time
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from bench.seeds_stack.configuration import JWT_SECRET_KEY


class Unauthorized(Exception):
    """There is no token, or none that is good."""


# A signature that is right stays right: verified once (100 us), as the product does. The time is judged at every call.
@lru_cache(4096)
def _claims(token: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            JWT_SECRET_KEY,
            algorithms=["HS256"],
            audience="lyoapp-users",
            issuer="lyoapp-backend",
            options={"require": ["exp", "sub", "aud", "iss"]},
        )
    except jwt.PyJWTError as fault:
        raise Unauthorized(str(fault)) from None
    return claims


def user_of(authorization: str | None) -> UUID:
    """The user of an `Authorization: Bearer` header. Raises Unauthorized."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("no bearer token")
    claims = _claims(token)
    if claims["exp"] <= time.time():
        raise Unauthorized("expired")
    return UUID(claims["sub"])
