"""The client's merge rule under random loss, repetition and reordering: every event once, every text whole."""

import hashlib
import random
from collections.abc import Iterable
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from lyo_rt.client.replica import REPAIRS, Ended, Lost, Replica, Untaken
from lyo_rt.frames import After, Delta, End, Event, Resume, Snapshot, StreamState

STREAM = "conversation:00000000-0000-4000-8000-000000000001"
WEATHER = 6
"""Deliveries that may be faulty; fewer than the repairs after which a client stops asking for a text."""

Told = Event | Delta | Snapshot | End


def end(seq: int, message: str, revision: int, text: str, epoch: int = 1) -> End:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return End(STREAM, epoch, seq, message, revision, "complete", len(text), digest)


def event(seq: int, epoch: int = 1) -> Event:
    return Event(STREAM, epoch, seq, "told", {"number": seq})


def answer(number: int) -> str:
    return str(UUID(int=number))


class Answer(msgspec.Struct, frozen=True):
    """What is written in each revision, piece by piece; the last revision is the one that ends."""

    revisions: list[list[str]]


Step = int | Answer
"""A number of events, or an answer."""

pieces = some.lists(some.text(some.sampled_from("añ字🦊\u0301 "), min_size=1, max_size=4), max_size=4)
answers = some.builds(Answer, some.lists(pieces, min_size=1, max_size=3))
scripts = some.lists(some.integers(1, 3) | answers, min_size=1, max_size=6)


class Server:
    """One stream: what it sends live, and what to those who join, as the product's feeds do."""

    def __init__(self, script: Iterable[Step]) -> None:
        self.live: list[Told] = []
        self.log: list[Event | End] = []
        self.texts: dict[str, str] = {}
        for step in script:
            if isinstance(step, int):
                for _ in range(step):
                    self._store(event(len(self.log) + 1))
            else:
                self._write(step)

    def _store(self, stored: Event | End) -> None:
        self.log.append(stored)
        self.live.append(stored)

    def _write(self, written: Answer) -> None:
        message, text = answer(len(self.log) + 1000), ""
        for revision, parts in enumerate(written.revisions, 1):
            text = ""
            if revision > 1:
                self.live.append(Snapshot(STREAM, message, revision, ""))
            for part in parts:
                self.live.append(Delta(STREAM, message, revision, len(text), part))
                text += part
        self.texts[message] = text
        self._store(end(len(self.log) + 1, message, len(written.revisions), text))

    def joined(self, after: After, place: Resume | None = None) -> list[Told]:
        """Everything behind `after`: before the end of an answer what is missing of its text, or all of it."""
        frames: list[Told] = []
        for stored in self.log[after.seq :]:
            if isinstance(stored, End):
                text = self.texts[stored.message]
                inside = place is not None and str(place.message) == stored.message
                if inside and place is not None and place.revision == stored.revision:
                    at = place.at or 0
                    frames.append(Delta(STREAM, stored.message, stored.revision, at, text[at:]))
                else:
                    frames.append(Snapshot(STREAM, stored.message, stored.revision, text))
            frames.append(stored)
        return frames


class Learner:
    """Shows what the replica tells, as an application would, and counts what it must never see."""

    def __init__(self) -> None:
        self.replica = Replica()
        self.replica.subscribed(StreamState(STREAM, 1, 0, True))
        self.seqs: list[int] = []
        self.shown: dict[str, tuple[int, str]] = {}
        self.ended: dict[str, str | None] = {}

    def take(self, frame: Told) -> bool:
        """Apply a frame; False at a gap."""
        new = self.replica.apply(frame)
        match new:
            case Event(seq=seq):
                self.seqs.append(seq)
            case Ended(told, text):
                self.seqs.append(told.seq)
                assert told.message not in self.ended
                assert text == self.shown.get(told.message, (0, ""))[1]
                self.ended[told.message] = text
            case Delta(message=message, revision=revision, at=at, text=text):
                assert message not in self.ended
                before, shown = self.shown.get(message, (revision, ""))
                assert at == (len(shown) if before == revision else 0), "a character is shown twice, or not at all"
                assert text or before != revision or message not in self.shown
                self.shown[message] = revision, shown[:at] + text
        return new is not Untaken.GAP


