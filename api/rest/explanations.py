"""`POST /v1/ai/explain-code`: what a piece of code does, part by part. The code is read, never run."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.language_tags import LanguageTag
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.language_models.code_tasks import CodeExplanation, ExplainCode
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.tasks import Level
from lyo_rt.problems import BudgetExhausted, ModelUnavailable

blueprint = Blueprint("explanations", __name__, url_prefix="/v1/ai")

CODE_MAX = 20_000


def _has_code(value: str) -> str:
    if not value.strip():
        raise ValueError("is only white space; send the code that is to be explained")
    return value


class ExplainCodeRequest(BaseModel):
    """Code, and what the learner wants to know of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "def mean(values):\n    return sum(values) / len(values)\n",
                    "language": "python",
                    "question": "What happens with an empty list?",
                    "level": "beginner",
                    "locale": "en",
                }
            ]
        }
    )

    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_MAX), AfterValidator(_has_code)] = Field(
        description="the code, 1 to 20,000 characters; it is never run"
    )
    language: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)] | None = Field(
        None, description="the programming language, e.g. python; told from the code when not given"
    )
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = Field(
        None, description="what the learner asks about it, 1 to 1000 characters"
    )
    level: Level = Field("beginner", description="what the learner knows already")
    locale: LanguageTag = Field("en", description="the language of the explanation, a BCP 47 tag")


class CodeExplained(CodeExplanation, frozen=True, kw_only=True):
    """The explanation, and who wrote it; `degraded` when that was no language model. `response_time` in seconds."""

    ai_model_used: str
    degraded: bool
    response_time: float


@blueprint.post("/explain-code")
@answers(CodeExplained, limit="ai", problems=(ModelUnavailable, BudgetExhausted))
@signed_in
@validate_request(ExplainCodeRequest)
async def explain_code(data: ExplainCodeRequest) -> Response:
    """Have a piece of code explained, part by part, with its pitfalls and questions that lead on.

    Without a language model the answer is the code's structure: its definitions, branches and comments.
    """
    started = services().clock.monotonic()
    user: UUID = who().user_id
    task = ExplainCode(
        code=data.code, language=data.language, question=data.question, level=data.level, locale=data.locale
    )
    draft, written = await services().model.write(task, Asker("explanation", user=user, private=True))
    return json_answer(
        CodeExplained(
            language=draft.language,
            summary=draft.summary,
            parts=draft.parts,
            terms=draft.terms,
            pitfalls=draft.pitfalls,
            questions=draft.questions,
            ai_model_used=written.model,
            degraded=written.degraded,
            response_time=round(services().clock.monotonic() - started, 3),
        )
    )
