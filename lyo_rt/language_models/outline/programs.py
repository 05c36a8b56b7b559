"""Programs that a text itself shows together with their output: nothing is run to find it out."""

import re
from collections.abc import Iterator

import msgspec

_SESSION = re.compile(r"^>>> (.+(?:\n\.\.\. ?.*)*)\n((?!>>>|```|~~~)\S.*(?:\n(?!>>>|```|~~~)\S.*)*)", re.MULTILINE)
_NOTED = re.compile(
    r"^(?![^\S\n]*(?:#|//|--))(.*\S)\s+(?:#|//|--)\s*(?:->|=>|→|prints:?|output:)\s*(\S.*)$", re.MULTILINE
)
_FENCED = re.compile(r"^(?:```|~~~)([\w+#-]*)[^\n]*\n(.*?)^(?:```|~~~)", re.MULTILINE | re.DOTALL)
_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: .*)?$", re.MULTILINE)


class Program(msgspec.Struct, frozen=True):
    """Code, and the output the text gives for it; `language` is "" where the text does not name it."""

    language: str
    code: str
    output: str


def programs_of(text: str) -> Iterator[Program]:
    """Python sessions first, then lines with their output noted behind them."""
    for code, output in _SESSION.findall(text):
        yield Program("python", re.sub(r"\n\.\.\. ?", "\n", code), output.strip())
    fenced = list(_FENCED.finditer(text))
    for found in _NOTED.finditer(text):
        block = next((block for block in fenced if block.start() < found.start() < block.end()), None)
        yield Program(block[1] if block else "", found[1].strip(), found[2].strip())


def without_programs(text: str) -> str:
    """The text without its sessions and noted lines, which are no sentences."""
    for pattern in (_SESSION, _PROMPT, _NOTED):
        text = pattern.sub("", text)
    return text
