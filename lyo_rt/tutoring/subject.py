"""Whether the learner is still on the subject: told by words that neither the material nor the tutor has used, and by
what people talk about every day. Pure."""

import re
from collections.abc import Sequence

from lyo_rt.language_models.guidance import Subject
from lyo_rt.language_models.outline.words import content_words, stem
from lyo_rt.language_models.tasks import Turn
from lyo_rt.tutoring.everyday import topic_of

ELSEWHERE = 4
"""Telling words, none of them known, from which a message is about something else."""

_ABOUT_LEARNING = re.compile(
    r"(?<!\w)(?:explain|understand|example|question|answer|hint|help|lesson|exercise|problem|course|learn|"
    r"mean|think|guess|because|task|summar"
    r"|erklär|versteh|beispiel|frage|antwort|hinweis|hilf|lektion|aufgabe|kurs|lern|bedeute|denke|glaube|"
    r"weil"
    r"|explica|entiend|entender|ejemplo|pregunta|respuesta|pista|ayud|lección|ejercicio|aprend|significa|"
    r"creo|pienso|porque"
    r"|expliqu|compren|exemple|question|réponse|indice|aide|leçon|exercice|apprend|signifie|crois|pense|"
    r"parce)",
    re.IGNORECASE,
)


def subject_of(turns: Sequence[Turn], material: str, language: str, *, comparable: bool = True) -> Subject:
    """By the learner's two newest messages: `left` is the first one elsewhere, `away` a further one.

    Known is what stands in the material or was said by the tutor before. Unless the material is `comparable`, in the
    language the learner writes, of other words than everyday ones nothing can be said.
    """
    said = [n for n, turn in enumerate(turns) if turn.role == "user"][-2:]
    elsewhere = [
        topic_of(turns[n].text, known := _known(turns[:n], material)) is not None
        or (comparable and _elsewhere(turns[n].text, known, language))
        for n in said
    ]
    if not elsewhere or not elsewhere[-1]:
        return "on"
    return "away" if len(elsewhere) > 1 and elsewhere[0] else "left"


def _known(before: Sequence[Turn], material: str) -> str:
    return " ".join([material, *(turn.text for turn in before if turn.role == "assistant")]).casefold()


def _elsewhere(message: str, text: str, language: str) -> bool:
    if _ABOUT_LEARNING.search(message):
        return False
    telling = {stem(word) for word in content_words(message, language)}
    return len(telling) >= ELSEWHERE and not any(part in text for part in telling)
