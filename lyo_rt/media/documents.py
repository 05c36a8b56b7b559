"""PDF: written anew without what tells of who made it and with what, and without earlier versions of it."""

import io
import zlib

from pypdf import PdfReader, PdfWriter
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import DictionaryObject, NullObject

from lyo_rt.media.records import Refused

TELLING = ("/Metadata", "/PieceInfo", "/LastModified")
"""XMP, the notes that programs leave for themselves, and when they did."""
MOST_OBJECTS = 50_000
"""They take about 6 s; a book has a tenth."""
FAULTS = (
    PyPdfError,
    DependencyError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    OSError,
    zlib.error,
)
"""What the library raises of files that are not as it expects them."""


def anonymous(data: bytes) -> bytes:
    """The same pages; the same for the same file. Raises Refused."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise Refused("is encrypted; save it without a password")
        if int(reader.trailer.get("/Size", 0)) > MOST_OBJECTS:
            raise Refused(f"has more than {MOST_OBJECTS} objects")
        if not reader.pages:
            raise Refused("has no pages")
        writer = PdfWriter(clone_from=reader)
        writer.pdf_header = reader.pdf_header
        writer.metadata = None
        _strip(writer)
        written = io.BytesIO()
        writer.write(written)
    except FAULTS as fault:
        raise Refused("cannot be read as a PDF") from fault
    return written.getvalue()


def _strip(writer: PdfWriter) -> None:
    for number, one in enumerate(writer._objects):
        if isinstance(one, DictionaryObject):
            for name in TELLING:
                one.pop(name, None)
            if one.get("/Type") == "/Metadata":
                writer._objects[number] = NullObject()
