"""The tutor's turn on a problem without a model: the step the ladder allows, in words that people wrote.

It names nothing of the answer unless the step is `reveal`. The tutor falls back on it when no draft of a model may
leave.
"""

import re

from lyo_rt.language_models.guidance import Guidance, Problem
from lyo_rt.language_models.outline.tutoring import Tutoring, tutoring_for
from lyo_rt.language_models.tasks import TutorTask

GUIDE = "guide-2"
"""The version of the texts in tutoring/, as stored with an answer made of them."""


def is_guided(guidance: Guidance) -> bool:
    """Whether the problem decides the turn. A hint is better taken from the text, next to what the learner said."""
    return guidance.step in ("reveal", "explain", "vary", "close")


def guiding_turn(task: TutorTask) -> str | None:
    """The turn on the problem at hand; None without a problem. What was said before is not said again if possible."""
    problem = task.guidance.problem
    if problem is None:
        return None
    return _first_fresh(task, *_on_problem(task, problem, tutoring_for(task.locale).steps[task.guidance.step]))


def question_of(task: TutorTask) -> str:
    """The turn on the problem at hand; without one a question that needs neither material nor problem."""
    return guiding_turn(task) or _first_fresh(task, *tutoring_for(task.locale).stuck_freely)


def turn_back(task: TutorTask) -> str | None:
    """The turn for a learner who has left the subject: led back the first time; from then on told in one sentence that
    it is not for here, and back to work. None for one who is on the subject, and where nothing is to go back to."""
    guidance, tutoring = task.guidance, tutoring_for(task.locale)
    if guidance.subject == "on":
        return None
    ways = [tutoring.back.format(title=task.resource_title)] if task.resource_title else []
    if guidance.problem is not None and not is_guided(guidance):
        ways = _on_problem(task, guidance.problem, tutoring.steps["diagnose"][:1]) + ways
    if not ways:
        return None
    return f"{_opening(task, tutoring)} {_first_fresh(task, *ways)}".strip()


def quoted_question(problem: Problem, tutoring: Tutoring) -> str:
    """The question as a quotation: the turn's own question is to be its only one."""
    headed = re.sub(r"(?<=\w)\n+", ": ", problem.question.strip(), count=1)
    question = " ".join(headed.split())[:300].rstrip("?？؟ ")
    return f"「{question}」。" if tutoring.language == "ja" else f"“{question}”."


def _opening(task: TutorTask, tutoring: Tutoring) -> str:
    return tutoring.left if task.guidance.subject == "left" else tutoring.away


def _on_problem(task: TutorTask, problem: Problem, ways: tuple[str, ...]) -> list[str]:
    facts = {
        "question": quoted_question(problem, tutoring_for(task.locale)),
        "title": task.resource_title,
        "answer": problem.answer.rstrip("."),
        "solution": re.sub(r"[?？؟]", ".", problem.solution),
    }
    return [" ".join(way.format(**facts).split()) for way in ways]


def _first_fresh(task: TutorTask, *turns: str) -> str:
    said = [turn.text for turn in task.turns if turn.role == "assistant"]
    return next((turn for turn in turns if not any(turn in text for text in said)), turns[0])
