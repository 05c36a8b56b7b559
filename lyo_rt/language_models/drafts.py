"""A model's JSON becomes a valid draft, with one round to mend its faults."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import msgspec

from lyo_rt.language_models.port import Draft, FaultKind, ModelFault, Usage, Written
from lyo_rt.language_models.prompts import Prompt
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CoursePlan,
    ModulePlan,
    QuestionDraft,
    StructuredTask,
    Turn,
    WriteAssessment,
)

_CATCH_ALL = re.compile(
    r"\W*((all|none|both) of (the above|these)|alle (genannten|oben genannten)|keine der genannten"
    r"|(todas|ninguna) (de )?las anteriores|toutes ces réponses|aucune de ces réponses)\W*",
    re.IGNORECASE,
)


class Reply(msgspec.Struct, frozen=True):
    """One answer of a provider to a structured request."""

    text: str
    model: str
    usage: Usage = Usage()


Ask = Callable[[Prompt], Awaitable[Reply]]


async def write_draft(
    provider: str, task: StructuredTask[Draft], prompt: Prompt, ask: Ask, *, timeout: float
) -> tuple[Draft, Written]:
    """The draft for `task`; `ask` is called a second time with the faults alone when the first answer has any.

    Raises ModelFault: timeout when both rounds together take more than `timeout` seconds, malformed when the mended
    answer still has faults, and whatever `ask` raises.
    """
    usage = Usage()
    faults: list[str] = []
    with anyio.move_on_after(timeout) as deadline:
        for _ in range(2):
            reply = await ask(prompt)
            usage = usage.plus(reply.usage)
            draft, faults = read_draft(task, reply.text)
            if draft is not None:
                return draft, Written(provider=provider, model=reply.model, usage=usage)
            prompt = msgspec.structs.replace(prompt, turns=(*prompt.turns, *_mending(reply.text, faults)))
    kind: FaultKind = "timeout" if deadline.cancelled_caught else "malformed"
    raise ModelFault(provider, kind, "; ".join(faults) or f"no whole answer within {timeout:g} s")


def read_draft(task: StructuredTask[Draft], text: str) -> tuple[Draft | None, list[str]]:
    """The draft in `text` and no faults, or None and what is wrong with it, in words for the model."""
    try:
        draft = msgspec.json.decode(_unfenced(text), type=task.answer)
    except msgspec.MsgspecError as fault:
        return None, [str(fault)]
    faults = _faults(task, draft)
    return (None, faults) if faults else (cast("Draft", draft), [])


def _mending(text: str, faults: list[str]) -> tuple[Turn, Turn]:
    told = "\n".join(f"- {fault}" for fault in faults)
    asked = f"That document has faults:\n{told}\nSend the whole JSON document again with these mended, nothing else."
    return Turn("assistant", text or "(empty)"), Turn("user", asked)


def _unfenced(text: str) -> str:
    # OpenAI-compatible servers that ignore response_format put the document into a Markdown fence
    found = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", text, re.DOTALL)
    return found.group(1) if found else text


def _faults(task: StructuredTask[Any], draft: object) -> list[str]:
    if isinstance(draft, CoursePlan):
        return _same_titles("$.modules", draft.modules)
    if isinstance(draft, AssessmentDraft) and isinstance(task, WriteAssessment):
        faults = [fault for n, question in enumerate(draft.questions) for fault in _question_faults(n, question)]
        if len(draft.questions) != task.questions:
            faults.append(f"exactly {task.questions} questions were asked for, not {len(draft.questions)}")
        return faults
    return []


def _same_titles(where: str, parts: list[ModulePlan]) -> list[str]:
    counts = Counter(part.title.strip().casefold() for part in parts)
    return [f"two entries of `{where}` have the title {title!r}" for title, count in counts.items() if count > 1]


def _question_faults(number: int, question: QuestionDraft) -> list[str]:
    """The item-writing rules of SPEC §5 that can be checked without judgement."""
    where = f"$.questions[{number}]"
    faults = []
    if question.answer >= len(question.options):
        faults.append(f"`{where}.answer` is {question.answer}, but there are {len(question.options)} options")
    if len({option.strip().casefold() for option in question.options}) < len(question.options):
        faults.append(f"two options of `{where}` are the same")
    if any(_CATCH_ALL.fullmatch(option) for option in question.options):
        faults.append(f"`{where}` has an option like 'all of the above'")
    return faults
