"""What a translation must leave alone stands behind a mark, ⟦0⟧, ⟦1⟧ …, while a model has the text."""

import re

import msgspec

from lyo_rt.language_models.markdown import code_lines

MARK = re.compile(r"⟦\s*(\d{1,5})\s*⟧")
"""A mark as a model may write it; its group is the number."""

_PROTECTED = re.compile(
    r"""
    [⟦⟧]                                                        # what could be taken for a mark
    | <(script|style|pre|code)\b[^<>]*>.*?</\1\s*> | <!--.*?-->  # HTML whose content is no prose
    | (?<![`\\])(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\2(?!`)       # a code span
    | (?<!\\)\$\$.+?\$\$ | \\\[.+?\\\] | \\\(.+?\\\)             # TeX, displayed and in line
    | \\begin\{([a-zA-Z]+\*?)\}.+?\\end\{\3\}
    | (?<![\\$\w])\$(?![\s$])(?:[^$\n\\]|\\.)*?(?<![\s\\])\$(?![\d$])
    | (?<=\]\()\s*(?:<[^<>\n]*>|[^\s()<>]+(?:\([^\s()]*\)[^\s()]*)*)  # where a link or an image leads
    | (?<=\])\[[^\[\]\n]*\] | \[\^[^\[\]\s]+\]                   # the label of a reference, a footnote
    | ^[ ]{0,3}\[[^\[\]\n]+\]:[ \t]*\S+                          # what a label stands for
    | </?[a-zA-Z][^<>]*>                                        # an HTML tag or an address between angles
    | (?:https?|ftp|mailto):[^\s<>()\[\]"'«»“”]*[^\s<>()\[\]"'«»“”.,;:!?…。，]
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | \{\{[^{}\n]*\}\} | \{[\w.]*\} | %\([\w.]+\)[sdf] | %[sd]\b   # what a program fills in
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


class Masked(msgspec.Struct, frozen=True):
    """A text with marks, and what stands behind them: `spans[n]` behind mark n."""

    text: str
    spans: tuple[str, ...]

    def original(self) -> str:
        """The text as it was."""
        return self.restored(self.text)

    def restored(self, text: str) -> str:
        """`text` with the spans in the place of their marks; a mark of no span stays."""
        return MARK.sub(lambda found: self._span(int(found[1]), found[0]), text)

    def words(self) -> str:
        """What is left to translate."""
        return MARK.sub(" ", self.text)

    def _span(self, number: int, mark: str) -> str:
        return self.spans[number] if number < len(self.spans) else mark


def mark_of(number: int) -> str:
    """The mark with this number."""
    return f"⟦{number}⟧"


def masked(text: str) -> Masked:
    """`text` with its code, maths, addresses, HTML tags and placeholders behind marks.

    `masked(text).original()` is `text` again, whatever it holds.
    """
    spans: list[str] = []

    def mark(span: str) -> str:
        spans.append(span)
        return mark_of(len(spans) - 1)

    pieces = [
        mark(piece) if code else _PROTECTED.sub(lambda found: mark(found[0]), piece) for piece, code in _pieces(text)
    ]
    return Masked("".join(pieces), tuple(spans))


def _pieces(text: str) -> list[tuple[str, bool]]:
    """The text cut at the borders of its code blocks, each piece with whether it is one; line ends stay outside."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    pieces: list[tuple[str, bool]] = []
    done = 0
    for first, behind in code_lines(text):
        code = "".join(lines[first:behind])
        bare = code.rstrip("\r\n")
        if first < done or not bare:
            continue
        pieces += [("".join(lines[done:first]), False), (bare, True), (code[len(bare) :], False)]
        done = behind
    return [*pieces, ("".join(lines[done:]), False)]
