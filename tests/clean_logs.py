"""Nothing sensitive is logged: all that the servers wrote during the run is searched for all that the tests sent.

A pytest plugin. It notes the secrets of what goes through the tests' clients (passwords, tokens, keys, e-mail
addresses, what learners write), and everything that is written: each test's captured output and log, and the output of
the servers it starts. At the end of the run one is looked for in the other. A hit fails the run; so does a run that
looked at servers' logs without having noted a secret.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest
import structlog
from websockets.asyncio.client import ClientConnection as AsyncSocket
from websockets.sync.client import ClientConnection as SyncSocket

from api.logs import configure_logs
from lyo_rt.settings import Settings

WRITTEN = frozenset({"text", "content", "code", "title", "topic", "full_name"})
SECRET = frozenset({"password", "new_password", "token", "access_token", "refresh_token", "ticket"})
LEAST_SECRET, LEAST_WRITTEN = 8, 16
"""Characters; of shorter ones a hit would be chance."""
SHAPES = {
    "an access token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}"),
    "a ticket": re.compile(r"wst_[\w-]{43}"),
    "a password's hash": re.compile(r"\$2[aby]\$\d\d\$[./\w]{20,}"),
    "a sealed value": re.compile(r"\$lyo1\$\w+\$[\w=-]{20,}"),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.(?:com|org|net|example)\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a URL's password": re.compile(r"\w+://[^\s/:@]+:[^\s/:@]{4,}@"),
}
ANNOUNCED = re.compile(r"^  demo    demo@example\.com / demo   \(second learner: alex@example\.com / demo\)$")
"""What a development server prints on purpose (SPEC §1): the demo logins."""


class CleanLogs:
    """What was sent, and what was written."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.lines: dict[str, str] = {}

    def note(self, value: Any, name: str = "") -> None:
        """Remember what is sensitive in a JSON value."""
        match value:
            case dict():
                for member, inner in value.items():
                    self.note(inner, member)
            case list():
                for inner in value:
                    self.note(inner, name)
            case str() if name in SECRET and len(value) >= LEAST_SECRET:
                self.secrets.add(value)
            case str() if name in WRITTEN and len(value) >= LEAST_WRITTEN and " " in value:
                self.secrets.add(value)
            case str() if name == "email" and "@" in value:
                self.secrets.add(value)

    def note_json(self, data: bytes | str) -> None:
        """The same of JSON as it is sent; what is none is nothing."""
        try:
            self.note(json.loads(data))
        except (ValueError, RecursionError):
            return

    def note_request(self, request: httpx.Request) -> None:
        """What a request carries."""
        for name in ("authorization", "x-goog-api-key"):
            credential = request.headers.get(name, "").rpartition(" ")[2]
            if len(credential) >= LEAST_SECRET:
                self.secrets.add(credential)
        if request.headers.get("content-type", "").startswith("application/json"):
            try:
                self.note_json(request.content)
            except httpx.RequestNotRead:
                return

    def read(self, text: str, source: str) -> None:
        """Lines that were written, by whom."""
        for line in text.splitlines():
            self.lines.setdefault(line, source)

    def hits(self) -> Iterator[str]:
        """Each line that tells something sensitive, and what."""
        lines = {line: source for line, source in self.lines.items() if not ANNOUNCED.match(line)}
        everything = "\n".join(lines)
        # One letter again and again is a test of lengths, which others send too: no secret.
        telling = {secret for secret in self.secrets if len(set(secret)) > 1}
        found = {secret for secret in telling if any(spelt in everything for spelt in _spellings(secret))}
        for line, source in lines.items():
            what = [f"{secret[:12]!r}…" for secret in found if any(spelt in line for spelt in _spellings(secret))]
            what += [shape for shape, pattern in SHAPES.items() if pattern.search(line)]
            if what:
                yield f"{source}: {', '.join(what)} in: {line[:300]}"


def _spellings(secret: str) -> Iterable[str]:
    return {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}


LOGS = pytest.StashKey[CleanLogs]()
FOUND = pytest.StashKey[list[dict[str, Any]]]()
NOT_SERVERS = ("tests/page/", "tests/asyncapi/", "tests/autobahn/")
"""Tests that print what they compare, or what a browser shows; their servers' logs are read all the same."""


def pytest_configure(config: pytest.Config) -> None:
    """Watch the clients."""
    configure_logs(Settings.model_construct(log_level="DEBUG", log_format="pretty"))
    # As the product writes, but to wherever a test's output goes at that moment.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stdout))
    logs = config.stash[LOGS] = CleanLogs()
    config.stash[FOUND] = []
    _watch(logs)


def _watch(logs: CleanLogs) -> None:
    """Every client of the tests tells what it sends, and what it is given."""
    send, send_async, as_json = httpx.Client.send, httpx.AsyncClient.send, httpx.Response.json
    frame, frame_async = SyncSocket.send, AsyncSocket.send

    def sending(client: httpx.Client, request: httpx.Request, **named: Any) -> httpx.Response:
        logs.note_request(request)
        return send(client, request, **named)

    async def sending_async(client: httpx.AsyncClient, request: httpx.Request, **named: Any) -> httpx.Response:
        logs.note_request(request)
        return await send_async(client, request, **named)

    def answered(response: httpx.Response, **named: Any) -> Any:
        value = as_json(response, **named)
        logs.note({name: value[name] for name in SECRET if name in value} if isinstance(value, dict) else None)
        return value

    def framing(socket: SyncSocket, message: Any, **named: Any) -> None:
        logs.note_json(message if isinstance(message, str) else "")
        frame(socket, message, **named)

    async def framing_async(socket: AsyncSocket, message: Any, **named: Any) -> None:
        logs.note_json(message if isinstance(message, str) else "")
        await frame_async(socket, message, **named)

    httpx.Client.send, httpx.AsyncClient.send = sending, sending_async  # type: ignore[assignment,method-assign]
    httpx.Response.json = answered  # type: ignore[method-assign]
    SyncSocket.send, AsyncSocket.send = framing, framing_async  # type: ignore[assignment,method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """What a test's own process wrote: its output, and the log, of each phase."""
    report = yield
    if not report.failed and not item.nodeid.startswith(NOT_SERVERS):
        for name, text in report.sections:
            if name.startswith("Captured"):
                item.config.stash[LOGS].read(text, item.nodeid)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The search: in each process that ran tests, told to the one that began them."""
    logs, config = session.config.stash[LOGS], session.config
    result = {"hits": list(logs.hits()), "lines": len(logs.lines), "secrets": len(logs.secrets)}
    if (output := getattr(config, "workeroutput", None)) is not None:
        output["clean_logs"] = result
        return
    config.stash[FOUND].append(result)
    results = config.stash[FOUND]
    idle = any(one["lines"] > 1000 and not one["secrets"] for one in results)
    if (idle or any(one["hits"] for one in results)) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a process found that has ended."""
    if (result := getattr(node, "workeroutput", {}).get("clean_logs")) is not None:
        node.config.stash[FOUND].append(result)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was looked at, and every hit."""
    results = config.stash[FOUND]
    lines, secrets = (sum(one[name] for one in results) for name in ("lines", "secrets"))
    terminalreporter.write_line(f"logs: {lines} lines searched for {secrets} secrets of the tests")
    for hit in sorted({hit for one in results for hit in one["hits"]}):
        terminalreporter.write_line(f"LOGGED {hit}", red=True)
