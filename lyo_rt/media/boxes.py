"""MP4 and M4A (ISO 14496-12): what their boxes tell of who made the film, where and with what is blanked in place.

Nothing moves: the tables of a film name places in the file, and stay right. mutagen takes out the tags of iTunes alone;
where a phone was is in others.
"""

import struct
from collections.abc import Iterator

import msgspec

from lyo_rt.media.records import Refused

CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts"})
TELLING = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip", b"wide", b"cprt"})
"""User data (©xyz, ©mak, loci, ...), keys of QuickTime (location.ISO6709, make, model), XMP, and what lies unused."""
DATED = {b"mvhd": (4, 8), b"tkhd": (4, 8), b"mdhd": (4, 8)}
"""The two times of making in the first version of these boxes: from where in the payload, and how long in version 0."""
PLACES = (b"gpmd", b"camm", b"mebx", b"rtmd")
"""Tracks of samples that say where a camera was, moment by moment; they lie between those of sound and picture."""
DEEPEST = 12
MOST = 100_000


class Box(msgspec.Struct):
    """A box: its name, where it begins, where its payload begins, and where it ends."""

    name: bytes
    begins: int
    payload: int
    ends: int


def anonymous(data: bytes) -> bytes:
    """The same film or sound, of the same length. Raises Refused."""
    found = bytearray(data)
    boxes = list(_walk(data, 0, len(data), 0))
    if not any(box.name == b"moov" for box in boxes):
        raise Refused("has no description of its tracks (moov)")
    for box in boxes:
        if box.name in TELLING:
            found[box.begins + 4 : box.begins + 8] = b"free"
            found[box.payload : box.ends] = bytes(box.ends - box.payload)
        elif box.name in DATED:
            _undate(found, box)
        elif box.name == b"stsd" and any(kind in data[box.payload : box.ends] for kind in PLACES):
            raise Refused("has a track that says where the camera was; export it without")
    return bytes(found)


def _undate(found: bytearray, box: Box) -> None:
    begins, length = DATED[box.name]
    if box.ends - box.payload < begins + 2 * length:
        raise Refused("cannot be read: a box is too short")
    length *= 1 + (found[box.payload] == 1)
    found[box.payload + begins : box.payload + begins + length] = bytes(length)


def _walk(data: bytes, begins: int, ends: int, depth: int) -> Iterator[Box]:
    """The boxes between two places, each before those in it. Raises Refused."""
    if depth > DEEPEST:
        raise Refused("cannot be read: its boxes are nested too deeply")
    count = 0
    while begins < ends:
        box = _box(data, begins, ends, last=depth == 0)
        yield box
        if box.name in CONTAINERS:
            yield from _walk(data, box.payload, box.ends, depth + 1)
        begins, count = box.ends, count + 1
        if count > MOST:
            raise Refused("cannot be read: it has too many boxes")


def _box(data: bytes, begins: int, ends: int, *, last: bool) -> Box:
    """The box at a place. Only at the top may one last to the end, which a length of 0 says."""
    if ends - begins < 8:
        raise Refused("cannot be read: it ends within a box")
    length, name = struct.unpack_from(">I4s", data, begins)
    payload = begins + 8
    if length == 1 and ends - begins >= 16:
        (length,) = struct.unpack_from(">Q", data, payload)
        payload += 8
    elif length == 0 and last:
        length = ends - begins
    if begins + length < payload or begins + length > ends:
        raise Refused("cannot be read: a box has an impossible length")
    return Box(name, begins, payload, begins + length)
