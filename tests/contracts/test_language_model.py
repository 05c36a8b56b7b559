"""What every Provider promises: one suite for outline, gemini and openai (these two against loopback servers)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import anyio
import msgspec
import pytest

from lyo_rt.language_models.gemini import open_gemini
from lyo_rt.language_models.openai import open_openai
from lyo_rt.language_models.outline import Outline
from lyo_rt.language_models.port import ModelFault, Provider
from lyo_rt.language_models.quiz_tasks import ANSWERS, AnswerToGrade, GradeAnswers, Grading, WriteQuiz
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import (
    AssessmentDraft,
    CourseBrief,
    CoursePlan,
    LessonDraft,
    PlanCourse,
    Turn,
    TutorTask,
    WriteAssessment,
    WriteLesson,
)
from tests.loopback.gemini import Gemini as LoopbackGemini
from tests.loopback.openai import OpenAI as LoopbackOpenAI
from tests.loopback.provider import Provider as LoopbackProvider
from tests.loopback.script import Behaviour

BRIEF = CourseBrief(topic="Photosynthesis", interests=("football",), objectives=("explain the light reactions",))
MATERIAL = "Chlorophyll absorbs red and blue light. Water is split and oxygen is set free."
QUIZ_TEXT = """Chlorophyll absorbs red light and blue light in every leaf. Water is split in the leaf by the light.
Oxygen is set free when the water is split. Sugar is made of carbon dioxide in the stroma.
Carbon dioxide enters through the stomata.

>>> 6 * 6
36
>>> len("leaf")
4
"""
ASKED = TutorTask(
    turns=(Turn("user", "How does chlorophyll absorb light?"),), resource_title="Leaves", resource_text=MATERIAL
)


class Sink:
    """Keeps what is streamed into it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.restarts = 0
        self.changed = anyio.Event()

    async def text(self, piece: str) -> None:
        self.pieces.append(piece)
        self.changed.set()

    async def restart(self) -> None:
        self.restarts += 1
        self.pieces.clear()


class Hosted:
    """A hosted provider's client together with its loopback server."""

    def __init__(self, model: Provider, server: LoopbackProvider) -> None:
        self.model = model
        self.server = server


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """As in production: the SDKs need asyncio."""
    return "asyncio", {"use_uvloop": True}


async def hosted_by(kind: str, stack: AsyncExitStack, timeouts: Timeouts, key: str = "k") -> Hosted:
    loopback: type[LoopbackProvider] = LoopbackGemini if kind == "gemini" else LoopbackOpenAI
    server = await stack.enter_async_context(loopback.running())
    model: Provider
    if kind == "gemini":
        model = await open_gemini(
            api_key=key, base_url=server.address, model="gemini-flash", model_complex="gemini-pro", timeouts=timeouts
        )
    else:
        model = await open_openai(
            api_key=key, base_url=f"{server.address}/v1", model="gpt-s", model_complex="gpt-l", timeouts=timeouts
        )
    stack.push_async_callback(model.aclose)
    return Hosted(model, server)


@pytest.fixture(params=["gemini", "openai"])
async def hosted(request: pytest.FixtureRequest) -> AsyncIterator[Hosted]:
    async with AsyncExitStack() as stack:
        yield await hosted_by(request.param, stack, Timeouts(first_token=5, token=5, total=20))


@pytest.fixture(params=["gemini", "openai"])
async def impatient(request: pytest.FixtureRequest) -> AsyncIterator[Hosted]:
    async with AsyncExitStack() as stack:
        yield await hosted_by(request.param, stack, Timeouts(first_token=0.3, token=0.3, total=0.6))


