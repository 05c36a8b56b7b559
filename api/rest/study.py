"""`POST /v1/ai/study-session`: the seeds' form of a tutor turn, one question and its whole answer in one call."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

import msgspec
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from api.turns import begin_turn, entries
from lyo_rt.problems import BudgetExhausted, Conflict, ModelUnavailable, NotFound, Problem, kept
from lyo_rt.tutoring import grounding, repository
from lyo_rt.tutoring.records import MessageRecord

blueprint = Blueprint("study", __name__, url_prefix="/v1/ai")

FAILED = "The tutor could not answer; please try again."
RETRY_AFTER = 30.0
HISTORY = 100
"""The newest messages the answer's conversationHistory shows."""


class HistoryTurn(BaseModel):
    """One message, as the client remembers it: a hint, the server's own record decides."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=20_000)


class StudyRequest(BaseModel):
    """What the learner says about a resource."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "resourceId": "machine_learning_intro",
                    "userInput": "I don't understand how neural networks learn",
                    "conversationHistory": [],
                }
            ]
        }
    )

    resourceId: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        description="id of a course, lesson or item, or a course's slug"
    )
    userInput: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)] = Field(
        description="what the learner says, 1 to 8000 characters"
    )
    conversationHistory: list[HistoryTurn] = Field(
        [], max_length=200, description="empty begins anew; else the latest session about the resource goes on"
    )
    session_id: UUID | None = Field(None, description="the session to go on with, as an earlier answer named it")


class SpokenTurn(msgspec.Struct, frozen=True):
    """One message of the server's record."""

    role: str
    content: str


class StudyAnswer(msgspec.Struct, frozen=True):
    """The tutor's answer, with the server's record of the session; `response_time` in seconds."""

    response: str
    conversation_history: list[SpokenTurn] = msgspec.field(name="conversationHistory")
    session_id: UUID
    ai_model_used: str | None
    response_time: float


@blueprint.post("/study-session")
@answers(StudyAnswer, limit="ai", problems=(NotFound, Conflict, ModelUnavailable, BudgetExhausted))
@signed_in
@validate_request(StudyRequest)
async def study(data: StudyRequest) -> Response:
    """Ask the tutor about a resource and wait for its whole answer.

    The same conversation is live on `/v1/ws` and under `/v1/tutor/conversations/{session_id}`.
    """
    started = services().clock.monotonic()
    learner = who()
    conversation = await _session(data, learner.user_id)
    begun, after = await begin_turn(learner.user_id, conversation, uuid4(), data.userInput)
    async for _ in entries(services().feeds, begun, after):
        pass
    database = services().database
    answer = await repository.get_message(database, begun.answer)
    if answer is None or answer.status == "failed":
        raise _failed(answer)
    return json_answer(
        StudyAnswer(
            response=answer.text,
            conversation_history=_spoken(await repository.list_newest(database, conversation, limit=HISTORY)),
            session_id=conversation,
            ai_model_used=answer.model,
            response_time=round(services().clock.monotonic() - started, 3),
        )
    )


def _failed(answer: MessageRecord | None) -> Problem:
    """What the answer failed with."""
    if answer is None or answer.code is None:
        return ModelUnavailable(FAILED, retry_after=RETRY_AFTER)
    wait = (answer.retry_at - services().clock.now()).total_seconds() if answer.retry_at else RETRY_AFTER
    # of a budget the answer's text tells; a model's may be half an answer
    detail = answer.text if answer.code == BudgetExhausted.code else FAILED
    return kept(answer.code, detail, retry_after=wait)


async def _session(data: StudyRequest, user: UUID) -> UUID:
    database = services().database
    resource = await grounding.find(database, data.resourceId, user)
    if resource is None:
        raise NotFound("There is no course, lesson or item of this resourceId.")
    if data.session_id is not None:
        known = await repository.get_conversation(database, data.session_id, user)
        if known is None or known.resource_id != resource.id:
            raise NotFound("There is no such session about this resource.")
        return known.id
    if data.conversationHistory and (latest := await repository.latest_about(database, user, resource)):
        return latest.id
    made = await repository.add_conversation(database, user, resource, resource.title)
    if made is None:
        raise RuntimeError("INSERT ... RETURNING gives its row")
    return made.id


def _spoken(messages: list[MessageRecord]) -> list[SpokenTurn]:
    return [SpokenTurn(message.role, message.text) for message in messages if message.status != "superseded"]
