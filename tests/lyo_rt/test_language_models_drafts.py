"""From a model's text to a draft that passed the gates: rounds, repairs, what is dropped and how it is counted."""

from collections.abc import Callable
from typing import Any

import anyio
import msgspec
import pytest

from lyo_rt.language_models.drafts import CUT_OFF, Reply, read_draft, write_draft
from lyo_rt.language_models.port import FaultKind, ModelFault, Usage, Written
from lyo_rt.language_models.prompts import Prompt
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CourseBrief,
    CoursePlan,
    Exercise,
    KeyTerm,
    LessonDraft,
    LessonPlan,
    Link,
    ModulePlan,
    PlanCourse,
    QuestionDraft,
    StructuredTask,
    Turn,
    WriteAssessment,
    WriteLesson,
)
from lyo_rt.problems import BudgetExhausted

BRIEF = CourseBrief(topic="Leaves", weeks=4)
MODULES = [
    ModulePlan(f"Module {m}", "s", ["explain it"], [LessonPlan(f"Lesson {m}.{n}", "f", 90) for n in (1, 2)], m)
    for m in range(1, 5)
]
PLAN = CoursePlan("Leaves", "d", ["o"], [], MODULES)
LINK = Link("Leaf", "https://en.wikipedia.org/wiki/Leaf", "Wikipedia")
LESSON = LessonDraft("s", "Chlorophyll is green.", [KeyTerm("chlorophyll", "a pigment")], Exercise("e", "i", 5), [LINK])
QUIZ = WriteAssessment(brief=BRIEF, plan=PLAN, module=0, lessons=(LESSON,), questions=4)
PLANNING = PlanCourse(brief=BRIEF)
LESSONING = WriteLesson(brief=BRIEF, plan=PLAN, module=0, lesson=0)


def question(number: int = 1, **changes: Any) -> QuestionDraft:
    made = QuestionDraft(f"Question {number}?", ["red", "blue", "teal", "gold"], 0, "Because light of it comes back.")
    return msgspec.structs.replace(made, **changes)


def flawed(number: int) -> QuestionDraft:
    return question(number, explanation="")


def quiz(*questions: QuestionDraft) -> str:
    return msgspec.json.encode(AssessmentDraft("Check", list(questions))).decode()


def encoded(draft: msgspec.Struct) -> str:
    return msgspec.json.encode(draft).decode()


class Author:
    """Answers with what it was given, one after the other; keeps what it was asked."""

    def __init__(self, *answers: str | Reply | ModelFault | None) -> None:
        self._answers = list(answers)
        self.prompts: list[Prompt] = []

    async def ask(self, prompt: Prompt, received: Callable[[str], None]) -> Reply:
        self.prompts.append(prompt)
        received("")
        answer = self._answers.pop(0)
        if answer is None:
            await anyio.sleep_forever()
        if isinstance(answer, ModelFault):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(str(answer), "m", Usage(2, 3))


class Account:
    """A Meter that notes what it is told; the call that is `refused` does not fit into a budget."""

    def __init__(self, refused: int | None = None) -> None:
        self.calls: list[tuple[FaultKind | None, bool]] = []
        self.more: list[int] = []
        self.counted: list[Usage] = []
        self.faults: list[FaultKind] = []
        self._refused = refused

    async def sends(self, after: FaultKind | None = None, *, more_prompt: int = 0, longer: bool = False) -> None:
        if len(self.calls) == self._refused:
            raise BudgetExhausted
        self.calls.append((after, longer))
        self.more.append(more_prompt)

    def received(self, text: str) -> None:
        pass

    def used(self, usage: Usage) -> None:
        self.counted.append(usage)

    def failed(self, fault: ModelFault) -> None:
        self.faults.append(fault.kind)


async def written(
    author: Author, task: StructuredTask[Any], account: Account | None = None, *, timeout: float = 5
) -> tuple[Any, Written]:
    prompt = Prompt("s", (Turn("user", "Task"),), task.answer)
    return await write_draft("p", task, prompt, author.ask, account or Account(), timeout=timeout)


CUT = Reply("{", "m", Usage(2, 3), truncated=True)


