"""The messages of the AsyncAPI document: one for each frame, each event of a stream, each command's reply."""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from api.asyncapi_examples import Examples
from api.asyncapi_streams import BODIES, KINDS, RESULTS, StreamKind
from api.openapi_schemas import Schemas
from lyo_rt import frames
from lyo_rt.generation.records import TaskProgress

Frame = type[msgspec.Struct]
UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UUID_EXAMPLE = "6dc895e6-fafb-4d71-a192-b4ae353c7768"

CLIENT: tuple[Frame, ...] = get_args(frames.ClientFrame)
SERVER: tuple[Frame, ...] = get_args(frames.ServerFrame)


def tag(frame: Frame) -> str:
    """The `type` by which a frame is known."""
    return str(frame.__struct_config__.tag)


def client_key(frame: Frame) -> str:
    """The name of a client frame's message among the components."""
    return f"client.{tag(frame)}"


def server_key(frame: Frame) -> str:
    """The name of a server frame's message among the components."""
    return f"server.{tag(frame)}"


def reply_key(frame: Frame) -> str:
    """The name of the message that answers a command."""
    return f"reply.{tag(frame)}" if frame in RESULTS else server_key(frames.Reply)


def event_key(kind: StreamKind, event: str) -> str:
    """The name of the message of a stream's event."""
    return f"{kind.name}.{event}"


def is_command(frame: Frame) -> bool:
    """Whether a client frame has an `id`, by which its reply is known."""
    return "id" in frame.__struct_fields__


DOOR = "door.progress"
"""The name of the simple door's message."""


class Messages:
    """All messages of the document, and the schemas they stand on."""

    def __init__(self) -> None:
        self._schemas = Schemas()
        self.found: dict[str, dict[str, Any]] = {}
        self._frames()
        self._replies()
        self._events()
        self._add(DOOR, TaskProgress, "progress", _summary(TaskProgress))
        examples = Examples(self.schemas())
        for message in self.found.values():
            message["examples"] = [
                {"name": f"example{place}", "payload": example}
                for place, example in enumerate(examples.of(message["payload"]), start=1)
            ]

    def schemas(self) -> dict[str, Any]:
        """The named schemas, by name."""
        return self._schemas.components()

    def _frames(self) -> None:
        for frame in CLIENT:
            self._add(client_key(frame), frame, tag(frame), _summary(frame), BODIES.get(frame))
            if is_command(frame):
                self.found[client_key(frame)]["correlationId"] = {"$ref": "#/components/correlationIds/command"}
        for frame in SERVER:
            self._add(server_key(frame), frame, tag(frame), _summary(frame))
        self.found[server_key(frames.Reply)]["correlationId"] = {"$ref": "#/components/correlationIds/command"}

    def _replies(self) -> None:
        for command, result in RESULTS.items():
            key = reply_key(command)
            self._add(key, frames.Reply, f"reply to {tag(command)}", _summary(result), {"ok": result})
            self.found[key]["correlationId"] = {"$ref": "#/components/correlationIds/command"}

    def _events(self) -> None:
        for kind in KINDS:
            pattern = f"^{kind.name}:{UUID_PATTERN}$" if kind.parameter else f"^{kind.name}$"
            example = f"{kind.name}:{UUID_EXAMPLE}" if kind.parameter else kind.name
            stream = {"type": "string", "pattern": pattern, "examples": [example]}
            for event, data in kind.events.items():
                members = {"stream": stream, "event": {"const": event}, "data": data}
                self._add(event_key(kind, event), frames.Event, f"event {event}", _summary(data), members)

    def _add(self, key: str, frame: Frame, title: str, summary: str, members: Mapping[str, Any] | None = None) -> None:
        """`members`: what is known of some of the frame's members beyond its schema, as a schema or a type."""
        payload = self._schemas.reference(frame)
        if members:
            known = {
                name: part if isinstance(part, dict) else self._schemas.reference(part)
                for name, part in members.items()
            }
            payload = {"allOf": [payload, {"type": "object", "properties": known}]}
        self.found[key] = {"name": title.partition(" ")[0], "title": title, "summary": summary, "payload": payload}


def _summary(kind: type) -> str:
    """What the type's own docstring promises, as one paragraph."""
    return " ".join((kind.__doc__ or "").split())
