"""permessage-deflate is not negotiated: with it a connection costs 137 KiB instead of 39 (REALTIME §3)."""

from hypercorn.protocol import ws_stream


def negotiate_no_compression() -> None:
    """Have Hypercorn accept no extension of a WebSocket's handshake; it has no setting for that (0.18)."""
    # RFC 6455 §9.1: a server that names no extension has accepted none.
    ws_stream.server_extensions_handshake = lambda *_: None  # type: ignore[attr-defined]
