"""The page that describes the WebSockets, on a desk and on a small phone, by eye and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.page.test_colours import TOO_FAINT
from tests.page.visitor import Visitor

SCREENS: dict[str, dict[str, object]] = {
    "desk, light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "phone, dark": {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "color_scheme": "dark"},
}
TOO_WIDE = """
() => [...document.querySelectorAll("body *")]
    .filter((node) => node.checkVisibility() && !node.closest("pre, thead, .skip"))
    .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
    .map((node) => node.outerHTML.slice(0, 80))
"""


@pytest.fixture(params=SCREENS)
def screen(request: pytest.FixtureRequest) -> dict[str, object]:
    """A screen of each kind."""
    return SCREENS[request.param]


def test_it_fits_and_can_be_read_and_walked(visitor: Visitor) -> None:
    page = visitor.visit("asyncapi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lyo realtime")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(TOO_FAINT) == []
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("navigation").get_by_role("link", name="Close codes").click()
    expect(page.get_by_role("heading", name="Close codes")).to_be_in_viewport()
