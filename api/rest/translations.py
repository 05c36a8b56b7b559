"""`POST /v1/ai/translate`: learning material in another language, its Markdown, code and maths as they were."""

from functools import partial
from typing import Annotated

import anyio.to_thread
import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from quart import Blueprint, Response
from quart_schema import validate_request

from api.authentication import signed_in, who
from api.language_tags import LanguageTag
from api.openapi import answers
from api.responses import json_answer
from api.services import services
from lyo_rt.language_models.port import Asker, Written
from lyo_rt.language_models.translation_tasks import Translate, Translation, restored, translate
from lyo_rt.problems import BudgetExhausted, ModelUnavailable

blueprint = Blueprint("translations", __name__, url_prefix="/v1/ai")

TEXT_MAX = 5000


def _has_letters(value: str) -> str:
    if not any(character.isalpha() for character in value):
        raise ValueError("has no words; send the text that is to be translated")
    return value


class TranslateRequest(BaseModel):
    """A text, and the language it is wanted in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "## Loops\n\nA loop **repeats** its body: `for n in range(3): print(n)`.",
                    "target_language": "de",
                    "source_language": "en",
                }
            ]
        }
    )

    text: Annotated[str, StringConstraints(max_length=TEXT_MAX), AfterValidator(_has_letters)] = Field(
        description="Markdown or plain text, 1 to 5000 characters"
    )
    target_language: LanguageTag = Field(description="a BCP 47 tag, e.g. de, pt-BR, zh-Hant")
    source_language: LanguageTag | None = Field(None, description="a BCP 47 tag; told from the text when not given")

    @field_validator("source_language")
    @classmethod
    def _another_language(cls, value: str | None, others: ValidationInfo) -> str | None:
        if value is not None and value == others.data.get("target_language"):
            raise ValueError("is the target_language too; there is nothing to translate")
        return value


class Translated(msgspec.Struct, frozen=True):
    """The translation, and who wrote it: nobody, where there was nothing but code, maths and links to give back.

    `response_time` in seconds.
    """

    translated_text: str
    source_language: str | None
    target_language: str
    ai_model_used: str | None
    degraded: bool
    response_time: float


@blueprint.post("/translate")
@answers(Translated, limit="ai", problems=(ModelUnavailable, BudgetExhausted))
@signed_in
@validate_request(TranslateRequest)
async def translate_text(data: TranslateRequest) -> Response:
    """Translate a text.

    Code, maths, links, HTML tags and placeholders come back untouched, and the Markdown is built as it was; a
    translation that loses any of it is not given out. It takes a language model: without one the answer is a 503.
    """
    started = services().clock.monotonic()
    # in a thread: hostile text of 5,000 characters takes up to 80 ms
    task = await anyio.to_thread.run_sync(
        partial(translate, data.text, target=data.target_language, source=data.source_language)
    )
    draft, written = await _translated(task, Asker("translation", user=who().user_id, private=True))
    return json_answer(
        Translated(
            translated_text=restored(task, draft),
            source_language=data.source_language or draft.source_language or None,
            target_language=data.target_language,
            ai_model_used=written.model if written else None,
            degraded=written is not None and written.degraded,
            response_time=round(services().clock.monotonic() - started, 3),
        )
    )


async def _translated(task: Translate, asker: Asker) -> tuple[Translation, Written | None]:
    """The translation with its marks; the text itself, and nobody asked, when there are no words beside the marks."""
    if not any(character.isalpha() for character in task.masked.words()):
        return Translation("", task.masked.text), None
    try:
        return await services().model.write(task, asker)
    except ModelUnavailable as fault:
        told = f"A translation needs a language model: the outline cannot write one. {fault.detail}."
        raise ModelUnavailable(told, retry_after=fault.retry_after) from fault
