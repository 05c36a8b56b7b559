"""A conversation in its own sentences: what the learner said first of all, then the tutor's most central ones."""

from lyo_rt.language_models.outline.words import Relevance, plain, sentences_of
from lyo_rt.language_models.summary_tasks import SUMMARY_CHARACTERS, SummariseConversation, SummaryDraft

FORMER_SHARE = 0.4
LEARNER_SHARE = 0.4


def summary_of(task: SummariseConversation) -> SummaryDraft:
    """The summary, always the same for the same task; of each part as much as fits."""
    language = task.locale.split("-")[0]
    former = _fitting(sentences_of(task.former), language, int(SUMMARY_CHARACTERS * FORMER_SHARE))
    said = [line for turn in task.turns if turn.role == "user" for line in sentences_of(plain(turn.text))]
    told = [line for turn in task.turns if turn.role == "assistant" for line in sentences_of(plain(turn.text))]
    learner = _fitting(said, language, int(SUMMARY_CHARACTERS * LEARNER_SHARE))
    rest = SUMMARY_CHARACTERS - len(former) - len(learner) - 4
    parts = [former, learner, _fitting(told, language, rest)]
    return SummaryDraft("\n\n".join(part for part in parts if part)[:SUMMARY_CHARACTERS] or "…")


def _fitting(sentences: list[str], language: str, characters: int) -> str:
    """The most central sentences that fit, in their order."""
    sentences = list(dict.fromkeys(sentences))
    kept: set[str] = set()
    size = 0
    if sentences:
        for sentence in _ranked(sentences, language):
            if size + len(sentence) + 1 <= characters:
                kept.add(sentence)
                size += len(sentence) + 1
    return "\n".join(sentence for sentence in sentences if sentence in kept)


def _ranked(sentences: list[str], language: str) -> list[str]:
    relevance = Relevance(sentences, language)
    best = relevance.central(len(sentences) // 2 + 1)
    return [*best, *(sentence for sentence in sentences if sentence not in best)]
