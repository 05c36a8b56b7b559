"""Quizzes: made of a resource, a text or a topic; taken, and graded by the server."""

from datetime import datetime
from uuid import UUID

import msgspec
from quart import Blueprint, Response, request
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.openapi import answers
from api.preferences import preferred_wait
from api.quiz_requests import GenerateQuiz, SubmitQuiz
from api.requests import forget, once, page_request
from api.responses import json_answer
from api.services import services
from api.waiting import come_true
from lyo_rt.cursor import Page
from lyo_rt.database.pool import Queries, Transaction
from lyo_rt.language_models.tasks import Level
from lyo_rt.practice import repository as practice
from lyo_rt.practice import rules as adaptive
from lyo_rt.problems import BudgetExhausted, Conflict, ModelUnavailable, NotFound, Unavailable, kept
from lyo_rt.quizzes import attempts, repository, rules
from lyo_rt.quizzes.presenting import quiz_record, result_record
from lyo_rt.quizzes.records import NewQuiz, Quiz, QuizRecord, QuizSummary, ResultRecord
from lyo_rt.quizzes.service import topic
from lyo_rt.tutoring import grounding

blueprint = Blueprint("quizzes", __name__)

ROUTE = "ai.generate-quiz"
WAIT_SECONDS = 60.0
"""For a quiz, when the client does not say; then 202."""
GRADING_SECONDS = 60.0


class Begun(msgspec.Struct, frozen=True):
    """A quiz that is being written."""

    quiz_id: UUID


@blueprint.post("/v1/ai/generate-quiz")
@answers(
    QuizRecord,
    also={202: QuizRecord},
    idempotency="optional",
    limit="ai",
    problems=(NotFound, Conflict, ModelUnavailable, BudgetExhausted),
    headers={"Location": "the quiz", "Preference-Applied": "what was honoured of Prefer (RFC 7240)"},
)
@signed_in
@validate_request(GenerateQuiz)
async def generate(data: GenerateQuiz) -> Response:
    """Have a quiz made of a resource, a text or a topic.

    Waits for the questions, up to a minute or as long as `Prefer: wait=N` says (`respond-async`: not at all); then the
    answer is 202 and the quiz is fetched from `Location`. The questions have passed the rules of item writing; what did
    not is counted in `dropped_questions`.
    """
    learner = who()

    async def begin(transaction: Transaction) -> Response:
        new = await _new_quiz(transaction, data, learner.user_id)
        now = services().clock.now()
        id = await services().workshop.write_quiz(transaction, learner.user_id, new, now=now)
        return json_answer(Begun(id), headers={"Location": f"/v1/quizzes/{id}"})

    response = await once(begin, user_id=learner.user_id, route=ROUTE)
    id = UUID(response.headers["Location"].rpartition("/")[2])
    seconds, applied = _patience(request.headers.get("Prefer"))
    quiz = await come_true(services().broadcast, topic(id), lambda: _written(id), seconds=seconds)
    if quiz is not None and quiz.status == "failed":
        await forget(response, user_id=learner.user_id, route=ROUTE)
        raise kept(quiz.code, quiz.failure or "", retry_after=quiz.retry_after)
    quiz = quiz or await _own(id)
    questions = await repository.placed_questions(services().database, id)
    # as it was at first, also when the key comes again after an attempt
    fresh = msgspec.structs.replace(quiz, attempts=0)
    response.set_data(msgspec.json.encode(quiz_record(fresh, questions, hidden=fresh.graded)))
    if quiz.status == "writing":
        response.status_code = 202
        response.headers["Retry-After"] = "2"
    if applied is not None:
        response.headers["Preference-Applied"] = applied
    return response


@blueprint.get("/v1/quizzes")
@answers(Page[QuizSummary], page=True)
@signed_in
async def list_quizzes() -> Response:
    """List your quizzes, newest first."""
    learner = who()
    scope = f"quizzes:{learner.user_id}"
    limit, after = page_request(scope, tuple[datetime, UUID])
    rows = await repository.list_quizzes(services().database, learner.user_id, after=after, limit=limit + 1)
    return json_answer(services().cursors.page(scope, rows, limit, lambda row: (row.created_at, row.quiz_id)))


@blueprint.get("/v1/quizzes/<uuid:quiz_id>")
@answers(QuizRecord, problems=(NotFound,))
@signed_in
async def read(quiz_id: UUID) -> Response:
    """Read a quiz of yours.

    The options stand in the same order each time. A graded quiz shows what is right, and why, once it has been
    submitted.
    """
    quiz = await _own(quiz_id)
    questions = await repository.placed_questions(services().database, quiz_id)
    return json_answer(quiz_record(quiz, questions, hidden=quiz.graded and quiz.attempts == 0))


