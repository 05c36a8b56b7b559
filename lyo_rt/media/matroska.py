"""WebM (RFC 8794, RFC 9559): tags, attachments and what tells of the making are blanked in place; nothing moves."""

from collections.abc import Iterator

import msgspec

from lyo_rt.media.records import Refused

HEADER, SEGMENT, INFO, CLUSTER, VOID = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1F43B675, 0xEC
OPENED = frozenset({SEGMENT, INFO})
TELLING = frozenset({0x1254C367, 0x1941A469, 0x7BA9, 0x4461, 0x7384, VOID, 0xBF})
"""Tags, Attachments; of Info its Title, DateUTC and SegmentFilename; what lies unused (Void, CRC-32)."""
PROGRAMS = frozenset({0x4D80, 0x5741})
"""MuxingApp and WritingApp, which have to be there: they become empty texts."""
MOST = 200_000


class Element(msgspec.Struct):
    """An element: its id, where it begins, where its data begin, and where it ends."""

    id: int
    begins: int
    data: int
    ends: int


def anonymous(data: bytes) -> bytes:
    """The same film, of the same length. Raises Refused."""
    found, segments = bytearray(data), 0
    for element in _walk(data):
        segments += element.id == SEGMENT
        if element.id in TELLING:
            _void(found, element)
        elif element.id in PROGRAMS:
            found[element.data : element.ends] = bytes(element.ends - element.data)
    if not segments:
        raise Refused("has no film in it (Segment)")
    return bytes(found)


def _void(found: bytearray, element: Element) -> None:
    """The element becomes a Void of its length, of two bytes at least; a length of eight bytes takes one more."""
    length = element.ends - element.begins
    size = bytes([0x80 | length - 2]) if length - 2 < 0x7F else (1 << 56 | length - 9).to_bytes(8, "big")
    found[element.begins : element.ends] = bytes([VOID]) + size + bytes(length - 1 - len(size))


def _walk(data: bytes) -> Iterator[Element]:
    """All elements but those within clusters and tracks of a known size. Raises Refused.

    Of an unknown size are segments and clusters of what was recorded live: what is in them is looked through as if it
    were behind them.
    """
    at, count = 0, 0
    while at < len(data):
        id, after = _number(data, at, keep=True)
        size, begins = _number(data, after, keep=False)
        unknown = size == (1 << 7 * (begins - after)) - 1
        ends = len(data) if unknown else begins + size
        if ends > len(data):
            raise Refused("cannot be read: it ends within an element")
        if unknown and id not in {SEGMENT, CLUSTER}:
            raise Refused("cannot be read: an element has no length")
        yield Element(id, at, begins, ends)
        at, count = begins if unknown or id in OPENED else ends, count + 1
        if count > MOST:
            raise Refused("cannot be read: it has too many elements")


def _number(data: bytes, at: int, *, keep: bool) -> tuple[int, int]:
    """The number of variable length at a place, with its marker or without, and where it ends."""
    length = 9 - data[at].bit_length() if at < len(data) else 9
    if length > 8 or at + length > len(data):
        raise Refused("cannot be read: it ends within an element")
    number = int.from_bytes(data[at : at + length], "big")
    return (number if keep else number & (1 << 7 * length) - 1), at + length
