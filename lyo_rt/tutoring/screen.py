"""What of the tutor's words may leave, piece by piece: one question, no harm, and of an open problem no answer. Pure.

Without a known answer every piece leaves as it comes. With one a sentence leaves when it is whole and has been checked.
"""

import re
from typing import Literal

from lyo_rt.tutoring import harm
from lyo_rt.tutoring.answers import Keys

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

Fault = Literal["leak", "harm"]


class Screen:
    """Between the model and the learner. `fault` is set once something must not leave, and `withheld` holds it."""

    def __init__(self, keys: Keys | None = None) -> None:
        self._keys = keys
        self.restart()

    def restart(self) -> None:
        """Another draft begins."""
        self.fault: Fault | None = None
        self.withheld = ""
        self._waiting = ""
        self._left = ""
        self._asked = False
        self._ends_asked = False

    def piece(self, text: str) -> str:
        """What leaves now that `text` has come; "" for nothing."""
        if self.fault is not None or self._asked:
            return ""
        if self._keys is None:
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
        if self._keys is not None:
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
        if self._keys is not None and self._keys.leaks(sentence, self._left[-BEHIND:]):
            self.fault, self.withheld = "leak", sentence.strip()
            return ""
        self._judge(sentence)
        if self.fault is not None:
            return ""
        self._left += sentence
        return sentence

    def _judge(self, sentence: str) -> None:
        if sentence and harm.in_answer(sentence):
            self.fault, self.withheld = "harm", sentence.strip()

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
