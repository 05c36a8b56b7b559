"""All that crosses `/v1/ws`: two tagged unions, one each way (REALTIME §1), tag `type`, as JSON or as MessagePack.

`end` is a stored event of its stream, so beside REALTIME's members it carries `epoch` and `seq`: a client that counts
seq sees no gap, and one that missed it is told again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, NoReturn
from uuid import UUID

import msgspec

from lyo_rt.nesting import too_deep
from lyo_rt.problems import BadFrame, ProblemBody


class Codec(Enum):
    """How frames are written; each value is the subprotocol that asks for it."""

    JSON = "lyo.v1"
    """Text messages. Also what a client gets that names no subprotocol."""
    MSGPACK = "lyo.v1.msgpack"
    """Binary messages."""


Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
StreamName = Annotated[str, msgspec.Meta(max_length=128, pattern=r"^[a-z]+(:[0-9a-f-]{36})?$")]
Seq = Annotated[int, msgspec.Meta(ge=0)]
Question = Annotated[str, msgspec.Meta(min_length=1, max_length=8000, pattern=r"\S")]


# -- client to server -----------------------------------------------------------------------------------------------


class After(msgspec.Struct, frozen=True):
    """The last event a client has applied."""

    epoch: int
    seq: Seq


class Resume(msgspec.Struct, frozen=True):
    """Where a client was: in a stream's events (`epoch`, `seq`), or inside an answer (`message`, `revision`, `at`)."""

    stream: StreamName
    epoch: int | None = None
    seq: Seq | None = None
    message: UUID | None = None
    revision: int | None = None
    at: Seq | None = None


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Must be first, within ten seconds; the token is not needed if the handshake carried it.

    `device` is an id of the installation (an app, a browser tab), made by the client: a newer connection of the same
    device takes over, and the older one is closed with 4009.
    """

    token: str | None = None
    device: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    resume: Annotated[list[Resume], msgspec.Meta(max_length=200)] = []


class Auth(msgspec.Struct, frozen=True, tag="auth"):
    """A new access token on the live socket; subscriptions stay."""

    token: str


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """Follow a stream, behind `after` or from now on; the reply says where that is."""

    id: Identifier
    stream: StreamName
    after: After | None = None


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
    """Follow a stream no more."""

    id: Identifier
    stream: StreamName


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A tutor turn; `id` is a client UUID and makes it idempotent."""

    id: UUID
    conversation: UUID
    text: Question


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """End the answer being written; what was shown is kept and marked `stopped`."""

    id: Identifier
    conversation: UUID


class Regenerate(msgspec.Struct, frozen=True, tag="regenerate"):
    """Answer the newest question again."""

    id: Identifier
    conversation: UUID


class Generate(msgspec.Struct, frozen=True, tag="generate"):
    """Course generation, as REST; `id` is the idempotency key."""

    id: Identifier
    payload: dict[str, Any]


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """End a task; its stream tells of the end."""

    id: Identifier
    task: UUID


class Presence(msgspec.Struct, frozen=True, tag="presence"):
    """The learner is in the study room of a course from now on, or no longer; the reply to `here` is who else is."""

    id: Identifier
    course: UUID
    here: bool = True


class Typing(msgspec.Struct, frozen=True, tag="typing"):
    """The learner is writing something in a course's study room; there is no reply."""

    course: UUID


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """The client's heartbeat; a position behind the server's is repaired at once."""

    positions: dict[str, int] = {}


ClientFrame = (
    Hello | Auth | Subscribe | Unsubscribe | Ask | Stop | Regenerate | Generate | Cancel | Presence | Typing | Ping
)


# -- server to client -----------------------------------------------------------------------------------------------


class StreamState(msgspec.Struct, frozen=True):
    """Where the server stands in a stream the client has resumed; not `recovered` means: fetch the state anew."""

    stream: str
    epoch: int
    seq: int
    recovered: bool


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The session has begun. `heartbeat`: seconds between the pings that are expected."""

    session: str
    user: str
    heartbeat: int
    streams: Sequence[StreamState]
    instance: str


class Event(msgspec.Struct, frozen=True, tag="event"):
    """An entry of a stream's log, gapless: apply `last + 1`, drop what is not greater, otherwise subscribe again."""

    stream: str
    epoch: int
    seq: int
    event: str
    data: Mapping[str, Any]


class Delta(msgspec.Struct, frozen=True, tag="delta"):
    """A piece of an answer; `at` counts the Unicode code points before it."""

    stream: str
    message: str
    revision: int
    at: int
    text: str


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """All of an answer so far; replaces what the client holds of it."""

    stream: str
    message: str
    revision: int
    text: str


