"""Composes one tutor turn: the model's draft behind the screen, drafted anew when it gave an answer away.

Every draft that must not be read is ended at its source; after the last one the turn is made without a model, of what
tells nothing.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import anyio
import msgspec
import structlog
from anyio.lowlevel import checkpoint

from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.outline.guiding import GUIDE, guiding_turn
from lyo_rt.language_models.port import Asker, LanguageModel, TextSink, Written
from lyo_rt.language_models.tasks import TutorTask
from lyo_rt.language_models.tutor_prompt import TUTOR_PROMPT
from lyo_rt.tutoring import harm
from lyo_rt.tutoring.preparation import Prepared
from lyo_rt.tutoring.screen import Screen

DRAFTS = 3
"""Times a model may try a turn that must not give an answer away."""

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
        task = self._prepared.task
        for _ in range(DRAFTS):
            draft = _Draft(sink, Screen(self._prepared.keys))
            written = await draft.write(partial(self._model.stream, task, asker=self._asker))
            if written is not None:
                return Composed(written, GUIDE if written.degraded else TUTOR_PROMPT)
            log.warning("draft withheld", answer=str(self._asker.work), fault=draft.screen.fault)
            await draft.take_back()
            if draft.screen.fault == "harm":
                await self._flag()
                return await _say(sink, harm.reply("danger", task.locale, task.locale.partition("-")[0]), harm.CARE)
            task = self._anew(task, draft.screen.withheld)
        return await self._by_the_text(task, sink)

    async def _by_the_text(self, task: TutorTask, sink: TextSink) -> Composed:
        """Without a model: a line of the material that tells nothing, else a question that needs none."""
        draft = _Draft(sink, Screen(self._prepared.keys))
        written = await draft.write(partial(Outline().stream, task))
        if written is not None:
            return Composed(written, GUIDE)
        await draft.take_back()
        turn = guiding_turn(task)
        if turn is None:
            raise RuntimeError("drafts are withheld for the sake of a problem only")
        return await _say(sink, turn, GUIDE)

    def _anew(self, task: TutorTask, withheld: str) -> TutorTask:
        """The same turn, told what gave the answer away, over material that does not."""
        keys = self._prepared.keys
        guidance = msgspec.structs.replace(task.guidance, withheld=(*task.guidance.withheld, withheld))
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