@pytest.mark.anyio
async def test_a_sound_draft_is_asked_for_once() -> None:
    author = Author(quiz(*map(question, range(4))))
    draft, told = await written(author, QUIZ)
    assert [one.question for one in draft.questions] == [f"Question {n}?" for n in range(4)]
    assert sorted(one.answer for one in draft.questions) == [0, 1, 2, 3], "the keys are balanced"
    assert {one.options[one.answer] for one in draft.questions} == {"red"}
    assert (told.usage, told.gates.dropped, told.gates.repairs) == (Usage(2, 3), {}, 0)
    assert len(author.prompts) == 1


@pytest.mark.anyio
async def test_the_repair_round_tells_the_faults_and_nothing_else() -> None:
    author = Author(quiz(question(1), flawed(2), question(3), question(4)), quiz(*map(question, range(1, 5))))
    draft, told = await written(author, QUIZ)
    assert len(draft.questions) == 4
    assert (told.gates.repairs, told.gates.dropped, told.usage) == (1, {}, Usage(4, 6))
    said = author.prompts[1].turns[-1].text
    assert "`$.questions[1]`: the explanation" in said
    assert said.count("\n- ") == 1


@pytest.mark.anyio
async def test_what_stays_faulty_is_replaced_from_the_first_try_or_dropped_and_counted() -> None:
    first = quiz(question(1), question(2), question(3), flawed(4))
    draft, told = await written(Author(first, quiz(question(1), flawed(2), flawed(4), question(5))), QUIZ)
    assert [one.question for one in draft.questions] == ["Question 1?", "Question 5?", "Question 3?"]
    assert told.gates.dropped == {"missing_explanation": 2}


@pytest.mark.anyio
async def test_too_little_that_is_sound_is_a_fault() -> None:
    little, account = quiz(question(1), flawed(2), flawed(3), flawed(4)), Account()
    with pytest.raises(ModelFault) as caught:
        await written(Author(little, little), QUIZ, account)
    assert caught.value.kind == "malformed"
    assert account.counted == [Usage(2, 3)] * 2


@pytest.mark.anyio
async def test_mechanical_mends_need_no_round() -> None:
    options = ["a) red", "b) blue", "c) teal", "d) gold"]
    author = Author(quiz(question(1, options=options), *map(question, range(2, 6))))
    draft, told = await written(author, QUIZ)
    assert sorted(draft.questions[0].options) == ["blue", "gold", "red", "teal"]
    assert (told.gates.mended, told.gates.dropped) == ({"labelled_option": 1}, {"question_count": 1})
    assert len(author.prompts) == 1


@pytest.mark.anyio
async def test_truncation_raises_the_limit_once_and_is_then_told_as_a_fault() -> None:
    author = Author(CUT, CUT, quiz(*map(question, range(4))))
    await written(author, QUIZ)
    assert [prompt.longer for prompt in author.prompts] == [False, True, True]
    assert [len(prompt.turns) for prompt in author.prompts] == [1, 1, 3]
    assert CUT_OFF in author.prompts[2].turns[-1].text


@pytest.mark.anyio
async def test_a_repair_that_is_truncated_gets_its_room_too() -> None:
    author = Author("{}", CUT, quiz(*map(question, range(4))))
    await written(author, QUIZ)
    assert [(prompt.longer, len(prompt.turns)) for prompt in author.prompts] == [(False, 1), (False, 3), (True, 3)]


@pytest.mark.anyio
async def test_truncated_to_the_end_is_not_called_malformed() -> None:
    account = Account()
    with pytest.raises(ModelFault) as caught:
        await written(Author(CUT, CUT, CUT), QUIZ, account)
    assert caught.value.kind == "truncated"
    assert account.counted == [Usage(2, 3)] * 3


@pytest.mark.anyio
@pytest.mark.parametrize("ending", [ModelFault("p", "rate_limited", "429"), None, "no JSON"])
async def test_enough_of_a_first_draft_survives_a_failed_repair(ending: Any) -> None:
    first, account = quiz(question(1), question(2), question(3), flawed(4)), Account()
    draft, told = await written(Author(first, ending), QUIZ, account, timeout=0.2)
    assert len(draft.questions) == 3
    assert told.gates.dropped == {"missing_explanation": 1}
    expected = {None: ["timeout"], "no JSON": []}
    assert account.faults == (["rate_limited"] if isinstance(ending, ModelFault) else expected[ending])


