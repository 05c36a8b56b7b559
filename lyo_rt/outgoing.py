"""One server frame on its way to any number of sockets: encoded once, and framed for the wire once, in each codec."""

import struct

from lyo_rt import frames
from lyo_rt.frames import Codec, ServerFrame

_FIRST_BYTE = {Codec.JSON: 0x81, Codec.MSGPACK: 0x82}
"""FIN, and the opcode of a text or of a binary message (RFC 6455 §5.2)."""


class Outgoing:
    """A frame; nothing is encoded before somebody wants it."""

    __slots__ = ("_framed", "_payloads", "frame")

    def __init__(self, frame: ServerFrame, json: bytes | None = None) -> None:
        """`json`: the frame in JSON, where that is known already."""
        self.frame = frame
        self._payloads: dict[Codec, bytes] = {} if json is None else {Codec.JSON: json}
        self._framed: dict[Codec, bytes] = {}

    def payload(self, codec: Codec) -> bytes:
        """The message: JSON text as UTF-8, or MessagePack."""
        found = self._payloads.get(codec)
        if found is None:
            found = self._payloads[codec] = frames.encode(self.frame, codec)
        return found

    def framed(self, codec: Codec) -> bytes:
        """The message as one WebSocket frame of a server.

        A server's frames are not masked (RFC 6455 §5.1), so without extensions these bytes are every socket's.
        """
        found = self._framed.get(codec)
        if found is None:
            found = self._framed[codec] = _framed(_FIRST_BYTE[codec], self.payload(codec))
        return found


def _framed(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
