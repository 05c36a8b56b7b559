"""The structure of code: what its words define, repeat, decide and take in, line by line."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from lyo_rt.language_models.code_tasks import lines_of
from lyo_rt.language_models.outline.code.grammars import Grammar
from lyo_rt.language_models.outline.code.tokens import Token, tokens_of
from lyo_rt.language_models.outline.phrases.shape import FlowName

_MODIFIERS = frozenset(
    {"class", "struct", "async", "mut", "final", "abstract", "static", "const", "unsafe"}
    | {"if", "not", "exists", "or", "replace"}
)
"""Words that may stand between a defining word and the name: `enum class`, `table if not exists`."""
_CLOSERS = ("}", ")", "]", "end", "fi", "done", "esac")


class Defined(msgspec.Struct, frozen=True):
    """Something the code gives a name, and its lines, both ends included."""

    name: str
    first: int
    last: int


class Structure(msgspec.Struct, frozen=True):
    """What the tokens of code show. `flow` (loop, branch, error, leave) and `imports` are line numbers, in order."""

    lines: list[str]
    defined: list[Defined]
    flow: dict[FlowName, list[int]]
    imports: list[int]
    comments: dict[int, str]


def structure_of(code: str, grammar: Grammar) -> Structure:
    """What is defined, repeated, decided, imported and commented, by lines."""
    lines = lines_of(code)
    tokens = list(tokens_of("\n".join(lines), grammar))
    spoken = [token for token in tokens if token.kind != "comment"]
    imports = [token.line for token in _firsts(spoken) if token.text in grammar.imports]
    names = [*_declared(spoken, grammar), *_assigned(spoken), *(_headed(spoken, grammar) if grammar.braced else ())]
    by_line = {line: name for name, line in reversed(names) if line not in imports}
    return Structure(
        lines=lines,
        defined=[Defined(by_line[line], line, _end(lines, line)) for line in sorted(by_line)],
        flow=_flow(spoken, grammar),
        imports=imports,
        comments={token.line: token.text for token in tokens if token.kind == "comment"},
    )


def _firsts(tokens: Sequence[Token]) -> list[Token]:
    return [next(group) for _, group in groupby(tokens, key=lambda token: token.line)]


def _flow(tokens: Sequence[Token], grammar: Grammar) -> dict[FlowName, list[int]]:
    words: dict[FlowName, frozenset[str]] = {
        "loop": grammar.loop,
        "branch": grammar.branch,
        "error": grammar.error,
        "leave": grammar.leave,
    }
    found = [(_word(token, grammar), token.line) for token in tokens if token.kind == "word"]
    return {sort: sorted({line for word, line in found if word in those}) for sort, those in words.items()}


def _word(token: Token, grammar: Grammar) -> str:
    return token.text.casefold() if grammar.name == "SQL" else token.text


def _declared(tokens: Sequence[Token], grammar: Grammar) -> Iterator[tuple[str, int]]:
    """Names behind words such as `def` and `class`."""
    for place, token in enumerate(tokens):
        if token.kind == "word" and _word(token, grammar) in grammar.definers:
            named = _behind(tokens, place + 1, grammar)
            if named is not None and not _is_use(tokens, place, named):
                yield tokens[named].text, token.line


def _behind(tokens: Sequence[Token], place: int, grammar: Grammar) -> int | None:
    """Where the name stands: behind modifiers, and in Go behind the receiver in parentheses."""
    if grammar.name == "Go" and place < len(tokens) and tokens[place].text == "(":
        # a receiver is a name and a type, perhaps with a star
        place = next((n + 1 for n in range(place, min(place + 6, len(tokens))) if tokens[n].text == ")"), len(tokens))
    ahead = range(place, min(place + 4, len(tokens)))
    named = next((n for n in ahead if _word(tokens[n], grammar) not in _MODIFIERS), None)
    return named if named is not None and tokens[named].kind == "word" else None


def _is_use(tokens: Sequence[Token], definer: int, named: int) -> bool:
    """`template <class T>`, `using namespace std` and `struct point p` speak of what is defined elsewhere."""
    before = tokens[definer - 1].text if definer else ""
    after = tokens[named + 1] if named + 1 < len(tokens) else None
    return before in ("<", ",", "using") or (
        tokens[definer].text == "struct" and after is not None and after.kind == "word"
    )


def _assigned(tokens: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """Names that a function is assigned to: `area = (r) => …`, `area <- function(r)`."""
    for line, group in groupby(tokens, key=lambda token: token.line):
        found = list(group)
        arrow = max((place for place, token in enumerate(found) if token.text == "=>"), default=-1)
        for place in range(1, len(found) - 1):
            gives = found[place].text in ("=", "<-") and found[place - 1].kind == "word"
            if gives and (found[place + 1].text == "function" or (found[place].text == "=" and place < arrow)):
                yield found[place - 1].text, line
                break


def _headed(tokens: Sequence[Token], grammar: Grammar) -> Iterator[tuple[str, int]]:
    """Names before a parenthesis that a block follows: `int area(int r) {`."""
    flow = grammar.loop | grammar.branch | grammar.error | grammar.leave | {"function", "using", "lock", "synchronized"}
    open_at: list[int] = []
    for place, token in enumerate(tokens):
        if token.text == "(":
            open_at.append(place)
        elif token.text == ")" and open_at:
            named = open_at.pop() - 1
            block = place + 1 < len(tokens) and tokens[place + 1].text == "{"
            if block and named >= 0 and tokens[named].kind == "word" and tokens[named].text not in flow:
                yield tokens[named].text, tokens[named].line


def _end(lines: Sequence[str], first: int) -> int:
    """The last line of what begins in line `first`: before the next line that is indented as little, or its closer."""
    depth = _indentation(lines[first - 1])
    last = first
    for number in range(first + 1, len(lines) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        if _indentation(line) <= depth:
            return number if line.strip().startswith(_CLOSERS) else last
        last = number
    return last


def _indentation(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
