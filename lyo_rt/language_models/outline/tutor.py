"""The tutor without a model: one guiding question, built on the sentence of the text nearest to the learner's words."""

import re

from lyo_rt.language_models.outline.languages import unspaced
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.tutoring import Tutoring
from lyo_rt.language_models.outline.words import Relevance, asks, content_words, plain, sections_of
from lyo_rt.language_models.tasks import TutorTask


def tutor_turn(task: TutorTask, tutoring: Tutoring) -> str:
    """The next turn: it takes up what the learner said and ends with its only question.

    Lines of the text that were quoted before are not quoted again while there are others.
    """
    message = next((turn.text for turn in reversed(task.turns) if turn.role == "user"), "")
    said_before = [turn.text for turn in task.turns if turn.role == "assistant"]
    sentence = _nearest_sentence(task, message, said_before, tutoring)
    term = _term(message, tutoring) or _term(task.resource_title, tutoring) or tutoring.that
    ways = _ways(tutoring, _mood(message, tutoring), quoted=sentence is not None)
    turn = len(said_before) % len(ways)
    others = _ways(tutoring, "says", quoted=False) + _ways(tutoring, "asks", quoted=False)
    possible = [way.format(term=term, sentence=sentence) for way in (*ways[turn:], *ways[:turn], *others)]
    return next((text for text in possible if text not in said_before), possible[0])


def _mood(message: str, tutoring: Tutoring) -> str:
    folded, bound = message.casefold(), "" if unspaced(tutoring.language) else r"(?<!\w)"
    if not message.strip() or any(re.search(bound + re.escape(word), folded) for word in tutoring.stuck_words):
        return "stuck"
    return "asks" if asks(message) else "says"


def _ways(tutoring: Tutoring, mood: str, *, quoted: bool) -> tuple[str, ...]:
    match mood:
        case "stuck":
            return tutoring.stuck if quoted else tutoring.stuck_freely
        case "asks":
            return tutoring.asks if quoted else tutoring.asks_freely
        case _:
            return tutoring.says if quoted else tutoring.says_freely


def _nearest_sentence(task: TutorTask, message: str, said_before: list[str], tutoring: Tutoring) -> str | None:
    """The sentence to quote; a question in the text is none, since each turn asks only one."""
    every = [line for section in sections_of(task.resource_text) for line in section.sentences]
    sentences = [line for line in every if _tells(line) and not re.search(r"[?？؟]", line)]
    if not sentences:
        return None
    relevance = Relevance(sentences, tutoring.language)
    earlier = " ".join(turn.text for turn in task.turns[-4:] if turn.role == "user")
    ranked = relevance.ranked(message)
    if ranked[0][0] == 0:
        ranked = relevance.ranked(f"{earlier} {task.resource_title}")
    order = [index for _, index in ranked] if ranked[0][0] > 0 else list(range(len(sentences)))
    fresh = [index for index in order if not any(sentences[index] in text for text in said_before)]
    return sentences[(fresh or order)[0]]


def _tells(line: str) -> bool:
    """Whether a line is more than a heading or a label; of scripts without spaces by its letters."""
    return len(line.split()) > 3 or len(line) - len(line.encode("ascii", "ignore")) > 8


def _term(text: str, tutoring: Tutoring) -> str | None:
    """The most telling word of what the learner said, spelt as they spelt it."""
    words = plain(text)
    terms = Terms([words], tutoring.language).all
    if terms:
        return terms[0]
    telling = content_words(words, tutoring.language)
    return telling[0] if telling else None
