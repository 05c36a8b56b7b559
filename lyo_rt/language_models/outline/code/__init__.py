"""Code explained without a model: what it defines, repeats and decides, and what its own comments say.

Its meaning is left open, and that is said. A text in a language that is not read here, or cannot be told, gets no
structure at all rather than a wrong one.
"""

from lyo_rt.language_models.code_tasks import CodeExplanation, CodePart, ExplainCode, lines_of
from lyo_rt.language_models.outline.code.grammars import GRAMMARS
from lyo_rt.language_models.outline.code.languages import language_of
from lyo_rt.language_models.outline.code.reading import Defined, Structure, structure_of
from lyo_rt.language_models.outline.phrases.shape import CodePhrases, ConstructName, Phrases
from lyo_rt.language_models.tasks import KeyTerm

PARTS_MAX = 40
_QUOTED = 160
_NAMED = 8
_COMMENTS = 3


def explanation_of(task: ExplainCode, phrases: Phrases) -> CodeExplanation:
    """The structure of `task.code` in the words of `phrases`. Takes up to 0.1 s for 20,000 characters."""
    words = phrases.code
    language = language_of(task.code, task.language)
    if language is None:
        unread = words.unread.format(lines=len(lines_of(task.code)))
        return CodeExplanation(task.language or "", unread, [], [], [], [words.ask_language])
    grammar = GRAMMARS[language]
    structure = structure_of(task.code, grammar)
    return CodeExplanation(
        language=grammar.name.lower(),
        summary=_summary(task, grammar.name, structure, words),
        parts=_parts(structure, words)[:PARTS_MAX],
        terms=[KeyTerm(*words.terms[sort]) for sort in _sorts(structure)],
        pitfalls=[],
        questions=_questions(structure, words),
    )


def _summary(task: ExplainCode, language: str, structure: Structure, words: CodePhrases) -> str:
    names = list(dict.fromkeys(f"`{one.name}`" for one in structure.defined))
    listed = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    defines = words.defines.format(names=listed) if names else words.defines_nothing
    opening = words.opening.format(language=language, lines=len(structure.lines))
    return " ".join([opening, defines, words.no_meaning, *([words.no_answer] if task.question else [])])


def _parts(structure: Structure, words: CodePhrases) -> list[CodePart]:
    """Imports, definitions and what runs outside of them, in the order of their lines."""
    parts = [_import(first, last, structure, words) for first, last in _stretches(structure.imports)]
    parts += [_definition(one, structure, words) for one in structure.defined]
    covered = {n for part in parts for n in range(part.first_line, part.last_line + 1)}
    loose = [
        number
        for number, line in enumerate(structure.lines, 1)
        if number not in covered and number not in structure.comments and any(map(str.isalnum, line))
    ]
    for first, last in _stretches(loose):
        told = [words.loose, *_flow(first, last, structure, words)]
        parts.append(CodePart(first, last, " ".join(told)))
    return sorted(parts, key=lambda part: (part.first_line, -part.last_line))


def _import(first: int, last: int, structure: Structure, words: CodePhrases) -> CodePart:
    quoted = ", ".join(f"`{_short(line.strip())}`" for line in structure.lines[first - 1 : last])
    return CodePart(first, last, words.imports.format(code=_short(quoted)))


def _definition(one: Defined, structure: Structure, words: CodePhrases) -> CodePart:
    told = [words.definition.format(name=one.name)]
    inner = [f"`{other.name}`" for other in structure.defined if one.first < other.first <= one.last]
    if inner:
        told.append(words.inside.format(names=", ".join(inner[:_NAMED])))
    else:
        told += _flow(one.first, one.last, structure, words)
    begins = one.first - 1 if one.first - 1 in structure.comments else one.first
    comments = [text for line, text in structure.comments.items() if begins <= line <= one.last]
    told += [words.comment.format(text=_short(text)) for text in comments[:_COMMENTS]]
    return CodePart(one.first, one.last, " ".join(told))


def _flow(first: int, last: int, structure: Structure, words: CodePhrases) -> list[str]:
    told = []
    for sort, numbers in structure.flow.items():
        if within := [str(number) for number in numbers if first <= number <= last]:
            told.append(words.flow[sort].format(lines=", ".join(within[:_NAMED])))
    return told


def _sorts(structure: Structure) -> list[ConstructName]:
    """What of the glossary the code shows."""
    found: list[ConstructName] = ["definition"] if structure.defined else []
    found += [sort for sort, numbers in structure.flow.items() if numbers]
    return found + (["import"] if structure.imports else [])


def _questions(structure: Structure, words: CodePhrases) -> list[str]:
    """Three at most, each about a line or a name that is there."""
    asked = [words.ask_definition.format(name=structure.defined[-1].name)] if structure.defined else []
    for sort, question in words.ask_flow.items():
        if structure.flow[sort]:
            asked.append(question.format(line=structure.flow[sort][0]))
    return asked[:3] or [words.ask_trace]


def _stretches(numbers: list[int]) -> list[tuple[int, int]]:
    """Lines that follow one another, as first and last."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 1]}…"