class End(msgspec.Struct, frozen=True, tag="end", omit_defaults=True):
    """An answer has ended; `length` (code points) and `sha256` (of the UTF-8) are those of its whole text.

    `code` is there when it failed: that of the problem a request would have been answered with.
    """

    stream: str
    epoch: int
    seq: int
    message: str
    revision: int
    status: Literal["complete", "stopped", "failed", "superseded"]
    length: int
    sha256: str
    code: str | None = None


class Typist(msgspec.Struct, frozen=True, tag="typing"):
    """Somebody writes in a course's study room. Never stored, never repeated: show it for four seconds."""

    stream: str
    user: str
    name: str


class Reply(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    """The outcome of the command `id`: `ok` with its result, or a problem."""

    id: str | None
    ok: Mapping[str, Any] | None = None
    problem: ProblemBody | None = None


class AuthExpiring(msgspec.Struct, frozen=True, tag="auth_expiring", rename={"seconds": "in"}):
    """The access token ends `in` so many seconds: send a new one as `auth`."""

    seconds: int


class Reconnect(msgspec.Struct, frozen=True, tag="reconnect"):
    """This instance is going away: come back in `after_ms` milliseconds, and resume."""

    after_ms: int
    reason: str


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    """The answer to a ping: the seq of the last event sent of each stream."""

    positions: Mapping[str, int]


ServerFrame = Welcome | Event | Delta | Snapshot | End | Typist | Reply | AuthExpiring | Reconnect | Pong

END = "end"
"""The name under which an answer's end stands in the log; it goes out as an `end` frame."""

_json: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_msgpack: msgspec.msgpack.Decoder[ClientFrame] = msgspec.msgpack.Decoder(ClientFrame)
_encoders: dict[Codec, msgspec.json.Encoder | msgspec.msgpack.Encoder] = {
    Codec.JSON: msgspec.json.Encoder(),
    Codec.MSGPACK: msgspec.msgpack.Encoder(),
}


def decode(data: str | bytes, codec: Codec = Codec.JSON) -> ClientFrame:
    """One client frame. Unknown members are ignored. Raises BadFrame, which names the fault."""
    try:
        frame = _json.decode(data) if codec is Codec.JSON else _msgpack.decode(_binary(data))
    except msgspec.ValidationError as fault:
        raise BadFrame(f"{fault}.") from fault
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise BadFrame(f"Not valid {_NAMES[codec]}: {fault}.") from fault
    except RecursionError as fault:
        raise BadFrame(_TOO_DEEP) from fault
    if isinstance(frame, Generate) and too_deep(frame.payload):
        raise BadFrame(_TOO_DEEP)
    # In JSON a NUL can only be written so; whether it was is cheaper to ask first.
    if codec is not Codec.JSON or _NUL[type(data)] in data:
        _check(msgspec.to_builtins(frame, builtin_types=(bytes, datetime), enc_hook=_no_json))
    return frame


def identifier(data: str | bytes, codec: Codec = Codec.JSON) -> str | None:
    """The `id` of a frame that could not be decoded, so that its reply can be matched; None without one."""
    try:
        found = msgspec.json.decode(data) if codec is Codec.JSON else msgspec.msgpack.decode(_binary(data))
    except (msgspec.DecodeError, UnicodeError, RecursionError, BadFrame):
        return None
    name = found.get("id") if isinstance(found, dict) else None
    return name[:64] if isinstance(name, str) else None


def _binary(data: str | bytes) -> bytes:
    if isinstance(data, str):
        raise BadFrame(f"{Codec.MSGPACK.value} is spoken in binary messages; this was a text message.")
    return data


_TOO_DEEP = "The frame is nested too deeply."
_NAMES = {Codec.JSON: "JSON", Codec.MSGPACK: "MessagePack"}
_NUL: dict[type, Any] = {str: "\\u0000", bytes: b"\\u0000"}


def _check(value: Any) -> None:
    """Raises BadFrame for what can be sent and not stored: PostgreSQL's text has no NUL, and JSON no binary."""
    match value:
        case str() if "\0" in value:
            raise BadFrame("The frame contains a NUL character.")
        case str() | int() | float() | None:
            return
        case list():
            for entry in value:
                _check(entry)
        case dict():
            for name, entry in value.items():
                if not isinstance(name, str):
                    raise BadFrame("The names of members must be strings.")
                _check(name)
                _check(entry)
        case _:
            _no_json(value)


def _no_json(_: object) -> NoReturn:
    raise BadFrame("The frame contains a value that JSON does not have.")


def encode(frame: ServerFrame, codec: Codec = Codec.JSON) -> bytes:
    """One server frame."""
    return _encoders[codec].encode(frame)


def of_event(stream: str, epoch: int, seq: int, name: str, data: Mapping[str, Any]) -> Event | End:
    """A stored event as the frame it goes out as."""
    if name != END:
        return Event(stream, epoch, seq, name, data)
    told = {key: data[key] for key in ("message", "revision", "status", "length", "sha256")}
    return End(stream, epoch, seq, **told, code=data.get("code"))
