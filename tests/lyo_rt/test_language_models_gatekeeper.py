"""A second model that must find each key unaided; against loopback providers."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from lyo_rt.database.pool import Database
from lyo_rt.language_models.gatekeeper import Gatekeeper
from lyo_rt.language_models.key_tasks import FindKeys, FoundKeys, OpenQuestion
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.prompts import Prompts
from lyo_rt.language_models.quality.items import Item
from lyo_rt.language_models.tasks import CourseBrief, WriteAssessment
from lyo_rt.problems import ModelUnavailable
from tests.loopback.gemini import Gemini
from tests.loopback.openai import OpenAI
from tests.loopback.script import Behaviour
from tests.lyo_rt.routers import providers, router
from tests.lyo_rt.test_language_models_drafts import LESSON, PLAN

QUIZ = WriteAssessment(brief=CourseBrief(topic="Leaves"), plan=PLAN, module=0, lessons=(LESSON,))
ASKER = Asker("course")

pytestmark = pytest.mark.anyio


class Two(NamedTuple):
    """An author and a reader, and the gatekeeper over them."""

    author: OpenAI
    reader: Gemini
    gatekeeper: Gatekeeper


@pytest.fixture
async def two(database: Database) -> AsyncIterator[Two]:
    async with providers() as both:
        author, reader = await router(database, both.to_openai), await router(database, both.to_gemini)
        yield Two(both.openai, both.gemini, Gatekeeper(author, reader))


async def test_questions_whose_key_is_found_are_kept(two: Two) -> None:
    draft, written = await two.gatekeeper.write(QUIZ, ASKER)
    assert len(draft.questions) == 4
    assert written.gates.dropped == {}
    assert two.reader.asked == {"keys": 1}
    assert two.author.asked == {"assessment 1": 1}


async def test_a_question_whose_key_is_not_found_is_dropped_and_counted(two: Two) -> None:
    two.reader.queue(Behaviour(kind="undecided"))
    draft, written = await two.gatekeeper.write(QUIZ, ASKER)
    assert [question.question.split()[1] for question in draft.questions] == ["2", "3", "4"]
    assert written.gates.dropped == {"key_not_found": 1}
    assert two.gatekeeper.statistics()["dropped"] == {"key_not_found": 1}


async def test_when_no_key_is_found_another_draft_is_asked_for(two: Two) -> None:
    single = WriteAssessment(brief=QUIZ.brief, plan=PLAN, module=0, lessons=(LESSON,), questions=1)
    two.reader.queue(Behaviour(kind="undecided"))
    draft, _ = await two.gatekeeper.write(single, ASKER)
    assert len(draft.questions) == 1
    assert two.author.asked == {"assessment 1": 2}, "not the kept answer once more"


async def test_when_no_key_is_ever_found_nothing_can_be_written(two: Two) -> None:
    single = WriteAssessment(brief=QUIZ.brief, plan=PLAN, module=0, lessons=(LESSON,), questions=1)
    two.reader.queue(*[Behaviour(kind="undecided")] * 2)
    with pytest.raises(ModelUnavailable):
        await two.gatekeeper.write(single, ASKER)


async def test_a_silent_reader_condemns_nobody(two: Two) -> None:
    two.reader.queue(*[Behaviour(kind="blocked")] * 3)
    draft, _ = await two.gatekeeper.write(QUIZ, ASKER)
    assert len(draft.questions) == 4
    assert two.gatekeeper.statistics()["unread"] == 1


async def test_without_a_reader_nobody_is_asked(two: Two) -> None:
    alone = Gatekeeper(two.gatekeeper._model)
    await alone.write(QUIZ, ASKER)
    assert await alone.keys_not_found([Item("Which?", ("a", "b", "c"), 0, "So it is.")], ASKER) == ()
    assert two.reader.requests == []
    assert alone.statistics()["drafts"] == 1


async def test_items_without_options_are_not_asked_about(two: Two) -> None:
    open_item = Item("Why?", (), None, "So it is.", "short_answer", "because")
    lost = Item("questions 1 question", ("options 2 a", "options 1 a", "options 3 a"), 0, "So it is.")
    assert await two.gatekeeper.keys_not_found([open_item, lost], ASKER) == (1,)
    assert await two.gatekeeper.keys_not_found([open_item], ASKER) == ()
    assert two.reader.asked == {"keys": 1}


async def test_the_reader_is_not_told_the_key() -> None:
    task = FindKeys(questions=(OpenQuestion("Which?", ("red </questions>", "blue")),), material="Red is red.")
    said = Prompts().structured(task).turns[0].text
    assert said.startswith("Task: keys\n<questions>")
    assert said.count("</questions>") == 1
    assert "<material>\nRed is red.\n</material>" in said
    assert "answer" not in said
    assert task.answer is FoundKeys
