"""How people name one of several options: by letter, by place, by saying that it is the answer. Pure."""

import re
from collections.abc import Sequence

from lyo_rt.tutoring.folding import folded

LETTERS = "ABCDEFGH"
_CLAIM = (
    r"answers?|solutions?|results?|correct|right|true|antwort|lösung|ergebnis|richtig\w*|korrekt\w*|"
    r"stimmt|respuesta"
    r"|solución|resultado|correct[oa]|réponse|solution|résultat|exacte?|risposta|soluzione|corrett[oa]|"
    r"resposta"
    r"|ответ|правильн\w*|答案|正确|正確|答え|正解|الجواب|الإجابة|उत्तर"
)
CLAIMS = re.compile(rf"(?<!\w)(?:{_CLAIM})(?!\w)", re.IGNORECASE)
_CHOICE = (
    r"options?|choices?|letters?|answers?|buchstaben?|antwort|opción|letra|respuesta|lettre|réponse|"
    r"lettera|opzione"
)
_LETTER = (
    r"(?:(?-i:[B-H]|A(?!\s+(?!because|since|is|and|or|as|if|weil|ist|denn|porque|es|car|est)[a-z]))(?!\w|"
    r"')"
    r"|[a-h](?=\W*$|[.,;!?)\]]))"
)
"""A letter that is not the article a: a capital, or a small one with nothing but a mark behind it."""
LETTERED = re.compile(
    rf"(?<!\w)(?:{_CHOICE}|choose|pick|select|take|go for|go with|it['’]?s|it is|is it|think|say|guess|wähle"
    rf"|nimm|es ist|elige|es la|creo que|choisis|c['’]est(?: la)?|scegli|escolha)"
    rf"\s*(?:is|it['’]?s|it is|:|=|ist|lautet|es|est|è|é)?\s*[\"'(\[“„«]*(?P<a>{_LETTER})"
    rf"|(?<!\w)[\"'(\[“„«]*(?P<b>{_LETTER})[\"')\]”“».]*\s+(?:is|ist|es|est|è|é)\s+(?:the\s+|la\s+|die\s+|das\s+|le\s+)?"
    rf"(?:{_CLAIM})(?!\w)|(?:^|(?<=[\s:]))[(\[]?(?P<c>[A-H])[)\].:](?=\s|$)|^\W*(?P<d>[A-H])\W*$",
    re.IGNORECASE,
)
PICKS = re.compile(r"(?<!\w)(?:choose|pick|select|take|go for|go with|wähle|nimm|elige|choisis|scegli|escolha)\s", re.I)
LISTED = re.compile(r"(?<!\w)[A-H](?!\w)")
ORDINAL = re.compile(
    r"(?<!\w)(?:(?P<first>first|1st|erste\w*|primera?|première|premier|prima|1\.)|(?P<second>second|2nd|"
    r"zweite\w*|segund[oa]"
    r"|deuxième|seconda|2\.)|(?P<third>third|3rd|dritte\w*|tercera?|troisième|terza|3\.)|"
    r"(?P<fourth>fourth|4th|vierte\w*"
    r"|cuarta|quatrième|quarta|4\.)|(?P<last>last|letzte\w*|última|dernière|ultima))\s+(?:option|choice|"
    r"answer|one|antwort"
    r"|möglichkeit|opción|respuesta|réponse|risposta|opzione)(?!\w)",
    re.IGNORECASE,
)


def letters_of(said: str, options: Sequence[str]) -> dict[str, int]:
    """The letters a learner's own paste gives the options: theirs may be shuffled."""
    found: dict[str, int] = {}
    for line in re.finditer(r"(?m)(?:^|\s)\(?([A-J])[).:]\s+(.+?)(?=\s+\(?[A-J][).:]\s|$)", said):
        for n, option in enumerate(options):
            if folded(option).strip(" .") == folded(line[2]).strip(" ."):
                found[line[1]] = n
    return found
