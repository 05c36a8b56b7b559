"""What is known of each programming language that is read: how it marks comments, and what its words do."""

from typing import Literal

import msgspec

Comments = Literal["slashes", "hash", "slashes or hash", "dashes", "dashes or slashes", "long dashes"]


class Grammar(msgspec.Struct, frozen=True):
    """The words of one language. `definers` go before a name they define; `braced`: so does `name(…) {`."""

    name: str
    comments: Comments
    definers: frozenset[str]
    loop: frozenset[str]
    branch: frozenset[str]
    error: frozenset[str]
    leave: frozenset[str]
    imports: frozenset[str]
    braced: bool = False


def _grammar(
    name: str,
    comments: Comments,
    definers: str,
    *,
    loop: str = "for while do",
    branch: str = "if else switch case",
    error: str = "try catch finally throw",
    leave: str = "return break continue",
    imports: str = "import",
    braced: bool = False,
) -> Grammar:
    return Grammar(
        name,
        comments,
        definers=frozenset(definers.split()),
        loop=frozenset(loop.split()),
        branch=frozenset(branch.split()),
        error=frozenset(error.split()),
        leave=frozenset(leave.split()),
        imports=frozenset(imports.split()),
        braced=braced,
    )


GRAMMARS: dict[str, Grammar] = {
    "python": _grammar(
        "Python",
        "hash",
        "def class",
        loop="for while",
        branch="if elif else",
        error="try except finally raise assert",
        leave="return yield break continue",
        imports="import from",
    ),
    "javascript": _grammar("JavaScript", "slashes", "function class", leave="return yield break continue", braced=True),
    "typescript": _grammar(
        "TypeScript",
        "slashes",
        "function class interface enum type namespace",
        leave="return yield break continue",
        braced=True,
    ),
    "java": _grammar("Java", "slashes", "class interface enum record", braced=True),
    "c": _grammar("C", "slashes", "struct enum union", error="", imports="#include", braced=True),
    "cpp": _grammar(
        "C++", "slashes", "class struct enum union namespace", error="try catch throw", imports="#include", braced=True
    ),
    "csharp": _grammar(
        "C#",
        "slashes",
        "class struct interface enum record namespace",
        loop="for foreach while do",
        imports="using",
        braced=True,
    ),
    "go": _grammar("Go", "slashes", "func type", loop="for", branch="if else switch case select", error=""),
    "rust": _grammar(
        "Rust",
        "slashes",
        "fn struct enum trait mod impl type",
        loop="for while loop",
        branch="if else match",
        error="",
        imports="use",
    ),
    "ruby": _grammar(
        "Ruby",
        "hash",
        "def class module",
        loop="for while until loop",
        branch="if elsif else unless case when",
        error="rescue ensure raise",
        leave="return yield break next",
        imports="require require_relative",
    ),
    "php": _grammar(
        "PHP",
        "slashes or hash",
        "function class interface trait enum",
        loop="for foreach while do",
        branch="if elseif else switch case match",
        imports="use require require_once include",
    ),
    "swift": _grammar(
        "Swift",
        "slashes",
        "func class struct enum protocol extension actor",
        loop="for while repeat",
        branch="if else switch case guard",
        error="try catch throw throws",
    ),
    "kotlin": _grammar("Kotlin", "slashes", "fun class interface object", branch="if else when"),
    "scala": _grammar("Scala", "slashes", "def class object trait enum", branch="if else match case", leave="return"),
    "dart": _grammar("Dart", "slashes", "class enum mixin extension", braced=True),
    "lua": _grammar(
        "Lua",
        "long dashes",
        "function",
        loop="for while repeat",
        branch="if elseif else",
        error="",
        leave="return break",
        imports="",
    ),
    "perl": _grammar(
        "Perl",
        "hash",
        "sub package",
        loop="for foreach while until",
        branch="if elsif else unless",
        error="die eval",
        leave="return last next",
        imports="use require",
    ),
    "bash": _grammar(
        "Bash",
        "hash",
        "function",
        loop="for while until",
        branch="if elif else case",
        error="",
        leave="return exit break continue",
        imports="source",
        braced=True,
    ),
    "sql": _grammar(
        "SQL",
        "dashes or slashes",
        "table view function procedure",
        loop="",
        branch="case when",
        error="",
        leave="",
        imports="",
    ),
    "r": _grammar(
        "R",
        "hash",
        "",
        loop="for while repeat",
        branch="if else",
        error="tryCatch stop",
        leave="return break next",
        imports="library require",
    ),
}
"""By the name that is usual in lower case."""