@pytest.mark.anyio
async def test_every_call_is_announced_with_what_was_wrong_before_it_and_what_it_has_more() -> None:
    account, faulty = Account(), quiz(question(1), flawed(2), flawed(3), flawed(4))
    await written(Author(CUT, faulty, quiz(*map(question, range(4)))), QUIZ, account)
    assert account.calls == [(None, False), ("truncated", True), ("malformed", True)]
    assert account.more[:2] == [0, 0]
    assert account.more[2] > len(faulty) // 3, "the next prompt has the faulty answer, and what was wrong with it"


@pytest.mark.anyio
async def test_a_repair_that_does_not_fit_into_the_budget_is_not_asked_for() -> None:
    first, author = quiz(question(1), question(2), question(3), flawed(4)), Author("no JSON")
    draft, _ = await written(Author(first), QUIZ, Account(refused=1))
    assert len(draft.questions) == 3, "enough of what was paid for is sound"
    with pytest.raises(BudgetExhausted):
        await written(author, QUIZ, Account(refused=1))
    assert len(author.prompts) == 1


@pytest.mark.anyio
async def test_a_providers_own_fault_comes_through_with_what_was_spent() -> None:
    account = Account()
    with pytest.raises(ModelFault) as caught:
        await written(Author("no JSON", ModelFault("p", "rate_limited", "429")), QUIZ, account)
    assert caught.value.kind == "rate_limited"
    assert account.counted == [Usage(2, 3)]


def modules(change: Callable[[int, ModulePlan], ModulePlan]) -> CoursePlan:
    return msgspec.structs.replace(PLAN, modules=[change(n, module) for n, module in enumerate(MODULES)])


def test_difficulty_must_rise() -> None:
    flat = modules(lambda _, module: msgspec.structs.replace(module, difficulty=2))
    falling = modules(lambda n, module: msgspec.structs.replace(module, difficulty=5 - n))
    untold = modules(lambda _, module: msgspec.structs.replace(module, difficulty=0))
    for plan in (flat, falling, untold):
        verdict = read_draft(PLANNING, encoded(plan))
        assert not verdict.enough
        assert "`difficulty` must rise" in verdict.faults[0]
    assert read_draft(PLANNING, encoded(PLAN)).faults == []


def test_a_repeated_lesson_is_a_fault_and_can_be_dropped() -> None:
    def repeating(n: int, module: ModulePlan) -> ModulePlan:
        return module if n != 2 else msgspec.structs.replace(module, lessons=[*module.lessons, MODULES[0].lessons[0]])

    verdict = read_draft(PLANNING, encoded(modules(repeating)))
    assert verdict.faults == ["two lessons have the title 'Lesson 1.1'"]
    assert verdict.enough
    assert verdict.gates.dropped == {"repeated_lesson": 1}
    assert verdict.draft is not None
    assert [len(module.lessons) for module in verdict.draft.modules] == [2, 2, 2, 2]


def test_a_repeated_module_is_a_fault() -> None:
    twice = modules(lambda n, module: msgspec.structs.replace(module, title="the module" if n else "Module"))
    verdict = read_draft(PLANNING, encoded(twice))
    assert verdict.faults == ["two entries of `$.modules` have the title 'the module'"]
    assert not verdict.enough


@pytest.mark.parametrize("count", [3, 13])
def test_a_course_has_4_to_12_modules(count: int) -> None:
    plan = msgspec.structs.replace(PLAN, modules=(MODULES * 4)[:count])
    verdict = read_draft(PLANNING, encoded(plan))
    assert verdict.draft is None
    assert "modules" in verdict.faults[0]


