"""How the tutor is to take a turn: the problem at hand with its hidden answer, the hint allowed, what is known of the
learner. Decided by rules (lyo_rt/tutoring), told to a hosted model in words, followed by `outline` as it stands."""

from typing import Literal

import msgspec

Step = Literal["diagnose", "point", "narrow", "contrast", "work", "reveal", "explain", "vary", "close"]
"""What this turn does: find out what the learner thinks; hint at the place, at a smaller case, at a contrast, at the
next step of the work; tell the answer; ask for the reason; ask for a new case; bring the problem to an end."""

Verdict = Literal["right", "wrong", "unclear", "stuck", "demand", "talk"]
"""What the learner's message was: a right, a wrong or an undecidable attempt, a call for help, a call for the answer,
or anything else."""


Fault = Literal["language", "hidden", "order"]
"""Why a draft may not be read, besides giving an answer away: it is in another language than the learner's, it repeats
what is hidden, it carries out an order of the learner's or of what they paste."""

Subject = Literal["on", "left", "away"]
"""Whether the learner is on the subject, has just left it, or was already led back and stays away."""


class Problem(msgspec.Struct, frozen=True):
    """A problem whose answer is known. `options` are without letters, `mistakes` are wrong answers that tempt."""

    id: str
    question: str
    answer: str
    options: tuple[str, ...] = ()
    solution: str = ""
    mistakes: tuple[str, ...] = ()


class Guidance(msgspec.Struct, frozen=True):
    """All of it; the defaults say nothing.

    `summary` stands for the turns that are no longer among the task's. `mastered` and `missed` are questions of
    earlier problems. `withheld` are sentences of a former draft of this turn that gave the answer away, `faults` what
    else was wrong with one. `ordered`: the learner's messages hold orders to the machine. `mark` is a word that nobody
    has any reason to write.
    """

    problem: Problem | None = None
    step: Step = "diagnose"
    verdict: Verdict = "talk"
    attempts: int = 0
    subject: Subject = "on"
    summary: str = ""
    mastered: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    concerned: bool = False
    withheld: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    ordered: bool = False
    mark: str = ""
