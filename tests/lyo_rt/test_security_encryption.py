from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from lyo_rt.security.encryption import SEALED, Cipher, Unreadable
from lyo_rt.security.key_ring import KeyRing, NewKey

OLD, NEW = b"o" * 32, b"n" * 32
START = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROW, OTHER = uuid4(), uuid4()
TEXTS = ["x", "Why do leaves look green?", "łąka 🌿 \x00 \ud800", "a" * 8000, "$lyo1", "{}"]


class SetClock:
    """A clock that stands until it is set."""

    time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def cipher(clock: SetClock) -> Cipher:
    return Cipher(KeyRing([OLD]), clock)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_sealed_opens_in_its_place_and_shows_nothing(cipher: Cipher, text: str) -> None:
    sealed = cipher.seal(text, "messages.text", ROW)
    assert sealed.isascii()
    assert sealed.startswith(cipher.prefix)
    assert text not in sealed.removeprefix(cipher.prefix) or len(text) == 1
    assert cipher.open(sealed, "messages.text", ROW) == text
    raw = cipher.seal_bytes(text.encode("utf-8", "surrogatepass"), "messages.text", ROW)
    assert cipher.open_bytes(raw, "messages.text", ROW).decode("utf-8", "surrogatepass") == text


def test_the_same_text_is_never_sealed_alike(cipher: Cipher) -> None:
    assert len({cipher.seal("yes", "messages.text", ROW) for _ in range(1000)}) == 1000


def test_a_text_that_looks_sealed_is_sealed_all_the_same(cipher: Cipher) -> None:
    once = cipher.seal("x", "messages.text", ROW)
    assert cipher.open(cipher.seal(once, "messages.text", ROW), "messages.text", ROW) == once


@pytest.mark.parametrize(
    ("column", "row"),
    [
        ("messages.text", (OTHER,)),
        ("messages.title", (ROW,)),
        ("conversations.text", (ROW,)),
        ("messages.text", (ROW, ROW)),
        ("messages.text", ()),
        ("messages", ("text", ROW)),
    ],
)
def test_a_value_moved_to_another_place_does_not_open(cipher: Cipher, column: str, row: tuple[Any, ...]) -> None:
    sealed = cipher.seal("secret text", "messages.text", ROW)
    with pytest.raises(Unreadable) as caught:
        cipher.open(sealed, column, *row)
    assert "secret text" not in str(caught.value)


def test_no_character_can_be_changed(cipher: Cipher) -> None:
    sealed = cipher.seal("secret text", "messages.text", ROW)
    for place in range(len(SEALED), len(sealed)):
        other = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(Unreadable):
            cipher.open(other, "messages.text", ROW)
    for cut in range(len(SEALED), len(sealed)):
        with pytest.raises(Unreadable):
            cipher.open(sealed[:cut], "messages.text", ROW)


def test_what_was_stored_before_is_read_as_it_is(cipher: Cipher) -> None:
    assert cipher.open("old plain text", "messages.text", ROW) == "old plain text"
    assert cipher.open_bytes(b"old", "a.b", ROW) == b"old"
    for document in ([], ["a"], {"text": "a"}, {"sealed": "a member of this name"}):
        assert cipher.open_document(document, "a.b", ROW) == document
    assert cipher.seal("", "messages.text", ROW) == cipher.open("", "messages.text", ROW) == ""


def test_a_document_keeps_legible_what_statements_look_for(cipher: Cipher) -> None:
    data = {"message": str(OTHER), "text": "secret text", "length": 11}
    sealed = cipher.seal_document(data, "stream_events.data", "s", 1, legible=["message", "absent"])
    assert set(sealed) == {"message", "sealed"}
    assert sealed["message"] == str(OTHER)
    assert cipher.open_document(sealed, "stream_events.data", "s", 1) == data
    with pytest.raises(Unreadable):
        cipher.open_document(sealed, "stream_events.data", "s", 2)


def test_a_new_key_seals_from_its_time_on_and_the_old_one_still_opens(clock: SetClock, cipher: Cipher) -> None:
    former = cipher.seal("text", "a.b", ROW)
    since = START.timestamp() + 60
    rotated = Cipher(KeyRing([NewKey(NEW, since), NewKey(OLD)]), clock)
    assert rotated.prefix == cipher.prefix
    assert cipher.open(rotated.seal("text", "a.b", ROW), "a.b", ROW) == "text"
    clock.time = datetime.fromtimestamp(since, UTC)
    assert rotated.prefix != cipher.prefix
    assert rotated.open(former, "a.b", ROW) == "text"
    with pytest.raises(Unreadable):
        cipher.open(rotated.seal("text", "a.b", ROW), "a.b", ROW)
    with pytest.raises(Unreadable):
        Cipher(KeyRing([NEW]), clock).open(former, "a.b", ROW)


def test_a_blind_index_finds_equal_values_and_tells_nothing_else(cipher: Cipher, clock: SetClock) -> None:
    (one,) = cipher.indexes("users.parent_email", "a@example.com")
    assert cipher.indexes("users.parent_email", "a@example.com") == [one]
    others = [
        cipher.indexes("users.parent_email", "b@example.com")[0],
        cipher.indexes("users.email", "a@example.com")[0],
        cipher.indexes("users.parent_email", "a@example.com", "")[0],
        Cipher(KeyRing([NEW]), clock).indexes("users.parent_email", "a@example.com")[0],
    ]
    assert one not in others
    rotated = Cipher(KeyRing([NEW, OLD]), clock)
    assert rotated.indexes("users.parent_email", "a@example.com") == [others[3], one]
