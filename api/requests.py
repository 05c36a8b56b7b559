"""What comes in: strict JSON bodies, page arguments, and work done once per Idempotency-Key."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from quart import Request, Response, request

from api.authentication import who
from api.exchange import exchange_of
from api.limiting import asked_from
from api.services import services
from api.uploads import FORM_BYTES
from lyo_rt import cursor, idempotency
from lyo_rt.accounts.records import Caller
from lyo_rt.audit.records import Origin
from lyo_rt.database.changes import ONCE, Changes
from lyo_rt.database.pool import Transaction
from lyo_rt.media.records import UPLOAD_MAX_BYTES
from lyo_rt.nesting import DEEPEST, too_deep
from lyo_rt.problems import (
    Fault,
    IdempotencyKeyMissing,
    InvalidCursor,
    InvalidInput,
    InvalidJson,
    UnsupportedMediaType,
)

REPLAYED = "Idempotency-Replayed"
TOO_DEEP = f"The body is nested more than {DEEPEST} deep."

Keyset = TypeVar("Keyset")


BODY_BYTES = {"/v1/media": UPLOAD_MAX_BYTES + FORM_BYTES}
"""Paths whose bodies may be larger than others', and how large."""


class JsonRequest(Request):
    """A request whose body is strict JSON: UTF-8, no NaN, no NUL characters (PostgreSQL's text cannot hold them)."""

    def __init__(
        self, method: str, scheme: str, path: str, *rest: Any, max_content_length: int | None = None, **named: Any
    ) -> None:
        most = BODY_BYTES.get(path, max_content_length)
        super().__init__(method, scheme, path, *rest, max_content_length=most, **named)

    async def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002
        """The parsed body; None when there is none.

        Raises InvalidJson, InvalidInput (NUL characters), UnsupportedMediaType when the body is something else.
        `silent` and `cache` change nothing: a fault is always told, and the parsed body always kept.
        """
        if self._cached_json[False] is not Ellipsis:
            return self._cached_json[False]
        body: bytes = await self.get_data()  # type: ignore[assignment]
        if body and not (force or self.is_json):
            raise UnsupportedMediaType("Send a JSON body with Content-Type: application/json.")
        parsed = _strict(body) if body else None
        self._cached_json[False] = parsed
        return parsed


def _strict(body: bytes) -> Any:
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InvalidJson(f"The body is not valid JSON: {fault}") from fault
    except RecursionError as fault:
        raise InvalidJson(TOO_DEEP) from fault
    if body.count(b"[") + body.count(b"{") > DEEPEST and too_deep(parsed):
        raise InvalidJson(TOO_DEEP)
    if b"\\u0000" in body:
        faults = [Fault(pointer, "contains a NUL character") for pointer in _nul_characters(parsed, "")]
        if faults:
            raise InvalidInput(errors=faults)
    return parsed


