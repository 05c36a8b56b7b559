"""Where a model comes from: `MODEL_SOURCE` understood. Nothing is fetched here."""

import re
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

import msgspec

HUGGING_FACE = "https://huggingface.co"
_HF = re.compile(r"hf://(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^/]*))?/(?P<path>[^?#]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class HuggingFace(msgspec.Struct, frozen=True):
    """A file of a repository at one commit."""

    repository: str
    revision: str
    path: str

    def url(self, endpoint: str) -> str:
        """The address that resolves to the file's bytes."""
        return f"{endpoint}/{self.repository}/resolve/{self.revision}/{quote(self.path)}"


class Bucket(msgspec.Struct, frozen=True):
    """An object of an object store."""

    scheme: Literal["s3", "gs"]
    bucket: str
    key: str


class Web(msgspec.Struct, frozen=True):
    """An address that answers GET."""

    url: str


class Local(msgspec.Struct, frozen=True):
    """A file of this machine."""

    path: str


Address = HuggingFace | Bucket | Web | Local


def parse(source: str) -> Address:
    """What `source` names. Raises ValueError, which says what is wrong with it and shows how it is written."""
    scheme = source.partition(":")[0].lower()
    match scheme:
        case "hf":
            return _hugging_face(source)
        case "s3" | "gs":
            return _bucket(source, "s3" if scheme == "s3" else "gs")
        case "http" | "https":
            return _web(source)
        case "file":
            return _local(source)
        case _:
            raise ValueError("must begin with hf://, s3://, gs://, https:// or file:")


def shown(source: str) -> str:
    """`source` without what may be secret: a name and password before the host, a signature behind the path."""
    parts = urlsplit(source)
    host = parts.netloc.rpartition("@")[2] if parts.scheme in ("http", "https") else parts.netloc
    return f"{parts.scheme}://{host}{parts.path}" if host else f"{parts.scheme}:{parts.path}"


def secure(url: str) -> bool:
    """Whether nobody on the way can read along: https, or http that does not leave the machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _hugging_face(source: str) -> HuggingFace:
    found = _HF.fullmatch(source)
    if found is None:
        raise ValueError("is no file of a repository; write hf://owner/repository@commit/file.gguf")
    revision = found["revision"] or ""
    if not _COMMIT.fullmatch(revision):
        raise ValueError(
            "names no commit, so that another file could come tomorrow; write hf://owner/repository@commit/file.gguf "
            "with all 40 digits of it"
        )
    return HuggingFace(found["repository"], revision, found["path"])


def _bucket(source: str, scheme: Literal["s3", "gs"]) -> Bucket:
    parts = urlsplit(source)
    key = unquote(parts.path).strip("/")
    if not parts.netloc or not key or parts.query:
        raise ValueError(f"is no object; write {scheme}://bucket/path/file.gguf")
    return Bucket(scheme, parts.netloc, key)


def _web(source: str) -> Web:
    parts = urlsplit(source)
    if not parts.hostname or not parts.path.strip("/"):
        raise ValueError("is no address of a file; write https://example.com/path/file.gguf")
    if not secure(source):
        raise ValueError("must be https; http is for this machine alone")
    return Web(source)


def _local(source: str) -> Local:
    parts = urlsplit(source)
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/") or path.endswith("/"):
        raise ValueError("is no absolute path of a file; write file:/srv/models/file.gguf")
    return Local(path)
