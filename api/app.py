"""The Quart app: a table of contents."""

from quart import Quart, Response, current_app, request
from quart_schema import QuartSchema

from api import doors
from api.authentication import who
from api.conditional import CHANGES, keep, match, tag
from api.exchange import exchange_of
from api.files import Answer
from api.limiting import admit, fields
from api.openapi import ATTRIBUTE, Answers
from api.openapi_document import encoded_document
from api.pages import asyncapi, demo, mailed_links, problems
from api.requests import JsonRequest
from api.responses import answer_errors, compress
from api.rest import (
    administration,
    ai_usage,
    audit,
    auth,
    auth_sessions,
    consent,
    courses,
    documentation,
    explanations,
    exports,
    generated_courses,
    health,
    media,
    parents,
    passwords,
    quizzes,
    recommendations,
    streams,
    study,
    tasks,
    teaching,
    tickets,
    translations,
    tutor,
    users,
    verification,
)
from api.routing import Route
from api.services import Services
from lyo_rt.security.permissions import require

ROUTES = (
    auth,
    verification,
    passwords,
    auth_sessions,
    users,
    consent,
    parents,
    exports,
    administration,
    audit,
    teaching,
    courses,
    generated_courses,
    tasks,
    tutor,
    study,
    quizzes,
    explanations,
    translations,
    recommendations,
    media,
    ai_usage,
    streams,
    tickets,
    health,
    documentation,
    asyncapi,
    problems,
    mailed_links,
    demo,
)
MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 20
SEND_SECONDS = 60


def create_app(services: Services) -> Quart:
    """The HTTP application over `services`."""
    app = routes()
    app.extensions["lyo"] = services
    return app


def openapi_json() -> bytes:
    """The OpenAPI 3.1 document, made from the routes alone: no database, no settings."""
    return encoded_document(routes())


def routes() -> Quart:
    """The app with all its routes, and nothing yet to answer them from."""
    app = Quart("lyo", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        BODY_TIMEOUT=BODY_SECONDS,
        RESPONSE_TIMEOUT=SEND_SECONDS,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.request_class = JsonRequest
    app.response_class = Answer
    app.url_rule_class = Route
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    QuartSchema(app, openapi_path=None, conversion_preference=None)
    answer_errors(app)
    app.before_request(_admit)
    app.after_request(_complete)
    for module in ROUTES:
        app.register_blueprint(module.blueprint)
    doors.check_doors(app)
    return app


async def _admit() -> None:
    """Signed in first, of a role that may, and not too often, whatever else is wrong with the request: what is promised
    holds."""
    method, scope = request.method, request.scope
    view = current_app.view_functions.get(request.endpoint or "")
    promise: Answers | None = getattr(view, ATTRIBUTE, None)
    if promise is None or method == "OPTIONS":
        return
    exchange = exchange_of(scope)  # type: ignore[arg-type]
    exchange.promise = promise
    asker = who() if promise.signed_in else None
    if asker is not None and (permission := doors.ROUTES.get(request.endpoint or "")) is not None:
        require(asker, permission)
    await admit(exchange, promise, asker)
    if method in CHANGES and "If-Match" in request.headers:
        await match()


async def _complete(response: Response) -> Response:
    """What every answer has: the same for a route's own and for a problem's.

    HEAD ends with the headers: an event stream would be generated for nobody, and never end.
    """
    method = request.method
    exchange = exchange_of(request.scope)  # type: ignore[arg-type]
    exchange.route = request.url_rule.rule if request.url_rule else None
    if exchange.promise is not None:
        keep(response, exchange.promise)
    if method in {"GET", "HEAD"} and response.status_code == 200:
        await tag(response, exchange.promise)
    await compress(response)
    if method == "HEAD" and response.timeout is None:
        response.set_data(b"")
        response.headers.pop("Content-Length", None)
    for name, value in fields(exchange.standings):
        response.headers[name] = value
    return response
