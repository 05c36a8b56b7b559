"""Where files are kept: `STORAGE_URL` understood. Nothing is opened here."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

_PART = re.compile(r"(?!\.{1,2}$)[\w.=+-]+", re.ASCII)


class Folder(msgspec.Struct, frozen=True):
    """A folder of this machine; without a path the one of `LYO_DATA_DIR`."""

    path: Path | None


class Bucket(msgspec.Struct, frozen=True):
    """A bucket of an object store; all keys begin with `prefix`, if there is one."""

    scheme: Literal["s3", "gs"]
    name: str
    prefix: str


Place = Folder | Bucket


def parse(url: str) -> Place:
    """The place that `url` names. Raises ValueError, which says what is wrong with it and shows how it is written."""
    parts = urlsplit(url if ":" in url else f"{url}:")
    if parts.query or parts.fragment:
        raise ValueError("takes nothing behind the path; credentials come from AWS_* and GOOGLE_* variables")
    match parts.scheme:
        case "file":
            return _folder(parts.netloc, unquote(parts.path))
        case "s3":
            return Bucket("s3", *_bucket("s3", parts.netloc, parts.path))
        case "gs":
            return Bucket("gs", *_bucket("gs", parts.netloc, parts.path))
        case _:
            raise ValueError("must be file:, file:/srv/lyo/media, s3://bucket or gs://bucket")


def _folder(host: str, path: str) -> Folder:
    if host not in ("", "localhost") or (path and not path.startswith("/")) or "\0" in path:
        raise ValueError("is no absolute path of a folder; write file:/srv/lyo/media, or file: for LYO_DATA_DIR/media")
    return Folder(Path(path) if path else None)


def _bucket(scheme: str, name: str, path: str) -> tuple[str, str]:
    prefix = path.strip("/")
    if not _PART.fullmatch(name) or not all(_PART.fullmatch(part) for part in prefix.split("/") if prefix):
        raise ValueError(f"is no bucket; write {scheme}://bucket or {scheme}://bucket/prefix")
    return name, prefix
