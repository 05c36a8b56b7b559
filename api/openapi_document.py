"""The OpenAPI 3.1 document, made of the app's routes, what `@answers` promises, and the models themselves."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, cast, get_args

import msgspec
from quart import Blueprint, Quart
from quart_schema.validation import QUART_SCHEMA_QUERYSTRING_ATTRIBUTE, QUART_SCHEMA_REQUEST_ATTRIBUTE
from werkzeug.routing import Rule

from api.conditional import CHANGES
from api.doors import ROUTES
from api.openapi import ATTRIBUTE, WITHOUT_OPERATIONS, Answers, answers
from api.openapi_components import HEADERS, HEADERS_BY_STATUS, PARAMETERS
from api.openapi_schemas import Schemas, example_of
from api.responses import BodyTooSlow
from lyo_rt.problems import (
    BadRequest,
    Forbidden,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InternalFault,
    InvalidCursor,
    InvalidInput,
    InvalidJson,
    NotAuthenticated,
    NotFound,
    Problem,
    ProblemBody,
    SessionRevoked,
    StaleVersion,
    TokenExpired,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from lyo_rt.security.permissions import MATRIX, allows
from lyo_rt.security.tokens import UserType

EXTENSION = "lyo.openapi"

DESCRIPTION = """\
The HTTP side of Lyo: AI-written courses, a Socratic tutor, progress. The live side is `/v1/ws`,
described by [AsyncAPI](/asyncapi).

Every path also answers under `/api`, and with a slash at its end. Every refusal is an RFC 9457 problem; its `type` is
the address of a page that explains it. Lists take `limit` and `cursor` and answer `{items, nextCursor}`.

How often you may ask is limited by learner, on `/v1/auth` by address. `RateLimit-Policy` and `RateLimit`
(draft-ietf-httpapi-ratelimit-headers) say in every answer where you stand; 429 says in `Retry-After` when to come back.
Who is refused again and again is held off longer each time, up to an hour.
"""

FILE = {"type": "string", "format": "binary"}
STRING: Mapping[str, Any] = {"type": "string"}
FORMATS: dict[str, dict[str, Any]] = {
    "UUIDConverter": {"type": "string", "format": "uuid"},
    "IntegerConverter": {"type": "integer"},
    "FloatConverter": {"type": "number"},
}


def encoded_document(app: Quart) -> bytes:
    """The document as JSON, built once for an app."""
    if EXTENSION not in app.extensions:
        app.extensions[EXTENSION] = msgspec.json.encode(document(app))
    return cast("bytes", app.extensions[EXTENSION])


def document(app: Quart) -> dict[str, Any]:
    """The document of all the app's operations."""
    schemas = Schemas()
    problems: set[type[Problem]] = set()
    paths: dict[str, dict[str, Any]] = {}
    used: set[str] = set()
    for rule, method in _operations(app):
        operation = _Operation(app, rule, method, schemas)
        problems.update(operation.problems)
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = operation.described(_unused(rule, method, used))
    problem_schema = schemas.reference(ProblemBody)
    kinds = sorted(problems, key=lambda kind: kind.__name__)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lyo API", "version": "1", "description": DESCRIPTION},
        "externalDocs": {"url": "/asyncapi", "description": "The live side: WebSockets, described by AsyncAPI"},
        "servers": [{"url": "/", "description": "This server"}],
        "tags": _tags(app),
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of `POST /v1/auth/login`.",
                }
            },
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "examples": {kind.__name__: {"summary": kind.title(), "value": _example(kind)} for kind in kinds},
            "responses": {kind.__name__: _problem_response([kind], problem_schema) for kind in kinds},
        },
    }


