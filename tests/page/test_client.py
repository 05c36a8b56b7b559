"""The page's modules on their own: the merge rule, the close codes, Markdown from a model."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.page.visitor import Visitor


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """The page, nobody signed in."""
    return visitor.visit()


STREAM = """
async (frames) => {
    const { Stream } = await import("/page/client/stream.js");
    const stream = new Stream("conversation:1", { epoch: 1, seq: 4 });
    const outcomes = frames.map((frame) => stream[frame.type](frame));
    return { outcomes, resume: stream.resume(), text: stream.text("m") };
}
"""


def _event(seq: int, epoch: int = 1) -> dict[str, Any]:
    return {"type": "event", "epoch": epoch, "seq": seq, "event": "message", "data": {}}


def _delta(at: int, text: str, revision: int = 1) -> dict[str, Any]:
    return {"type": "delta", "message": "m", "revision": revision, "at": at, "text": text}


def _end(seq: int, length: int) -> dict[str, Any]:
    return {
        "type": "end",
        "epoch": 1,
        "seq": seq,
        "message": "m",
        "revision": 1,
        "length": length,
        "status": "complete",
    }


APPLIED, KNOWN, GAP = "applied", "known", "gap"
MERGES = {
    "each seq once": ([_event(5), _event(5), _event(4), _event(6)], [APPLIED, KNOWN, KNOWN, APPLIED]),
    "a missing event": ([_event(6)], [GAP]),
    "another epoch": ([_event(5, epoch=2)], [GAP]),
    "code points": ([_delta(0, "🌱🍃"), _delta(2, " ok"), _delta(2, " ok")], [APPLIED, APPLIED, KNOWN]),
    "a missing piece": ([_delta(0, "ab"), _delta(3, "d"), _delta(5, "x", revision=2)], [APPLIED, GAP, GAP]),
    "revisions": ([_delta(0, "old"), _delta(0, "new", revision=2), _delta(3, "!")], [APPLIED, APPLIED, KNOWN]),
    "after the end": ([_delta(0, "🌱"), _end(5, 1), _delta(0, "🌱")], [APPLIED, APPLIED, KNOWN]),
    "the end of more than was seen": ([_delta(0, "🌱"), _end(5, 2)], [APPLIED, GAP]),
}


def test_the_merge_rule(page: Page) -> None:
    for name, (frames, outcomes) in MERGES.items():
        assert page.evaluate(STREAM, frames)["outcomes"] == outcomes, name


def test_a_resume_counts_code_points(page: Page) -> None:
    resume = page.evaluate(STREAM, [_event(5), _delta(0, "🌱🍃 é")])["resume"]
    assert resume == [
        {"stream": "conversation:1", "epoch": 1, "seq": 5},
        {"stream": "conversation:1", "message": "m", "revision": 1, "at": 4},
    ]


MARKDOWN = """
async (text) => {
    const { blocks } = await import("/page/markdown/blocks.js");
    const box = document.createElement("div");
    box.append(...blocks(text));
    return box.innerHTML;
}
"""
LINK = 'rel="noopener noreferrer" target="_blank"'


MARKDOWN_AS_HTML = {
    "# Title\n\n*two* **three** `four`": "<h2>Title</h2><p><em>two</em> <strong>three</strong> <code>four</code></p>",
    "- a\n- b\n  1. c": "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
    "3. c\n4. d": '<ol start="3"><li>c</li><li>d</li></ol>',
    "> said\n> twice": "<blockquote><p>said\ntwice</p></blockquote>",
    "```py\na < b\n```": '<pre tabindex="0" data-language="py"><code>a &lt; b</code></pre>',
    "```\nnever closed": '<pre tabindex="0"><code>never closed</code></pre>',
    "[Kelp](https://example.org/a_(b))": f'<p><a href="https://example.org/a_(b)" {LINK}>Kelp</a></p>',
    "[x](javascript:alert(1)) [y](http://a.example)": "<p><span>x</span> <span>y</span></p>",
    "<img src=x onerror=alert(1)>": "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
    "snake_case_name 2 * 3 * 4 **open": "<p>snake_case_name 2 * 3 * 4 **open</p>",
    "| a |\n|---|\n| 1 |": '<div class="table" tabindex="0"><table><thead><tr><th>a</th></tr></thead>'
    "<tbody><tr><td>1</td></tr></tbody></table></div>",
    "\\*plain\\*": "<p>*plain*</p>",
}


def test_markdown_becomes_nodes_and_never_html(page: Page) -> None:
    for text, html in MARKDOWN_AS_HTML.items():
        assert page.evaluate(MARKDOWN, text) == html


def test_hostile_markdown_takes_no_time(page: Page) -> None:
    for text in ("*" * 40_000, "[" * 40_000, "> " * 5_000 + "deep", "`a" * 20_000, "**a _b " * 8_000):
        began = time.monotonic()
        page.evaluate(MARKDOWN, text)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(("code", "comes_back"), [(4208, True), (1012, True), (4301, True), (4003, False)])
def test_close_codes_are_instructions(visitor: Visitor, code: int, comes_back: bool) -> None:
    visitor.as_demo()
    sockets: list[WebSocketRoute] = []
    refreshed: list[str] = []

    def close_the_first(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        if len(sockets) == 1:
            server.on_message(lambda _: socket.close(code=code, reason="Told to."))

    page = visitor.context.new_page()
    page.on("request", lambda request: refreshed.append(request.url) if request.url.endswith("/refresh") else None)
    page.route_web_socket("**/v1/ws", close_the_first)
    page.goto(visitor.address)
    if comes_back:
        _until(page, lambda: len(sockets) == 2)
        expect(page.locator("#connection")).to_be_empty()
    else:
        expect(page.locator("#connection")).to_contain_text("Told to.")
        assert len(sockets) == 1
    assert bool(refreshed) == (code == 4301)


def _until(page: Page, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)
