"""A model's JSON becomes a draft that passed the gates, with one round to mend its faults."""

import re
from collections.abc import Awaitable, Callable
from typing import Generic, cast

import anyio
import msgspec

from lyo_rt.language_models.judging import Verdict, judged
from lyo_rt.language_models.port import UNMETERED, Draft, FaultKind, Meter, ModelFault, Usage, Written
from lyo_rt.language_models.prompts import Prompt
from lyo_rt.language_models.requests import tokens_of
from lyo_rt.language_models.tasks import StructuredTask, Turn
from lyo_rt.problems import BudgetExhausted

CUT_OFF = "the document was cut off at the limit of its length; send it whole, and shorter"


class Reply(msgspec.Struct, frozen=True):
    """One answer of a provider to a structured request; `truncated` when its token limit ended it."""

    text: str
    model: str
    usage: Usage = Usage()
    truncated: bool = False


Ask = Callable[[Prompt, Callable[[str], None]], Awaitable[Reply]]
"""Sends a prompt; where the answer comes in pieces, the second argument is told of each."""


async def write_draft(
    provider: str, task: StructuredTask[Draft], prompt: Prompt, ask: Ask, meter: Meter = UNMETERED, *, timeout: float
) -> tuple[Draft, Written]:
    """The draft for `task`, as far as it passed the gates (judging.py).

    `ask` is called a second time with the faults alone when the first answer has any, and once more, with twice the
    tokens allowed, when one is truncated. What is still faulty after that is dropped where enough remains. `meter`
    admits each of these calls.

    Raises ModelFault: timeout when all of it takes more than `timeout` seconds, truncated or malformed when the mended
    answer is, and whatever `ask` and `meter` raise; unless enough of the first answer was sound, which then is the
    draft.
    """
    writing = _Writing(task, prompt, ask, meter)
    fault: ModelFault | BudgetExhausted | None = None
    with anyio.move_on_after(timeout) as deadline:
        try:
            await writing.rounds()
        except (ModelFault, BudgetExhausted) as refused:
            fault = refused
    told = "; ".join(writing.faults)
    if deadline.cancelled_caught:
        fault = ModelFault(provider, "timeout", told or f"no whole answer within {timeout:g} s")
    best = writing.best
    if best is None or best.draft is None:
        raise fault or ModelFault(provider, writing.fault, told)
    if isinstance(fault, ModelFault):
        meter.failed(fault)
    gates = msgspec.structs.replace(best.gates, repairs=writing.repairs)
    return best.draft, Written(provider=provider, model=writing.model, usage=writing.usage, gates=gates)


class _Writing(Generic[Draft]):
    """One draft in the making: what was asked, what came, and the best of it."""

    def __init__(self, task: StructuredTask[Draft], prompt: Prompt, ask: Ask, meter: Meter) -> None:
        self._task = task
        self._prompt = prompt
        self._ask = ask
        self._meter = meter
        self._asked = False
        self._told = ""
        """What the prompt has beyond the first one."""
        self.usage = Usage()
        self.model = ""
        self.truncated = False
        self.repairs = 0
        self.faults: list[str] = []
        self.best: Verdict[Draft] | None = None

    async def rounds(self) -> None:
        """The first round, and one of repair when it has faults; `best` is the newest draft that will do."""
        earlier = await self._round(None)
        if self.faults:
            self.repairs = 1
            await self._round(earlier)

    async def _round(self, earlier: Draft | None) -> Draft | None:
        """What was sound of this round's answer; its faults are put to the model with the next prompt."""
        reply = await self._replied()
        verdict: Verdict[Draft] = Verdict(None, [CUT_OFF], enough=False)
        if not reply.truncated:
            verdict = read_draft(self._task, reply.text, earlier)
        if verdict.draft is not None and verdict.enough:
            self.best = verdict
        self.faults = verdict.faults
        said, asked = _mending(reply.text, self.faults)
        self._told = said.text + asked.text
        self._prompt = msgspec.structs.replace(self._prompt, turns=(*self._prompt.turns, said, asked))
        return verdict.draft

    async def _replied(self) -> Reply:
        """The answer; asked for once more with room for twice its length when the limit cut it off."""
        reply = await self._counted()
        if reply.truncated and not self._prompt.longer:
            self._prompt = msgspec.structs.replace(self._prompt, longer=True)
            reply = await self._counted()
        return reply

    @property
    def fault(self) -> FaultKind:
        """What is wrong with the newest answer, when something is."""
        return "truncated" if self.truncated else "malformed"

    async def _counted(self) -> Reply:
        more = tokens_of(self._told.encode(errors="replace"))
        await self._meter.sends(self.fault if self._asked else None, more_prompt=more, longer=self._prompt.longer)
        self._asked = True
        reply = await self._ask(self._prompt, self._meter.received)
        self._meter.used(reply.usage)
        self.truncated = reply.truncated
        self.usage = self.usage.plus(reply.usage)
        self.model = reply.model
        return reply


def read_draft(task: StructuredTask[Draft], text: str, earlier: Draft | None = None) -> Verdict[Draft]:
    """The verdict on the document in `text`; what is not of the task's shape has no draft and its faults in words."""
    try:
        draft = msgspec.json.decode(_unfenced(text), type=task.answer)
    except (msgspec.MsgspecError, UnicodeEncodeError) as fault:  # an SDK's JSON may hold half a surrogate pair
        return Verdict(None, [str(fault)], enough=False)
    return judged(task, cast("Draft", draft), earlier)


def _mending(text: str, faults: list[str]) -> tuple[Turn, Turn]:
    told = "\n".join(f"- {fault}" for fault in faults)
    asked = f"That document has faults:\n{told}\nSend the whole JSON document again with these mended, nothing else."
    return Turn("assistant", text or "(empty)"), Turn("user", asked)


def _unfenced(text: str) -> str:
    # OpenAI-compatible servers that ignore response_format put the document into a Markdown fence, with a word before
    if text.lstrip().startswith("{"):
        return text
    found = re.search(r"(?:^|\n)\s*```(?:json)?\s*(\{.*\})\s*```", text, re.DOTALL)
    return found.group(1) if found else text
