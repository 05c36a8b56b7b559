"""The hint ladder: what a learner's message does to a problem, and which hint the next turn may give. Pure.

A hint climbs one rung at a time; asking for more without trying climbs no further than two rungs above the attempts.
The answer is the last rung: only after REAL_ATTEMPTS different attempts, and then without mastery credit.
"""

import hashlib
import re

import msgspec

from lyo_rt.language_models.guidance import Step, Verdict
from lyo_rt.language_models.outline.words import content_words
from lyo_rt.tutoring.answers import Key
from lyo_rt.tutoring.folding import folded, unaccented
from lyo_rt.tutoring.records import ProblemState

REAL_ATTEMPTS = 3
RUNGS: tuple[Step, ...] = ("diagnose", "point", "narrow", "contrast", "work", "reveal")
LAST = len(RUNGS) - 1
TRIED_KEPT = 20
REASON_WORDS = 4
"""Content words from which a message can be the reason of an answer, beyond the answer itself."""

_STUCK = re.compile(
    r"(?<!\w)(?:i (?:do not|don'?t) (?:know|understand|get it)|dunno|idk|no idea|no clue|(?:i'?m |"
    r"am )?stuck|not sure|hint|help me|i give up"
    r"|weiss (?:es |ich )*nicht|keine ahnung|verstehe (?:es |das |ich )*nicht|hilf mir|hinweis|tipp|"
    r"komme nicht weiter"
    r"|no (?:lo )?se(?! si)|no entiendo|ni idea|una pista|ayuda(?:me)?|je (?:ne )?sais pas|aucune idee|"
    r"(?:je )?(?:ne )?comprends pas|un indice|aide[z-]?"
    r"|non (?:lo )?so|non capisco|un indizio|aiutami|nao sei|nao entendo|uma dica|me ajud\w+|не знаю|"
    r"не понимаю|подсказк\w+|不知道|不懂|提示|わからない|ヒント)",
)
_DEMAND = re.compile(
    r"(?<!\w)(?:(?:just |please |now )*(?:tell|give|show|send|write|spell|say|reveal|print|"
    r"output)\b.{0,30}\b(?:answer|solution|result|letter|option)|what(?:'s| is) the (?:right |"
    r"correct )?(?:answer|solution|result)"
    r"|the answer (?:please|now)|answer it for me|solve it for me|do it for me|(?:sag|gib|nenn|zeig|"
    r"verrat)\w*\b.{0,25}\b(?:antwort|losung|ergebnis)|was ist die (?:antwort|losung)"
    r"|(?:dime|dame|di|cual es|muestrame)\b.{0,15}\b(?:respuesta|solucion|resultado)|(?:dis|donne|montre|"
    r"quelle est)\b.{0,20}\b(?:reponse|solution|resultat)"
    r"|(?:dimmi|dammi|qual e)\b.{0,15}\b(?:risposta|soluzione)|(?:diga|me de|me diga|"
    r"qual e)\b.{0,15}\b(?:resposta|solucao)|скажи ответ|答案是什么|告诉我答案|答えを教えて)",
)


class Move(msgspec.Struct, frozen=True):
    """What one message of the learner's was; `trial` names an attempt, the same for the same attempt."""

    verdict: Verdict
    trial: str | None = None


def move_of(message: str, key: Key) -> Move:
    """What a learner's message is, for the open problem. Naming several answers is no attempt."""
    lower = " ".join(unaccented(message).replace("’", "'").split())
    stuck, demand = _STUCK.search(lower), _DEMAND.search(lower)
    attempt = key.attempt(message)
    if attempt is not None and not (attempt.verdict == "unclear" and (stuck or demand or lower.endswith("?"))):
        return Move(attempt.verdict, hashlib.sha256(attempt.trial.encode()).hexdigest()[:16])
    if demand:
        return Move("demand")
    return Move("stuck" if stuck else "talk")


def after(state: ProblemState, move: Move, message: str, language: str) -> ProblemState:
    """The problem once the message is counted. Behind the answer a message is no attempt any more, but its reason."""
    if state.state == "open":
        return _open(msgspec.structs.replace(state, verdict=move.verdict), move)
    asks = move.verdict in ("stuck", "demand")
    state = msgspec.structs.replace(state, verdict=move.verdict if asks else "talk")
    if state.state in ("right", "revealed") and not asks and _is_reason(message, language):
        return msgspec.structs.replace(state, state="mastered" if state.state == "right" else "closed")
    return state


def step_of(state: ProblemState) -> Step:
    """What the next turn does."""
    match state.state:
        case "right":
            return "explain"
        case "revealed":
            return "reveal"
        case "mastered":
            return "close"
        case "closed":
            return "vary"
        case _:
            return RUNGS[state.rung]


def _open(state: ProblemState, move: Move) -> ProblemState:
    tried, attempts = state.tried, state.attempts
    if move.trial is not None and move.trial not in tried:
        tried, attempts = (*tried, move.trial)[-TRIED_KEPT:], attempts + 1
    if move.verdict == "right":
        return msgspec.structs.replace(state, state="right", tried=tried, attempts=attempts)
    rung = state.rung
    if not state.begun:
        # the first turn on a problem gives no hint: it finds out what the learner thinks
        rung = 1 if move.trial is not None else 0
    elif move.verdict in ("wrong", "stuck", "demand") or (move.verdict == "unclear" and attempts > state.attempts):
        rung = min(rung + 1, attempts + 2, LAST)
    else:
        rung = max(rung, 1) if move.verdict == "unclear" else rung
    if rung == LAST and attempts < REAL_ATTEMPTS:
        rung = LAST - 1
    revealed = rung == LAST
    return msgspec.structs.replace(
        state,
        state="revealed" if revealed else "open",
        rung=rung,
        begun=True,
        tried=tried,
        attempts=attempts,
        credit=state.credit and not revealed,
    )


def _is_reason(message: str, language: str) -> bool:
    return len(set(content_words(folded(message), language))) >= REASON_WORDS
