"""What a client says about the course it wants: the seeds' two forms in one model, checked before anybody is asked."""

import re
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from api.language_tags import LanguageTag
from api.responses import faults_of
from lyo_rt.language_models.tasks import CourseBrief, Level, Style
from lyo_rt.problems import InvalidInput

Model = TypeVar("Model", bound=BaseModel)


def has_words(value: str) -> str:
    """The text itself. Raises ValueError when there is no word in it."""
    if sum(character.isalnum() for character in value) < 2:
        raise ValueError("has no words; say in a few words what it is about")
    return value


def _weeks(value: str | int | None) -> int | None:
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,2})(?:[_ ]weeks?)?", str(value).strip())
    if found is None or not 1 <= int(found[1]) <= 16:
        raise ValueError("must be 1 to 16 weeks, e.g. 6 or 6_weeks")
    return int(found[1])


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class GenerateCourse(BaseModel):
    """A course to be written. `topic` is enough; everything else is used where it is given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"topic": "genai", "interests": ["ml"], "level": "beginner", "locale": "en"},
                {
                    "topic": "Introduction to Python Programming",
                    "duration": "6_weeks",
                    "difficulty": "beginner",
                    "learning_style": "hands_on",
                    "objectives": ["Master Python syntax", "Build an application", "Learn debugging"],
                    "target_audience": "programming_beginners",
                },
            ]
        }
    )

    topic: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200), AfterValidator(has_words)
    ] = Field(description="what the course is about, 2 to 200 characters")
    interests: list[Line] = Field([], max_length=20, description="what examples may be drawn from")
    level: Level | None = Field(None, description="beginner, intermediate or advanced; beginner when not given")
    difficulty: Level | None = Field(None, description="another name for level")
    locale: LanguageTag = Field("en", description="the language of the course, a BCP 47 tag")
    duration: Annotated[str | int | None, AfterValidator(_weeks)] = Field(
        None, description="1 to 16 weeks: 6, or 6_weeks"
    )
    learning_style: Style | None = Field(None, description="how to present, never a measure of ability")
    objectives: list[Line] | None = Field(None, min_length=3, max_length=10, description="3 to 10 when given")
    target_audience: Line | None = Field(None, description="whom it is for")
    source_text: (
        Annotated[
            str, StringConstraints(strip_whitespace=True, min_length=50, max_length=50_000), AfterValidator(has_words)
        ]
        | None
    ) = Field(None, description="a text to build the course from, 50 to 50,000 characters")

    @field_validator("difficulty")
    @classmethod
    def _one_level(cls, difficulty: Level | None, info: ValidationInfo) -> Level | None:
        # of the field, not of the whole model: that one is not asked when any field has a fault
        level = info.data.get("level")
        if level and difficulty and level != difficulty:
            raise ValueError("level and difficulty are the same thing and must not differ; give one of them")
        return difficulty

    def brief(self) -> CourseBrief:
        """What the authors are told."""
        return CourseBrief(
            topic=self.topic,
            level=self.level or self.difficulty or "beginner",
            locale=self.locale,
            interests=tuple(self.interests),
            objectives=tuple(self.objectives or ()),
            weeks=self.duration if isinstance(self.duration, int) else None,
            style=self.learning_style,
            audience=self.target_audience,
            source_text=self.source_text,
        )


def validated(model: type[Model], payload: dict[str, Any]) -> Model:
    """The payload as the model. Raises InvalidInput with every fault."""
    try:
        return model.model_validate(payload)
    except ValidationError as fault:
        raise InvalidInput(errors=faults_of(fault, payload)) from None
