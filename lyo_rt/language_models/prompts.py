"""What a hosted model is told: a task becomes a system text, turns and the shape of the answer.

The texts are in texts/*.md, one for each kind of task. Everything a learner wrote goes between tags, as material.
"""

from importlib.resources import files
from string import Template
from typing import Any

import msgspec

from lyo_rt.language_models.code_tasks import ExplainCode, lines_of
from lyo_rt.language_models.fencing import fenced as _fenced
from lyo_rt.language_models.key_tasks import FindKeys
from lyo_rt.language_models.pace import pace_of
from lyo_rt.language_models.quiz_tasks import ANSWERS, GradeAnswers, WriteQuiz
from lyo_rt.language_models.recommendation_tasks import GiveReasons
from lyo_rt.language_models.summary_tasks import SummariseConversation
from lyo_rt.language_models.tasks import (
    CourseBrief,
    Level,
    PlanCourse,
    StructuredTask,
    Style,
    Turn,
    TutorTask,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.language_models.translation_tasks import Translate
from lyo_rt.language_models.tutor_prompt import TutorPrompt

LEVELS: dict[Level, str] = {
    "beginner": "no earlier knowledge of the subject; everyday words, every term explained when it first appears.",
    "intermediate": "the basics are known; the usual terms are used freely, the reasons behind things are explained.",
    "advanced": "works in the field or studies it; precise language, limits and exceptions, primary sources.",
}
STYLES: dict[Style, str] = {
    "visual": "tables, diagrams drawn in text, pictures to imagine, and spatial comparisons",
    "auditory": "a spoken tone, dialogues, rhythm and mnemonics, and things to say aloud",
    "kinesthetic": "things to handle, to try out and to act through",
    "hands_on": "building and trying out first, the explanation after it",
    "reading_writing": "well-built prose, lists, definitions, and things to write",
}


class Prompt(msgspec.Struct, frozen=True):
    """A task in words. `answer` is the struct the answer must be, None for free text.

    `longer` allows the answer twice the usual number of tokens.
    """

    system: str
    turns: tuple[Turn, ...]
    answer: type[msgspec.Struct] | None = None
    longer: bool = False


class Prompts:
    """The prompt texts, read from the package's files once; reading blocks for about a millisecond."""

    def __init__(self) -> None:
        folder = files("lyo_rt.language_models") / "texts"
        self._texts = {
            name: Template((folder / f"{name}.md").read_text(encoding="utf-8").strip())
            for name in (
                "plan",
                "lesson",
                "assessment",
                "keys",
                "quiz",
                *(f"quiz_{kind}" for kind in ANSWERS),
                "grading",
                "code",
                "translation",
                "recommendations",
                "summary",
            )
        }
        self._tutor = TutorPrompt()

    def structured(self, task: StructuredTask[Any]) -> Prompt:
        """The prompt of a task answered by one JSON document.

        Its first line names the task: `Task: plan`, `Task: lesson 2.3`, `Task: assessment 2` (counted from 1),
        `Task: keys`, `Task: quiz true_false`, `Task: grading`, `Task: code`, `Task: translation`,
        `Task: recommendations`, `Task: summary`.
        """
        match task:
            case PlanCourse():
                return self._plan(task)
            case WriteLesson():
                return self._lesson(task)
            case WriteAssessment():
                return self._assessment(task)
            case WriteQuiz():
                return self._quiz(task)
            case GradeAnswers():
                return self._grading(task)
            case FindKeys():
                return self._keys(task)
            case ExplainCode():
                return self._code(task)
            case Translate():
                return self._translation(task)
            case GiveReasons():
                return self._recommendations(task)
            case SummariseConversation():
                return self._summary(task)
            case _:
                raise NotImplementedError(type(task).__name__)

    def tutor(self, task: TutorTask) -> Prompt:
        """The prompt of the tutor's next turn; its rules are in the system text of every turn (SPEC §5)."""
        system = self._tutor.system(task, level_meaning=LEVELS[task.level], style=_style(task.style))
        return Prompt(system=system, turns=_alternating(task.turns))

    def _plan(self, task: PlanCourse) -> Prompt:
        pace = pace_of(task.brief)
        minutes = f"all lessons together take {pace.minutes} minutes"
        system = self._system(
            "plan", task.brief, modules=pace.modules, lessons=f"about {pace.lessons}", minutes=minutes
        )
        lines = ["Task: plan", f"Modules: {pace.modules}", f"Minutes: {pace.minutes}", *_facts(task.brief)]
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _lesson(self, task: WriteLesson) -> Prompt:
        module = task.plan.modules[task.module]
        lesson = module.lessons[task.lesson]
        place = {
            "title": lesson.title,
            "focus": lesson.focus,
            "minutes": lesson.minutes,
            "module": module.title,
            "module_objectives": module.objectives,
            "course": task.plan.title,
            "lessons_before": _titles(task, before=True),
            "lessons_after": _titles(task, before=False),
        }
        lines = [
            f"Task: lesson {task.module + 1}.{task.lesson + 1}",
            _fenced("lesson", _json(place)),
            *_facts(task.brief),
        ]
        system = self._system("lesson", task.brief)
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _assessment(self, task: WriteAssessment) -> Prompt:
        module = task.plan.modules[task.module]
        lessons = [
            {"title": plan.title, "text": draft.text, "key_terms": draft.key_terms}
            for plan, draft in zip(module.lessons, task.lessons, strict=False)
        ]
        about = {"title": module.title, "objectives": module.objectives, "course": task.plan.title}
        lines = [
            f"Task: assessment {task.module + 1}",
            f"Questions: {task.questions}",
            _fenced("module", _json(about)),
            _fenced("lessons", _json(lessons)),
            *_facts(msgspec.structs.replace(task.brief, source_text=None)),
            *([_fenced("refused", _json(task.refused))] if task.refused else []),
        ]
        system = self._system("assessment", task.brief, questions=task.questions)
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _quiz(self, task: WriteQuiz) -> Prompt:
        system = self._texts["quiz"].substitute(
            locale=task.locale,
            level=task.level,
            level_meaning=LEVELS[task.level],
            questions=task.questions,
            type_rules=self._texts[f"quiz_{task.quiz_type}"].template,
        )
        lines = [f"Task: quiz {task.quiz_type}", f"Questions: {task.questions}", _fenced("topic", task.topic)]
        lines += [_fenced("text", task.text)] if task.text else []
        lines += [_fenced("avoid", _json(task.avoid))] if task.avoid else []
        lines += [_fenced("refused", _json(task.refused))] if task.refused else []
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _grading(self, task: GradeAnswers) -> Prompt:
        system = self._texts["grading"].substitute(locale=task.locale)
        lines = ["Task: grading", f"Answers: {len(task.answers)}", _fenced("answers", _json(task.answers))]
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _keys(self, task: FindKeys) -> Prompt:
        lines = ["Task: keys", _fenced("questions", _json(task.questions))]
        if task.material:
            lines.append(_fenced("material", task.material))
        system = self._texts["keys"].substitute(locale=task.locale)
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _code(self, task: ExplainCode) -> Prompt:
        numbered = "\n".join(f"{n:4} | {line}" for n, line in enumerate(lines_of(task.code), 1))
        lines = ["Task: code"]
        lines += [_fenced("language", task.language)] if task.language else []
        lines += [_fenced("question", task.question)] if task.question else []
        lines.append(_fenced("source_code", numbered))
        system = self._texts["code"].substitute(locale=task.locale, level=task.level, level_meaning=LEVELS[task.level])
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _translation(self, task: Translate) -> Prompt:
        source = f" from the language `{task.source}`" if task.source else ""
        system = self._texts["translation"].substitute(target=task.target, source=source)
        lines = ["Task: translation", _fenced("text", task.masked.text)]
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _recommendations(self, task: GiveReasons) -> Prompt:
        learner = {"studied": task.studied, "interests": task.interests, "level": task.level}
        lines = [
            "Task: recommendations",
            f"Courses: {len(task.courses)}",
            _fenced("learner", _json(learner)),
            _fenced("courses", _json(task.courses)),
        ]
        system = self._texts["recommendations"].substitute(locale=task.locale)
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _summary(self, task: SummariseConversation) -> Prompt:
        said = "\n\n".join(f"{turn.role}: {turn.text}" for turn in task.turns)
        lines = ["Task: summary", _fenced("former", task.former), _fenced("conversation", said)]
        system = self._texts["summary"].substitute(locale=task.locale)
        return Prompt(system=system, turns=(Turn("user", "\n".join(lines)),), answer=task.answer)

    def _system(self, name: str, brief: CourseBrief, **facts: object) -> str:
        return self._texts[name].safe_substitute(
            locale=brief.locale,
            level=brief.level,
            level_meaning=LEVELS[brief.level],
            style=_style(brief.style),
            **facts,
        )


def _style(style: Style | None) -> str:
    if style is None:
        return "Vary the presentation: prose, lists, an example worked through."
    return f"The learner prefers this presentation: {STYLES[style]}. It is a preference, not a measure of ability."


def _facts(brief: CourseBrief) -> list[str]:
    facts = [_fenced("brief", _json(msgspec.structs.replace(brief, source_text=None)))]
    if brief.source_text:
        facts.append(_fenced("source_text", brief.source_text))
    return facts


def _alternating(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The turns as the providers accept them: beginning with the learner, roles taking turns, none empty."""
    merged: list[Turn] = []
    for turn in turns:
        if not turn.text.strip():
            continue
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, f"{merged[-1].text}\n\n{turn.text}")
        else:
            merged.append(turn)
    if not merged or merged[0].role == "assistant":
        merged.insert(0, Turn("user", "(The learner opens the conversation.)"))
    return tuple(merged)


def _titles(task: WriteLesson, *, before: bool) -> list[str]:
    here = (task.module, task.lesson)
    return [
        lesson.title
        for m, module in enumerate(task.plan.modules)
        for n, lesson in enumerate(module.lessons)
        if (m, n) != here and ((m, n) < here) == before
    ]


def _json(value: object) -> str:
    # "</" as "<\/" is the same JSON and cannot close a tag
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode().replace("</", "<\\/")
