"""Every refusal a client can meet: one hierarchy, rendered as RFC 9457 problem+json or as a WebSocket close code.

The class name gives the kebab-case `type`, the docstring the `title`. Nothing else in the product makes an error body.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

TYPE_ROOT = "https://api.lyo.app/problems/"


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with an input: where (JSON Pointer, RFC 6901, or `header:`/`query:` name) and how to mend it."""

    pointer: str
    detail: str


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The members of an RFC 9457 problem as they go over the wire."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str | None = None
    request_id: str | None = None
    errors: Sequence[Fault] = ()


class Problem(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"
    close_code: ClassVar[int] = 4211
    """What a WebSocket is closed with when this ends it (REALTIME §2: close codes are instructions)."""

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[Fault] = (),
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail or self.title()
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.headers: dict[str, str] = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, round(retry_after)))

    @classmethod
    def title(cls) -> str:
        """The one-line summary: the first line of the docstring without its full stop."""
        return (cls.__doc__ or cls.__name__).strip().splitlines()[0].rstrip(".")

    @classmethod
    def name(cls) -> str:
        """The kebab-case name at the end of `type`."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()

    def body(self, *, instance: str | None = None, request_id: str | None = None) -> ProblemBody:
        """The problem as wire members; `instance` is the request's path."""
        return ProblemBody(
            type=TYPE_ROOT + self.name(),
            title=self.title(),
            status=self.status,
            detail=self.detail,
            code=self.code,
            instance=instance,
            request_id=request_id,
            errors=self.errors,
        )


class InternalFault(Problem):
    """Something went wrong on our side."""


class BadRequest(Problem):
    """The request cannot be understood."""

    status = 400
    code = "BAD_REQUEST"
    close_code = 4000


class InvalidJson(BadRequest):
    """The body is not valid JSON."""

    code = "INVALID_JSON"


class InvalidCursor(BadRequest):
    """The cursor is not one of ours or has gone stale."""

    code = "INVALID_CURSOR"


class IdempotencyKeyMissing(BadRequest):
    """This request needs an Idempotency-Key header."""

    code = "IDEMPOTENCY_KEY_REQUIRED"


class BadFrame(BadRequest):
    """The WebSocket frame cannot be understood."""

    code = "BAD_FRAME"


class InvalidInput(Problem):
    """The input has faults."""

    status = 422
    code = "VALIDATION_ERROR"
    close_code = 4000


class IdempotencyKeyReused(Problem):
    """This Idempotency-Key was used with another body."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"


class NotAuthenticated(Problem):
    """A valid access token is needed."""

    status = 401
    code = "NOT_AUTHENTICATED"
    close_code = 4001

    def __init__(self, detail: str = "", **rest: Any) -> None:
        super().__init__(detail, **rest)
        self.headers.setdefault("WWW-Authenticate", 'Bearer realm="lyo"')


class TokenExpired(NotAuthenticated):
    """The access token has expired."""

    code = "TOKEN_EXPIRED"
    close_code = 4301


class SessionRevoked(NotAuthenticated):
    """This session has been signed out."""

    code = "SESSION_REVOKED"
    close_code = 4010


class WrongCredentials(NotAuthenticated):
    """E-mail or password is wrong."""

    code = "WRONG_CREDENTIALS"


class Replaced(Problem):
    """A newer connection of the same device has taken over."""

    status = 409
    code = "REPLACED"
    close_code = 4009


class Forbidden(Problem):
    """You may not do this."""

    status = 403
    code = "FORBIDDEN"
    close_code = 4003


class ConsentRequired(Forbidden):
    """This needs a parent's consent, or somebody older."""

    code = "CONSENT_REQUIRED"


class NotFound(Problem):
    """There is no such thing here."""

    status = 404
    code = "NOT_FOUND"
    close_code = 4003


class MethodNotAllowed(Problem):
    """This path does not answer that method."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class Conflict(Problem):
    """The present state does not allow this."""

    status = 409
    code = "CONFLICT"


class EmailTaken(Conflict):
    """An account with this e-mail exists."""

    code = "EMAIL_TAKEN"


class StaleVersion(Problem):
    """The resource has changed since you read it."""

    status = 412
    code = "STALE_VERSION"


class TooLarge(Problem):
    """The body is too large."""

    status = 413
    code = "TOO_LARGE"


class UnsupportedMediaType(Problem):
    """This content type is not understood here."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class TooManyRequests(Problem):
    """You are asking too often."""

    status = 429
    code = "RATE_LIMITED"
    close_code = 4129


class BudgetExhausted(TooManyRequests):
    """A daily budget for language models is used up."""

    code = "AI_BUDGET_EXHAUSTED"


class TooSlow(Problem):
    """The connection reads more slowly than events arrive."""

    status = 503
    code = "TOO_SLOW"
    close_code = 4208


class StalePosition(Problem):
    """The client claims to have more of a stream than there is."""

    status = 409
    code = "STALE_POSITION"
    close_code = 4212


class ModelUnavailable(Problem):
    """No language model can answer now."""

    status = 503
    code = "MODEL_UNAVAILABLE"
    close_code = 4130


class Unavailable(Problem):
    """The service cannot answer this now."""

    status = 503
    code = "UNAVAILABLE"
    close_code = 4130


class Draining(Unavailable):
    """This instance is shutting down."""

    code = "DRAINING"
    close_code = 1012


def kept(code: str | None, detail: str, *, retry_after: float | None) -> Problem:
    """The problem that work has failed with, of which `code` was kept; ModelUnavailable where that says nothing."""
    kinds = {kind.code: kind for kind in every_problem()}
    return kinds.get(code or "", ModelUnavailable)(detail, retry_after=retry_after)


def every_problem() -> list[type[Problem]]:
    """All the kinds of problem, for the problem pages and OpenAPI, by name."""
    found: dict[str, type[Problem]] = {}
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            found[kind.name()] = kind
            waiting.append(kind)
    return [found[name] for name in sorted(found)]
