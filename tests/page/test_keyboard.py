"""The keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.page.visitor import Visitor


def test_the_keyboard_reaches_everything(visitor: Visitor) -> None:
    page = visitor.visit()
    _press_at(page, page.get_by_role("button", name="Continue as the demo learner"))
    expect(page.get_by_role("heading", name="A new course")).to_be_focused()
    _tab_to(page, page.get_by_label("What would you like to learn?"))
    _tab_to(page, page.get_by_role("radio", name="Beginner"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Intermediate")).to_be_checked()
    _tab_to(page, page.get_by_role("button", name="Write this course"))

    _press_at(page, page.locator("#shelf").get_by_role("link", name=re.compile("Photosynthesis")), back=True)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    _press_at(page, page.locator("a.contents-lesson").first)
    expect(page.locator(".prose").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    question = page.locator("#question")
    _tab_to(page, question)
    page.keyboard.type("First line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    expect(question).to_have_value("First line\nsecond line")
    page.keyboard.press("Enter")
    _press_at(page, page.get_by_role("button", name="Stop the answer"))
    expect(page.locator("#tutor .message.assistant").last).to_contain_text("Stopped")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_skip_link_leads_to_the_content(learner: Visitor) -> None:
    page = learner.visit("#/new")
    expect(page.locator("#shelf")).to_contain_text("Photosynthesis")
    page.get_by_role("link", name="Skip to the content").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page).to_have_url(re.compile("#/new$"))


def _tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    expect(wanted).to_be_visible()
    for _ in range(80):
        if wanted.evaluate("(node) => node === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")


def _press_at(page: Page, wanted: Locator, *, back: bool = False) -> None:
    _tab_to(page, wanted, back=back)
    page.keyboard.press("Enter")