def faulty(frames: list[Told], weather: random.Random) -> list[Told]:
    """The frames with some lost, some repeated, and all of them in another order."""
    sent = [frame for frame in frames for _ in range(weather.choice((0, 1, 1, 1, 2)))]
    reach = weather.choice((0, 0, 1, 3, len(sent)))
    order = sorted(range(len(sent)), key=lambda place: place + weather.uniform(0, reach))
    return [sent[place] for place in order]


@settings(max_examples=200, deadline=None)
@given(scripts, some.randoms())
def test_whatever_the_weather_every_event_comes_once_and_every_text_whole(
    script: list[Step], weather: random.Random
) -> None:
    server, learner = Server(script), Learner()
    frames, late = faulty(server.live, weather), list[Told]()
    for delivery in range(1, 100):
        gap = False
        for place, frame in enumerate(frames):
            if not learner.take(frame):
                # What is still on its way arrives after the new subscription has begun, or never.
                late, gap = frames[place + 1 :], True
                break
        after = learner.replica.place(STREAM)
        assert after is not None
        if not gap and after.seq == len(server.log):
            break
        if weather.random() < 0.5:
            learner.replica.subscribed(StreamState(STREAM, 1, after.seq, True))
            frames = server.joined(after)
        else:
            (resume,) = learner.replica.resume()
            learner.replica.welcomed([StreamState(STREAM, 1, after.seq, True)])
            frames = server.joined(after, resume)
        if delivery < WEATHER:
            frames = faulty(frames + late, weather)
    assert learner.seqs == list(range(1, len(server.log) + 1))
    assert learner.ended == server.texts
    assert learner.replica.resume() == [Resume(STREAM, 1, len(server.log))], "ended answers are not held"


@settings(max_examples=60, deadline=None)
@given(scripts, some.data())
def test_a_stream_resumed_anywhere_goes_on_there(script: list[Step], data: some.DataObject) -> None:
    server, learner = Server(script), Learner()
    for frame in server.live[: data.draw(some.integers(0, len(server.live)))]:
        assert learner.take(frame)
    (resume,) = learner.replica.resume()
    assert resume.seq is not None
    assert learner.replica.welcomed([StreamState(STREAM, 1, resume.seq, True)]) == []
    for frame in server.joined(After(1, resume.seq), resume):
        assert learner.take(frame)
    assert learner.seqs == list(range(1, len(server.log) + 1))
    assert learner.ended == server.texts


# -- one rule at a time


@pytest.fixture
def replica() -> Replica:
    """A replica that follows one stream from its beginning."""
    replica = Replica()
    assert replica.subscribed(StreamState(STREAM, 1, 0, True)) == []
    return replica


def delta(at: int, text: str, revision: int = 1) -> Delta:
    return Delta(STREAM, answer(1), revision, at, text)


def snapshot(text: str, revision: int = 1) -> Snapshot:
    return Snapshot(STREAM, answer(1), revision, text)


def test_a_place_counts_code_points_and_overlap_is_cut_off(replica: Replica) -> None:
    assert replica.apply(delta(0, "🦊e\u0301")) == delta(0, "🦊e\u0301")
    assert replica.apply(delta(2, "\u0301字")) == delta(3, "字")
    assert replica.apply(delta(1, "e")) is Untaken.REPEATED
    assert replica.apply(delta(5, "x")) is Untaken.GAP
    assert replica.resume() == [Resume(STREAM, 1, 0, UUID(int=1), 1, 4)]


