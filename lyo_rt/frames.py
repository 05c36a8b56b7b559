"""All that crosses `/v1/ws`: two tagged unions, one each way (REALTIME §1). JSON text; tag `type`.

`end` is a stored event of its stream, so beside REALTIME's members it carries `epoch` and `seq`: a client that counts
seq sees no gap, and one that missed it is told again.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from lyo_rt.problems import BadFrame, ProblemBody

SUBPROTOCOL = "lyo.v1"

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
    """Must be first, within ten seconds; the token is not needed if the handshake carried it."""

    token: str | None = None
    device: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    resume: Annotated[list[Resume], msgspec.Meta(max_length=200)] = []


class Auth(msgspec.Struct, frozen=True, tag="auth"):
    """A new access token on the live socket; subscriptions stay."""

    token: str


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    id: Identifier
    stream: StreamName
    after: After | None = None


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
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
    id: Identifier
    task: UUID


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    """The client's heartbeat; a position behind the server's is repaired at once."""

    positions: dict[str, int] = {}


ClientFrame = Hello | Auth | Subscribe | Unsubscribe | Ask | Stop | Regenerate | Generate | Cancel | Ping


# -- server to client -----------------------------------------------------------------------------------------------


class StreamState(msgspec.Struct, frozen=True):
    """Where the server stands in a stream the client has resumed; not `recovered` means: fetch the state anew."""

    stream: str
    epoch: int
    seq: int
    recovered: bool


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    session: str
    user: str
    heartbeat: int
    streams: Sequence[StreamState]
    instance: str


class Event(msgspec.Struct, frozen=True, tag="event"):
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


class End(msgspec.Struct, frozen=True, tag="end"):
    stream: str
    epoch: int
    seq: int
    message: str
    revision: int
    status: Literal["complete", "stopped", "failed", "superseded"]
    length: int
    sha256: str


class Reply(msgspec.Struct, frozen=True, tag="reply", omit_defaults=True):
    """The outcome of the command `id`: `ok` with its result, or a problem."""

    id: str | None
    ok: Mapping[str, Any] | None = None
    problem: ProblemBody | None = None


class AuthExpiring(msgspec.Struct, frozen=True, tag="auth_expiring", rename={"seconds": "in"}):
    seconds: int


class Reconnect(msgspec.Struct, frozen=True, tag="reconnect"):
    after_ms: int
    reason: str


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    positions: Mapping[str, int]


ServerFrame = Welcome | Event | Delta | Snapshot | End | Reply | AuthExpiring | Reconnect | Pong

END = "end"
"""The name under which an answer's end stands in the log; it goes out as an `end` frame."""

_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_encoder = msgspec.json.Encoder()


def decode(data: str | bytes) -> ClientFrame:
    """One client frame. Unknown members are ignored. Raises BadFrame, which names the fault."""
    try:
        frame = _decoder.decode(data)
    except msgspec.ValidationError as fault:
        raise BadFrame(f"{fault}.") from fault
    except (msgspec.DecodeError, UnicodeError) as fault:
        raise BadFrame(f"Not valid JSON: {fault}.") from fault
    except RecursionError as fault:
        raise BadFrame("The frame is nested too deeply.") from fault
    # PostgreSQL stores no NUL. In JSON it can only be written so; whether it was is cheaper to ask first.
    if _NUL[type(data)] in data and _has_nul(msgspec.to_builtins(frame)):
        raise BadFrame("The frame contains a NUL character.")
    return frame


def identifier(data: str | bytes) -> str | None:
    """The `id` of a frame that could not be decoded, so that its reply can be matched; None without one."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    name = found.get("id") if isinstance(found, dict) else None
    return name[:64] if isinstance(name, str) else None


_NUL: dict[type, Any] = {str: "\\u0000", bytes: b"\\u0000"}


def _has_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(name) or _has_nul(entry) for name, entry in value.items())
        case _:
            return False


def encode(frame: ServerFrame) -> bytes:
    """One server frame as JSON."""
    return _encoder.encode(frame)


def of_event(stream: str, epoch: int, seq: int, name: str, data: Mapping[str, Any]) -> Event | End:
    """A stored event as the frame it goes out as."""
    if name != END:
        return Event(stream, epoch, seq, name, data)
    return End(stream, epoch, seq, **{key: data[key] for key in ("message", "revision", "status", "length", "sha256")})
