"""Images made anew: the same picture, nothing else of the file, and only Refused for whatever is no image."""

import io
import random
from itertools import product

import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps, ImageSequence

from lyo_rt.media.images import FORMATS, made_anew
from lyo_rt.media.names import shown_name
from lyo_rt.media.records import Refused
from lyo_rt.media.sniffing import sniffed
from tests.api.uploading import animation, opened, picture

KINDS = pytest.mark.parametrize("media_type", FORMATS)


def anew(data: bytes, media_type: str, *, longest_side: int = 64, animated: bool = True) -> Image.Image:
    """The image made anew; it says the size it has."""
    made = made_anew(data, media_type, longest_side=longest_side, animated=animated)
    image = opened(made.data)
    assert image.size == (made.width, made.height)
    assert image.format == FORMATS[media_type]
    assert sniffed(made.data) == media_type
    return image


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def near(image: Image.Image, colour: tuple[int, ...], at: tuple[int, int] = (5, 5)) -> bool:
    """Whether a pixel has this colour, but for what compression does to it."""
    found = image.convert("RGBA" if len(colour) == 4 else "RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 6 for one, other in zip(found, colour, strict=True))


@KINDS
def test_it_is_as_large_as_it_may_be_and_never_larger(media_type: str) -> None:
    kind = FORMATS[media_type]
    assert anew(picture(kind, (200, 100)), media_type).size == (64, 32)
    assert anew(picture(kind, (30, 500)), media_type).size == (4, 64)
    small = anew(picture(kind, (20, 10), "#204060"), media_type)
    assert small.size == (20, 10)
    assert near(small, (0x20, 0x40, 0x60))


@KINDS
def test_the_same_image_is_the_same_bytes(media_type: str) -> None:
    data = picture(FORMATS[media_type], (90, 70))
    first, again = (made_anew(data, media_type, longest_side=64, animated=True) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("media_type", ["image/png", "image/webp", "image/gif"])
def test_what_is_transparent_stays_so(media_type: str) -> None:
    image = Image.new("RGBA", (20, 10), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (10, 0, 20, 10))
    made = anew(written(image, FORMATS[media_type]), media_type).convert("RGBA")
    assert near(made, (255, 0, 0, 255))
    alpha = made.getpixel((15, 5))
    assert isinstance(alpha, tuple)
    assert alpha[3] == 0


def test_colours_of_other_kinds_are_the_same_colours() -> None:
    cmyk = Image.new("RGB", (20, 10), (200, 40, 40)).convert("CMYK")
    assert near(anew(written(cmyk, "JPEG"), "image/jpeg"), (200, 40, 40))
    assert near(anew(written(Image.new("L", (20, 10), 90), "PNG"), "image/png"), (90, 90, 90))
    assert near(anew(written(Image.new("1", (20, 10), 1), "PNG"), "image/png"), (255, 255, 255))
    deep = Image.new("I;16", (20, 10), 0x8000)
    assert near(anew(written(deep, "PNG"), "image/png"), (128, 128, 128))
    palette = Image.new("RGB", (20, 10), (10, 200, 30)).quantize(4)
    assert near(anew(written(palette, "PNG"), "image/png"), (10, 200, 30))


def test_a_colour_profile_is_applied_and_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = anew(picture("PNG", (20, 10), "#204060", icc_profile=profile), "image/png")
    assert near(made, (0x20, 0x40, 0x60))
    assert "icc_profile" not in made.info
    broken = anew(picture("PNG", (20, 10), "#204060", icc_profile=b"no profile"), "image/png")
    assert near(broken, (0x20, 0x40, 0x60))


@pytest.mark.parametrize("media_type", ["image/gif", "image/webp", "image/png"])
def test_an_animation_keeps_its_frames_and_their_pace(media_type: str) -> None:
    made = anew(animation(FORMATS[media_type], 5, (128, 64)), media_type)
    paces = []
    for frame in ImageSequence.Iterator(made):
        frame.load()
        paces.append((frame.size, frame.info["duration"]))
    assert paces == [((64, 32), 50)] * 5
    still = anew(animation(FORMATS[media_type], 5), media_type, animated=False)
    assert getattr(still, "n_frames", 1) == 1


def test_it_is_turned_as_pillow_would_turn_it() -> None:
    image = Image.effect_noise((40, 20), 200).convert("RGB")
    for orientation in range(10):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        data = written(image, "PNG", exif=exif)
        assert anew(data, "image/png").tobytes() == ImageOps.exif_transpose(opened(data)).tobytes(), orientation


def test_exif_that_cannot_be_written_again_is_no_matter() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[0xEEEE] = 6, 1.5
    # The other tag becomes the description, which is to be text.
    data = picture("JPEG", (40, 20), exif=exif).replace(b"\xee\xee\x00\x0c", b"\x01\x0e\x00\x0c")
    with pytest.raises(AttributeError):
        ImageOps.exif_transpose(opened(data))
    assert anew(data, "image/jpeg").size == (20, 40)


def test_another_format_than_the_bytes_say_is_not_tried() -> None:
    for said, kind in product(FORMATS, FORMATS.values()):
        if FORMATS[said] != kind:
            with pytest.raises(Refused):
                made_anew(picture(kind), said, longest_side=64, animated=True)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@KINDS
def test_whatever_is_broken_is_refused_and_nothing_else_raised(media_type: str) -> None:
    """300 files with some bytes changed, cut off or repeated: each is an image still, or refused."""
    kind, chance = FORMATS[media_type], random.Random(media_type)  # noqa: S311
    whole = [picture(kind, (48, 32)), animation(kind, 4) if kind != "JPEG" else picture(kind, progressive=True)]
    outcomes = {"made": 0, "refused": 0}
    for number in range(300):
        data = bytearray(whole[number % 2])
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0:
                    data[at] = chance.randrange(256)
                case 1:
                    del data[at : at + chance.randrange(1, 40)]
                case 2:
                    data[at:at] = data[: chance.randrange(1, 40)]
                case _:
                    data[at : at + 4] = chance.randbytes(4)
            if not data:
                break
        try:
            made_anew(bytes(data), media_type, longest_side=64, animated=True)
        except Refused:
            outcomes["refused"] += 1
        else:
            outcomes["made"] += 1
    assert outcomes["refused"] > 50
    assert sum(outcomes.values()) == 300


def test_only_beginnings_that_are_known_are_sniffed() -> None:
    assert sniffed(b"") is None
    assert {sniffed(bytes([0xFF, second, 0x90, 0])) for second in (0xE3, 0xF2, 0xF3, 0xFA, 0xFB)} == {"audio/mpeg"}
    assert sniffed(b"\xff\xf1\x50\x80" + bytes(100)) is None
    assert sniffed(b"ID3\4\0\0\0\0\0\x0a" + bytes(100)) == "audio/mpeg"


def test_a_name_is_shown_without_what_would_not_be_seen() -> None:
    for given, shown in (
        (None, "file.pdf"),
        ("", "file.pdf"),
        ("a\0b\r\nc\x7f.pdf", "a b c.pdf"),
        ("\u202e\u2066\u200b\ufefftext", "text.pdf"),
        ("e\u0301tude.mp3", "\u00e9tude.pdf"),
        ("CON. . .", "CON.pdf"),
        ("/" * 500, "file.pdf"),
        ("\ud800x", "x.pdf"),
    ):
        assert shown_name(given, ".pdf") == shown, given
