"""What a quiz asks of a language model: to write questions of one type, and to grade answers that need judgement."""

from typing import Annotated, Literal

import msgspec

from lyo_rt.language_models.tasks import Level, QuestionDraft, StructuredTask, Text

QuizType = Literal["multiple_choice", "true_false", "short_answer", "coding"]
QUESTIONS_MAX = 20


class KeyPoint(msgspec.Struct, frozen=True):
    """Something a good answer says; `words` are terms of which any one shows, without judgement, that it is said."""

    point: Text
    words: list[Text]


class ShortAnswerDraft(msgspec.Struct, frozen=True):
    """A question answered in a few words; `accepted` are other answers that are right as they stand."""

    question: Text
    answer: Text
    accepted: list[Text]
    key_points: Annotated[list[KeyPoint], msgspec.Meta(min_length=1, max_length=5)]
    explanation: Text


class StatementDraft(msgspec.Struct, frozen=True):
    """Something that is true or false."""

    statement: Text
    is_true: bool
    explanation: Text


class CodingDraft(msgspec.Struct, frozen=True):
    """A program and its output. `predict`: the learner reads `code` and says its output; `write`: the learner writes a
    program with that output, `solution` is one."""

    task: Literal["predict", "write"]
    question: Text
    language: Text
    code: str
    expected_output: Text
    solution: str
    explanation: Text


ItemDraft = QuestionDraft | StatementDraft | ShortAnswerDraft | CodingDraft


class QuizDraft(msgspec.Struct, frozen=True):
    """Questions of one type, as `items`."""

    @property
    def items(self) -> tuple[ItemDraft, ...]:
        """The questions, whatever their type."""
        raise NotImplementedError


class MultipleChoiceQuiz(QuizDraft, frozen=True):
    """One best option each."""

    questions: Annotated[list[QuestionDraft], msgspec.Meta(max_length=QUESTIONS_MAX)]

    @property
    def items(self) -> tuple[ItemDraft, ...]:
        return tuple(self.questions)


class TrueFalseQuiz(QuizDraft, frozen=True):
    """Statements to judge."""

    questions: Annotated[list[StatementDraft], msgspec.Meta(max_length=QUESTIONS_MAX)]

    @property
    def items(self) -> tuple[ItemDraft, ...]:
        return tuple(self.questions)


class ShortAnswerQuiz(QuizDraft, frozen=True):
    """Answers in the learner's own words."""

    questions: Annotated[list[ShortAnswerDraft], msgspec.Meta(max_length=QUESTIONS_MAX)]

    @property
    def items(self) -> tuple[ItemDraft, ...]:
        return tuple(self.questions)


class CodingQuiz(QuizDraft, frozen=True):
    """Programs to read or to write."""

    questions: Annotated[list[CodingDraft], msgspec.Meta(max_length=QUESTIONS_MAX)]

    @property
    def items(self) -> tuple[ItemDraft, ...]:
        return tuple(self.questions)


ANSWERS: dict[QuizType, type[QuizDraft]] = {
    "multiple_choice": MultipleChoiceQuiz,
    "true_false": TrueFalseQuiz,
    "short_answer": ShortAnswerQuiz,
    "coding": CodingQuiz,
}


class WriteQuiz(StructuredTask[QuizDraft], frozen=True, kw_only=True):
    """Write `questions` questions about a text, or about `topic` where there is none.

    `avoid` are questions the learner has had; `refused` says what was wrong with questions of an earlier try.
    """

    quiz_type: QuizType
    questions: int
    level: Level = "intermediate"
    locale: str = "en"
    topic: str
    text: str = ""
    avoid: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def answer(self) -> type[QuizDraft]:
        return ANSWERS[self.quiz_type]


class AnswerToGrade(msgspec.Struct, frozen=True):
    """What a learner answered, beside what a good answer says: `points` in order."""

    question: str
    reference: str
    points: tuple[str, ...]
    answer: str


class PointMet(msgspec.Struct, frozen=True):
    """A point of the rubric an answer meets: `answer` and `point` are indices from 0; `quote` is where it says so."""

    answer: Annotated[int, msgspec.Meta(ge=0)]
    point: Annotated[int, msgspec.Meta(ge=0)]
    quote: Text


class Grading(msgspec.Struct, frozen=True):
    """Every point that is met; what is not listed is not. `feedback` has one entry for each answer, in order."""

    met: list[PointMet]
    feedback: list[str]


class GradeAnswers(StructuredTask[Grading], frozen=True, kw_only=True):
    """Say which points of their rubrics these answers meet."""

    answers: tuple[AnswerToGrade, ...]
    locale: str = "en"

    @property
    def answer(self) -> type[Grading]:
        return Grading
