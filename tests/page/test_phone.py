"""On a phone, 360 pixels wide."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.visitor import Visitor, open_demo_course


@pytest.fixture
def screen() -> dict[str, object]:
    """A small phone's."""
    return {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def test_nothing_is_wider_than_the_screen(learner: Visitor) -> None:
    page = learner.visit()
    expect(page.get_by_role("heading", name="A new course")).to_be_visible()
    page.get_by_text("More about it").click()
    _fits(page)
    page.get_by_role("button", name="Open the list of courses").click()
    _fits(page)
    open_demo_course(page)
    expect(page.locator("#shelf")).to_be_hidden()
    _fits(page)
    for at in range(page.locator(".contents-lesson").count()):
        page.locator(".contents-lesson").nth(at).click()
        expect(page.locator(".prose, .quiz").first).to_be_visible()
        _fits(page)
        page.go_back()
    page.get_by_role("button", name="Open the tutor").click()
    expect(page.locator("#question")).to_be_focused()
    _fits(page)


def test_the_entrance_fits(visitor: Visitor) -> None:
    page = visitor.visit("#/register")
    expect(page.get_by_role("button", name="Create account")).to_be_visible()
    _fits(page)


def test_escape_closes_a_drawer_and_goes_back(learner: Visitor) -> None:
    page = learner.visit()
    opener = page.get_by_role("button", name="Open the list of courses")
    opener.click()
    expect(page.get_by_role("button", name="Close the list of courses")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#shelf")).to_be_hidden()
    expect(opener).to_be_focused()


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((node) => node.checkVisibility() && !node.closest("pre, .table, .unseen, .skip"))
            .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
            .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert wide == []
