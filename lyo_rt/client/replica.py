"""What one client knows of its streams, and the merge rule by which it learns (REALTIME §1); no input or output.

Every event is taken once and in order, and every character of an answer once, whatever is lost, repeated or out of
order on the way. What cannot be taken is a gap: subscribe again, behind `place`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import chain
from uuid import UUID

import msgspec

from lyo_rt.frames import After, Delta, End, Event, Resume, Snapshot, StreamState

ENDED_REMEMBERED = 32
"""Answers of a stream whose late pieces are known for what they are."""
REPAIRS = 8
"""Times a stream is read again for an end that does not fit its answer's text, before the application is told."""


class Ended(msgspec.Struct, frozen=True):
    """An answer has ended. `text` is all of it; None when the server has another text than its end says: fetch it."""

    end: End
    text: str | None


class Lost(msgspec.Struct, frozen=True):
    """Events of a stream were left out: fetch what it tells of anew; what comes, comes behind `place`. None: the stream
    does not exist any more, or is not this learner's to follow any more."""

    stream: str
    place: After | None


class Untaken(Enum):
    """Why a frame was not taken: what it says is known, or something before it is missing."""

    REPEATED = "repeated"
    GAP = "gaps"


class _Followed(msgspec.Struct):
    epoch: int
    seq: int
    repairs: int = 0
    texts: dict[str, tuple[int, str]] = {}
    ended: tuple[str, ...] = ()


class Replica:
    """The streams of one client: the place in the events of each, and its answers that have not ended."""

    def __init__(self) -> None:
        self._followed: dict[str, _Followed] = {}

    def apply(self, frame: Event | Delta | Snapshot | End) -> Event | Delta | Ended | Untaken:
        """What is new in a frame.

        A Delta says: the answer is now the first `at` code points of what was shown of it, and then `text`. `at` is
        where that ended, or 0 when another text replaces it, as that of a later revision does.
        """
        followed = self._followed.get(frame.stream)
        if followed is None:
            return Untaken.REPEATED
        return _written(followed, frame) if isinstance(frame, Delta | Snapshot) else _stored(followed, frame)

    def subscribed(self, state: StreamState) -> list[Lost]:
        """The server's answer to a subscription, the first one of a stream or one that repairs a gap."""
        known = self._followed.get(state.stream)
        if known is None or not state.recovered:
            self._followed[state.stream] = _Followed(state.epoch, state.seq)
        else:
            known.repairs += 1
        return [] if state.recovered else [Lost(state.stream, After(state.epoch, state.seq))]

    def welcomed(self, states: Sequence[StreamState]) -> list[Lost]:
        """The server's answer to `resume`: what could not be had again."""
        gone = self._followed.keys() - {state.stream for state in states}
        return [*chain(*map(self.forget, gone), *map(self.subscribed, states))]

    def forget(self, stream: str) -> list[Lost]:
        """Follow the stream no more."""
        return [Lost(stream, None)] if self._followed.pop(stream, None) else []

    def place(self, stream: str) -> After | None:
        """The last event taken of the stream; None when it is not followed."""
        followed = self._followed.get(stream)
        return After(followed.epoch, followed.seq) if followed else None

    def resume(self) -> list[Resume]:
        """For `hello`: the place in each stream's events, and in its answer that has not ended."""
        own = self._followed.items()
        return [Resume(stream, followed.epoch, followed.seq, *_inside(followed)) for stream, followed in own]

    def positions(self) -> dict[str, int]:
        """For `ping`: the seq of the last event taken of each stream."""
        return {stream: followed.seq for stream, followed in self._followed.items()}

    def behind(self, positions: Mapping[str, int]) -> list[str]:
        """The streams of which a pong shows that events are missing here, or that the server does not follow them."""
        own = self.positions().items()
        return [stream for stream, seq in own if stream not in positions or positions[stream] > seq]


def _stored(followed: _Followed, frame: Event | End) -> Event | Ended | Untaken:
    if (frame.epoch, frame.seq) <= (followed.epoch, followed.seq):
        return Untaken.REPEATED
    if (frame.epoch, frame.seq) != (followed.epoch, followed.seq + 1):
        return Untaken.GAP
    if isinstance(frame, End):
        text = _whole(frame, *followed.texts.get(frame.message, (frame.revision, "")))
        if text is None and followed.repairs < REPAIRS:
            return Untaken.GAP
        followed.texts.pop(frame.message, None)
        followed.ended = (*followed.ended[1 - ENDED_REMEMBERED :], frame.message)
    followed.seq, followed.repairs = frame.seq, 0
    return Ended(frame, text) if isinstance(frame, End) else frame


def _whole(end: End, revision: int, text: str) -> str | None:
    same = (revision, len(text)) == (end.revision, end.length)
    return text if same and hashlib.sha256(text.encode()).hexdigest() == end.sha256 else None


def _written(followed: _Followed, frame: Delta | Snapshot) -> Delta | Untaken:
    """Within a revision a text only grows: of a shorter one that begins alike nothing is new."""
    revision, shown = followed.texts.get(frame.message, (-1, ""))
    if frame.message in followed.ended or frame.revision < revision:
        return Untaken.REPEATED
    shown = shown if frame.revision == revision else ""
    at = frame.at if isinstance(frame, Delta) else 0
    if at > len(shown):
        return Untaken.GAP
    text = shown[:at] + frame.text
    if frame.revision == revision and shown.startswith(text):
        return Untaken.REPEATED
    followed.texts[frame.message] = frame.revision, text
    at = len(shown) if text.startswith(shown) else 0
    return Delta(frame.stream, frame.message, frame.revision, at, text[at:])


def _inside(followed: _Followed) -> tuple[UUID, int, int] | tuple[()]:
    newest = reversed(followed.texts.items())
    return next(((UUID(message), revision, len(text)) for message, (revision, text) in newest), ())
