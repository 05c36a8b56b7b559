"""What goes out: JSON of msgspec structs, and every refusal as RFC 9457 problem+json; nothing else renders errors."""

import gzip
from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import msgspec
import structlog
from pydantic import ValidationError
from quart import Quart, Response, request
from quart_schema.validation import (
    QuerystringValidationError,
    RequestHeadersValidationError,
    RequestSchemaValidationError,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from api.exchange import exchange_of
from lyo_rt.problems import (
    BadRequest,
    Fault,
    Forbidden,
    InternalFault,
    InvalidInput,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)

GZIP_FROM = 1024
GZIP_IN_THREAD_FROM = 64 * 1024
GZIP_LEVEL = 5
PACKED = ".gzip"
"""Behind the entity tag of a packed answer: its bytes are others (RFC 9110 §8.8.3.3)."""
COMPRESSIBLE = frozenset(
    {
        "application/json",
        "application/javascript",
        "text/javascript",
        "text/css",
        "text/html",
        "text/plain",
        "text/markdown",
        "image/svg+xml",
    }
)


class BodyTooSlow(Problem):
    """The request's body did not arrive in time."""

    status = 408
    code = "BODY_TOO_SLOW"


class HeadTooSlow(Problem):
    """The request's header did not arrive in time."""

    status = 408
    code = "HEAD_TOO_SLOW"


class TargetTooLong(Problem):
    """The address is too long."""

    status = 414
    code = "TARGET_TOO_LONG"


class HeadTooLarge(Problem):
    """The request's header fields are too large or too many."""

    status = 431
    code = "HEAD_TOO_LARGE"


class UnknownCoding(Problem):
    """This transfer coding is not known here."""

    status = 501
    code = "UNKNOWN_CODING"


class UnknownVersion(Problem):
    """This version of HTTP is not spoken here."""

    status = 505
    code = "UNKNOWN_VERSION"


class RangeNotSatisfiable(Problem):
    """The range asked for lies outside of the content."""

    status = 416
    code = "RANGE_NOT_SATISFIABLE"


class Misdirected(Problem):
    """This server does not answer for that host."""

    status = 421
    code = "MISDIRECTED"
    close_code = 4003


BY_STATUS: dict[int, type[Problem]] = {
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    408: BodyTooSlow,
    413: TooLarge,
    415: UnsupportedMediaType,
    416: RangeNotSatisfiable,
    503: Unavailable,
}


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` (msgspec structs, or builtins) as JSON."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), content_type="application/json")


def rendered(problem: Problem, *, instance: str | None, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a problem; `instance` is the path the client asked for, where one could be read."""
    body = msgspec.json.encode(problem.body(instance=instance, request_id=request_id))
    headers = {**problem.headers, "Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    return problem.status, headers, body


def problem_answer(problem: Problem) -> Response:
    """The problem as the answer to the current request."""
    exchange = exchange_of(request.scope)  # type: ignore[arg-type]
    status, headers, body = rendered(problem, instance=exchange.path, request_id=exchange.request_id)
    return Response(body, status, headers)


def answer_errors(app: Quart) -> None:
    """Make the app answer whatever is raised in it as a problem."""

    async def answer(error: Exception) -> Response | WerkzeugResponse:
        if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
            return error.get_response()
        if isinstance(error, RequestSchemaValidationError):
            return problem_answer(InvalidInput(errors=await _faults(error)))
        return problem_answer(as_problem(error))

    app.register_error_handler(Exception, answer)


def as_problem(error: Exception) -> Problem:
    """What the client is told of an exception. The unforeseen is logged here, and only its problem goes out."""
    match error:
        case Problem():
            return error
        case ExceptionGroup() if problem := _only_problem(error):
            return problem
        case HTTPException():
            return _of_http(error)
        case TimeoutError():
            return Unavailable("This took too long; try again in a moment.", retry_after=1)
        case _:
            structlog.get_logger("lyo.api").error("unhandled", exc_info=error)
            return InternalFault()


def _only_problem(group: ExceptionGroup[Exception]) -> Problem | None:
    """A task group wraps what its tasks raise: the first problem, when there is nothing else in it."""
    problems, rest = group.split(Problem)
    if problems is None or rest is not None:
        return None
    found: Exception = problems
    while isinstance(found, ExceptionGroup):
        found = found.exceptions[0]
    return found if isinstance(found, Problem) else None


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    kind = BY_STATUS.get(status, BadRequest if status < 500 else InternalFault)
    response = error.get_response()
    headers = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
    if status == 405 and "Allow" in headers:
        return kind(f"This path answers {headers['Allow']}.", headers=headers)
    if status == 413:
        headers["Connection"] = "close"
    return kind(headers=headers)


async def _faults(error: RequestSchemaValidationError) -> list[Fault]:
    cause = error.validation_error
    if not isinstance(cause, ValidationError):
        return [Fault("", str(cause))]
    found = cause.errors(include_url=False, include_context=False, include_input=False)
    if isinstance(error, QuerystringValidationError | RequestHeadersValidationError):
        place = "query" if isinstance(error, QuerystringValidationError) else "header"
        return [Fault(f"{place}:{'.'.join(map(str, one['loc']))}", _detail(one["msg"])) for one in found]
    body = await request.get_json()
    if body is None:
        return [Fault("", "a JSON object is needed")]
    return faults_of(cause, body)


def faults_of(error: ValidationError, body: Any) -> list[Fault]:
    """Every fault Pydantic found in a JSON body."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [Fault(_pointer(one["loc"], body, one["type"] == "missing"), _detail(one["msg"])) for one in found]


def _pointer(location: Sequence[int | str], body: Any, missing: bool) -> str:
    """RFC 6901. Pydantic mixes the names of union branches and validators into a location: those are left out."""
    parts: list[str] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        named = isinstance(body, dict) and part in body
        counted = isinstance(body, list) and isinstance(part, int) and part < len(body)
        if named or counted:
            body = body[part]
        elif not (last and missing):
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def _detail(message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{message[:1].lower()}{message[1:]}"


async def compress(response: Response) -> None:
    """gzip from 1 KiB on, when the client accepts it; never a stream (its `timeout` is None).

    Nor what nobody may keep: it may hold tokens, whose length packed beside what a stranger had sent would tell them
    (BREACH).
    """
    if (
        (response.content_length or 0) < GZIP_FROM
        or response.timeout is None
        or response.status_code in {204, 206, 304}
    ):
        return
    if response.mimetype not in COMPRESSIBLE or "no-store" in response.headers.get("Cache-Control", ""):
        return
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return
    body = await response.get_data(as_text=False)
    if len(body) < GZIP_IN_THREAD_FROM:
        packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
    else:
        packed = await anyio.to_thread.run_sync(lambda: gzip.compress(body, GZIP_LEVEL, mtime=0))
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    tag, weak = response.get_etag()
    if tag is not None:
        response.set_etag(tag + PACKED, weak=bool(weak))
