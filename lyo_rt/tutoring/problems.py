"""The problems of a resource: read from its items' keys, and which of them a learner's message is about. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from lyo_rt.language_models.guidance import Problem
from lyo_rt.language_models.outline.words import content_words, stem
from lyo_rt.tutoring.choices import LETTERS
from lyo_rt.tutoring.folding import folded

ABOUT = 0.5
"""Share of a question's telling words from which a message is about it."""
SHARED = 2
AT_ONCE = 8
"""Problems of one message that are guarded; the first is the one worked on."""
EXAMINED = "quiz:"
"""Ids of questions from open graded quizzes begin so."""


def problems_of(item: UUID, title: str, content: str | None, detail: Mapping[str, Any]) -> Iterable[Problem]:
    """What an item asks, with the answers of its key; a question whose answer is not there is none.

    A quiz has `questions` and under `key` an entry for each: `answer` (index, letter or text), `explanation`, and
    perhaps `solution`, `mistakes`. An exercise has its `answer`, `solution` and `mistakes` under `key` directly.
    """
    key = detail.get("key")
    if not isinstance(key, Mapping):
        return
    questions = detail.get("questions")
    if not isinstance(questions, Sequence):
        yield from _problem(f"{item}:", f"{title}\n{content or ''}".strip(), (), key)
        return
    for question in questions:
        entry = key.get(str(question.get("id")))
        if isinstance(entry, Mapping):
            options = tuple(str(option) for option in question.get("options") or ())
            yield from _problem(f"{item}:{question['id']}", str(question.get("question", "")), options, entry)


def at_hand(message: str, language: str, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The problems a message is about, the best match first; at most AT_ONCE."""
    said = folded(message)
    stems = {stem(word) for word in content_words(said, language)}
    if len(stems) < SHARED:
        return ()
    scored = []
    for problem in problems:
        asked = folded(problem.question)
        if sum(part in asked for part in stems) < SHARED:
            continue
        wanted = {stem(word) for word in content_words(asked, language)}
        shared = len(wanted & stems)
        if shared >= SHARED and shared >= ABOUT * len(wanted):
            scored.append((shared / len(wanted), problem))
    scored.sort(key=lambda pair: -pair[0])
    return tuple(problem for _, problem in scored[:AT_ONCE])


def _problem(id: str, question: str, options: tuple[str, ...], key: Mapping[str, Any]) -> Iterable[Problem]:
    answer = _answer(key.get("answer"), options)
    if answer:
        wrong = tuple(option for option in options if option != answer)
        mistakes = key.get("mistakes") or ()
        yield Problem(
            id=id,
            question=question,
            answer=answer,
            options=options,
            solution=str(key.get("solution") or key.get("explanation") or ""),
            mistakes=(*wrong, *(str(mistake) for mistake in mistakes)),
        )


def _answer(answer: object, options: tuple[str, ...]) -> str:
    """The answer's text, whether the key has an option's index, its letter, or the text."""
    if isinstance(answer, int) and not isinstance(answer, bool) and options:
        return options[answer] if 0 <= answer < len(options) else ""
    text = "" if answer is None else str(answer).strip()
    letter = text.rstrip(").").upper()
    if options and letter in LETTERS and len(letter) == 1 and text not in options:
        return options[LETTERS.index(letter)] if LETTERS.index(letter) < len(options) else ""
    return text
