"""Which programming language code is in: as the learner says, or by marks that hardly any other language has."""

import re

from lyo_rt.language_models.code_tasks import lines_of
from lyo_rt.language_models.outline.code.grammars import GRAMMARS

_ALIASES = {
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "jsx": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
    "ts": "typescript",
    "tsx": "typescript",
    "c++": "cpp",
    "cplusplus": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "golang": "go",
    "rs": "rust",
    "rb": "ruby",
    "kt": "kotlin",
    "sh": "bash",
    "shell": "bash",
    "zsh": "bash",
    "mysql": "sql",
    "postgresql": "sql",
    "sqlite": "sql",
}


def _marks(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_MARKS: dict[str, tuple[re.Pattern[str], ...]] = {
    "python": _marks(
        r"^(?:async )?def \w+\(",
        r"^(?:async )?def \w+\(.*\)(?: -> .+)?:\s*(?:#.*)?$",
        r"^(?:if|elif|else|for|while|try|with|class)\b[^{}\n]*:\s*(?:#.*)?$",
        r"^(?:from [\w.]+ )?import [a-z][\w.]*(?: as \w+)?(?:, ?\w+)*$",
        r"\bself\.",
        r"^(?:elif|except)\b",
        r"\bprint\(.*\)$",
    ),
    "javascript": _marks(
        r"\b(?:const|let) \w+ ?=",
        r"\bfunction\s*\w*\s*\(",
        r"=>",
        r"\bconsole\.log\(",
        r"===",
        r"\brequire\(['\"]",
        r"^import .* from ['\"]",
        r"\bvar \w+ ?= ?[^;]*;",
    ),
    "typescript": _marks(
        r"^(?:export )?interface \w+ \{",
        r"\w\??: (?:number|string|boolean|any|void|Promise<)",
        r"\bas (?:const|string)\b",
        r"\b(?:const|let) \w+: ",
        r"\b(?:const|let) \w+ ?=",
        r"=>",
    ),
    "java": _marks(
        r"^import java[x.]",
        r"\bpublic (?:static |final )*(?:class|void|int|String)\b",
        r"\bSystem\.out\.print",
        r"\bpublic static void main\(String",
        r"\b(?:String|List<|Map<)\S* \w+ ?[=;]",
        r"@Override",
    ),
    "c": _marks(
        r"^#include <\w+\.h>",
        r"\bint main\((?:void|int|\))",
        r"\bprintf\(",
        r"\b(?:malloc|free|sizeof|scanf)\b ?\(",
        r"\bstruct \w+ \{",
        r"\b(?:char|int) ?\*\w+",
    ),
    "cpp": _marks(
        r"^#include <\w+>",
        r"\bstd::",
        r"\bcout ?<<",
        r"^using namespace \w+;",
        r"\btemplate ?<",
        r"\bint main\(",
        r"\bpublic:",
    ),
    "csharp": _marks(
        r"^using System",
        r"^namespace [\w.]+",
        r"\bConsole\.(?:Write|Read)",
        r"\bstatic void Main\(",
        r"\{ get; ",
        r"\bforeach ?\(var ",
        r"\bpublic (?:static |override )*(?:class|void|int|string)\b",
    ),
    "go": _marks(r"^package \w+$", r"^func (?:\(\w+ \*?\w+\) )?\w+\(", r":=", r"\bfmt\.\w+\(", r"^import (?:\(|\")"),
    "rust": _marks(
        r"^(?:pub )?fn \w+",
        r"\blet mut \w+",
        r"\bprintln!\(",
        r"^use (?:std|crate)::",
        r"\bimpl\b.* \{",
        r"-> \w+.* \{$",
        r"\bmatch \w+ \{",
        r"&(?:mut|self|str)\b",
    ),
    "ruby": _marks(
        r"^def \w+[?!]?(?:\(.*\))?$",
        r"^end$",
        r"\bdo \|\w+",
        r"^require ['\"]",
        r"\bputs\b",
        r"\.each\b",
        r"^attr_\w+ :",
    ),
    "php": _marks(r"<\?php", r"\$\w+ ?=", r"\becho\b", r"\$this->", r"\bfunction \w+\(.*\$"),
    "swift": _marks(
        r"^func \w+\(",
        r"\bguard let\b",
        r"\bvar \w+: \w+",
        r"^import (?:Foundation|UIKit|SwiftUI)",
        r"\blet \w+ ?=",
        r"-> \w+\??.* \{",
        r"\bif let\b",
    ),
    "kotlin": _marks(
        r"^(?:override )?fun \w+\(", r"\bval \w+", r"\bwhen ?\(", r"\bprintln\(", r"\bdata class\b", r"\?\."
    ),
    "scala": _marks(
        r"^def \w+.* = ?", r"\bobject \w+", r"\bval \w+", r"\bcase class\b", r"\bmatch \{", r"\bcase .* =>"
    ),
    "dart": _marks(r"^import 'package:", r"\bvoid main\(\)", r"\bfinal \w+ \w+", r"@override", r"\bprint\('.*'\);"),
    "lua": _marks(r"\blocal (?:function )?\w+", r"^end\b", r"\bthen\b", r"\.\.", r"~=", r"\bfunction\b"),
    "perl": _marks(r"^use (?:strict|warnings);", r"\bmy [$@%]", r"^sub \w+", r"\$_\b", r"=~ ", r"\bforeach my \$"),
    "bash": _marks(
        r"^#!.*\b(?:ba|z)?sh\b",
        r"^(?:fi|done|esac)$",
        r"\bif \[\[? ",
        r"\becho\b",
        r"; (?:then|do)$",
        r"\$\{?\w+",
        r"^\w+\(\) \{",
    ),
    "sql": _marks(
        r"(?i)^select\b",
        r"(?i)\bfrom \w+",
        r"(?i)\bcreate (?:table|view|index)\b",
        r"(?i)\binsert into\b",
        r"(?i)\bwhere\b",
        r"(?i)\b(?:group|order) by\b",
        r"(?i)\bjoin\b",
        r"(?i)\bupdate \w+ set\b",
    ),
    "r": _marks(r"<- ", r"<- function\(", r"\blibrary\(\w+\)", r"%>%", r"\bc\(", r"\bdata\.frame\("),
}


_LINES = 60
_WIDTH = 200
"""Of the code's beginning, and of each line, as much as is looked at: hostile code has no more to work with."""


def language_of(code: str, said: str | None) -> str | None:
    """The key of its grammar: of `said` if it is one that is read, else by marks; None when that is unclear."""
    if said is not None:
        name = "".join(said.casefold().split()).removesuffix("language")
        found = _ALIASES.get(name, name)
        return found if found in GRAMMARS else None
    lines = [line.strip()[:_WIDTH] for line in lines_of(code) if line.strip()][:_LINES]
    hits = {name: sum(any(map(mark.search, lines)) for mark in marks) for name, marks in _MARKS.items()}
    first, second = sorted(hits, key=lambda name: -hits[name])[:2]
    return first if hits[first] >= 2 and hits[first] > hits[second] else None
