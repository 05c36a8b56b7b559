"""MODEL_SOURCE: what it may be, and what is told of it."""

import pytest

from lyo_rt.models.address import Bucket, HuggingFace, Local, Web, parse, secure, shown

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("source", "address"),
    [
        (f"hf://google/gemma@{COMMIT}/sub/a b.gguf", HuggingFace("google/gemma", COMMIT, "sub/a b.gguf")),
        ("s3://models/gemma/4b.gguf", Bucket("s3", "models", "gemma/4b.gguf")),
        ("gs://models/gemma%204b.gguf", Bucket("gs", "models", "gemma 4b.gguf")),
        ("https://example.com/a.gguf?sig=x", Web("https://example.com/a.gguf?sig=x")),
        ("http://127.0.0.1:80/a.gguf", Web("http://127.0.0.1:80/a.gguf")),
        ("file:/srv/a%20b.gguf", Local("/srv/a b.gguf")),
        ("file:///srv/a.gguf", Local("/srv/a.gguf")),
    ],
)
def test_every_kind_of_source_is_understood(source: str, address: object) -> None:
    assert parse(source) == address


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("ftp://example.com/a", "must begin with"),
        ("/srv/a.gguf", "must begin with"),
        ("hf://google/gemma/a.gguf", "names no commit"),
        ("hf://google/gemma@main/a.gguf", "names no commit"),
        (f"hf://google@{COMMIT}/a.gguf", "is no file of a repository"),
        ("s3://models", "is no object"),
        ("s3:///a.gguf", "is no object"),
        ("gs://models/", "is no object"),
        ("https://example.com", "is no address of a file"),
        ("http://example.com/a.gguf", "must be https"),
        ("file:a.gguf", "is no absolute path"),
        ("file://host/a.gguf", "is no absolute path"),
        ("file:/srv/", "is no absolute path"),
    ],
)
def test_what_is_wrong_with_others_is_told(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse(source)


def test_a_file_of_hugging_face_is_asked_for_at_its_commit() -> None:
    address = HuggingFace("google/gemma", COMMIT, "a b.gguf")
    assert address.url("https://huggingface.co") == f"https://huggingface.co/google/gemma/resolve/{COMMIT}/a%20b.gguf"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("https://user:secret@example.com:8443/a.gguf?sig=secret#secret", "https://example.com:8443/a.gguf"),
        (f"hf://google/gemma@{COMMIT}/a.gguf", f"hf://google/gemma@{COMMIT}/a.gguf"),
        ("s3://models/a.gguf", "s3://models/a.gguf"),
        ("file:/srv/a.gguf", "file:/srv/a.gguf"),
    ],
)
def test_secrets_are_not_shown(source: str, told: str) -> None:
    assert shown(source) == told


def test_http_is_for_the_loopback_alone() -> None:
    assert all(secure(url) for url in ("https://a.b/c", "http://localhost/c", "http://[::1]:8/c", "http://127.0.0.1/c"))
    assert not any(secure(url) for url in ("http://a.b/c", "http://127.0.0.1.a.b/c", "ftp://localhost/c"))
