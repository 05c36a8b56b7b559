"""`GET /v1/feeds/recommendations`: courses that fit what a learner studied, each with a sentence why."""

from collections.abc import Sequence
from functools import partial

import anyio
import anyio.to_thread
import msgspec
from quart import Blueprint, Response, request

from api.authentication import signed_in, who
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.accounts.profiles.service import own
from lyo_rt.feeds import repository
from lyo_rt.feeds.records import Candidate, Fit, Recommendation, Studied
from lyo_rt.feeds.rules import fitting
from lyo_rt.language_models.outline import WRITTEN
from lyo_rt.language_models.outline.phrases import phrases_for
from lyo_rt.language_models.outline.reasons import reasons_of
from lyo_rt.language_models.port import Asker, Written
from lyo_rt.language_models.recommendation_tasks import RECOMMENDED_MAX, CourseOffered, GiveReasons, Reasons
from lyo_rt.language_models.tasks import Level
from lyo_rt.practice import repository as practice
from lyo_rt.practice import rules as adaptive
from lyo_rt.practice.records import Ability, Known
from lyo_rt.problems import BudgetExhausted, Fault, InvalidInput, ModelUnavailable

blueprint = Blueprint("recommendations", __name__)

LIMIT = 10
CANDIDATES = 200
STUDIED = 30
LEVELS: dict[str, Level] = {level: level for level in adaptive.INITIAL}
MODEL_SECONDS = 4.0
"""A list is not worth a longer wait: then the reasons are the outline's."""


class Recommendations(msgspec.Struct, frozen=True):
    """The courses, best first, and who wrote the reasons: null where there are none."""

    items: list[Recommendation]
    next_cursor: None = msgspec.field(name="nextCursor", default=None)
    ai_model_used: str | None = None
    degraded: bool = False


@blueprint.get("/v1/feeds/recommendations")
@answers(
    Recommendations,
    problems=(InvalidInput,),
    query={
        "limit": (
            f"how many at most, 1 to {RECOMMENDED_MAX}; {LIMIT} when not given",
            {"type": "integer", "minimum": 1, "maximum": RECOMMENDED_MAX, "default": LIMIT},
        )
    },
)
@signed_in
async def recommendations() -> Response:
    """Get courses that fit.

    Published courses of others that share words with the courses the learner asked for and the conversations they had,
    then those at their level in their language; and up to two of the learner's own that are not finished. A difficulty
    weighs the more the nearer the learner can be expected to come to 65 to 80 % right answers. The sentence why is
    written by a language model, or, when none answers in four seconds or no budget is left, put together from the
    facts. It is one list without further pages.
    """
    limit = _limit(request.args.get("limit", str(LIMIT)))
    database, user = services().database, who().user_id
    locale = (await own(services().database, who().user_id)).language
    studied = await repository.list_studied(database, user, limit=STUDIED)
    candidates = await repository.list_candidates(database, user, limit=CANDIDATES)
    known = await practice.list_known(database, user, limit=STUDIED)
    # in a thread: 200 candidates take 30 ms
    fits = await anyio.to_thread.run_sync(partial(_fitting, candidates, studied, known, locale, limit=limit))
    if not fits:
        return json_answer(Recommendations([]))
    reasons, written = await _reasons(_task(fits, studied, locale), Asker("recommendation", user=user, private=True))
    items = [_recommendation(fit, reason) for fit, reason in zip(fits, reasons.reasons, strict=True)]
    return json_answer(Recommendations(items, ai_model_used=written.model, degraded=written.degraded))


def _fitting(
    candidates: Sequence[Candidate], studied: Sequence[Studied], known: Sequence[Known], locale: str, *, limit: int
) -> list[Fit]:
    """Without the learner's own courses that have become too easy for them: these count as finished."""
    in_course = {one.subject: one.ability for one in known}

    def ability(course: Candidate) -> Ability:
        return in_course.get(f"course:{course.id}") or adaptive.ability_towards(course.title, known)

    def suits(course: Candidate) -> float | None:
        rated = ability(course)
        return (
            adaptive.suits(rated, LEVELS[course.difficulty]) if rated.answers and course.difficulty in LEVELS else None
        )

    open_ = [
        course
        for course in candidates
        if not (
            course.own and course.difficulty in LEVELS and adaptive.outgrown(ability(course), LEVELS[course.difficulty])
        )
    ]
    return fitting(open_, studied, locale, suits, limit=limit)


def _limit(given: str) -> int:
    if given.isascii() and given.isdigit() and len(given) <= 2 and 1 <= int(given) <= RECOMMENDED_MAX:
        return int(given)
    raise InvalidInput(errors=[Fault("query:limit", f"must be a whole number from 1 to {RECOMMENDED_MAX}")])


def _task(fits: Sequence[Fit], studied: Sequence[Studied], locale: str) -> GiveReasons:
    offered = tuple(
        CourseOffered(
            fit.course.title,
            fit.course.description,
            fit.course.difficulty,
            fit.matched,
            tuple(fit.course.objectives),
            begun=fit.course.own,
        )
        for fit in fits
    )
    level = next((one.difficulty for one in studied if one.difficulty), None)
    return GiveReasons(
        courses=offered,
        studied=tuple(dict.fromkeys(one.title for one in studied)),
        interests=tuple(dict.fromkeys(interest for one in studied for interest in one.interests)),
        level=level,
        locale=locale,
    )


async def _reasons(task: GiveReasons, asker: Asker) -> tuple[Reasons, Written]:
    try:
        with anyio.move_on_after(MODEL_SECONDS):
            return await services().model.write(task, asker)
    except (ModelUnavailable, BudgetExhausted):
        pass
    return reasons_of(task, phrases_for(task.locale)), WRITTEN


def _recommendation(fit: Fit, reason: str) -> Recommendation:
    course = fit.course
    return Recommendation(
        course_id=course.id,
        slug=course.slug,
        title=course.title,
        difficulty=course.difficulty,
        locale=course.locale,
        estimated_minutes=course.estimated_minutes,
        reason=reason,
        confidence=fit.confidence,
        matched=fit.matched,
        personalization_factors=fit.factors,
    )
