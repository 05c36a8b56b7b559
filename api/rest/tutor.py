"""The tutor: conversations, and turns that stream."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response, request
from quart_schema import validate_request

from actors.workshop import position
from api.authentication import signed_in, who
from api.conditional import unchanged, version_of, versioned
from api.event_stream import LAST_EVENT_ID, SHOWN, Told, behind, event_stream, followed
from api.openapi import answers
from api.requests import once, page_request
from api.responses import json_answer
from api.services import services
from api.turns import begin_turn, turn_events
from lyo_rt import streams
from lyo_rt.cursor import Page
from lyo_rt.database.pool import Transaction
from lyo_rt.problems import Conflict, NotFound
from lyo_rt.streams import conversation_stream
from lyo_rt.tutoring import grounding, repository
from lyo_rt.tutoring.records import Begun, ConversationRecord, MessageRecord

blueprint = Blueprint("tutor", __name__, url_prefix="/v1/tutor/conversations")


class NewConversation(BaseModel):
    """A conversation, about a resource or about nothing in particular."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"resource": "photosynthesis_basics"}]})

    resource: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        None, description="id of a course, lesson or item, or a course's slug"
    )
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        None, description="the resource's title when not given"
    )


class NewMessage(BaseModel):
    """What the learner says."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "I don't understand how neural networks learn"}]}
    )

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)] = Field(
        description="1 to 8000 characters"
    )
    id: UUID | None = Field(None, description="a UUID of the client's; the same id again begins nothing new")


class Stopped(msgspec.Struct, frozen=True):
    """Whether an answer was being written."""

    stopped: bool


class ConversationState(msgspec.Struct, frozen=True):
    """A conversation with a page of its messages, and where its stream stood: subscribe after it to miss nothing."""

    conversation: ConversationRecord
    items: list[MessageRecord]
    next_cursor: str | None = msgspec.field(name="nextCursor")
    stream: dict[str, str | int]


@blueprint.post("")
@answers(ConversationRecord, status=201, idempotency="optional", problems=(NotFound,))
@signed_in
@validate_request(NewConversation)
async def create(data: NewConversation) -> Response:
    """Begin a conversation with the tutor."""
    learner = who()

    async def begin(transaction: Transaction) -> Response:
        resource = await grounding.find(transaction, data.resource, learner.user_id) if data.resource else None
        if data.resource and resource is None:
            raise NotFound("There is no course, lesson or item of this id or slug.")
        title = data.title or (resource.title if resource else "Conversation")
        made = await repository.add_conversation(transaction, learner.user_id, resource, title)
        if made is None:
            raise RuntimeError("INSERT ... RETURNING gives its row")
        return json_answer(made, 201, {"Location": f"/v1/tutor/conversations/{made.id}"})

    return await once(begin, user_id=learner.user_id)


@blueprint.get("")
@answers(Page[ConversationRecord], page=True)
@signed_in
async def list_conversations() -> Response:
    """List your conversations, newest first."""
    learner = who()
    scope = f"conversations:{learner.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await repository.list_conversations(services().database, learner.user_id, after=after, limit=limit + 1)
    return json_answer(services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.id)))


@blueprint.get("/<uuid:conversation_id>")
@answers(ConversationState, page=True, problems=(NotFound,))
@signed_in
async def read(conversation_id: UUID) -> Response:
    """Read a conversation and its messages, oldest first.

    `stream` is the place from which to follow the conversation live without missing or repeating anything.
    """
    learner = who()
    database = services().database
    stream = await position(database, conversation_stream(conversation_id))
    found = await _own(conversation_id)
    scope = f"messages:{conversation_id}:{learner.user_id}"
    limit, after = page_request(scope, tuple[int])
    rows = await repository.list_messages(database, conversation_id, after=after[0] if after else 0, limit=limit + 1)
    page = services().cursors.page(scope, rows, limit, lambda row: (row.position,))
    state = json_answer(ConversationState(found, list(page.items), page.next_cursor, dict(stream)))
    return await versioned(state, stream["epoch"], stream["seq"])


@blueprint.delete("/<uuid:conversation_id>")
@answers(status=204, problems=(NotFound, Conflict))
@signed_in
async def delete(conversation_id: UUID) -> Response:
    """Delete a conversation with all its messages."""
    stream = conversation_stream(conversation_id)
    async with services().database.transaction() as transaction:
        if not await repository.lock_conversation(transaction, conversation_id, who().user_id):
            raise NotFound("There is no such conversation.")
        head = await streams.head(transaction, stream)
        unchanged(version_of((head.epoch, head.top)))
        if await repository.writing(transaction, conversation_id):
            raise Conflict("The tutor is still answering; stop that answer or wait for its end.")
        await repository.delete_conversation(transaction, conversation_id)
        await streams.delete(transaction, stream)
    return Response(status=204)


@blueprint.post("/<uuid:conversation_id>/messages")
@answers(
    Begun,
    status=202,
    limit="ai",
    problems=(NotFound, Conflict),
    headers={"Content-Type": "text/event-stream when Accept asks for it: the frames of /v1/ws as events"},
)
@signed_in
@validate_request(NewMessage)
async def send(conversation_id: UUID, data: NewMessage) -> Response:
    """Say something to the tutor.

    Answers 202 while the tutor's answer streams to every socket that follows the conversation. With
    `Accept: text/event-stream` the answer itself is the stream: `delta`, `snapshot` and `end` events with the members
    of the WebSocket's frames. Leaving does not stop the tutor; only `stop` does.
    """
    learner = who()
    if request.accept_mimetypes.best_match(["application/json", "text/event-stream"]) == "text/event-stream":
        begun, after = await begin_turn(learner.user_id, conversation_id, data.id or uuid4(), data.text)
        return event_stream(turn_events(services().feeds, begun, after))

    async def begin(transaction: Transaction) -> Response:
        begun = await services().workshop.ask(
            transaction, learner.user_id, conversation_id, data.id or uuid4(), data.text
        )
        return json_answer(begun, 202, {"Location": f"/v1/tutor/conversations/{conversation_id}"})

    return await once(begin, user_id=learner.user_id)


@blueprint.get("/<uuid:conversation_id>/events")
@answers(
    Told,
    problems=(NotFound,),
    media_type="text/event-stream",
    request_headers=LAST_EVENT_ID,
    shown=SHOWN,
)
@signed_in
async def conversation_events(conversation_id: UUID) -> Response:
    """Follow a conversation as Server-Sent Events.

    The same as `GET /v1/streams/conversation:{id}` asked for an event stream: first a `stream` event that says where
    it begins, the answer being written as a `snapshot`, then every `event`, `delta` and `end` as on `/v1/ws`. It has
    no end of its own. With `Last-Event-ID` it goes on behind that event; what was missed of an answer's text comes
    as a `snapshot`.
    """
    await _own(conversation_id)
    stream = conversation_stream(conversation_id)
    return event_stream(followed(services().feeds, stream, behind(stream, request.headers.get("Last-Event-ID"))))


@blueprint.post("/<uuid:conversation_id>/stop")
@answers(Stopped, problems=(NotFound,), idempotency="optional")
@signed_in
async def stop(conversation_id: UUID) -> Response:
    """Stop the answer being written, from any device.

    What was shown is kept and marked `stopped`.
    """
    learner = who()

    async def work(transaction: Transaction) -> Response:
        return json_answer(Stopped(await services().workshop.stop(transaction, learner.user_id, conversation_id)))

    return await once(work, user_id=learner.user_id)


@blueprint.post("/<uuid:conversation_id>/regenerate")
@answers(Begun, status=202, limit="ai", problems=(NotFound, Conflict), idempotency="optional")
@signed_in
async def regenerate(conversation_id: UUID) -> Response:
    """Have the newest question answered again; the former answer is marked `superseded`."""
    learner = who()

    async def begin(transaction: Transaction) -> Response:
        begun = await services().workshop.regenerate(transaction, learner.user_id, conversation_id)
        return json_answer(begun, 202, {"Location": f"/v1/tutor/conversations/{conversation_id}"})

    return await once(begin, user_id=learner.user_id)


async def _own(conversation_id: UUID) -> ConversationRecord:
    found = await repository.get_conversation(services().database, conversation_id, who().user_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found
