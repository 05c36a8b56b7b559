"""Questions from a text alone, of each type, such as pass the item gates (quality/items.py)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from lyo_rt.language_models.outline.definitions import definitions_of, listed_terms, without_listed
from lyo_rt.language_models.outline.gaps import WRONG, Gap, gaps
from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.programs import programs_of, without_programs
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import capital, find_term, sections_of, stem
from lyo_rt.language_models.quality.items import Item, Kind, balanced, faults
from lyo_rt.language_models.quality.sifting import sifted
from lyo_rt.language_models.tasks import KeyTerm, Level

Source = TypeVar("Source")


def questions_of(text: str, count: int, kind: Kind, level: Level, phrases: Phrases) -> list[Item]:
    """Up to `count` questions from `text`, each sound, the right options in all places; deterministic.

    Fewer, or none, where the text has no more of this kind: no language it can be cut in, too few terms, no program
    whose output it shows. The questions are in the language of `phrases`, what they quote in the text's own.
    """
    sentences = [line for section in sections_of(without_programs(without_listed(text))) for line in section.sentences]
    language = language_of(text, phrases.language)
    match kind:
        case "multiple_choice":
            found = choices(sentences, language, phrases, listed=listed_terms(text), rare_first=level == "advanced")
        case "true_false":
            found = statements(sentences, language, phrases)
        case "short_answer":
            found = named(sentences, language, phrases, listed=listed_terms(text), rare_first=level == "advanced")
        case "coding":
            found = outputs(text, phrases)
    sound = (item for item in found if not faults(item))
    return list(balanced(sifted(list(islice(_unlike(sound), 2 * count))).items[:count]))


def choices(
    sentences: Sequence[str],
    language: str,
    phrases: Phrases,
    *,
    around: Sequence[str] = (),
    listed: Sequence[KeyTerm] = (),
    rare_first: bool = False,
) -> Iterator[Item]:
    """What the text defines or its glossary lists is to be named, and what it says is to be completed, in turn."""
    entries = [*listed, *definitions_of(sentences, language)]
    terms = Terms(around or sentences, language)
    found = gaps(sentences, language, around=around, rare_first=rare_first)
    yield from in_turn(
        by_definition(entries, [term for term in terms.all if terms.nounish(term)], phrases, language),
        (_cloze(gap, phrases, language) for gap in found),
    )


def by_definition(entries: Sequence[KeyTerm], terms: Sequence[str], phrases: Phrases, language: str) -> Iterator[Item]:
    """Which term an explanation belongs to. The others are what is explained beside it, then terms of the text."""
    known = {entry.term: entry.definition for entry in entries}
    for term, definition in known.items():
        others = [other for other in chain(known, terms) if not find_term(other, definition)]
        wrong = _distinct(term, others)
        if len(wrong) == WRONG and not find_term(term, definition):
            yield Item(
                question=phrases.reading.which_term.format(definition=definition),
                options=tuple(capital(option) for option in (term, *wrong)),
                key=0,
                explanation=f"{capital(term)}: {definition}",
                locale=language,
            )


def statements(sentences: Sequence[str], language: str, phrases: Phrases) -> Iterator[Item]:
    """Half of the sentences as the text has them, half with another of its terms in the place of one."""
    for place, gap in enumerate(gaps(sentences, language, wrong=1)):
        # true, false, false, true …: as many of both, and no pattern that is seen at once (Thue and Morse)
        is_true = place.bit_count() % 2 == 0
        yield Item(
            question=gap.sentence if is_true else gap.filled(gap.wrong[0]),
            options=(phrases.quiz.true, phrases.quiz.false),
            key=0 if is_true else 1,
            explanation=phrases.reading.cloze_explanation.format(sentence=gap.sentence),
            kind="true_false",
            locale=language,
        )


def named(
    sentences: Sequence[str],
    language: str,
    phrases: Phrases,
    *,
    listed: Sequence[KeyTerm] = (),
    rare_first: bool = False,
) -> Iterator[Item]:
    """The term is to be named, without options. A sentence that defines is not asked again: it holds the answer."""
    others = [sentence for sentence in sentences if not any(definitions_of([sentence], language))]
    defined = (
        Item(
            question=phrases.reading.which_term.format(definition=entry.definition),
            options=(),
            key=None,
            explanation=f"{capital(entry.term)}: {entry.definition}",
            kind="short_answer",
            answer=entry.term,
            locale=language,
        )
        for entry in chain(listed, definitions_of(sentences, language))
    )
    completed = (
        Item(
            question=phrases.quiz.name.format(sentence=gap.blank),
            options=(),
            key=None,
            explanation=phrases.reading.cloze_explanation.format(sentence=gap.sentence),
            kind="short_answer",
            answer=gap.term,
            locale=language,
        )
        for gap in gaps(others, language, around=sentences, wrong=0, rare_first=rare_first)
    )
    yield from in_turn(defined, completed)


def outputs(text: str, phrases: Phrases) -> Iterator[Item]:
    """What a program of the text shows, as the text says."""
    for program in programs_of(text):
        yield Item(
            question=f"{phrases.quiz.output}\n\n```{program.language}\n{program.code}\n```",
            options=(),
            key=None,
            explanation=phrases.quiz.output_explanation.format(output=program.output),
            kind="coding",
            answer=program.output,
            locale=phrases.language,
        )


def in_turn(*sources: Iterator[Source]) -> Iterator[Source]:
    """The first of each source, then the second of each, until all have ended."""
    waiting = list(sources)
    while waiting:
        source = waiting.pop(0)
        for found in islice(source, 1):
            yield found
            waiting.append(source)


def _cloze(gap: Gap, phrases: Phrases, language: str) -> Item:
    return Item(
        question=phrases.reading.cloze.format(sentence=gap.blank),
        options=(gap.term, *gap.wrong),
        key=0,
        explanation=phrases.reading.cloze_explanation.format(sentence=gap.sentence),
        locale=language,
    )


def _unlike(items: Iterable[Item]) -> Iterator[Item]:
    """No question twice, and no term asked for twice by two questions with options."""
    seen: set[str] = set()
    for item in items:
        asked = item.question if item.kind in ("true_false", "coding") else item.right.casefold()
        if asked not in seen:
            seen.add(asked)
            yield item


def _distinct(term: str, others: Iterable[str]) -> list[str]:
    """The first three that share no stem with the term or with one another."""
    kept: list[str] = []
    taken = {stem(word) for word in term.split()}
    for other in others:
        stems = {stem(word) for word in other.split()}
        if not stems & taken and len(kept) < WRONG:
            kept.append(other)
            taken |= stems
    return kept
