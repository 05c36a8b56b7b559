"""A quiz as stored, and as its learner gets it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from lyo_rt.language_models.quiz_tasks import KeyPoint, QuizType
from lyo_rt.language_models.tasks import Level

WRITING = "quiz"
"""The kind of lease under which a quiz is written; its id is the quiz's."""
GRADING = "grading"
"""The kind of lease under which answers are judged; its id is the attempt's."""

QuizStatus = Literal["writing", "ready", "failed"]
GradedBy = Literal["open", "key", "match", "rules", "model"]
"""`open`: not answered; `key`: the option; `match`: equal to an answer known to be right, or to the expected output;
`model`: judged against the rubric; `rules`: only the rubric's own words were looked for."""


class NewQuiz(msgspec.Struct, frozen=True):
    """A quiz to be written. `subject` is what abilities are kept by; `shared` questions may go to other learners."""

    title: str
    subject: str
    shared: bool
    quiz_type: QuizType
    difficulty: Level
    locale: str
    graded: bool
    adaptive: bool
    requested: int
    resource: str | None = None
    resource_kind: str | None = None
    resource_id: UUID | None = None
    source_text: str | None = None


class Quiz(NewQuiz, frozen=True, kw_only=True):
    """A quiz as stored, without its questions."""

    id: UUID
    user_id: UUID
    status: QuizStatus
    failure: str | None
    code: str | None
    retry_after: float | None
    dropped: int
    reused: int
    model: str | None
    degraded: bool
    generation_seconds: float
    created_at: datetime
    attempts: int


class NewQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question that has passed the rules. `options` are without labels, `key` is the index of the right one."""

    quiz_type: QuizType
    question: str
    options: tuple[str, ...] = ()
    key: int | None = None
    fixed_order: bool = False
    answer: str
    accepted: tuple[str, ...] = ()
    rubric: tuple[KeyPoint, ...] = ()
    explanation: str
    difficulty: Level
    points: int
    estimated_time: int


class Question(NewQuestion, frozen=True, kw_only=True):
    """A question as stored."""

    id: UUID
    model: str


class Placed(Question, frozen=True, kw_only=True):
    """A question in a quiz, at `position` (1-based)."""

    position: int
    expected_success: float


class Given(msgspec.Struct, frozen=True):
    """One answer of a learner, as it came in: `answer` is the text of an option, or what was written."""

    question: UUID
    answer: str | None
    time_spent: int | None = None
    hints_used: int | None = None
    confidence: float | None = None


class Grade(msgspec.Struct, frozen=True):
    """What an answer is worth, 0 to 1, and how that was found."""

    score: float
    graded_by: GradedBy
    feedback: str | None = None


class Attempt(msgspec.Struct, frozen=True):
    """One submission."""

    id: UUID
    quiz_id: UUID
    number: int
    status: Literal["grading", "done"]
    degraded: bool
    time_spent: int | None
    submitted_at: datetime


class Answered(Given, frozen=True, kw_only=True):
    """One answer as stored."""

    score: float
    graded_by: GradedBy
    feedback: str | None
    rated: bool


# -- what clients get ------------------------------------------------------------------------------------------------


class QuestionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `options` carry the labels of this learner's order; `correct_answer` is a label where there are
    options, else the answer. It and `explanation` are left out of a graded quiz until it has been submitted."""

    id: str
    question: str
    options: list[str]
    correct_answer: str | UnsetType = UNSET
    explanation: str | UnsetType = UNSET
    difficulty: Level
    points: int
    estimated_time: int
    expected_success: float


class QuizRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A quiz with its questions, which are there once `status` is `ready`.

    `estimated_duration` (seconds) is the time to answer and to read the explanations; `generation_time` is in seconds.
    `notice` says why there are fewer questions than were asked for, or none. `expected_success` is the share of full
    marks this learner was expected to reach when the quiz was made.
    """

    quiz_id: UUID
    resource_id: str | None
    questions: list[QuestionRecord]
    total_questions: int
    total_points: int
    estimated_duration: int
    ai_model_used: str | None
    generation_time: float
    status: QuizStatus
    title: str
    quiz_type: QuizType
    difficulty: Level
    locale: str
    graded: bool
    adaptive: bool
    degraded: bool
    requested_questions: int
    dropped_questions: int
    reused_questions: int
    notice: str | None
    expected_success: float | None
    attempts: int
    created_at: datetime = msgspec.field(name="createdAt")


class QuizSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A quiz in a list; `best_percentage` is that of the best attempt."""

    quiz_id: UUID
    resource_id: str | None
    title: str
    quiz_type: QuizType
    difficulty: Level
    graded: bool
    status: QuizStatus
    total_questions: int
    attempts: int
    best_percentage: float | None
    created_at: datetime = msgspec.field(name="createdAt")


class AnswerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One graded answer. `score` is 0 to 1, `points` what it earned of `max_points`; `rated`: it counted for the
    difficulty of what comes next."""

    question_id: str
    answer: str | None
    correct: bool
    score: float
    points: float
    max_points: int
    correct_answer: str
    explanation: str
    feedback: str | None
    graded_by: GradedBy
    rated: bool
    expected_success: float


class ResultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a submission was worth. `degraded`: answers in the learner's own words could not be judged by a model, only
    the rubric's own words were looked for."""

    quiz_id: UUID
    attempt: int
    graded: bool
    score: float
    total_points: int
    percentage: float
    correct_answers: int
    total_questions: int
    expected_success: float
    degraded: bool
    notice: str | None
    time_spent: int | None
    submitted_at: datetime
    answers: list[AnswerRecord]
