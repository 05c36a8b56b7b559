"""What can be asked of a language model: each task carries its facts, and names the shape of its answer."""

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from lyo_rt.language_models.guidance import Guidance

Level = Literal["beginner", "intermediate", "advanced"]
Style = Literal["visual", "auditory", "kinesthetic", "reading_writing", "hands_on"]
Text = Annotated[str, msgspec.Meta(min_length=1)]
TextTold = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1})]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=600)]

Answer_co = TypeVar("Answer_co", bound=msgspec.Struct, covariant=True)


class CourseBrief(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a learner asked a course about."""

    topic: str
    level: Level = "beginner"
    locale: str = "en"
    interests: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    weeks: int | None = None
    style: Style | None = None
    audience: str | None = None
    source_text: str | None = None


# -- answers --------------------------------------------------------------------------------------------------------


class LessonPlan(msgspec.Struct, frozen=True):
    """One lesson to be written: what it is about, and how long it takes."""

    title: Text
    focus: Text
    minutes: Minutes


class ModulePlan(msgspec.Struct, frozen=True):
    """One module: its lessons in order. `difficulty` is 1 to 5 within the course; 0 where nobody said."""

    title: Text
    summary: Text
    objectives: list[str]
    lessons: Annotated[list[LessonPlan], msgspec.Meta(min_length=1, max_length=6)]
    difficulty: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0


class CoursePlan(msgspec.Struct, frozen=True):
    """The whole course before a lesson is written: 4 to 12 modules of rising difficulty."""

    title: Text
    description: Text
    objectives: list[str]
    prerequisites: list[str]
    modules: Annotated[list[ModulePlan], msgspec.Meta(min_length=4, max_length=12)]


class KeyTerm(msgspec.Struct, frozen=True):
    """A word to keep, and what it means in this lesson."""

    term: Text
    definition: Text


class Exercise(msgspec.Struct, frozen=True):
    """Something to do."""

    title: Text
    instructions: Text
    minutes: Minutes


class Link(msgspec.Struct, frozen=True):
    """An open source to read on at; `url` is https. A link that is none is dropped, not the lesson it stands in."""

    title: Text
    url: Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"^https://[^\s/]+\.[^\s]+$"})]
    source: Text


class LessonDraft(msgspec.Struct, frozen=True):
    """A lesson: Markdown text, its key terms, one exercise, sources."""

    summary: Text
    text: Text
    key_terms: list[KeyTerm]
    exercise: Exercise
    links: list[Link]


class QuestionDraft(msgspec.Struct, frozen=True):
    """One multiple-choice question; `answer` is the index of the right option.

    Its limits are told to the author and judged by the gates (quality/), question by question: one that breaks them
    does not cost the others.
    """

    question: TextTold
    options: Annotated[list[TextTold], msgspec.Meta(extra_json_schema={"minItems": 2, "maxItems": 6})]
    answer: Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]
    explanation: TextTold


class AssessmentDraft(msgspec.Struct, frozen=True):
    """What closes a module: questions about what it taught."""

    title: Text
    questions: Annotated[list[QuestionDraft], msgspec.Meta(min_length=1, max_length=20)]


# -- tasks ----------------------------------------------------------------------------------------------------------


class StructuredTask(msgspec.Struct, Generic[Answer_co], frozen=True, kw_only=True):
    """A task answered by one JSON document."""

    @property
    def answer(self) -> type[Any]:
        """The struct the answer must be."""
        raise NotImplementedError


class PlanCourse(StructuredTask[CoursePlan], frozen=True, kw_only=True):
    """Outline a course."""

    brief: CourseBrief

    @property
    def answer(self) -> type[CoursePlan]:
        return CoursePlan


class WriteLesson(StructuredTask[LessonDraft], frozen=True, kw_only=True):
    """Write lesson `lesson` of module `module` (both 0-based) of the plan."""

    brief: CourseBrief
    plan: CoursePlan
    module: int
    lesson: int

    @property
    def answer(self) -> type[LessonDraft]:
        return LessonDraft


class WriteAssessment(StructuredTask[AssessmentDraft], frozen=True, kw_only=True):
    """Write the questions that close module `module` (0-based), from the texts of its lessons.

    `refused` are questions of an earlier draft whose answer nobody found; they are not to come back.
    """

    brief: CourseBrief
    plan: CoursePlan
    module: int
    lessons: tuple[LessonDraft, ...]
    questions: int = 4
    refused: tuple[str, ...] = ()

    @property
    def answer(self) -> type[AssessmentDraft]:
        return AssessmentDraft


class Turn(msgspec.Struct, frozen=True):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class TutorTask(msgspec.Struct, frozen=True, kw_only=True):
    """The tutor's next turn: the conversation so far, newest last, ending with the learner's message.

    `resource_text` is the course's own text the answer is grounded in; "" when the conversation has no resource.
    """

    turns: tuple[Turn, ...]
    resource_title: str = ""
    resource_text: str = ""
    locale: str = "en"
    level: Level = "beginner"
    style: Style | None = None
    guidance: Guidance = Guidance()
