"""One server frame on its way to any number of sockets: encoded once, and framed for the wire once, in each codec."""

import struct

from lyo_rt import frames
from lyo_rt.frames import Codec, ServerFrame

FIN, TEXT, BINARY = 0x80, 0x1, 0x2


class Outgoing:
    """A frame; nothing is encoded before somebody wants it."""

    # Members and not dicts by codec: an enum's hash is Python code, paid for every socket of every event.
    __slots__ = ("_json", "_json_framed", "_msgpack", "_msgpack_framed", "frame")

    def __init__(self, frame: ServerFrame, json: bytes | None = None) -> None:
        """`json`: the frame in JSON, where that is known already."""
        self.frame = frame
        self._json = json
        self._msgpack: bytes | None = None
        self._json_framed: bytes | None = None
        self._msgpack_framed: bytes | None = None

    def payload(self, codec: Codec) -> bytes:
        """The message: JSON text as UTF-8, or MessagePack."""
        if codec is Codec.JSON:
            if self._json is None:
                self._json = frames.encode(self.frame, codec)
            return self._json
        if self._msgpack is None:
            self._msgpack = frames.encode(self.frame, codec)
        return self._msgpack

    def framed(self, codec: Codec) -> bytes:
        """The message as one WebSocket frame of a server.

        A server's frames are not masked (RFC 6455 §5.1), so without extensions these bytes are every socket's.
        """
        if codec is Codec.JSON:
            if self._json_framed is None:
                self._json_framed = framed(TEXT, self.payload(codec))
            return self._json_framed
        if self._msgpack_framed is None:
            self._msgpack_framed = framed(BINARY, self.payload(codec))
        return self._msgpack_framed


def framed(opcode: int, payload: bytes) -> bytes:
    """A whole message as one unmasked frame (RFC 6455 §5.2)."""
    length, first = len(payload), FIN | opcode
    if length < 126:
        return bytes((first, length)) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
