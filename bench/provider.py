"""An AI provider on the loopback for measuring: OpenAI's chat completions, whole or streamed, cheap and punctual.

The documents are those of the tests' loopback provider, made once for each shape. A streamed token holds the time at
which it was sent, so that whoever receives it, on this machine, knows how long it was under way.
"""

import argparse
import asyncio
import random
import re
import signal
import sys
from typing import Any, cast

import msgspec
import uvloop

from bench.stamps import token
from tests.loopback.content import document

NUMBERS = re.compile(r"^(?:Modules|Questions): \d+$", re.MULTILINE)
_documents: dict[tuple[str, ...], bytes] = {}


class Connection(asyncio.Protocol):
    """One client, kept alive; one request at a time."""

    def __init__(self, pace: argparse.Namespace) -> None:
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        size = int(length.group(1)) if length else 0
        if len(rest) < size:
            return
        self._buffer = rest[size:]
        self._answer(msgspec.json.decode(rest[:size]))

    def _answer(self, request: dict[str, Any]) -> None:
        if request.get("stream"):
            self._left = self._pace.tokens
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            )
            # Learners do not speak in step: each answer has a phase of its own.
            self._due = self._loop.time() + self._pace.delay + random.random() * self._pace.interval  # noqa: S311
            self._timer = self._loop.call_at(self._due, self._token)
        else:
            self._timer = self._loop.call_later(self._pace.delay, self._transport.write, whole(request))

    def _token(self) -> None:
        if self._left == 0:
            self._transport.write(chunked(END) + b"0\r\n\r\n")
            return
        self._transport.write(chunked(TOKEN % token(self._pace.tokens - self._left).encode()))
        self._left -= 1
        # Counted from when it was due, so that a late token makes no later ones.
        self._due += self._pace.interval
        self._timer = self._loop.call_at(self._due, self._token)


HEAD = b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1790000000,"model":"gpt-4o-mini",'
TOKEN = HEAD + b'"choices":[{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":null}]}\n\n'
END = (
    HEAD + b'"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n' + HEAD + b'"choices":[],'
    b'"usage":{"prompt_tokens":40,"completion_tokens":40,"total_tokens":80}}\n\ndata: [DONE]\n\n'
)


def chunked(data: bytes) -> bytes:
    """One chunk (RFC 9112 §7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def whole(request: dict[str, Any]) -> bytes:
    """The HTTP answer to a structured request."""
    shape = request["response_format"]["json_schema"]
    prompt = "\n".join(message["content"] for message in request["messages"])
    key = (shape["name"], *NUMBERS.findall(prompt))
    found = _documents.get(key)
    if found is None:
        text = msgspec.json.encode(document(shape["schema"], prompt, shape["name"])).decode()
        message = {"role": "assistant", "content": text, "refusal": None}
        body = msgspec.json.encode(
            {
                "id": "chatcmpl-bench",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": request["model"],
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 400, "completion_tokens": 400, "total_tokens": 800},
            }
        )
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        found = _documents[key] = head + body
    return found


async def serve(pace: argparse.Namespace) -> None:
    """Until SIGTERM; the first line on standard output is the address."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(lambda: Connection(pace), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    sys.stdout.write(f"provider on http://127.0.0.1:{port}\n")
    sys.stdout.flush()
    await stop.wait()


def main() -> None:
    """`python -m bench.provider --delay 0.02 --interval 0.04 --tokens 250`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds before an answer begins")
    parser.add_argument("--interval", type=float, default=0.04, help="seconds between the tokens of a stream")
    parser.add_argument("--tokens", type=int, default=250, help="tokens in a streamed answer")
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
