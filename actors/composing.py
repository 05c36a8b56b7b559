"""Composes one tutor turn: the model's draft behind the screen, drafted anew when it must not be read.

Every such draft is ended at its source, and the next one is told why; after the last one the turn is made without a
model, of what tells nothing.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import anyio
import msgspec
import structlog
from anyio import to_thread
from anyio.lowlevel import checkpoint

from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.outline.guiding import GUIDE, question_of
from lyo_rt.language_models.outline.tutoring import language_spoken
from lyo_rt.language_models.port import Asker, LanguageModel, TextSink, Written
from lyo_rt.language_models.tasks import TutorTask
from lyo_rt.language_models.tutor_prompt import TUTOR_PROMPT
from lyo_rt.tutoring import harm
from lyo_rt.tutoring.preparation import Prepared
from lyo_rt.tutoring.screen import Fault, Screen

DRAFTS = 3
"""Times a model may try a turn."""
LANGUAGE_DRAFTS = 2
"""Times it may try to write in the learner's language."""

log = structlog.get_logger()


class Composed(msgspec.Struct, frozen=True):
    """Who wrote a turn, and the version of the texts it was written by."""

    written: Written
    prompt: str


class Composer:
    """One turn, composed by a model or, where it may not be, by people's words."""

    def __init__(
        self,
        model: LanguageModel,
        prepared: Prepared,
        *,
        user: UUID,
        answer: UUID,
        flag: Callable[[], Awaitable[None]],
    ) -> None:
        self._model = model
        self._prepared = prepared
        self._asker = Asker("tutor", user=user, work=answer, private=True)
        self._flag = flag

    async def compose(self, sink: TextSink) -> Composed:
        """The turn into `sink`. Raises ModelUnavailable."""
        if self._prepared.reply is not None:
            return await _say(sink, self._prepared.reply, harm.CARE)
        task, faults = self._prepared.task, list[Fault]()
        while len(faults) < DRAFTS and faults.count("language") < LANGUAGE_DRAFTS:
            draft = _Draft(sink, self._prepared.screen(any_language=self._is_unspoken and "language" in faults))
            written = await draft.write(partial(self._model.stream, task, asker=self._asker))
            if written is not None:
                return Composed(written, GUIDE if written.degraded else TUTOR_PROMPT)
            fault = draft.screen.fault
            if fault is None:
                raise RuntimeError("a draft is withheld for a fault")
            log.warning("draft withheld", answer=str(self._asker.work), fault=fault)
            await draft.take_back()
            if fault == "harm":
                return await self._instead_of_harm(sink)
            task = self._anew(task, fault, draft.screen.withheld)
            faults.append(fault)
        return await self._by_the_text(task, sink)

    async def _instead_of_harm(self, sink: TextSink) -> Composed:
        await self._flag()
        locale = self._prepared.task.locale
        text = await to_thread.run_sync(harm.reply, "danger", locale, locale.partition("-")[0])
        return await _say(sink, text, harm.CARE)

    @property
    def _is_unspoken(self) -> bool:
        """Without a model there would be nothing to say in the learner's language: a second draft is better."""
        return language_spoken(self._prepared.task.locale) is None

    async def _by_the_text(self, task: TutorTask, sink: TextSink) -> Composed:
        """Without a model: a line of the material that tells nothing, else a question that needs none."""
        draft = _Draft(sink, Screen(self._prepared.keys))
        written = await draft.write(partial(Outline().stream, task))
        if written is not None:
            return Composed(written, GUIDE)
        await draft.take_back()
        return await _say(sink, await to_thread.run_sync(question_of, task), GUIDE)

    def _anew(self, task: TutorTask, fault: Fault, withheld: str) -> TutorTask:
        """The same turn, told what was wrong; where an answer was given away, over material that does not give it."""
        keys, guidance = self._prepared.keys, task.guidance
        if fault not in ("leak", "harm"):
            return msgspec.structs.replace(
                task, guidance=msgspec.structs.replace(guidance, faults=(*guidance.faults, fault))
            )
        guidance = msgspec.structs.replace(guidance, withheld=(*guidance.withheld, withheld))
        text = keys.without_leaks(task.resource_text) if keys else task.resource_text
        return msgspec.structs.replace(task, guidance=guidance, resource_text=text)


class _Draft:
    """A TextSink that lets through what the screen lets through, and ends the draft when something must not leave."""

    def __init__(self, sink: TextSink, screen: Screen) -> None:
        self.screen = screen
        self._sink = sink
        self._scope = anyio.CancelScope()
        self._shown = False

    async def write(self, stream: Callable[[TextSink], Awaitable[Written]]) -> Written | None:
        """Who wrote the draft; None when it must not be read. Raises ModelUnavailable."""
        written = None
        with self._scope:
            written = await stream(self)
        if self.screen.fault is None:
            await self._let(self.screen.rest())
        return None if self.screen.fault else written

    async def text(self, piece: str) -> None:
        """The next piece from the model."""
        await self._let(self.screen.piece(piece))
        if self.screen.fault is not None:
            self._scope.cancel()

    async def restart(self) -> None:
        """Another model begins anew."""
        self.screen.restart()
        await self.take_back()

    async def take_back(self) -> None:
        """What was shown of this draft is void."""
        if self._shown:
            self._shown = False
            await self._sink.restart()

    async def _let(self, text: str) -> None:
        if text:
            self._shown = True
            await self._sink.text(text)


async def _say(sink: TextSink, text: str, prompt: str) -> Composed:
    for piece in re.findall(r"\S+\s*", text):
        await checkpoint()
        await sink.text(piece)
    return Composed(Written(provider="lyo", model="lyo-tutor"), prompt)