def _nul_characters(value: Any, pointer: str) -> Iterator[str]:
    match value:
        case str() if "\0" in value:
            yield pointer
        case list():
            for index, entry in enumerate(value):
                yield from _nul_characters(entry, f"{pointer}/{index}")
        case dict():
            for name, entry in value.items():
                if "\0" in name:
                    yield pointer
                yield from _nul_characters(entry, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")


def origin() -> Origin:
    """Where what the current request does comes from, for the audit log."""
    return Origin(who().user_id, request_id())


def caller() -> Caller:
    """Who asks, where nobody has to be signed in for it."""
    return Caller(asked_from(), request_id())


def request_id() -> str:
    """The current request's id."""
    return exchange_of(request.scope).request_id  # type: ignore[arg-type]


def page_request(scope: str, keyset: type[Keyset], faults: Sequence[Fault] = ()) -> tuple[int, Keyset | None]:
    """`limit` and the place to read on after, of the current request; see lyo_rt/cursor.py.

        limit, after = page_request(f"courses:{user.id}", tuple[datetime, UUID])
        rows = await repository.list_courses(services().database, user.id, after, limit + 1)
        return json_answer(services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id)))

    `faults` are those of the other query arguments, told together with these. Raises InvalidInput and InvalidCursor.
    """
    try:
        place = cursor.page_request(request.args, services().cursors, scope, keyset)
    except InvalidInput as problem:
        raise InvalidInput(errors=[*faults, *problem.errors]) from None
    except InvalidCursor as problem:
        if not faults:
            raise
        raise InvalidInput(errors=[*faults, Fault("query:cursor", problem.detail)]) from None
    if faults:
        raise InvalidInput(errors=faults)
    return place


async def once_foretold(
    answer: Response,
    work: Callable[[Changes, str], None],
    *,
    user_id: UUID,
    route: str | None = None,
    required: bool = True,
) -> Response:
    """As `once`, for work whose answer is known before it is done: all of it is one statement.

    `work` adds its parts behind the part it is given the name of.
    """
    given, changes = request.headers.get("Idempotency-Key"), Changes()
    if given is None:
        if required:
            raise IdempotencyKeyMissing
        work(changes, ONCE)
        await services().database.carry_out(changes)
        return answer
    key, route = idempotency.valid_key(given), route or str(request.endpoint)
    digest = idempotency.body_digest([request.view_args or {}, await request.get_json()])
    idempotency.taking(changes, user_id, route, key, digest, await _kept(answer), now=services().clock.now())
    work(changes, "taken")
    while not (await services().database.carry_out(changes))["taken"]:
        if (stored := await idempotency.stored(services().database, user_id, route, key, digest)) is not None:
            return _again(stored)
    return answer


async def _kept(answer: Response) -> idempotency.StoredAnswer:
    headers = {name: value for name, value in answer.headers if name != "Content-Length"}
    return idempotency.StoredAnswer(answer.status_code, headers, await answer.get_data(as_text=False))


def _again(stored: idempotency.StoredAnswer) -> Response:
    return Response(stored.body, stored.status, {**stored.headers, REPLAYED: "true"})


async def once(
    work: Callable[[Transaction], Awaitable[Response]],
    *,
    user_id: UUID,
    required: bool = False,
    route: str | None = None,
    body: Any = None,
) -> Response:
    """Run `work` in one transaction, once per Idempotency-Key; a repeat gets the first answer again.

        async def create(transaction: Transaction) -> Response:
            return json_answer(await enrol(transaction, user.id, data), 201)

        return await once(create, user_id=user.id)

    `route` is the key's scope, by default the endpoint's name; paths that are one route for clients share it. `body`
    is what tells this request from another with the same key, by default its JSON.
    Without a key the work is just run. What it raises rolls everything back, and the key stays free. Raises
    IdempotencyKeyMissing when `required`, InvalidInput for a key that is none, IdempotencyKeyReused.
    """
    given = request.headers.get("Idempotency-Key")
    if given is None:
        if required:
            raise IdempotencyKeyMissing
        async with services().database.transaction() as transaction:
            return await work(transaction)
    key = idempotency.valid_key(given)
    route = route or str(request.endpoint)
    digest = idempotency.body_digest([request.view_args or {}, await request.get_json() if body is None else body])
    async with services().database.transaction() as transaction:
        stored = await idempotency.begin(transaction, user_id, route, key, digest, now=services().clock.now())
        if stored is not None:
            return _again(stored)
        response = await work(transaction)
        await idempotency.finish(transaction, user_id, route, key, await _kept(response))
        return response


async def forget(response: Response, *, user_id: UUID, route: str) -> None:
    """What the request's key stands for has come to nothing: the key is free again, unless it means another by now.

    `response` is what `once` gave; its Location says which work that was.
    """
    if (key := request.headers.get("Idempotency-Key")) is not None:
        location = response.headers["Location"]
        await idempotency.forget(services().database, user_id, route, key, location=location)
