"""Both unions of frames as they cross the wire, and what becomes of bytes that are none."""

import json
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lyo_rt import frames
from lyo_rt.frames import (
    After,
    Ask,
    Auth,
    Cancel,
    ClientFrame,
    Generate,
    Hello,
    Ping,
    Regenerate,
    Resume,
    ServerFrame,
    Stop,
    Subscribe,
    Unsubscribe,
)
from lyo_rt.problems import BadFrame, NotFound

ID = "11111111-2222-4333-8444-555555555555"
UID = UUID(ID)
STREAM = f"task:{ID}"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ({"type": "hello"}, Hello()),
        ({"type": "hello", "token": "t", "device": "phone"}, Hello(token="t", device="phone")),
        (
            {"type": "hello", "resume": [{"stream": STREAM, "epoch": 1, "seq": 4}]},
            Hello(resume=[Resume(STREAM, 1, 4)]),
        ),
        (
            {"type": "hello", "resume": [{"stream": STREAM, "message": ID, "revision": 2, "at": 17}]},
            Hello(resume=[Resume(STREAM, message=UID, revision=2, at=17)]),
        ),
        ({"type": "auth", "token": "t"}, Auth("t")),
        ({"type": "subscribe", "id": "1", "stream": STREAM}, Subscribe("1", STREAM)),
        (
            {"type": "subscribe", "id": "1", "stream": STREAM, "after": {"epoch": 1, "seq": 0}},
            Subscribe("1", STREAM, After(1, 0)),
        ),
        ({"type": "subscribe", "id": "1", "stream": "ops"}, Subscribe("1", "ops")),
        ({"type": "unsubscribe", "id": "1", "stream": STREAM}, Unsubscribe("1", STREAM)),
        ({"type": "ask", "id": ID, "conversation": ID, "text": "why?"}, Ask(UID, UID, "why?")),
        ({"type": "stop", "id": "1", "conversation": ID}, Stop("1", UID)),
        ({"type": "regenerate", "id": "1", "conversation": ID}, Regenerate("1", UID)),
        ({"type": "generate", "id": "1", "payload": {"topic": "x"}}, Generate("1", {"topic": "x"})),
        ({"type": "cancel", "id": "1", "task": ID}, Cancel("1", UID)),
        ({"type": "ping"}, Ping()),
        ({"type": "ping", "positions": {STREAM: 3}}, Ping({STREAM: 3})),
    ],
)
def test_every_client_frame_is_understood_as_text_and_as_bytes(sent: dict[str, Any], meant: ClientFrame) -> None:
    text = json.dumps(sent)
    assert frames.decode(text) == meant
    assert frames.decode(text.encode()) == meant


def test_unknown_members_are_ignored() -> None:
    assert frames.decode('{"type":"ping","later":{"deep":[1]},"positions":{}}') == Ping()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("", "JSON"),
        ("ping", "JSON"),
        ("[]", "object"),
        ("null", "object"),
        ("{}", "type"),
        ('{"type":"teleport","id":"9"}', "teleport"),
        ('{"type":1}', "type"),
        ('{"type":"ask","conversation":"<id>","text":"x"}', "id"),
        ('{"type":"ask","id":"no uuid","conversation":"<id>","text":"x"}', "$.id"),
        ('{"type":"ask","id":"<id>","conversation":"<id>","text":""}', "$.text"),
        ('{"type":"ask","id":"<id>","conversation":"<id>","text":" \\n "}', "$.text"),
        ('{"type":"subscribe","id":"","stream":"task:<id>"}', "$.id"),
        ('{"type":"subscribe","id":"1","stream":"Task:<id>"}', "$.stream"),
        ('{"type":"subscribe","id":"1","stream":"task:1; DROP TABLE"}', "$.stream"),
        ('{"type":"subscribe","id":"1","stream":"task:<id>","after":{"epoch":1,"seq":-1}}', "seq"),
        ('{"type":"subscribe","id":"1","stream":"task:<id>","after":{"seq":1}}', "epoch"),
        ('{"type":"ping","positions":{"a":"b"}}', "positions"),
        ('{"type":"hello","token":"\\ud800"}', "JSON"),
    ],
)
def test_what_is_no_frame_is_a_bad_frame_that_says_why(data: str, names: str) -> None:
    with pytest.raises(BadFrame, match=names.replace("$", r"\$")):
        frames.decode(data.replace("<id>", ID))


def test_bytes_that_are_no_text_are_a_bad_frame() -> None:
    with pytest.raises(BadFrame):
        frames.decode(b'{"type":"auth","token":"\xff\xfe"}')
    with pytest.raises(BadFrame):
        frames.decode('{"type":"auth","token":"\ud800"}')


