"""Whether a password is one that many people choose.

Published lists of the commonest passwords hold almost none that pass the rules of SPEC §6 (12 characters, four kinds
of them). What remains common under such rules is a well-known word or keyboard run dressed up: `Password123!`,
`P@ssw0rd1234`, `Welcome2024!!`, `Qwertyuiop1!`. So the dress is taken off and the rest is looked up.
"""

import re

WORDS = (
    " abc access account admin administrator adminpassword adobe amanda america andrea andrew angel anthony apple "
    "arsenal ashley august autumn azerty babygirl bailey banana barcelona baseball basketball batman beautiful "
    "blink buster butterfly change changeit changeme charlie cheese chelsea chicken chocolate christian christmas "
    "computer contrasena cookie corvette cowboys dallas daniel december default demo diamond dolphin donald "
    "dragon eagle eminem everton facebook family february ferrari flower football freedom friday friend friends "
    "gemini george ginger google guest guitar hannah harley heather hello hockey hottie hunter iloveu iloveyou "
    "internet jackson january jennifer jessica jesus jordan jordans joshua july june justin killer kitty learn "
    "learner letmein liverpool login london love lovely loveme lovers loveyou lyo lyoapp maggie marina marlboro "
    "martin master matrix matthew maverick mercedes metallica michael michelle microsoft midnight minecraft "
    "monday monkey monster morgan motdepasse mother mustang my mypassword myspace naruto newyork nicole ninja "
    "nintendo november october orange paris pass passcode passphrase passwd password passwort patrick peanut "
    "pepper phoenix pokemon porsche princess purple qazwsx qazwsxedc qweasd qweasdzxc qwerty qwertz rainbow "
    "ranger robert rockyou root samantha samsung saturday school scooter secret september server shadow silver "
    "slipknot soccer sophie spiderman spring starwars student summer sunday sunshine superman superstar sysadmin "
    "system taylor teacher temp temporary test tester testing thomas thunder thursday tigger tinkle trustno "
    "tuesday user username victoria wednesday welcome whatever william winter wizard xxx yankees yellow zaq "
    "zaqwsx zxcvbnm "
)
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
    if f" {_unit(letters)} " in WORDS:
        return True
    keys = "".join(filter(str.isalnum, plain.translate(UNSHIFTED)))
    digits = "".join(filter(str.isdecimal, plain))
    return _is_run(_unit(letters)) or _is_run(_unit(keys)) or (len(letters) < SHORT_RUN // 2 and _is_run(digits))


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
