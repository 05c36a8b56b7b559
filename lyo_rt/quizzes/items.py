"""A model's drafts become questions: judged by the rules of item writing, refused ones counted with their reasons."""

import re
from collections.abc import Sequence

import msgspec

from lyo_rt.language_models.quality import sifting
from lyo_rt.language_models.quality.items import Item, fixed_order
from lyo_rt.language_models.quiz_tasks import (
    CodingDraft,
    ItemDraft,
    KeyPoint,
    QuizType,
    ShortAnswerDraft,
    StatementDraft,
)
from lyo_rt.language_models.tasks import Level, QuestionDraft
from lyo_rt.quizzes import rules
from lyo_rt.quizzes.grading import says
from lyo_rt.quizzes.records import NewQuestion

PROGRAM_POINT = "As it stands, the program prints exactly the expected output."


class Refused(msgspec.Struct, frozen=True):
    """A question that is not shown, and why, in words for the model."""

    question: str
    reasons: str


class Sifted(msgspec.Struct, frozen=True):
    """The questions that may be shown, and the others."""

    sound: tuple[NewQuestion, ...]
    refused: tuple[Refused, ...]

    def without(self, unanswered: Sequence[NewQuestion]) -> "Sifted":
        """The same, with these refused: a second model, asked for the answer, gave another."""
        told = (Refused(question.question, "a second reader does not find its answer") for question in unanswered)
        sound = tuple(question for question in self.sound if question not in unanswered)
        return Sifted(sound, (*self.refused, *told))


def sifted(
    drafts: Sequence[ItemDraft], level: Level, locale: str, kept: Sequence[NewQuestion] = (), had: Sequence[str] = ()
) -> Sifted:
    """Judge the drafts, together with the questions `kept` from before.

    `had` are questions the learner was asked earlier; none may come again.
    """
    known = {rules.folded(text) for text in had}
    candidates = list(kept)
    refused: list[Refused] = []
    for draft in drafts:
        question = _question(draft, level, locale)
        reasons = _given_away(question, draft)
        if rules.folded(question.question) in known:
            reasons.append("the question was asked before")
        if reasons:
            refused.append(Refused(question.question, "; ".join(reasons)))
        else:
            candidates.append(question)
    through = sifting.sifted([item_of(question, locale) for question in candidates])
    sound = [_as_mended(candidates[place], item) for place, item in zip(through.places, through.items, strict=True)]
    refused += [Refused(one.item.question, "; ".join(fault.detail for fault in one.faults)) for one in through.refused]
    return Sifted(tuple(sound), tuple(refused))


def _as_mended(question: NewQuestion, item: Item) -> NewQuestion:
    """The question as it came out of the gates."""
    return msgspec.structs.replace(
        question,
        question=item.question,
        options=item.options,
        key=item.key,
        fixed_order=bool(item.options) and fixed_order(item),
        answer=item.right,
        explanation=item.explanation,
    )


def item_of(question: NewQuestion, locale: str) -> Item:
    """A question as the gates see it."""
    return Item(
        question=question.question,
        options=question.options,
        key=question.key,
        explanation=question.explanation,
        kind=question.quiz_type,
        answer=question.answer if question.key is None else "",
        locale=locale,
    )


def _question(draft: ItemDraft, level: Level, locale: str) -> NewQuestion:
    match draft:
        case QuestionDraft():
            options = tuple(option.strip() for option in draft.options)
            right = options[draft.answer] if draft.answer < len(options) else ""
            made = _made("multiple_choice", draft.question, right, draft.explanation, level)
            return msgspec.structs.replace(made, options=options, key=draft.answer)
        case StatementDraft():
            options = rules.true_false_options(locale)
            key = 0 if draft.is_true else 1
            made = _made("true_false", draft.statement, options[key], draft.explanation, level)
            return msgspec.structs.replace(made, options=options, key=key, fixed_order=True)
        case ShortAnswerDraft():
            made = _made("short_answer", draft.question, draft.answer, draft.explanation, level)
            return msgspec.structs.replace(made, accepted=tuple(draft.accepted), rubric=tuple(draft.key_points))
        case CodingDraft():
            return _program(draft, level)


def _program(draft: CodingDraft, level: Level) -> NewQuestion:
    """The code, or the output that is asked for, becomes part of the question."""
    parts = [draft.question.strip()]
    if draft.code.strip():
        parts.append(_fenced(draft.language, draft.code))
    if draft.task == "predict":
        return _made("coding", "\n\n".join(parts), draft.expected_output, draft.explanation, level)
    parts.append(_fenced("text", draft.expected_output))
    made = _made("coding", "\n\n".join(parts), draft.solution, draft.explanation, level)
    return msgspec.structs.replace(made, rubric=(KeyPoint(PROGRAM_POINT, [PROGRAM_POINT]),))


def _made(kind: QuizType, question: str, answer: str, explanation: str, level: Level) -> NewQuestion:
    return NewQuestion(
        quiz_type=kind,
        question=question.strip(),
        answer=answer.strip("\n"),
        explanation=explanation.strip(),
        difficulty=level,
        points=rules.POINTS[level],
        estimated_time=rules.SECONDS[kind],
    )


def _given_away(question: NewQuestion, draft: ItemDraft) -> list[str]:
    """What the rules for options do not see: an answer that stands in its own question, a missing program."""
    match draft:
        case ShortAnswerDraft() if says(question.question, draft.answer):
            return ["the question contains its own answer"]
        case CodingDraft(task="predict") if not draft.code.strip():
            return ["there is no program to read"]
        case CodingDraft(task="predict") if (
            len(output := draft.expected_output.strip()) > 3 and output in draft.question
        ):
            return ["the question tells the output"]
        case CodingDraft(task="write") if not draft.solution.strip():
            return ["there is no solution"]
        case _:
            return []


def _fenced(language: str, code: str) -> str:
    name = re.sub(r"[^\w+#-]", "", language.lower())
    return f"```{name}\n{code.strip(chr(10))}\n```"
