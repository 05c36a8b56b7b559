"""Payloads of text messages, and whether they are UTF-8: sections 6.5 to 6.23 of the Autobahn test-suite.

They come from Markus Kuhn's decoder stress test. What is valid is written down, not asked of a decoder: the server's is
the one of this Python.
"""

from typing import NamedTuple

GREEK = bytes.fromhex("cebae1bdb9cf83cebcceb5")
"""A word of one three-byte and four two-byte characters."""


class Sequence(NamedTuple):
    """One case of section 6."""

    id: str
    valid: bool
    payload: bytes


_CONTINUATIONS = bytes(range(0x80, 0xBF)).hex()
_MISSING_LAST = ("c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf")
_LONELY = ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
_NON_CHARACTERS = (
    *("efbfbe", "efbfbf"),
    *(
        f"{first}{second}bf{last}"
        for first, seconds in (
            ("f0", ("9f", "af", "bf")),
            *((first, ("8f", "9f", "af", "bf")) for first in ("f1", "f2", "f3")),
            ("f4", ("8f",)),
        )
        for second in seconds
        for last in ("be", "bf")
    ),
)
_WHOLE_PREFIXES = {2, 5, 7, 9, 11}
"""The lengths at which GREEK can be cut between characters."""

_GROUPS: tuple[tuple[int, bool, tuple[str, ...]], ...] = (
    # valid text
    (5, True, (*(f"68656c6c6f{middle}776f726c64" for middle in ("24", "c2a2", "e282ac", "f0a4ada2")), GREEK.hex())),
    # the first and the last sequence of each length; those beyond U+10FFFF are none
    (7, True, ("00", "c280", "e0a080", "f0908080")),
    (8, False, ("f888808080", "fc8480808080")),
    (9, True, ("7f", "dfbf", "efbfbf", "f48fbfbf")),
    (10, False, ("f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf")),
    (11, True, ("ed9fbf", "ee8080", "efbfbd", "f48fbfbf")),
    # continuation bytes without a start, starts without a continuation
    (12, False, ("80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", _CONTINUATIONS)),
    (13, False, tuple("".join(f"{byte:02x}20" for byte in range(*bounds)) for bounds in _LONELY)),
    (14, False, _MISSING_LAST),
    (15, False, ("".join(_MISSING_LAST),)),
    # bytes that never occur
    (16, False, ("fe", "ff", "fefeffff")),
    # overlong forms: of "/", the longest, of NUL
    (17, False, ("c0af", "e080af", "f08080af", "f8808080af", "fc80808080af")),
    (18, False, ("c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf")),
    (19, False, ("c080", "e08080", "f0808080", "f880808080", "fc8080808080")),
    # surrogates, single and in pairs
    (20, False, ("eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf")),
    (21, False, tuple(high + low for high in ("eda080", "edadbf", "edae80", "edafbf") for low in ("edb080", "edbfbf"))),
    # code points that are no characters are valid, and so are the specials
    (22, True, _NON_CHARACTERS),
    (23, True, ("efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf")),
)

SEQUENCES: tuple[Sequence, ...] = (
    *(Sequence(f"6.6.{length}", length in _WHOLE_PREFIXES, GREEK[:length]) for length in range(1, 12)),
    *(
        Sequence(f"6.{group}.{number}", valid, bytes.fromhex(payload))
        for group, valid, payloads in _GROUPS
        for number, payload in enumerate(payloads, 1)
    ),
    Sequence("6.11.5", False, bytes.fromhex("f4908080")),
)
