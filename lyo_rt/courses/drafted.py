"""What a model has drafted, as a course keeps it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from lyo_rt.courses.records import NewItem
from lyo_rt.language_models.port import Written
from lyo_rt.language_models.quality.counts import summed
from lyo_rt.language_models.tasks import AssessmentDraft, LessonDraft

ASSESSMENT_MINUTES = 10


def lesson_items(title: str, minutes: int, draft: LessonDraft) -> tuple[NewItem, ...]:
    """A lesson's draft as its items: text, key terms, exercise, sources."""
    items = [NewItem("text", title, draft.text, duration=minutes * 60)]
    if draft.key_terms:
        terms = [{"term": term.term, "definition": term.definition} for term in draft.key_terms]
        text = "\n".join(f"- **{term.term}**: {term.definition}" for term in draft.key_terms)
        items.append(NewItem("key_terms", "Key terms", text, {"terms": terms}))
    exercise = draft.exercise
    items.append(NewItem("exercise", exercise.title, exercise.instructions, duration=exercise.minutes * 60))
    items.extend(NewItem("link", link.title, source=link.source, source_url=link.url) for link in draft.links)
    return tuple(items)


def assessment_item(draft: AssessmentDraft) -> NewItem:
    """A module's questions; their answers stand under `key`, which is never read out with the course."""
    questions = [
        {"id": f"q{place}", "question": question.question, "options": question.options}
        for place, question in enumerate(draft.questions, 1)
    ]
    key = {
        f"q{place}": {"answer": question.answer, "explanation": question.explanation}
        for place, question in enumerate(draft.questions, 1)
    }
    return NewItem("quiz", draft.title, None, {"questions": questions, "key": key}, duration=ASSESSMENT_MINUTES * 60)


def metadata(written: Sequence[Written]) -> dict[str, Any]:
    """Who wrote a course, with how many tokens, and what the quality gates mended and dropped."""
    models = list(dict.fromkeys(one.model for one in written))
    return {
        "model_used": models[0] if models else None,
        "models": models,
        "degraded": any(one.degraded for one in written),
        "tokens_used": sum(one.usage.prompt_tokens + one.usage.answer_tokens for one in written),
        "gates": msgspec.to_builtins(summed(one.gates for one in written)),
    }
