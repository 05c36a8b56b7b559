"""One learner's browser: its tabs, and everything their consoles complain about."""

import re
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

REFUSED = r"Failed to load resource: the server responded with a status of 4\d\d"
AWAY = r"Failed to load resource: net::ERR_|WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED"
"""What Chromium itself writes to the console: at every 4xx answer, and while a server is away."""


class Visitor:
    """A browser context on the page. What its consoles say is a failure, but for what `expected` matches."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.expected: list[str] = []
        self._said: list[str] = []

    def visit(self, place: str = "") -> Page:
        """A new tab on `place` (`#/new`)."""
        page = self.context.new_page()
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self._said.append(str(error)))
        page.goto(f"{self.address}/{place}")
        return page

    def as_demo(self, place: str = "") -> Page:
        """A new tab on `place`, signed in as the demo learner."""
        page = self.visit(place)
        page.get_by_role("button", name="Continue as the demo learner").click()
        expect(page.locator("#shelf")).to_be_attached()
        return page

    def complaints(self) -> list[str]:
        """Everything unexpected so far."""
        return [text for text in self._said if not any(re.search(pattern, text) for pattern in self.expected)]

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._said.append(message.text)


def open_demo_course(page: Page) -> None:
    """Goes to the demo learner's own finished course."""
    page.locator("#shelf").get_by_role("link", name=re.compile("Photosynthesis")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Photosynthesis")


def ask_for_course(page: Page, topic: str) -> None:
    """Has a course written; the page goes to it."""
    page.get_by_label("What would you like to learn?").fill(topic)
    page.get_by_role("button", name="Write this course").click()
    expect(page).to_have_url(re.compile(r"#/courses/[0-9a-f-]{36}$"))


def api(page: Page, path: str) -> Any:
    """What the API answers to the learner of this tab."""
    return page.evaluate(
        """async (path) => {
            const { access } = JSON.parse(localStorage.getItem("lyo.session"));
            return (await fetch(path, { headers: { Authorization: `Bearer ${access}` } })).json();
        }""",
        path,
    )
