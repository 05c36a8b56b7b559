"""The documents a course is made of, as the provider is asked for them and as they are checked."""

from typing import Any, TypeVar

from openai import OpenAI
from pydantic import BaseModel, ConfigDict

Draft = TypeVar("Draft", bound=BaseModel)


class Closed(BaseModel):
    """OpenAI's strict mode: every property required, none besides."""

    model_config = ConfigDict(extra="forbid")


class LessonPlan(Closed):
    title: str
    focus: str
    minutes: int


class ModulePlan(Closed):
    title: str
    summary: str
    objectives: list[str]
    lessons: list[LessonPlan]
    difficulty: int


class CoursePlan(Closed):
    title: str
    description: str
    objectives: list[str]
    prerequisites: list[str]
    modules: list[ModulePlan]


class KeyTerm(Closed):
    term: str
    definition: str


class Exercise(Closed):
    title: str
    instructions: str
    minutes: int


class Link(Closed):
    title: str
    url: str
    source: str


class LessonDraft(Closed):
    summary: str
    text: str
    key_terms: list[KeyTerm]
    exercise: Exercise
    links: list[Link]


class QuestionDraft(Closed):
    question: str
    options: list[str]
    answer: int
    explanation: str


class AssessmentDraft(Closed):
    title: str
    questions: list[QuestionDraft]


def _inlined(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    kept = {name: value for name, value in schema.items() if name not in ("title", "$defs")}
    if "properties" in kept:
        kept["properties"] = {name: _inlined(part, definitions) for name, part in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _inlined(kept["items"], definitions)
    return kept


def _shape(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    document = {"name": model.__name__, "strict": True, "schema": _inlined(schema, schema.get("$defs", {}))}
    return {"type": "json_schema", "json_schema": document}


# Made once: pydantic takes about a millisecond for each.
SHAPES: dict[type[BaseModel], dict[str, Any]] = {
    model: _shape(model) for model in (CoursePlan, LessonDraft, AssessmentDraft)
}


def ask(client: OpenAI, model: type[Draft], prompt: str) -> Draft:
    """One document from the provider, valid by its model."""
    create: Any = client.chat.completions.create
    response = create(
        model="gpt-4o",
        messages=[{"role": "system", "content": "You write courses."}, {"role": "user", "content": prompt}],
        response_format=SHAPES[model],
        max_completion_tokens=4096,
        temperature=0.7,
    )
    return model.model_validate_json(response.choices[0].message.content)