@blueprint.post("/v1/quizzes/<uuid:quiz_id>/submit")
@answers(ResultRecord, problems=(NotFound, Conflict))
@signed_in
@validate_request(SubmitQuiz)
async def submit(quiz_id: UUID, data: SubmitQuiz) -> Response:
    """Submit an attempt and get its result.

    Sent again, also at the same time, the same `attempt` gets the result of the first. Answers in the learner's own
    words are judged by a language model against the question's rubric; without one, or once the budget for
    it is used up, the rubric's own words are looked for, and `degraded` says so. No program is ever run.
    """
    quiz = await _own(quiz_id)
    if quiz.status != "ready":
        raise Conflict("This quiz has no questions yet.")
    database = services().database
    questions = await repository.placed_questions(database, quiz_id)
    given = data.given(quiz.user_id, questions)
    async with database.transaction() as transaction:
        await services().workshop.submit_quiz(
            transaction,
            quiz,
            questions,
            given,
            number=data.attempt,
            time_spent=data.time_spent,
            now=services().clock.now(),
        )
    result = await come_true(
        services().broadcast, topic(quiz_id), lambda: _result(quiz, data.attempt), seconds=GRADING_SECONDS
    )
    if result is None:
        raise Unavailable(
            "Your answers are kept and still being graded; send them again for the result.", retry_after=5
        )
    return json_answer(result)


async def _own(id: UUID) -> Quiz:
    quiz = await repository.get_own(services().database, id, who().user_id)
    if quiz is None:
        raise NotFound("There is no such quiz.")
    return quiz


async def _written(id: UUID) -> Quiz | None:
    quiz = await repository.get_quiz(services().database, id)
    return quiz if quiz is not None and quiz.status != "writing" else None


async def _result(quiz: Quiz, number: int) -> ResultRecord | None:
    database = services().database
    attempt = await attempts.get_attempt(database, quiz.id, number)
    if attempt is None or attempt.status != "done":
        return None
    questions = await repository.placed_questions(database, quiz.id)
    return result_record(quiz, questions, attempt, await attempts.list_answers(database, attempt.id))


async def _new_quiz(queries: Queries, data: GenerateQuiz, user: UUID) -> NewQuiz:
    """Raises NotFound for a resource the learner cannot see, Conflict for one that has no text."""
    if data.resourceId is None:
        new = NewQuiz(
            title=data.title,
            subject=data.subject,
            shared=False,
            quiz_type=data.quizType,
            difficulty=data.difficulty or "intermediate",
            locale=(data.locale or "en").replace("_", "-"),
            graded=data.graded,
            adaptive=data.adaptive,
            requested=data.questionCount,
            source_text=data.content,
        )
    else:
        new = await _about_resource(queries, data, data.resourceId, user)
    return msgspec.structs.replace(new, difficulty=await _level(queries, data, new, user))


async def _about_resource(queries: Queries, data: GenerateQuiz, reference: str, user: UUID) -> NewQuiz:
    resource = await grounding.find(queries, reference, user)
    ground = await grounding.read(queries, resource.kind, resource.id) if resource else None
    home = await repository.home_of(queries, resource.kind, resource.id) if resource else None
    if resource is None or ground is None or home is None:
        raise NotFound("There is no course, lesson or item of this resourceId.")
    if not ground.text.strip():
        raise Conflict("There is no text in this resource to make questions of.")
    return NewQuiz(
        title=resource.title,
        subject=f"course:{home.course_id}",
        shared=home.is_published,
        quiz_type=data.quizType,
        difficulty=data.difficulty or ground.level,
        locale=(data.locale or ground.locale).replace("_", "-"),
        graded=data.graded,
        adaptive=data.adaptive,
        requested=data.questionCount,
        resource=reference,
        resource_kind=resource.kind,
        resource_id=resource.id,
    )


async def _level(queries: Queries, data: GenerateQuiz, new: NewQuiz, user: UUID) -> Level:
    """What is asked for, unless it is left to what is known of the learner."""
    if data.difficulty is not None and not data.adaptive:
        return data.difficulty
    ability = await practice.get_ability(queries, user, new.subject)
    return adaptive.level_for(ability, rules.GUESSED[data.quizType]) if ability.answers else new.difficulty


def _patience(prefer: str | None) -> tuple[float, str | None]:
    """Seconds to wait, and what of Prefer that honours."""
    if (seconds := preferred_wait(prefer)) is not None:
        return float(seconds), f"wait={seconds}"
    if "respond-async" in (prefer or "").lower():
        return 0.0, "respond-async"
    return WAIT_SECONDS, None
