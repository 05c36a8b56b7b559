"""`@answers`: what a route promises, one line above it; and the OpenAPI 3.1 document made of those promises.

    @blueprint.get("/v1/courses/<uuid:course_id>")
    @answers(CourseRecord, problems=(NotFound,))
    async def read_course(course_id: UUID) -> Response:
        \"\"\"Read one course.

        Everything after the first line becomes the description.
        \"\"\"

The first line of the view's docstring is the summary, the rest its description, the blueprint's name its tag. The
request body is taken from quart-schema's `@validate_request`, with the model's own examples. A signed-in route's 401,
a body's 400, 413, 415 and 422, a list's and an Idempotency-Key's refusals, 429, 500 and 503 add themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec

from lyo_rt.limits.policies import Name
from lyo_rt.problems import Problem

ATTRIBUTE = "__lyo_answers__"
WITHOUT_OPERATIONS = frozenset({"documentation", "asyncapi", "problems", "mailed_links", "demo"})
"""Blueprints that serve pages and files, not the API."""

View = TypeVar("View", bound=Callable[..., Any])
Idempotency = Literal["none", "optional", "required"]
Limit = Name | Literal["none"]
QueryParameter = str | tuple[str, Mapping[str, Any]]


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What one view promises; see `answers`."""

    body: Any
    status: int
    problems: tuple[type[Problem], ...]
    signed_in: bool
    idempotency: Idempotency
    limit: Limit | None
    page: bool
    also: Mapping[int, Any]
    query: Mapping[str, QueryParameter]
    headers: Mapping[str, str]
    media_type: str
    events: Any
    shown: Any
    request_headers: Mapping[str, str]
    example: Any
    form: Any
    deprecated: bool


def answers(
    body: Any = None,
    *,
    status: int = 200,
    problems: Sequence[type[Problem]] = (),
    signed_in: bool = True,
    idempotency: Idempotency = "none",
    limit: Limit | None = None,
    page: bool = False,
    also: Mapping[int, Any] | None = None,
    query: Mapping[str, QueryParameter] | None = None,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
    events: Any = None,
    shown: Any = None,
    request_headers: Mapping[str, str] | None = None,
    example: Any = None,
    form: Any = None,
    deprecated: bool = False,
) -> Callable[[View], View]:
    """State what a view answers.

    `signed_in` and `limit` are also what is enforced: before anything of a signed-in route is looked at, a stranger is
    refused, and before anything of any route, who asks too often (api/app.py). All else documents.

    Args:
        body: the msgspec struct of the answer (`CourseRecord`, `Page[CourseRecord]`, `list[X]`); None is no body.
        status: the status of success.
        problems: the problems this view itself raises; those every such route can answer are added by themselves.
        signed_in: whether an access token is needed; False leaves the route open.
        idempotency: whether the route takes, or needs, an Idempotency-Key header (see api/requests.py: once).
        limit: the rate limit that counts it (api/limiting.py): of a signed-in route besides `general`, which counts
            them all; of an open one in place of `auth`, so that a route nobody thought about cannot be guessed at.
        page: whether it takes `limit` and `cursor` (see api/requests.py: page_request).
        also: further successes by status, e.g. {202: TaskAccepted}.
        query: further query parameters, name to description; with a JSON Schema where they are not any text.
        headers: further headers of the answer, name to description (201 and 202 have Location, 202 Retry-After).
        media_type: of the body, e.g. "text/event-stream"; a body of `bytes` is a file.
        events: the data of the events, where `Accept: text/event-stream` gets the answer as a stream instead.
        shown: an example of the answer's body.
        request_headers: further headers of the request, name to description.
        example: an example of the request's body where the model carries none.
        form: the JSON Schema of the request's body where that is multipart/form-data.
        deprecated: whether clients should leave it.
    """
    promise = Answers(
        body=body,
        status=status,
        problems=tuple(problems),
        signed_in=signed_in,
        idempotency=idempotency,
        limit=limit,
        page=page,
        also=dict(also or {}),
        query=dict(query or {}),
        headers=dict(headers or {}),
        media_type=media_type,
        events=events,
        shown=shown,
        request_headers=dict(request_headers or {}),
        example=example,
        form=form,
        deprecated=deprecated,
    )

    def remember(view: View) -> View:
        setattr(view, ATTRIBUTE, promise)
        return view

    return remember


def limits_of(promise: Answers) -> tuple[Name, ...]:
    """The rate limits that count a request of this route."""
    if promise.limit == "none":
        return ()
    if not promise.signed_in:
        return (promise.limit or "auth",)
    return ("general",) if promise.limit in (None, "general") else ("general", promise.limit)