class _Operation:
    """One method of one path."""

    def __init__(self, app: Quart, rule: Rule, method: str, schemas: Schemas) -> None:
        self.view = app.view_functions[rule.endpoint]
        self.rule = rule
        self.method = method
        self.schemas = schemas
        self.promise: Answers = getattr(self.view, ATTRIBUTE, None) or getattr(answers()(lambda: None), ATTRIBUTE)
        self.request_model: Any = getattr(self.view, QUART_SCHEMA_REQUEST_ATTRIBUTE, (None, None))[0]
        self.problems = self._problems()

    def described(self, operation_id: str) -> dict[str, Any]:
        summary, _, description = (self.view.__doc__ or "").strip().partition("\n")
        promise = self.promise
        return {
            "operationId": operation_id,
            "summary": summary.rstrip("."),
            "description": "\n".join(line.strip() for line in description.strip().splitlines()) or summary,
            "tags": [self.rule.endpoint.partition(".")[0]],
            "security": [{"bearer": []}] if promise.signed_in else [],
            **self._permission(),
            "parameters": list(self._parameters()),
            **self._request_body(),
            "responses": self._responses(),
            **({"deprecated": True} if promise.deprecated else {}),
        }

    def _permission(self) -> dict[str, Any]:
        """What a role must have, and the roles that have it."""
        permission = ROUTES.get(self.rule.endpoint)
        if permission is None:
            return {}
        roles = [role for role in get_args(UserType) if allows(role, permission)]
        return {"x-permission": permission.name, "x-roles": roles}

    def _problems(self) -> set[type[Problem]]:
        promise = self.promise
        found = {*promise.problems, BadRequest, TooManyRequests, InternalFault, Unavailable}
        if promise.signed_in:
            found |= {NotAuthenticated, TokenExpired, SessionRevoked}
        permission = ROUTES.get(self.rule.endpoint)
        if permission is not None and len(MATRIX[permission]) < len(get_args(UserType)):
            found.add(Forbidden)
        if self.request_model is not None:
            found |= {InvalidJson, InvalidInput, TooLarge, UnsupportedMediaType, BodyTooSlow}
        if promise.page:
            found |= {InvalidCursor, InvalidInput}
        if promise.idempotency != "none":
            found |= {InvalidInput, IdempotencyKeyReused}
        if promise.idempotency == "required":
            found.add(IdempotencyKeyMissing)
        if self.rule.arguments:
            found.add(NotFound)
        if self.method in CHANGES:
            found.add(StaleVersion)
        return found

    def _is_single(self) -> bool:
        """Whether the answer is tagged (api/conditional.py): a JSON resource that may be kept."""
        promise = self.promise
        kept = promise.signed_in and "no-store" not in promise.headers.get("Cache-Control", "")
        return self.method == "GET" and promise.media_type == "application/json" and not promise.page and kept

    def _parameters(self) -> Iterator[dict[str, Any]]:
        for name in sorted(self.rule.arguments, key=self.rule.rule.index):
            kind = type(self.rule._converters[name]).__name__
            schema = FORMATS.get(kind, {"type": "string"})
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        promise = self.promise
        if promise.page:
            yield {"$ref": "#/components/parameters/Limit"}
            yield {"$ref": "#/components/parameters/Cursor"}
        for name, told in promise.query.items():
            description, shape = (told, STRING) if isinstance(told, str) else told
            yield {"name": name, "in": "query", "description": description, "schema": shape}
        model = getattr(self.view, QUART_SCHEMA_QUERYSTRING_ATTRIBUTE, None)
        if model is not None:
            yield from self.schemas.query_parameters(model)
        for name, description in promise.request_headers.items():
            yield {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}
        if promise.idempotency != "none":
            yield {
                "name": "Idempotency-Key",
                "in": "header",
                "required": promise.idempotency == "required",
                "description": "Names this request: sent again within 24 hours, it gets the first answer again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        if self.method in CHANGES:
            yield {"$ref": "#/components/parameters/IfMatch"}
        if self._is_single():
            yield {"$ref": "#/components/parameters/IfNoneMatch"}
        yield {"$ref": "#/components/parameters/RequestId"}

    def _request_body(self) -> dict[str, Any]:
        if (form := self.promise.form) is not None:
            content = {"schema": form, "example": self.promise.example}
            return {"requestBody": {"required": True, "content": {"multipart/form-data": content}}}
        if self.request_model is None:
            return {}
        schema = self.schemas.reference(self.request_model)
        example = self.promise.example or example_of(self.request_model)
        content = {"schema": schema, **({"example": example} if example is not None else {})}
        return {"requestBody": {"required": True, "content": {"application/json": content}}}

    def _responses(self) -> dict[str, Any]:
        found = {}
        promise = self.promise
        for status, body in ((promise.status, promise.body), *promise.also.items()):
            found[str(status)] = self._success(status, body)
        if self._is_single():
            found["304"] = {"description": "Not Modified", "headers": _headers(304)}
        statuses = sorted({kind.status for kind in self.problems})
        for status in statuses:
            kinds = sorted((kind for kind in self.problems if kind.status == status), key=lambda kind: kind.__name__)
            if len(kinds) == 1:
                found[str(status)] = {"$ref": f"#/components/responses/{kinds[0].__name__}"}
            else:
                found[str(status)] = _problem_response(kinds, self.schemas.reference(ProblemBody))
        return found

    def _success(self, status: int, body: Any) -> dict[str, Any]:
        own = {name: {"description": text, "schema": {"type": "string"}} for name, text in self.promise.headers.items()}
        response: dict[str, Any] = {
            "description": HTTPStatus(status).phrase,
            "headers": {**_headers(status), **self._own_headers(), **own},
        }
        if body is not None:
            shown = {} if self.promise.shown is None else {"example": self.promise.shown}
            schema = FILE if body is bytes else self.schemas.reference(body)
            response["content"] = {self.promise.media_type: {"schema": schema, **shown}}
        if self.promise.events is not None:
            response["content"]["text/event-stream"] = {"schema": self.schemas.reference(self.promise.events)}
        return response

    def _own_headers(self) -> dict[str, Any]:
        names = [*(("ETag",) if self._is_single() else ())]
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _operations(app: Quart) -> Iterator[tuple[Rule, str]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint.partition(".")[0] not in WITHOUT_OPERATIONS and not rule.websocket:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def _unused(rule: Rule, method: str, used: set[str]) -> str:
    """An operationId: the endpoint's name, with the path behind it where several paths lead to it."""
    name = rule.endpoint.replace(".", "_")
    place = re.sub(r"[^A-Za-z0-9]+", "_", rule.rule)
    for candidate in (name, f"{name}_{method.lower()}", f"{name}_{method.lower()}_at{place}"):
        if candidate not in used:
            used.add(candidate)
            return candidate
    raise ValueError(f"{method} {rule.rule} is routed twice")


def _tags(app: Quart) -> list[dict[str, str]]:
    return [
        {"name": name, "description": (sys.modules[blueprint.import_name].__doc__ or name).strip().splitlines()[0]}
        for name, blueprint in cast("dict[str, Blueprint]", app.blueprints).items()
        if name not in WITHOUT_OPERATIONS
    ]


def _headers(status: int) -> dict[str, Any]:
    names: Iterable[str] = ("X-Request-ID", "RateLimit-Policy", "RateLimit", *HEADERS_BY_STATUS.get(status, ()))
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problem_response(kinds: list[type[Problem]], schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": " ".join(f"{kind.title()}." for kind in kinds),
        "headers": _headers(kinds[0].status),
        "content": {
            "application/problem+json": {
                "schema": schema,
                "examples": {kind.__name__: {"$ref": f"#/components/examples/{kind.__name__}"} for kind in kinds},
            }
        },
    }


def _example(kind: type[Problem]) -> Any:
    return msgspec.to_builtins(kind().body(instance="/v1/courses", request_id="3f0c2a9e-7d51-4c39-9e42-0a1d8f1c6b55"))
