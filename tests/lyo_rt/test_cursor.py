"""Page cursors are opaque, bound to their list, and refused when forged or stale."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from lyo_rt.cursor import CURSOR_LIFE, Cursors, page_request
from lyo_rt.problems import InvalidCursor, InvalidInput
from lyo_rt.security.key_ring import KeyRing

SECRET = b"s" * 32
Keyset = tuple[datetime, UUID]


@dataclass
class HandClock:
    """A clock that a test turns."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def cursors(clock: HandClock) -> Cursors:
    return Cursors(KeyRing([SECRET]), clock)


def test_a_cursor_gives_its_keyset_back_to_the_microsecond(cursors: Cursors) -> None:
    keyset = (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), uuid4())
    assert cursors.open("courses", cursors.seal("courses", keyset), tuple[datetime, UUID]) == keyset


def test_instances_that_share_the_secret_read_each_others_cursors(cursors: Cursors, clock: HandClock) -> None:
    assert Cursors(KeyRing([SECRET]), clock).open("a", cursors.seal("a", (7,)), tuple[int]) == (7,)


@pytest.mark.parametrize("cursor", ["", "x", "not-ours", "é", "A" * 5000, "====", "A" * 64, "a b"])
def test_what_was_never_sealed_is_refused(cursors: Cursors, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.open("courses", cursor, tuple[int])


def test_no_character_can_be_changed(cursors: Cursors) -> None:
    sealed = cursors.seal("courses", (123456789,))
    for place, character in enumerate(sealed):
        other = "A" if character != "A" else "B"
        with pytest.raises(InvalidCursor):
            cursors.open("courses", sealed[:place] + other + sealed[place + 1 :], tuple[int])


def test_a_cursor_opens_no_other_list(cursors: Cursors) -> None:
    with pytest.raises(InvalidCursor):
        cursors.open("courses:bob", cursors.seal("courses:alice", (1,)), tuple[int])


def test_a_cursor_of_another_secret_is_refused(cursors: Cursors, clock: HandClock) -> None:
    with pytest.raises(InvalidCursor):
        cursors.open("a", Cursors(KeyRing([b"t" * 32]), clock).seal("a", (1,)), tuple[int])


def test_a_cursor_of_another_shape_is_refused(cursors: Cursors) -> None:
    with pytest.raises(InvalidCursor):
        cursors.open("a", cursors.seal("a", ("old",)), tuple[int, int])


def test_a_cursor_goes_stale_after_a_day(cursors: Cursors, clock: HandClock) -> None:
    sealed = cursors.seal("a", (1,))
    clock.at += CURSOR_LIFE
    assert cursors.open("a", sealed, tuple[int]) == (1,)
    clock.at += timedelta(seconds=1)
    with pytest.raises(InvalidCursor, match="24 hours"):
        cursors.open("a", sealed, tuple[int])


def test_following_the_cursors_reads_every_row_once(cursors: Cursors) -> None:
    rows = list(range(25))
    seen: list[int] = []
    after = -1
    while True:
        page = cursors.page("numbers", [row for row in rows if row > after][:11], 10, lambda row: (row,))
        seen += page.items
        if page.next_cursor is None:
            break
        (after,) = cursors.open("numbers", page.next_cursor, tuple[int])
    assert seen == rows


def test_a_page_goes_over_the_wire_as_items_and_next_cursor(cursors: Cursors) -> None:
    page = cursors.page("numbers", [1], 10, lambda row: (row,))
    assert msgspec.json.encode(page) == b'{"items":[1],"nextCursor":null}'


def test_a_request_without_arguments_asks_for_twenty_from_the_start(cursors: Cursors) -> None:
    assert page_request({}, cursors, "a", tuple[int]) == (20, None)


def test_a_request_may_say_how_many_and_where_from(cursors: Cursors) -> None:
    arguments = {"limit": "100", "cursor": cursors.seal("a", (5,))}
    assert page_request(arguments, cursors, "a", tuple[int]) == (100, (5,))


@pytest.mark.parametrize("limit", ["0", "101", "-1", "", "ten", "1.5", "1e1", "٣", "9" * 5000])
def test_a_limit_outside_1_to_100_is_refused(cursors: Cursors, limit: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        page_request({"limit": limit}, cursors, "a", tuple[int])
    assert [fault.pointer for fault in refusal.value.errors] == ["query:limit"]


def test_every_fault_is_told_at_once(cursors: Cursors) -> None:
    with pytest.raises(InvalidInput) as refusal:
        page_request({"limit": "0", "cursor": "forged"}, cursors, "a", tuple[int])
    assert [fault.pointer for fault in refusal.value.errors] == ["query:limit", "query:cursor"]


def test_a_forged_cursor_alone_is_a_bad_request(cursors: Cursors) -> None:
    with pytest.raises(InvalidCursor):
        page_request({"cursor": "forged"}, cursors, "a", tuple[int])
