"""The plan of an outline course, and what each of its lessons is made from."""

from itertools import pairwise

import msgspec

from lyo_rt.language_models.outline.phrases.shape import Guide, Phrases, StageName
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import Section, sections_of
from lyo_rt.language_models.pace import pace_of
from lyo_rt.language_models.tasks import CourseBrief

_BY_SIZE: dict[int, tuple[StageName, ...]] = {
    4: ("orientation", "workings", "practice", "review"),
    5: ("orientation", "vocabulary", "workings", "practice", "review"),
    6: ("orientation", "vocabulary", "workings", "practice", "connections", "review"),
    7: ("orientation", "vocabulary", "workings", "practice", "connections", "limits", "review"),
}
_MOST_PASSAGES = 8
_PASSAGE_SENTENCES = 12


class Guided(msgspec.Struct, frozen=True):
    """A lesson that asks: a guide and the facts that fill it."""

    stage: StageName
    guide: Guide
    interest: str = ""
    objective: str = ""


class Read(msgspec.Struct, frozen=True):
    """A lesson that reads a passage of the given text."""

    title: str
    sentences: list[str]


Content = Guided | Read


class Part(msgspec.Struct, frozen=True):
    """One module."""

    stage: StageName | None
    lessons: list[Content]


class Blueprint(msgspec.Struct, frozen=True):
    """The whole course; `from_text` when its lessons are passages of the brief's own text."""

    parts: list[Part]
    from_text: bool = False


def blueprint_of(brief: CourseBrief, phrases: Phrases) -> Blueprint:
    """The modules for `brief`, 4 to 12: the text's passages when there is a text, else the stages of a subject."""
    if brief.source_text and (sections := sections_of(brief.source_text)):
        return _reading(brief, phrases, sections)
    size = pace_of(brief).modules
    wanted = list(_BY_SIZE[min(7, size)])
    if brief.interests and "connections" not in wanted:
        wanted.insert(-1, "connections")
    if brief.objectives:
        wanted.insert(wanted.index("practice"), "goals")
    return Blueprint([_stage(name, brief, phrases) for name in wanted])


def _stage(name: StageName, brief: CourseBrief, phrases: Phrases) -> Part:
    guides = phrases.stages[name].lessons
    if name == "goals":
        # six lessons at most in a module, ten objectives at most in a brief
        count = min(6, len(brief.objectives))
        groups = [brief.objectives[n::count] for n in range(count)]
        lessons = [Guided(name, guides[n % len(guides)], objective=" · ".join(group)) for n, group in enumerate(groups)]
    elif name == "connections":
        interests = [*brief.interests[:4], *phrases.everyday][: max(2, min(4, len(brief.interests)))]
        lessons = [Guided(name, guides[n % len(guides)], interest=word) for n, word in enumerate(interests)]
    else:
        lessons = [Guided(name, guide) for guide in guides]
    return Part(name, list(lessons))


def _reading(brief: CourseBrief, phrases: Phrases, sections: list[Section]) -> Blueprint:
    every = [sentence for section in sections for sentence in section.sentences]
    terms = Terms(every, phrases.language)
    groups = _grouped(_passages(sections), _MOST_PASSAGES)
    after: list[StageName] = ["practice", "review"]
    if len(groups) == 1:
        after.insert(0, "connections")
    passages = [passage for group in groups for passage in group]
    telling = iter(terms.telling_apart([" ".join(passage.sentences) for passage in passages]))
    parts = [Part(None, [_read(passage, next(telling)) for passage in group]) for group in groups]
    return Blueprint([*parts, *(_stage(name, brief, phrases) for name in after)], from_text=True)


def _passages(sections: list[Section]) -> list[Section]:
    """Sections cut to readable length; two at least where the text has two sentences."""
    cut: list[Section] = []
    length = min(_PASSAGE_SENTENCES, max(1, sum(len(section.sentences) for section in sections) // 2))
    for section in sections:
        pieces = max(1, -(-len(section.sentences) // length))
        size = -(-len(section.sentences) // pieces)
        for start in range(0, len(section.sentences), size):
            cut.append(Section(section.title, section.sentences[start : start + size]))
    return _joined(cut)


def _joined(sections: list[Section]) -> list[Section]:
    """Untitled scraps of one or two sentences go with the passage before them, while three remain."""
    joined: list[Section] = []
    left = len(sections)
    for section in sections:
        if joined and left > 3 and not section.title and len(section.sentences) < 3 and len(joined[-1].sentences) < 6:
            joined[-1] = Section(joined[-1].title, [*joined[-1].sentences, *section.sentences])
            left -= 1
        else:
            joined.append(section)
    return joined


def _grouped(passages: list[Section], most: int) -> list[list[Section]]:
    count = min(most, len(passages))
    groups = [passages[n * len(passages) // count : (n + 1) * len(passages) // count] for n in range(count)]
    return [_at_most_six(group) for group in groups]


def _at_most_six(group: list[Section]) -> list[Section]:
    """Six lessons at most in a module: longer groups are joined evenly."""
    if len(group) <= 6:
        return group
    bounds = [n * len(group) // 6 for n in range(7)]
    return [
        Section(group[start].title, [line for section in group[start:end] for line in section.sentences])
        for start, end in pairwise(bounds)
    ]


def _read(section: Section, telling: list[str]) -> Read:
    terms = " · ".join(term[:1].upper() + term[1:] for term in telling[:2])
    return Read(title=section.title or terms or section.sentences[0][:60], sentences=section.sentences)
