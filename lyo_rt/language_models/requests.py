"""A request as the ledger and the cache know it: the same question is the same request, however it was typed."""

import hashlib
import re
import unicodedata
from functools import cache
from typing import Any

import msgspec

from lyo_rt.language_models.port import Asker

INSTRUCTION_TOKENS = 1500
"""What a system text and the shape of the answer add to a task's own facts, at most (texts/*.md, schemas.py)."""
_EDGE = re.compile(rb'"(?:\s|\\[^"]|(?<=\s")|(?<=\\[^"]"))')
_LINE_END = re.compile(rb"\\[ru]")
"""Whether a text in the JSON may begin or end with space, and whether one may have other line ends than \\n. Without
either, and all of it ASCII, it is normal already. Both begin with one character, which `re` looks for at 2 ns a byte;
in one expression with alternatives they took 37 (12 KB of a lesson's request: 0.04 ms in place of 0.46)."""
BYTES_A_TOKEN = 3
"""Of UTF-8: tokenizers make fewer tokens of any language; English has 4 bytes to one."""


class Request(msgspec.Struct, frozen=True):
    """What is asked.

    `digest` is the request's, whoever asks; `shared` what it has in common with all that may be given its answer, None
    when it may not be shared at all. `prompt_tokens` is an estimate from above.
    """

    digest: bytes
    shared: bytes | None
    prompt_tokens: int


def request_of(task: msgspec.Struct, asker: Asker, *, answer: type[msgspec.Struct] | None) -> Request:
    """The request that `task` is; `answer` is the struct it is answered by, None for a text, which is never shared.

    Normalised: Unicode in NFC, line ends as one character, no space around a text, members in one order. Space within
    a text counts, it may be code. The shape of the answer counts too: no release is given what it cannot read. A
    private request is shared with nobody but its own user.
    """
    encoded = msgspec.json.encode(task, order="sorted")
    if not encoded.isascii() or _EDGE.search(encoded) or _LINE_END.search(encoded):
        encoded = msgspec.json.encode(_normal(msgspec.to_builtins(task)), order="sorted")
    name = type(task).__name__.encode()
    shape = b"" if answer is None else _shape(answer)
    digest = hashlib.sha256(b"\0".join((name, shape, encoded))).digest()
    shared = None if answer is None else digest
    if shared is not None and asker.private:
        shared = hashlib.sha256(shared + (asker.user.bytes if asker.user else b"")).digest()
    return Request(digest, shared, tokens_of(encoded) + INSTRUCTION_TOKENS)


def tokens_of(text: bytes) -> int:
    """An estimate from above of the tokens in `text`, in UTF-8."""
    return -(-len(text) // BYTES_A_TOKEN)


@cache
def _shape(answer: type[msgspec.Struct]) -> bytes:
    """Made once for each kind of answer, it takes 0.3 ms."""
    return hashlib.sha256(msgspec.json.encode(msgspec.json.schema(answer), order="sorted")).digest()


def _normal(value: Any) -> Any:
    match value:
        case str():
            return unicodedata.normalize("NFC", value).replace("\r\n", "\n").strip()
        case dict():
            return {name: _normal(part) for name, part in value.items()}
        case list() | tuple():
            return [_normal(part) for part in value]
        case _:
            return value
