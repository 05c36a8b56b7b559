"""What of the tutor's words may leave, piece by piece: one question, in the learner's language, no harm, nothing that
is hidden, and of an open problem no answer. Pure.

Without a known answer every piece leaves as it comes, and what must not be read is taken back once it is seen. With
one, or where the screen is told to hold, a sentence leaves when it is whole and has been checked.
"""

import re
from typing import Literal

from lyo_rt.language_models import guidance
from lyo_rt.tutoring import harm
from lyo_rt.tutoring.answers import Keys
from lyo_rt.tutoring.hidden import Hidden
from lyo_rt.tutoring.language import Tongue
from lyo_rt.tutoring.orders import Orders

LONGEST = 600
"""Characters after which a sentence without an end is checked and sent by parts."""
BEHIND = 200
"""Characters of what has left that are looked at with the next sentence."""

_END = re.compile(r"(?:(?<!\b\w)\.|[!?…؟।])+[\"'”’»)\]*_]*\s+|[。！？]+[”」』）]*|\n+")
"""Not behind a single letter or digit: `B. ` and `1. ` begin something."""
_MARKS = frozenset(".!?…。！？؟।\n")
_ASKS = frozenset("?？؟")
_QUESTION = re.compile(r"[?؟][*_)\]]*(?=\s)|？(?=[^”」』])")
"""The end of a question with something behind it. One between quotation marks is quoted, not asked."""

Fault = Literal["leak", "harm"] | guidance.Fault


class Screen:
    """Between the model and the learner. `fault` is set once something must not leave, and `withheld` holds it."""

    def __init__(
        self,
        keys: Keys | None = None,
        *,
        tongue: Tongue | None = None,
        hidden: Hidden | None = None,
        orders: Orders | None = None,
        hold: bool = False,
    ) -> None:
        self._keys, self._tongue, self._hidden, self._orders = keys, tongue, hidden, orders
        self._holds = hold or keys is not None or orders is not None
        self.restart()

    def restart(self) -> None:
        """Another draft begins."""
        self.fault: Fault | None = None
        self.withheld = ""
        self._waiting = ""
        self._left = ""
        self._asked = False
        self._ends_asked = False
        if self._tongue is not None:
            self._tongue.restart()

    def piece(self, text: str) -> str:
        """What leaves now that `text` has come; "" for nothing."""
        if self.fault is not None or self._asked:
            return ""
        if not self._holds:
            return self._passing(text)
        self._waiting += text
        leaving = ""
        while self.fault is None and not self._asked and (size := self._whole()):
            sentence, self._waiting = self._waiting[:size], self._waiting[size:]
            leaving += self._checked(sentence)
        return leaving

    def rest(self) -> str:
        """What leaves at the end of the draft."""
        if self.fault is not None or self._asked:
            return ""
        waiting, self._waiting = self._waiting, ""
        if self._holds:
            return self._checked(waiting) if waiting else ""
        self._judge(waiting)
        return ""

    def _passing(self, text: str) -> str:
        if self._ends_asked or not _ASKS.isdisjoint(text):
            text = self._to_the_question(text)
        self._left += text
        self._waiting += text
        if not _MARKS.isdisjoint(text) or len(self._waiting) >= LONGEST:
            self._judge(self._waiting)
            self._waiting = "" if text[-1:] in _MARKS or text[-1:].isspace() else self._waiting[-BEHIND:]
        return text

    def _whole(self) -> int:
        """The length of the first whole sentence that waits; 0 while there is none."""
        if found := _END.search(self._waiting):
            return found.end()
        if len(self._waiting) < LONGEST:
            return 0
        return max(self._waiting.rfind(" ", 0, LONGEST) + 1, 1) if " " in self._waiting else LONGEST

    def _checked(self, sentence: str) -> str:
        sentence = self._to_the_question(sentence)
        self._judge(sentence)
        if self.fault is not None:
            return ""
        self._left += sentence
        return sentence

    def _judge(self, sentence: str) -> None:
        if sentence and (fault := self._fault_of(sentence)):
            self.fault, self.withheld = fault, sentence.strip()

    def _fault_of(self, sentence: str) -> Fault | None:
        """The gravest."""
        # in a turn whose pieces pass, the sentence is among what has left
        before = self._left[-BEHIND:] if self._holds else self._left[: -len(sentence)][-BEHIND:]
        if harm.in_answer(sentence):
            return "harm"
        if self._keys is not None and self._keys.leaks(sentence, before):
            return "leak"
        if self._hidden is not None and self._hidden.shown_by(sentence, before):
            return "hidden"
        if self._orders is not None and self._orders.obeyed_by(sentence):
            return "order"
        return "language" if self._tongue is not None and self._tongue.is_other(sentence) else None

    def _to_the_question(self, text: str) -> str:
        """As much of what comes as belongs to the one question; from its end on nothing leaves any more."""
        whole = self._left + text
        self._ends_asked = whole.rstrip("*_)]")[-1:] in _ASKS
        for found in _QUESTION.finditer(whole, max(0, len(self._left) - 4)):
            if not _in_code(whole, found.start()):
                self._asked = True
                return whole[len(self._left) : found.end()]
        return text


def _in_code(text: str, place: int) -> bool:
    if text.count("```", 0, place) % 2:
        return True
    line = text.rfind("\n", 0, place) + 1
    return text.count("`", line, place) % 2 == 1
