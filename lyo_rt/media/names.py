"""What an upload is called where it is shown. No file is ever found by it."""

import re
import unicodedata

LONGEST = 100


def shown_name(given: str | None, extension: str) -> str:
    """The client's name for its file, made harmless: no folders, no characters that are not seen or that turn the
    reading direction, no leading dots, and the extension of what the file is.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given or ""))[-1]
    seen = "".join(character if unicodedata.category(character)[0] not in "CZ" else " " for character in last)
    plain = re.sub(r'[<>:"|?*]', "", seen)
    stem = plain.rpartition(".")[0] or plain.lstrip(".")
    return (" ".join(stem.split()).strip(". ")[:LONGEST].strip(". ") or "file") + extension