@pytest.mark.parametrize("minutes", [10, 30, 240, 590])
def test_minutes_are_made_to_add_up_to_the_weeks(minutes: int) -> None:
    def lasting(n: int, module: ModulePlan) -> ModulePlan:
        lessons = [msgspec.structs.replace(lesson, minutes=minutes + n) for lesson in module.lessons]
        return msgspec.structs.replace(module, lessons=lessons)

    verdict = read_draft(PLANNING, encoded(modules(lasting)))
    assert verdict.draft is not None
    total = sum(lesson.minutes for module in verdict.draft.modules for lesson in module.lessons)
    assert abs(total - 4 * 180) <= 72
    assert verdict.gates.mended == {"minutes": 1}
    assert read_draft(PlanCourse(brief=CourseBrief(topic="t")), encoded(modules(lasting))).gates.mended == {}


def test_blank_texts_are_faults() -> None:
    blank = modules(lambda n, module: msgspec.structs.replace(module, summary=" \n" if n == 1 else "s"))
    assert read_draft(PLANNING, encoded(blank)).faults == ["`$.modules[1].summary` says nothing"]
    empty = msgspec.structs.replace(LESSON, exercise=Exercise("e", " ", 5))
    assert read_draft(LESSONING, encoded(empty)).faults == ["`$.exercise.instructions` says nothing"]


def test_an_exercise_fits_into_its_lesson() -> None:
    verdict = read_draft(LESSONING, encoded(msgspec.structs.replace(LESSON, exercise=Exercise("e", "i", 200))))
    assert verdict.draft is not None
    assert verdict.draft.exercise.minutes == 90
    assert verdict.gates.mended == {"exercise_minutes": 1}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://en.wikipedia.org/wiki/Leaf_(botany)", "https://en.wikipedia.org/wiki/Leaf_(botany)"),
        ("http://openstax.org/books", "https://openstax.org/books"),
        ("https://bücher.example.org/ä", "https://bücher.example.org/ä"),
        ("https://docs.python.org:443/3/", "https://docs.python.org:443/3/"),
        ("ftp://example.org/x", None),
        ("javascript:alert(1)", None),
        ("https://localhost/x", None),
        ("https://127.0.0.1/x", None),
        ("https://user:pw@example.org/", None),
        ("https://example.org:8443/", None),
        ("https://example.org:port/", None),
        ("https://exa mple.org/", None),
        ("https://example.org/a b", None),
        ("https://[::1]/", None),
        ("https://-x.org/", None),
        ("https://" + "a" * 64 + ".org/", None),
        ("example.org", None),
        ("", None),
    ],
)
def test_links_are_https_or_dropped(url: str, expected: str | None) -> None:
    verdict = read_draft(LESSONING, encoded(msgspec.structs.replace(LESSON, links=[Link("t", url, "s")])))
    assert verdict.faults == []
    assert verdict.draft is not None
    assert [link.url for link in verdict.draft.links] == ([expected] if expected else [])
    assert verdict.gates.dropped == ({} if expected else {"link_not_https": 1})


def test_links_and_key_terms_stand_once() -> None:
    terms = [KeyTerm("Leaf", "d"), KeyTerm("leaf ", "e"), KeyTerm("stem", "f")]
    doubled = msgspec.structs.replace(LESSON, links=[LINK, LINK], key_terms=terms)
    verdict = read_draft(LESSONING, encoded(doubled))
    assert verdict.draft is not None
    assert [term.term for term in verdict.draft.key_terms] == ["Leaf", "stem"]
    assert verdict.gates.dropped == {"repeated_link": 1, "repeated_key_term": 1}


@pytest.mark.parametrize("frame", ["```json\n{}\n```", "Here it is:\n\n```\n{}\n```\nAnything else?", " {} "])
def test_a_document_in_a_markdown_fence_is_read(frame: str) -> None:
    text = frame.replace("{}", encoded(PLAN))
    assert read_draft(PLANNING, text).draft == PLAN


def test_a_fence_inside_the_document_is_left_alone() -> None:
    code = msgspec.structs.replace(LESSON, text='Look:\n\n```json\n{"a": 1}\n```\n')
    assert read_draft(LESSONING, encoded(code)).draft == code


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"title": 7}', "\ud83d"])
def test_rubbish_is_told_in_words(text: str) -> None:
    verdict = read_draft(QUIZ, text)
    assert verdict.draft is None
    assert verdict.faults
