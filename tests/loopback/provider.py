"""What both loopback providers have in common: log, script, pace, and the ways to fail."""

import argparse
import json
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import anyio
import msgspec

from tests.loopback.content import document, tokens_of, tutor_tokens
from tests.loopback.script import Behaviour, Received, Script, log_as_json, purpose_of
from tests.loopback.server import Request, Response, serve
from tests.loopback.tutors import FAULTS, ScriptedTutor

EVENT_STREAM = {"content-type": "text/event-stream"}


class Refused(Exception):
    """The request is not as the real provider wants it; `reason` is the provider's own word for it."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request as understood: `texts` are the turns, oldest first, `schema` the shape asked for."""

    model: str
    stream: bool
    system: str
    texts: list[str]
    schema: dict[str, Any] | None
    most_tokens: int


class Provider(ABC, Script):
    """One loopback provider; `address` is its base address without a path."""

    address: str
    tutor: ScriptedTutor | None = None

    @classmethod
    @asynccontextmanager
    async def running(
        cls, *, port: int = 0, token_delay: float = 0.0, delay: float = 0.0, tutor: ScriptedTutor | None = None
    ) -> AsyncIterator[Self]:
        """The provider, listening on 127.0.0.1 while the block runs; `tutor` speaks in place of its own."""
        provider = cls(token_delay=token_delay, delay=delay)
        provider.tutor = tutor
        async with serve(provider.answer, port=port) as address:
            provider.address = address
            yield provider

    @abstractmethod
    def understood(self, request: Request) -> Asked:
        """The request, checked as the real provider checks it. Raises Refused."""

    @abstractmethod
    def error_body(self, status: int, message: str, reason: str = "") -> bytes:
        """An error in the provider's own format."""

    @abstractmethod
    def whole_body(self, asked: Asked, text: str, finish: str) -> bytes:
        """A whole answer; `finish` is stop, length or blocked."""

    @abstractmethod
    def events(self, asked: Asked, token: str | None, finish: str | None) -> bytes:
        """The server-sent events for a token, or for the end of the answer."""

    async def answer(self, request: Request, response: Response) -> None:
        """Answers one HTTP request: the API's own, `GET /__log`, or `POST /__queue` with a list of behaviours."""
        if request.target == "/__log":
            await response.whole(200, log_as_json(self))
        elif request.target == "/__queue":
            self.queue(*msgspec.json.decode(request.body, type=list[Behaviour]))
            await response.whole(204, b"")
        else:
            await self._logged(request, response)

    async def _logged(self, request: Request, response: Response) -> None:
        entry = self.received()
        began = anyio.current_time()
        try:
            await self._scripted(request, response, entry)
        finally:
            if entry.outcome == "running":
                entry.outcome = "disconnected"
            entry.seconds = anyio.current_time() - began
            self.changed()

    async def _scripted(self, request: Request, response: Response, entry: Received) -> None:
        try:
            asked = self.understood(request)
        except Refused as refusal:
            entry.outcome, entry.status = "failed", refusal.status
            await response.whole(refusal.status, self.error_body(refusal.status, refusal.message, refusal.reason))
            return
        entry.purpose = purpose_of(asked.texts[0], structured=asked.schema is not None)
        entry.model, entry.stream, entry.turns = asked.model, asked.stream, len(asked.texts)
        entry.most_tokens = asked.most_tokens
        entry.system, entry.texts = asked.system, asked.texts
        behaviour = self.taken_for(entry.purpose)
        entry.behaviour = behaviour.kind
        self.changed()
        await anyio.sleep(self.delay)
        if behaviour.kind == "hang":
            await anyio.sleep_forever()
        elif behaviour.kind == "status":
            await self._failed(response, entry, behaviour)
        elif asked.stream:
            await self._streamed(response, entry, asked, behaviour)
        else:
            await self._whole(response, entry, asked, behaviour)

    async def _failed(self, response: Response, entry: Received, behaviour: Behaviour) -> None:
        entry.outcome, entry.status = "failed", behaviour.status
        headers = {"content-type": "application/json", **behaviour.headers}
        if behaviour.retry_after is not None:
            headers["retry-after"] = f"{behaviour.retry_after:g}"
        await response.whole(behaviour.status, self.error_body(behaviour.status, "scripted failure"), headers)

    async def _whole(self, response: Response, entry: Received, asked: Asked, behaviour: Behaviour) -> None:
        text, finish = self._document(asked, entry.purpose, behaviour)
        body = self.whole_body(asked, text, finish)
        entry.status = 200
        if behaviour.kind == "cut":
            entry.outcome = "cut"
            await response.begin(200, {"content-type": "application/json", "content-length": str(len(body))})
            await response.piece(body[: len(body) // 2])
            await response.cut()
            return
        entry.outcome = "answered"
        await response.whole(200, body)

    def _document(self, asked: Asked, purpose: str, behaviour: Behaviour) -> tuple[str, str]:
        made = document(asked.schema or {}, "\n".join(asked.texts), purpose)
        text = json.dumps(made, ensure_ascii=False)
        match behaviour.kind:
            case "truncated":
                return text[: len(text) // 2], "length"
            case "blocked":
                return "", "blocked"
            case "malformed":
                return text[:-1] + ", }", "stop"
            case "wrong_schema":
                made[next(iter(made))] = 7
                return json.dumps(made), "stop"
            case "flawed":
                made["questions"][-1]["explanation"] = " "
                return json.dumps(made), "stop"
            case "undecided":
                made["answers"][0] = -1
                return json.dumps(made), "stop"
            case "empty":
                return "", "stop"
            case _:
                return text, "stop"

    async def _streamed(self, response: Response, entry: Received, asked: Asked, behaviour: Behaviour) -> None:
        await response.begin(200, EVENT_STREAM)
        entry.status = 200
        tokens = re.findall(r"\S+\s*", behaviour.says) or self._said_to(asked)
        if behaviour.kind in ("blocked", "empty"):
            tokens = []
        for token in tokens:
            if entry.tokens_sent == behaviour.after and behaviour.kind in ("hang_between", "cut", "truncated"):
                break
            await anyio.sleep(self.token_delay)
            await response.piece(self.events(asked, token, None))
            entry.tokens_sent += 1
            entry.text += token
            self.changed()
        if behaviour.kind == "hang_between":
            await anyio.sleep_forever()
        if behaviour.kind == "cut":
            entry.outcome = "cut"
            await response.cut()
            return
        finish = {"truncated": "length", "blocked": "blocked"}.get(behaviour.kind, "stop")
        entry.outcome = "answered"
        await response.piece(self.events(asked, None, finish))
        await response.end()

    def _said_to(self, asked: Asked) -> list[str]:
        """The tutor's answer, token by token."""
        if self.tutor is None:
            return tutor_tokens(asked.texts[-1], _material(asked.system))
        return tokens_of(self.tutor.answer(asked.texts[-1]))


def _material(system: str) -> str:
    begin = system.rfind("<material>")
    return "" if begin < 0 else system[begin + len("<material>") : system.rfind("</material>")]


async def run(kind: type[Provider], arguments: argparse.Namespace) -> None:
    """Serves until the process is ended; the first line on standard output is the address."""
    pace = {"token_delay": arguments.token_delay, "delay": arguments.delay}
    chosen = arguments.tutor
    tutor = None if chosen is None else ScriptedTutor(None if chosen == "good" else chosen)
    async with kind.running(port=arguments.port, tutor=tutor, **pace) as provider:
        print(provider.address, flush=True)
        await anyio.sleep_forever()


def main(kind: type[Provider]) -> None:
    """`python -m tests.loopback.<provider> --port 0 [--token-delay 0.01] [--delay 0.2] [--tutor good]`."""
    parser = argparse.ArgumentParser(description=kind.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token-delay", type=float, default=0.0, help="seconds before each token of a stream")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before any answer")
    parser.add_argument(
        "--tutor", choices=["good", *FAULTS], help="who knows the dialogues of `lyo-rt evaluate tutor`, and their fault"
    )
    try:
        anyio.run(run, kind, parser.parse_args())
    except KeyboardInterrupt:
        return
