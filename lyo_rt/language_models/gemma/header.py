"""The metadata at the beginning of a GGUF file, version 2 and 3 (ggml, docs/gguf.md): enough to weigh a model.

The `gguf` package reads it too, with the index of all tensors, and needs numpy; for Gemma's 262,144 tokens it takes
13 s, this 0.2 s.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

STRING, ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""The struct format of each of GGUF's types that has a fixed size."""
LONGEST_STRING = 1 << 20
MOST_ENTRIES = 1 << 24

Value = int | float | bool | str | list["Value"]


class NotGguf(Exception):
    """The file is no GGUF, or a broken one; the text says where that shows."""


def read_header(path: Path) -> dict[str, Value]:
    """The metadata by name. Raises NotGguf, OSError. Blocks."""
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise NotGguf("it does not begin with GGUF")
        version = _number(file, "I")
        if version not in (2, 3):
            raise NotGguf(f"version {version} of the format is not known")
        _number(file, "Q")
        entries = _number(file, "Q")
        if entries > MOST_ENTRIES:
            raise NotGguf("its count of metadata cannot be")
        return {_string(file): _value(file, int(_number(file, "I"))) for _ in range(int(entries))}


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == STRING:
        return _string(file)
    if kind != ARRAY:
        return _number(file, _format(kind))
    of, count = int(_number(file, "I")), int(_number(file, "Q"))
    if count > MOST_ENTRIES:
        raise NotGguf("an array's length cannot be")
    read: Callable[[], Value]
    if of == STRING:
        read = lambda: _string(file)  # noqa: E731  chosen once for a quarter of a million entries
    elif of == ARRAY:
        read = lambda: _value(file, ARRAY)  # noqa: E731
    else:
        return list(_numbers(file, _format(of), count))
    return [read() for _ in range(count)]


def _string(file: BinaryIO) -> str:
    length = _number(file, "Q")
    if length > LONGEST_STRING:
        raise NotGguf("a text's length cannot be")
    return _bytes(file, int(length)).decode("utf-8", "replace")


def _number(file: BinaryIO, kind: str) -> int | float | bool:
    number: int | float | bool = _numbers(file, kind, 1)[0]
    return number


def _numbers(file: BinaryIO, kind: str, count: int) -> tuple[int | float | bool, ...]:
    return struct.unpack(f"<{count}{kind}", _bytes(file, count * struct.calcsize(f"<{kind}")))


def _format(kind: int) -> str:
    try:
        return _NUMBERS[kind]
    except KeyError:
        raise NotGguf(f"it has a value of an unknown type ({kind})") from None


def _bytes(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise NotGguf("it ends in the middle of its metadata")
    return data