def test_a_later_revision_replaces_and_an_earlier_one_is_dropped(replica: Replica) -> None:
    replica.apply(delta(0, "first"))
    assert replica.apply(delta(3, "x", revision=2)) is Untaken.GAP
    assert replica.apply(delta(0, "sec", revision=2)) == delta(0, "sec", revision=2)
    assert replica.apply(delta(5, "x")) is Untaken.REPEATED
    assert replica.apply(snapshot("first and more")) is Untaken.REPEATED
    assert replica.apply(snapshot("", revision=3)) == delta(0, "", revision=3)


def test_a_snapshot_shows_only_what_is_new(replica: Replica) -> None:
    assert replica.apply(snapshot("one")) == delta(0, "one")
    assert replica.apply(snapshot("one")) is Untaken.REPEATED
    assert replica.apply(snapshot("one two")) == delta(3, " two")
    assert replica.apply(snapshot("one")) is Untaken.REPEATED
    assert replica.apply(snapshot("another")) == delta(0, "another")


def test_an_end_that_does_not_fit_its_text_is_a_gap_until_the_whole_text_has_come(replica: Replica) -> None:
    replica.apply(delta(0, "who"))
    told = end(1, answer(1), 1, "whole")
    assert replica.apply(told) is Untaken.GAP
    assert replica.apply(snapshot("whole")) == delta(3, "le")
    assert replica.apply(told) == Ended(told, "whole")
    assert replica.apply(told) is Untaken.REPEATED
    assert replica.apply(delta(0, "whole")) is Untaken.REPEATED


def test_a_text_that_the_server_has_otherwise_than_its_end_says_is_told(replica: Replica) -> None:
    told = end(1, answer(1), 1, "right")
    replica.apply(snapshot("wrong"))
    for _ in range(REPAIRS):
        assert replica.apply(told) is Untaken.GAP
        replica.subscribed(StreamState(STREAM, 1, 0, True))
    assert replica.apply(told) == Ended(told, None)
    assert replica.apply(end(2, answer(2), 1, "another")) is Untaken.GAP


def test_an_empty_answer_ends(replica: Replica) -> None:
    told = end(1, answer(1), 1, "")
    assert replica.apply(told) == Ended(told, "")


def test_of_another_epoch_only_the_later_is_a_gap(replica: Replica) -> None:
    replica.subscribed(StreamState(STREAM, 2, 7, False))
    assert replica.apply(event(8, epoch=1)) is Untaken.REPEATED
    assert replica.apply(event(1, epoch=3)) is Untaken.GAP
    assert replica.apply(event(8, epoch=2)) == event(8, epoch=2)


def test_what_cannot_be_had_again_is_told(replica: Replica) -> None:
    replica.apply(delta(0, "text"))
    other, third = "task:00000000-0000-4000-8000-000000000002", "ops"
    replica.subscribed(StreamState(other, 1, 5, True))
    replica.subscribed(StreamState(third, 1, 9, True))
    lost = replica.welcomed([StreamState(STREAM, 1, 6000, False), StreamState(third, 1, 9, True)])
    assert sorted(lost, key=lambda one: one.stream) == [Lost(STREAM, After(1, 6000)), Lost(other, None)]
    assert replica.positions() == {STREAM: 6000, third: 9}
    assert replica.resume()[0] == Resume(STREAM, 1, 6000), "the text belongs to what is fetched anew"


def test_a_pong_shows_what_is_missing(replica: Replica) -> None:
    replica.apply(event(1))
    assert replica.behind({STREAM: 1}) == []
    assert replica.behind({STREAM: 0, "ops": 3}) == []
    assert replica.behind({STREAM: 2}) == [STREAM]
    assert replica.behind({}) == [STREAM]


def test_a_stream_not_followed_is_dropped(replica: Replica) -> None:
    assert replica.forget(STREAM) == [Lost(STREAM, None)]
    assert replica.forget(STREAM) == []
    assert replica.apply(event(1)) is Untaken.REPEATED
    assert replica.place(STREAM) is None
