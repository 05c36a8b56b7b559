"""Sound, films and documents without what they tell of people: where, when, by whom and with what they were made.

Sound and picture themselves stay as they are, byte for byte; what cannot be read is refused, as nobody can say what is
in it.
"""

import io
import struct
from collections.abc import Callable, Mapping

from mutagen import MutagenError
from mutagen.apev2 import delete as delete_ape
from mutagen.id3 import delete as delete_id3
from mutagen.mp3 import MP3
from mutagen.oggflac import OggFLAC
from mutagen.oggopus import OggOpus
from mutagen.oggspeex import OggSpeex
from mutagen.oggvorbis import OggVorbis

from lyo_rt.media import boxes, documents, matroska
from lyo_rt.media.records import Refused

OGG = (OggOpus, OggVorbis, OggSpeex, OggFLAC)
FAULTS = (MutagenError, ValueError, LookupError, TypeError, AttributeError, struct.error)
"""What the library raises of files that are not as it expects them."""


def anonymous(data: bytes, kind: str) -> bytes:
    """The file of this media type, with nothing of it; of two that are the same both stay so. Raises Refused."""
    return _STRIPPED[kind](data)


def _layer_3(data: bytes) -> bytes:
    """Without ID3 and APE tags: names, comments, pictures, private frames."""
    file = io.BytesIO(data)
    try:
        MP3(file)  # type: ignore[no-untyped-call]
        for delete in (delete_id3, delete_ape, delete_id3):  # one may hide another behind it
            file.seek(0)
            delete(file)
    except FAULTS as fault:
        raise Refused("cannot be read as MP3") from fault
    return file.getvalue()


def _ogg(data: bytes) -> bytes:
    """Without comments; the name of the program that encoded it has to stay."""
    for kind in OGG:
        file = io.BytesIO(data)
        try:
            sound = kind(file)
            file.seek(0)
            sound.delete(file)
        except FAULTS:
            continue
        return file.getvalue()
    raise Refused("cannot be read as Opus, Vorbis, Speex or FLAC in Ogg")


_STRIPPED: Mapping[str, Callable[[bytes], bytes]] = {
    "audio/mpeg": _layer_3,
    "audio/ogg": _ogg,
    "audio/mp4": boxes.anonymous,
    "video/mp4": boxes.anonymous,
    "video/webm": matroska.anonymous,
    "application/pdf": documents.anonymous,
}
