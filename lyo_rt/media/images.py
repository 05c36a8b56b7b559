"""Images made anew from their pixels: what else a file carries (EXIF, a second file behind it) is left out."""

import io
import struct
import zlib
from collections.abc import Iterator

import msgspec
from PIL import ExifTags, Image, ImageCms, ImageSequence

from lyo_rt.media.records import Refused

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
MAX_PIXELS = 25_000_000
"""Of all frames together. Decoding takes 120 MB for a JPEG of that size, 160 for a PNG, 380 for a WebP."""
MAX_FRAMES = 300
TOO_MANY_PIXELS = f"has more than {MAX_PIXELS:,} pixels"
FRAME_MILLISECONDS = 100
"""Of a frame that says nothing, or 0."""
LONGEST_FRAME = 60_000
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF 2.3, tag 0x0112: what makes it upright."""
_DECODING_FAULTS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise for files that are broken, or built to break them: seen with 600,000 of them."""


class Picture(msgspec.Struct, frozen=True):
    """An encoded image and its size in pixels."""

    data: bytes
    width: int
    height: int


def made_anew(data: bytes, media_type: str, *, longest_side: int, animated: bool) -> Picture:
    """The image of `data`, upright, at most `longest_side` wide and high, in the same format and in sRGB.

    Without `animated` only the first frame remains. Nothing is decoded before it is known to be small enough. Raises
    Refused. Takes up to some seconds of one core.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[media_type]]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Refused(TOO_MANY_PIXELS)
            many = animated and getattr(image, "is_animated", False)
            frames = list(_frames(image, longest_side) if many else [_bare(image, longest_side)])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise Refused(TOO_MANY_PIXELS) from fault
    except _DECODING_FAULTS as fault:
        raise Refused("is a broken image") from fault
    return _encoded([frame for frame, _ in frames], [duration for _, duration in frames], media_type)


def _frames(image: Image.Image, longest_side: int) -> Iterator[tuple[Image.Image, int]]:
    pixels = 0
    for number, frame in enumerate(ImageSequence.Iterator(image), 1):
        pixels += frame.width * frame.height
        if number > MAX_FRAMES:
            raise Refused(f"has more than {MAX_FRAMES} frames")
        if pixels > MAX_PIXELS:
            raise Refused(TOO_MANY_PIXELS)
        yield _bare(frame.copy(), longest_side)


def _bare(frame: Image.Image, longest_side: int) -> tuple[Image.Image, int]:
    """The pixels of a frame and nothing else, and for how long it is shown, in milliseconds. Changes `frame`."""
    small = _continuous(frame)
    # First of all: a JPEG is then decoded small (a twentieth of the memory), and every copy after it is small.
    small.thumbnail((longest_side, longest_side))
    duration = int(frame.info.get("duration") or FRAME_MILLISECONDS)
    upright = _in_srgb(_upright(small))
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.info = {}
    return plain, max(1, min(duration, LONGEST_FRAME))


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says. ImageOps.exif_transpose does too, but writes the rest anew, which may be broken."""
    turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    return image if turn is None else image.transpose(turn)


def _continuous(image: Image.Image) -> Image.Image:
    """The same with pixels that can be mixed: neither numbers of colours nor more than eight bits."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "1", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def _in_srgb(image: Image.Image) -> Image.Image:
    """The same colours without the profile they need; a profile that cannot be understood is left out of account."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted if converted is not None else image


def _encoded(frames: list[Image.Image], durations: list[int], media_type: str) -> Picture:
    first, rest = frames[0], frames[1:]
    animation = {"save_all": True, "append_images": rest, "duration": durations, "loop": 0} if rest else {}
    disposal = {"disposal": 2} if rest and media_type == "image/gif" else {}
    quality = {"quality": 85, "optimize": True} if media_type == "image/jpeg" else {}
    still = first.convert("RGB") if media_type == "image/jpeg" else first
    out = io.BytesIO()
    still.save(out, FORMATS[media_type], **animation, **disposal, **quality)
    return Picture(out.getvalue(), first.width, first.height)
