"""Whether a password is one that many people choose.

Published lists of the commonest passwords hold almost none that pass the rules of SPEC §6 (12 characters, four kinds
of them). What remains common under such rules is a well-known word or keyboard run dressed up: `Password123!`,
`P@ssw0rd1234`, `Welcome2024!!`, `Qwertyuiop1!`. So the dress is taken off and the rest is looked up, in the lists that
zxcvbn keeps: leaked passwords, names, and the commonest words.
"""

import re
from functools import lru_cache

OWN = frozenset({"abc", "adminpassword", "lyo", "lyoapp", "passphrase", "rockyou", "tinkle", "xxx", "zaq"})
"""Words of this product, and others that the lists lack."""
RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "01234567890123456789",
    "98765432109876543210",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
)
DISGUISE = str.maketrans("@4310$57!8", "aaeiosstib")
UNSHIFTED = str.maketrans("!@#$%^&*()", "1234567890")
REPEATED = re.compile(r"(.+?)\1+", re.DOTALL)
SHORT_UNIT = 5
SHORT_RUN = 6


def is_common(password: str) -> bool:
    """Whether `password` is a common word, a keyboard or number run, or a few characters repeated, however dressed."""
    plain = password.lower()
    if len(_unit(plain)) <= SHORT_UNIT:
        return True
    letters = _letters(plain)
    if (word := _unit(letters)) in OWN or word in _words():
        return True
    keys = "".join(filter(str.isalnum, plain.translate(UNSHIFTED)))
    digits = "".join(filter(str.isdecimal, plain))
    return _is_run(_unit(letters)) or _is_run(_unit(keys)) or (len(letters) < SHORT_RUN // 2 and _is_run(digits))


@lru_cache(1)
def _words() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # 94,000 words take 50 ms; most processes need none

    return frozenset().union(*FREQUENCY_LISTS.values())


def _unit(text: str) -> str:
    """What `text` is a repetition of; `text` itself when it is none."""
    found = REPEATED.fullmatch(text)
    return found[1] if found else text


def _letters(plain: str) -> str:
    """The word inside: digits and signs at both ends dropped, the usual letter disguises undone."""
    start = next((at for at, character in enumerate(plain) if character.isalpha() or character in "@$"), len(plain))
    end = next((at for at in range(len(plain), 0, -1) if plain[at - 1].isalpha()), 0)
    return "".join(filter(str.isalpha, plain[start:end].translate(DISGUISE)))


def _is_run(text: str) -> bool:
    return len(text) >= SHORT_RUN and any(text in run for run in RUNS)
