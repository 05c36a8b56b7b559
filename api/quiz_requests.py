"""What a client says of a quiz it wants, and of its answers: checked before anybody is asked."""

import hashlib
from collections.abc import Sequence
from textwrap import shorten
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from api.briefs import has_words
from api.language_tags import LanguageTag
from lyo_rt.language_models.quiz_tasks import QUESTIONS_MAX, QuizType
from lyo_rt.language_models.tasks import Level
from lyo_rt.problems import Fault, InvalidInput
from lyo_rt.quizzes.records import Given, Placed
from lyo_rt.quizzes.rules import folded, option_meant

SOURCES = ("resourceId", "content", "topic")
ATTEMPTS_MAX = 1000
DAY_SECONDS = 86_400


def _as_text(value: Any) -> Any:
    """A number, or true or false, is an answer too."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


class GenerateQuiz(BaseModel):
    """A quiz about one thing: a resource, a text, or a topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "resourceId": "photosynthesis_basics",
                    "questionCount": 5,
                    "quizType": "multiple_choice",
                    "difficulty": "intermediate",
                },
                {"topic": "Binary search", "questionCount": 3, "quizType": "coding", "graded": True},
            ]
        }
    )

    resourceId: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        None, description="id of a course, lesson or item, or a course's slug"
    )
    content: (
        Annotated[
            str, StringConstraints(strip_whitespace=True, min_length=50, max_length=5000), AfterValidator(has_words)
        ]
        | None
    ) = Field(None, description="a pasted text, 50 to 5000 characters")
    topic: (
        Annotated[
            str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200), AfterValidator(has_words)
        ]
        | None
    ) = Field(None, description="what it is about, 2 to 200 characters")
    questionCount: StrictInt = Field(
        5, ge=1, le=QUESTIONS_MAX, description="1 to 20; fewer may come, then `notice` says why"
    )
    quizType: QuizType = Field("multiple_choice", description="the type of all questions")
    difficulty: Level | None = Field(
        None, description="when not given: what suits what is known of the learner in this subject, else the resource's"
    )
    locale: LanguageTag | None = Field(
        None, description="the language, a BCP 47 tag; the resource's, or en, when not given"
    )
    graded: StrictBool = Field(
        False,
        description="true: correct_answer and explanation are left out until submission, and the first attempt counts "
        "for the difficulty of what comes next; false: practice, no XP, no rating",
    )
    adaptive: StrictBool = Field(
        False,
        description="true: questions about the resource that others, or earlier quizzes, have left are given where the "
        "learner can be expected to answer 65 to 80 % of them and has not seen them; the rest is written new at the "
        "level that comes nearest to that, whatever `difficulty` says once something is known of the learner",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _one_source(cls, value: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:
        """Told together with whatever is wrong with the members."""
        faults: list[InitErrorDetails] = []
        made: Self | None = None
        try:
            made = validate(value)
        except ValidationError as fault:
            faults = [
                InitErrorDetails(type=PydanticCustomError(one["type"], one["msg"]), loc=one["loc"], input=one["input"])
                for one in fault.errors(include_url=False, include_context=False)
            ]
        if isinstance(value, dict) and sum(value.get(name) is not None for name in SOURCES) != 1:
            told = PydanticCustomError("one_source", "give exactly one of resourceId, content and topic")
            faults.append(InitErrorDetails(type=told, input=None))
        if made is None or faults:
            raise ValidationError.from_exception_data(cls.__name__, faults)
        return made

    @property
    def subject(self) -> str:
        """What the learner's ability is kept by, where there is no course."""
        if self.topic is not None:
            return f"topic:{folded(self.topic)}"
        return f"text:{hashlib.sha256(folded(self.content or '').encode()).hexdigest()[:32]}"

    @property
    def title(self) -> str:
        """The topic, or how the text begins."""
        return self.topic or shorten(self.content or "", 80, placeholder="…")


class QuizAnswer(BaseModel):
    """The answer to one question."""

    question_id: str = Field(max_length=40, description="as the quiz names it, e.g. q1")
    answer: Annotated[str | None, StringConstraints(max_length=8000), BeforeValidator(_as_text)] = Field(
        None, description="the option's label or text, or what was written; null leaves it open"
    )
    time_spent: int | None = Field(None, ge=0, le=DAY_SECONDS, description="seconds")
    hints_used: int | None = Field(None, ge=0, le=100)
    confidence: float | None = Field(None, ge=0, le=1, description="how sure the learner was, 0 to 1")

    @property
    def said(self) -> str | None:
        """What was answered; None for what is left open."""
        return self.answer if self.answer is not None and self.answer.strip() else None


class SubmitQuiz(BaseModel):
    """One attempt's answers; a question without one is left open."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"answers": [{"question_id": "q1", "answer": "B"}, {"question_id": "q2", "answer": "Light"}]}]
        }
    )

    answers: list[QuizAnswer] = Field(max_length=QUESTIONS_MAX)
    attempt: int = Field(
        1, ge=1, le=ATTEMPTS_MAX, description="which attempt this is; sent again, it gets its first result again"
    )
    time_spent: int | None = Field(None, ge=0, le=DAY_SECONDS, description="seconds for the whole attempt")

    def given(self, learner: UUID, questions: Sequence[Placed]) -> list[Given]:
        """The answers, options by their text. Raises InvalidInput with every answer that is none."""
        by_name = {f"q{question.position}": question for question in questions}
        faults: list[Fault] = []
        given: dict[UUID, Given] = {}
        for place, answer in enumerate(self.answers):
            question = by_name.get(answer.question_id)
            if question is None:
                faults.append(Fault(f"/answers/{place}/question_id", "is none of the quiz's questions"))
                continue
            if question.id in given:
                faults.append(Fault(f"/answers/{place}/question_id", "is answered twice"))
            said = answer.said
            if said is not None and question.options:
                meant = option_meant(learner, question, said)
                if meant is None:
                    faults.append(Fault(f"/answers/{place}/answer", "is neither the label nor the text of an option"))
                else:
                    said = question.options[meant]
            given[question.id] = Given(question.id, said, answer.time_spent, answer.hints_used, answer.confidence)
        if faults:
            raise InvalidInput(errors=faults)
        return list(given.values())
