"""Whether the learner is still on the subject: told by words that neither the material nor the tutor has used. Pure."""

import re
from collections.abc import Sequence

from lyo_rt.language_models.guidance import Subject
from lyo_rt.language_models.outline.words import content_words, stem

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


def subject_of(said: Sequence[str], known: str, language: str) -> Subject:
    """By the learner's two newest messages, newest first: `left` is the first message elsewhere, `away` a further one.

    `known` is all the text that belongs to the subject, in the language the learner writes; "" decides nothing.
    """
    text = known.casefold()
    if not text or not said or not _elsewhere(said[0], text, language):
        return "on"
    return "away" if len(said) > 1 and _elsewhere(said[1], text, language) else "left"


def _elsewhere(message: str, text: str, language: str) -> bool:
    if _ABOUT_LEARNING.search(message):
        return False
    telling = {stem(word) for word in content_words(message, language)}
    return len(telling) >= ELSEWHERE and not any(part in text for part in telling)
