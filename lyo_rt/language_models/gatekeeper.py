"""The last gate before a draft leaves: a second model, where one is set, and the count of what all gates did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import structlog

from lyo_rt.language_models.judging import item_of
from lyo_rt.language_models.key_tasks import FindKeys, OpenQuestion
from lyo_rt.language_models.port import Asker, Draft, LanguageModel, Reuse, TextSink, Written
from lyo_rt.language_models.quality.counts import Gates
from lyo_rt.language_models.quality.items import Item
from lyo_rt.language_models.tasks import AssessmentDraft, StructuredTask, TutorTask, WriteAssessment
from lyo_rt.problems import BudgetExhausted, ModelUnavailable

DRAFTS = 2
"""How many assessments are written until the second model finds the key of at least one question."""

log = structlog.get_logger()


class Gatekeeper:
    """A LanguageModel over another.

    `reader`, when there is one, answers every question of an assessment without its key; a question whose key it does
    not find is dropped. Without it only the counts are kept.
    """

    def __init__(self, model: LanguageModel, reader: LanguageModel | None = None) -> None:
        self._model = model
        self._reader = reader
        self._mended: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._drafts = self._repairs = self._unread = 0

    async def write(self, task: StructuredTask[Draft], asker: Asker) -> tuple[Draft, Written]:
        """The first draft that passes. Raises ModelUnavailable as the model does, and when nothing passes."""
        if self._reader is None or not isinstance(task, WriteAssessment):
            draft, written = await self._model.write(task, asker)
            self._count(written.gates)
            return draft, written
        assessment, written = await self._read(task, asker)
        return cast("Draft", assessment), written

    async def stream(self, task: TutorTask, sink: TextSink, asker: Asker) -> Written:
        """As the model does."""
        return await self._model.stream(task, sink, asker)

    def reuse(self) -> Reuse:
        """Of both models."""
        return self._model.reuse().plus(self._reader.reuse() if self._reader else Reuse())

    def statistics(self) -> Mapping[str, Any]:
        """What the gates did on this instance: structured drafts, rules mended and things dropped by rule."""
        return {
            "drafts": self._drafts,
            "repair_rounds": self._repairs,
            "mended": dict(self._mended),
            "dropped": dict(self._dropped),
            "unread": self._unread,
        }

    async def keys_not_found(self, items: Sequence[Item], asker: Asker, material: str = "") -> tuple[int, ...]:
        """The places of the items with options whose key the second model, unaided, does not find.

        None of them without a second model, or when it cannot answer now: its silence condemns nobody.
        """
        asked = [place for place, item in enumerate(items) if item.options]
        if self._reader is None or not asked:
            return ()
        questions = tuple(OpenQuestion(items[place].question, items[place].options) for place in asked)
        task = FindKeys(questions=questions, material=material, locale=items[asked[0]].locale)
        try:
            found, _ = await self._reader.write(task, msgspec.structs.replace(asker, purpose="grading"))
        except (ModelUnavailable, BudgetExhausted):
            self._unread += 1
            log.warning("questions go unread by the second model", questions=len(asked))
            return ()
        answers = zip(asked, found.answers, strict=True)
        return tuple(place for place, answer in answers if answer != items[place].key)

    async def _read(self, task: WriteAssessment, asker: Asker) -> tuple[AssessmentDraft, Written]:
        for _ in range(DRAFTS):
            draft, written = await self._model.write(task, asker)
            items = [item_of(question, task.brief.locale) for question in draft.questions]
            material = "\n\n".join(lesson.text for lesson in task.lessons)
            lost = await self.keys_not_found(items, asker, material)
            gates = written.gates.plus(Gates(dropped={"key_not_found": len(lost)} if lost else {}))
            self._count(gates)
            questions = [question for place, question in enumerate(draft.questions) if place not in lost]
            if questions:
                kept = msgspec.structs.replace(draft, questions=questions)
                return kept, msgspec.structs.replace(written, gates=gates)
            # another request, not the same again: that one's answer is kept, and would be given again
            refused = (*task.refused, *(question.question for question in draft.questions))
            task = msgspec.structs.replace(task, refused=refused)
        raise ModelUnavailable("No question could be written whose key a second model finds.")

    def _count(self, gates: Gates) -> None:
        self._drafts += 1
        self._repairs += gates.repairs
        self._mended.update(gates.mended)
        self._dropped.update(gates.dropped)