@pytest.mark.parametrize("nested", ["[" * 30_000, '{"a":' * 10_000])
@pytest.mark.parametrize("before", ['{"type":"generate","id":"1","payload":{"a":', '{"type":"ping","unknown":', ""])
def test_nesting_without_end_is_a_bad_frame(before: str, nested: str) -> None:
    with pytest.raises(BadFrame):
        frames.decode(before + nested)
    assert frames.identifier(before + nested) is None


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"ask","id":"<id>","conversation":"<id>","text":"a\\u0000b"}',
        '{"type":"generate","id":"1","payload":{"topic":["a\\u0000"]}}',
        '{"type":"generate","id":"1","payload":{"a\\u0000":1}}',
        '{"type":"hello","device":"\\u0000"}',
    ],
)
def test_nul_which_no_database_stores_is_a_bad_frame(frame: str) -> None:
    frame = frame.replace("<id>", ID)
    for data in (frame, frame.encode()):
        with pytest.raises(BadFrame, match="NUL"):
            frames.decode(data)


def test_the_six_characters_that_spell_nul_are_text_like_any_other() -> None:
    frame = frames.decode(json.dumps({"type": "ask", "id": ID, "conversation": ID, "text": r"what is \u0000?"}))
    assert frame == Ask(UID, UID, r"what is \u0000?")


def test_a_resume_names_at_most_200_places() -> None:
    place = {"stream": STREAM, "epoch": 1, "seq": 1}
    assert isinstance(frames.decode(json.dumps({"type": "hello", "resume": [place] * 200})), Hello)
    with pytest.raises(BadFrame):
        frames.decode(json.dumps({"type": "hello", "resume": [place] * 201}))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ('{"type":"teleport","id":"9"}', "9"),
        ('{"type":"ask","id":"' + "x" * 100 + '"}', "x" * 64),
        ('{"id":7}', None),
        ('{"id":null}', None),
        ("[1]", None),
        ("{", None),
        ("\ud800", None),
    ],
)
def test_a_frame_that_is_none_is_answered_under_its_id(data: str, found: str | None) -> None:
    assert frames.identifier(data) == found


@given(some.one_of(some.text(max_size=200), some.binary(max_size=200)))
def test_nothing_but_bad_frame_comes_of_rubbish(data: str | bytes) -> None:
    frames.identifier(data)
    with pytest.raises(BadFrame):
        frames.decode(data)


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


kinds = some.sampled_from(["hello", "auth", "subscribe", "ask", "generate", "cancel", "ping", "stop", "regenerate"])
members = ("id", "stream", "text", "payload", "conversation", "token", "resume", "positions")


@given(some.fixed_dictionaries({"type": kinds}, optional=dict.fromkeys(members, json_values)))
def test_a_frame_is_understood_or_bad_whatever_its_members(sent: dict[str, Any]) -> None:
    with suppress(BadFrame):
        frames.decode(json.dumps(sent))


@pytest.mark.parametrize(
    ("frame", "wire"),
    [
        (
            frames.Welcome("s", "u", 25, [frames.StreamState(STREAM, 1, 4, True)], "7"),
            {
                "type": "welcome",
                "session": "s",
                "user": "u",
                "heartbeat": 25,
                "streams": [{"stream": STREAM, "epoch": 1, "seq": 4, "recovered": True}],
                "instance": "7",
            },
        ),
        (
            frames.Delta(STREAM, ID, 2, 5, "ä"),
            {"type": "delta", "stream": STREAM, "message": ID, "revision": 2, "at": 5, "text": "ä"},
        ),
        (
            frames.Snapshot(STREAM, ID, 2, "all"),
            {"type": "snapshot", "stream": STREAM, "message": ID, "revision": 2, "text": "all"},
        ),
        (frames.Reply("1", ok={}), {"type": "reply", "id": "1", "ok": {}}),
        (frames.AuthExpiring(60), {"type": "auth_expiring", "in": 60}),
        (frames.Reconnect(1500, "drain"), {"type": "reconnect", "after_ms": 1500, "reason": "drain"}),
        (frames.Pong({STREAM: 4}), {"type": "pong", "positions": {STREAM: 4}}),
    ],
)
def test_server_frames_have_the_members_of_the_protocol(frame: ServerFrame, wire: dict[str, Any]) -> None:
    assert json.loads(frames.encode(frame)) == wire


def test_a_reply_carries_the_members_of_its_problem() -> None:
    wire = json.loads(frames.encode(frames.Reply(None, problem=NotFound("There is no stream.").body())))
    assert wire["id"] is None
    assert (wire["problem"]["status"], wire["problem"]["code"]) == (404, "NOT_FOUND")
    assert wire["problem"]["detail"] == "There is no stream."
    assert "ok" not in wire


def test_a_stored_event_goes_out_under_its_name() -> None:
    wire = json.loads(frames.encode(frames.of_event(STREAM, 1, 9, "progress", {"progressPct": 5})))
    assert wire == {
        "type": "event",
        "stream": STREAM,
        "epoch": 1,
        "seq": 9,
        "event": "progress",
        "data": {"progressPct": 5},
    }


def test_the_end_of_an_answer_is_a_frame_of_its_own_that_counts_in_the_stream() -> None:
    end = {"message": ID, "revision": 2, "status": "stopped", "length": 3, "sha256": "ab", "later": 1}
    wire = json.loads(frames.encode(frames.of_event(STREAM, 1, 9, frames.END, end)))
    del end["later"]
    assert wire == {"type": "end", "stream": STREAM, "epoch": 1, "seq": 9, **end}
