"""The event-stream format (HTML standard §9.2.6), cut in every possible place."""

import pytest

from lyo_rt.language_models.server_sent_events import LONGEST, EventDecoder, EventTooLong

STREAMS = [
    (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
    (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
    (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
    (b"data: one\ndata: two\n\n", [b"one\ntwo"]),
    (b"data:one\ndata:  two\n\n", [b"one\n two"]),
    (b"data\n\ndata:\ndata\n\n", [b"", b"\n"]),
    (b": keep alive\n\ndata: one\n: in between\n\n", [b"one"]),
    (b"event: message\nid: 7\nretry: 5\ndata: one\n\nevent: nothing\n\n", [b"one"]),
    ("\ufeffdata: Grüße, 你好\n\n".encode(), ["Grüße, 你好".encode()]),
    (b"data: \xef\xbb\xbfmark\n\n", [b"\xef\xbb\xbfmark"]),
    (b"\n\n\ndata: one\n\n\n", [b"one"]),
    (b"data: one\n\ndata: never ended\n", [b"one"]),
    (b"data: one\n\ndata: cut", [b"one"]),
]


@pytest.mark.parametrize(("stream", "events"), STREAMS)
def test_a_stream_is_its_events_wherever_it_is_cut(stream: bytes, events: list[bytes]) -> None:
    assert EventDecoder().feed(stream) == events
    for first in range(len(stream)):
        for second in range(first, len(stream)):
            decoder = EventDecoder()
            parts = stream[:first], stream[first:second], stream[second:]
            assert [event for part in parts for event in decoder.feed(part)] == events, parts
    decoder = EventDecoder()
    assert [event for byte in stream for event in decoder.feed(bytes([byte]))] == events


@pytest.mark.parametrize("part", [b"x" * 16384, b"data: " + b"x" * 16384 + b"\n"])
def test_an_event_without_end_is_refused(part: bytes) -> None:
    decoder = EventDecoder()
    for _ in range(LONGEST // len(part)):
        assert decoder.feed(part) == []
    with pytest.raises(EventTooLong):
        decoder.feed(part + part)