@pytest.fixture(params=["outline", "gemini", "openai"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    async with AsyncExitStack() as stack:
        if request.param == "outline":
            yield Outline()
        else:
            yield (await hosted_by(request.param, stack, Timeouts(first_token=5, token=5, total=20))).model


def valid(draft: Any, kind: type[Any]) -> bool:
    """Whether a draft satisfies every limit of its struct (msgspec checks them when decoding)."""
    return bool(msgspec.json.decode(msgspec.json.encode(draft), type=kind) == draft)


@pytest.mark.anyio
async def test_a_whole_course_can_be_written(model: Provider) -> None:
    plan, written = await model.write(PlanCourse(brief=BRIEF))
    assert valid(plan, CoursePlan)
    assert written.model
    for m, module in enumerate(plan.modules[:2]):
        lessons = []
        for n, _ in enumerate(module.lessons):
            lesson, _ = await model.write(WriteLesson(brief=BRIEF, plan=plan, module=m, lesson=n))
            assert valid(lesson, LessonDraft)
            lessons.append(lesson)
        task = WriteAssessment(brief=BRIEF, plan=plan, module=m, lessons=tuple(lessons), questions=3)
        assessment, _ = await model.write(task)
        assert valid(assessment, AssessmentDraft)
        assert len(assessment.questions) == 3
        for question in assessment.questions:
            assert question.answer < len(question.options) == len(set(question.options))


@pytest.mark.anyio
async def test_the_tutor_streams_pieces_that_make_one_answer(model: Provider) -> None:
    sink = Sink()
    written = await model.stream(ASKED, sink)
    text = "".join(sink.pieces)
    assert len(sink.pieces) > 5
    assert all(sink.pieces)
    assert text.count("?") == 1
    assert "chlorophyll" in text.casefold()
    assert sink.restarts == 0
    assert written.provider in ("outline", "gemini", "openai")
    assert written.degraded == (written.provider == "outline")


@pytest.mark.anyio
async def test_a_stream_is_the_servers_text_and_its_price(hosted: Hosted) -> None:
    sink = Sink()
    written = await hosted.model.stream(ASKED, sink)
    entry = await hosted.server.until("answered")
    assert (entry.purpose, entry.stream, entry.tokens_sent) == ("tutor", True, len(sink.pieces))
    assert "Chlorophyll absorbs red and blue light." in "".join(sink.pieces)
    assert written.usage.prompt_tokens > 0
    assert written.usage.answer_tokens > 0
    assert written.model == entry.model


@pytest.mark.anyio
async def test_courses_go_to_the_large_model_and_the_tutor_to_the_small_one(hosted: Hosted) -> None:
    await hosted.model.write(PlanCourse(brief=BRIEF))
    await hosted.model.stream(ASKED, Sink())
    assert [entry.model for entry in hosted.server.requests] in (["gemini-pro", "gemini-flash"], ["gpt-l", "gpt-s"])


@pytest.mark.anyio
async def test_the_log_knows_each_step_by_name(hosted: Hosted) -> None:
    plan, _ = await hosted.model.write(PlanCourse(brief=BRIEF))
    lesson, _ = await hosted.model.write(WriteLesson(brief=BRIEF, plan=plan, module=1, lesson=0))
    await hosted.model.write(WriteAssessment(brief=BRIEF, plan=plan, module=1, lessons=(lesson,)))
    assert hosted.server.asked == {"plan": 1, "lesson 2.1": 1, "assessment 2": 1}
    assert hosted.server.answered == hosted.server.asked


@pytest.mark.anyio
@pytest.mark.parametrize("wait_for_tokens", [0, 3])
async def test_cancelling_a_stream_ends_the_connection_within_a_second(hosted: Hosted, wait_for_tokens: int) -> None:
    hosted.server.queue(Behaviour(kind="hang_between", after=3) if wait_for_tokens else Behaviour(kind="hang"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hosted.model.stream, ASKED, Sink())
        await hosted.server.until_tokens(wait_for_tokens)
        tasks.cancel_scope.cancel()
    await hosted.server.until("disconnected", within=1)


class Stuck(Sink):
    """Never takes the second piece."""

    async def text(self, piece: str) -> None:
        if self.pieces:
            await anyio.sleep_forever()
        await super().text(piece)


@pytest.mark.anyio
async def test_cancelling_while_the_sink_is_slow_ends_the_connection_too(hosted: Hosted) -> None:
    hosted.server.token_delay = 0.01
    hosted.server.queue(Behaviour(kind="hang_between", after=20))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hosted.model.stream, ASKED, Stuck())
        await hosted.server.until_tokens(10)
        tasks.cancel_scope.cancel()
    await hosted.server.until("disconnected", within=1)


class Broken(Sink):
    """Fails at the third piece."""

    async def text(self, piece: str) -> None:
        if len(self.pieces) == 2:
            raise KeyError("sink")
        await super().text(piece)


@pytest.mark.anyio
async def test_a_sinks_own_failure_comes_through_and_ends_the_connection(hosted: Hosted) -> None:
    hosted.server.queue(Behaviour(kind="hang_between", after=3))
    with pytest.raises(KeyError):
        await hosted.model.stream(ASKED, Broken())
    await hosted.server.until("disconnected", within=1)


@pytest.mark.anyio
async def test_cancelling_a_structured_request_ends_the_connection(hosted: Hosted) -> None:
    hosted.server.queue(Behaviour(kind="hang"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hosted.model.write, PlanCourse(brief=BRIEF))
        await hosted.server.until("running")
        tasks.cancel_scope.cancel()
    await hosted.server.until("disconnected", within=1)


@pytest.mark.anyio
async def test_a_slow_sink_is_not_the_providers_fault(impatient: Hosted) -> None:
    class Slow(Sink):
        async def text(self, piece: str) -> None:
            await super().text(piece)
            if len(self.pieces) == 1:
                await anyio.sleep(0.8)

    sink = Slow()
    await impatient.model.stream(ASKED, sink)
    assert "".join(sink.pieces).endswith("?")


FAULTS = [
    (Behaviour(kind="status", status=429, retry_after=7), "rate_limited"),
    (Behaviour(kind="status", status=500), "server"),
    (Behaviour(kind="status", status=503), "server"),
    (Behaviour(kind="status", status=403), "authentication"),
    (Behaviour(kind="status", status=400), "invalid_request"),
    (Behaviour(kind="cut"), "cut"),
    (Behaviour(kind="blocked"), "blocked"),
]
STREAM_FAULTS = [*FAULTS, (Behaviour(kind="truncated"), "truncated")]


@pytest.mark.anyio
@pytest.mark.parametrize(("behaviour", "kind"), FAULTS, ids=[kind + str(b.status) for b, kind in FAULTS])
async def test_failures_of_a_structured_request_are_told_by_kind(
    hosted: Hosted, behaviour: Behaviour, kind: str
) -> None:
    hosted.server.queue(behaviour)
    with pytest.raises(ModelFault) as caught:
        await hosted.model.write(PlanCourse(brief=BRIEF))
    assert caught.value.kind == kind
    assert caught.value.retry_after == behaviour.retry_after
    assert len(hosted.server.requests) == 1, "the SDK must not retry by itself"


@pytest.mark.anyio
async def test_a_truncated_document_is_asked_for_again_with_room_for_more(hosted: Hosted) -> None:
    hosted.server.queue(Behaviour(kind="truncated"))
    plan, written = await hosted.model.write(PlanCourse(brief=BRIEF))
    assert valid(plan, CoursePlan)
    first, second = hosted.server.requests
    assert (first.turns, second.turns) == (1, 1)
    assert second.most_tokens == 2 * first.most_tokens
    assert written.gates.repairs == 0


@pytest.mark.anyio
async def test_a_document_truncated_again_is_mended_and_then_given_up(hosted: Hosted) -> None:
    hosted.server.queue(*[Behaviour(kind="truncated")] * 2)
    _, written = await hosted.model.write(PlanCourse(brief=BRIEF))
    assert [entry.turns for entry in hosted.server.requests] == [1, 1, 3]
    assert written.gates.repairs == 1
    hosted.server.queue(*[Behaviour(kind="truncated")] * 3)
    with pytest.raises(ModelFault) as caught:
        await hosted.model.write(PlanCourse(brief=BRIEF))
    assert caught.value.kind == "truncated"
    assert len(hosted.server.requests) == 6


@pytest.mark.anyio
@pytest.mark.parametrize(("behaviour", "kind"), STREAM_FAULTS, ids=[kind + str(b.status) for b, kind in STREAM_FAULTS])
async def test_failures_of_a_stream_are_told_by_kind(hosted: Hosted, behaviour: Behaviour, kind: str) -> None:
    hosted.server.queue(behaviour)
    sink = Sink()
    with pytest.raises(ModelFault) as caught:
        await hosted.model.stream(ASKED, sink)
    assert caught.value.kind == kind
    assert caught.value.retry_after == behaviour.retry_after
    assert len(hosted.server.requests) == 1
    assert len(sink.pieces) == (3 if behaviour.kind in ("cut", "truncated") else 0)


@pytest.mark.anyio
async def test_a_stream_without_text_is_malformed(hosted: Hosted) -> None:
    hosted.server.queue(Behaviour(kind="empty"))
    with pytest.raises(ModelFault) as caught:
        await hosted.model.stream(ASKED, Sink())
    assert caught.value.kind == "malformed"


@pytest.mark.anyio
@pytest.mark.parametrize("behaviour", [Behaviour(kind="hang"), Behaviour(kind="hang_between", after=3)])
async def test_a_silent_stream_times_out(impatient: Hosted, behaviour: Behaviour) -> None:
    impatient.server.queue(behaviour)
    with pytest.raises(ModelFault) as caught:
        await impatient.model.stream(ASKED, Sink())
    assert caught.value.kind == "timeout"
    await impatient.server.until("disconnected", within=1)


@pytest.mark.anyio
async def test_a_stream_that_trickles_ends_with_the_total_timeout(impatient: Hosted) -> None:
    impatient.server.token_delay = 0.1
    with pytest.raises(ModelFault) as caught:
        await impatient.model.stream(ASKED, Sink())
    assert caught.value.kind == "timeout"
    assert impatient.server.requests[-1].tokens_sent >= 3


@pytest.mark.anyio
async def test_a_silent_structured_request_times_out(impatient: Hosted) -> None:
    impatient.server.queue(Behaviour(kind="hang"))
    with pytest.raises(ModelFault) as caught:
        await impatient.model.write(PlanCourse(brief=BRIEF))
    assert caught.value.kind == "timeout"
    await impatient.server.until("disconnected", within=1)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["malformed", "wrong_schema", "empty"])
async def test_a_malformed_document_is_mended_in_one_round(hosted: Hosted, kind: Any) -> None:
    hosted.server.queue(Behaviour(kind=kind))
    plan, written = await hosted.model.write(PlanCourse(brief=BRIEF))
    assert valid(plan, CoursePlan)
    assert [entry.turns for entry in hosted.server.requests] == [1, 3]
    assert hosted.server.asked == {"plan": 1}
    assert written.usage.answer_tokens > 0


@pytest.mark.anyio
async def test_a_document_malformed_twice_is_a_fault(hosted: Hosted) -> None:
    hosted.server.queue(Behaviour(kind="wrong_schema"), Behaviour(kind="wrong_schema"))
    with pytest.raises(ModelFault) as caught:
        await hosted.model.write(PlanCourse(brief=BRIEF))
    assert caught.value.kind == "malformed"
    assert "title" in str(caught.value)
    assert len(hosted.server.requests) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["gemini", "openai"])
async def test_a_wrong_key_is_an_authentication_fault(kind: str) -> None:
    async with AsyncExitStack() as stack:
        hosted = await hosted_by(kind, stack, Timeouts(first_token=5, token=5, total=20), key="wrong")
        with pytest.raises(ModelFault) as caught:
            await hosted.model.stream(ASKED, Sink())
    assert caught.value.kind == "authentication"


@pytest.mark.anyio
async def test_a_server_that_is_gone_refuses(hosted: Hosted, free_tcp_port: int) -> None:
    name = type(hosted.model).__name__.lower()
    opened = open_gemini if name == "gemini" else open_openai
    model: Any = await opened(
        api_key="k",
        base_url=f"http://127.0.0.1:{free_tcp_port}/v1",
        model="gemini-flash",
        model_complex="gemini-pro",
        timeouts=Timeouts(first_token=5, token=5, total=20),
    )
    with pytest.raises(ModelFault) as caught:
        await model.stream(ASKED, Sink())
    await model.aclose()
    assert caught.value.kind == "refused"


@pytest.mark.anyio
async def test_a_conversation_that_the_tutor_opened_can_be_continued(hosted: Hosted) -> None:
    turns = (Turn("assistant", "What do you see?"), Turn("user", "Leaves"), Turn("user", "green ones"))
    await hosted.model.stream(msgspec.structs.replace(ASKED, turns=turns), Sink())
    assert (await hosted.server.until("answered")).turns == 3


@pytest.mark.anyio
async def test_quizzes_of_every_type_can_be_written_and_answers_graded(model: Provider) -> None:
    for quiz_type, answer in ANSWERS.items():
        quiz, _ = await model.write(WriteQuiz(quiz_type=quiz_type, questions=2, topic="Leaves", text=QUIZ_TEXT))
        assert valid(quiz, answer)
        assert len(quiz.items) == 2
    asked = AnswerToGrade("Why are leaves green?", "They reflect green.", ("it reflects",), "It reflects green light.")
    grading, _ = await model.write(GradeAnswers(answers=(asked,)))
    assert valid(grading, Grading)
