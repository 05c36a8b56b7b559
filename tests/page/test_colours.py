"""Light and dark: in both every text stands out from its ground."""

import pytest
from playwright.sync_api import expect

from tests.page.visitor import Visitor, open_demo_course

TOO_FAINT = """
() => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const light = ([r, g, b]) => {
        const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    };
    const ground = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return parse(getComputedStyle(document.body).backgroundColor);
    };
    const faint = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || !node.checkVisibility() || node.closest("noscript, .unseen")) continue;
        const style = getComputedStyle(node);
        const [one, other] = [light(parse(style.color)), light(ground(node))].sort((a, b) => b - a);
        const contrast = (one + 0.05) / (other + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${walk.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
    }
    return faint;
}
"""
"""The texts with less contrast than WCAG 2.2 AA asks for (1.4.3)."""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """A colour scheme."""
    return str(request.param)


@pytest.fixture
def screen(scheme: str) -> dict[str, object]:
    """A desk's, in that scheme."""
    return {"viewport": {"width": 1280, "height": 800}, "color_scheme": scheme}


def test_contrast(learner: Visitor, scheme: str) -> None:
    page = learner.visit()
    page.get_by_text("More about it").click()
    expect(page.locator("#shelf")).to_contain_text("Photosynthesis")
    assert page.evaluate(TOO_FAINT) == []
    open_demo_course(page)
    expect(page.locator(".contents-lesson").first).to_be_visible()
    assert page.evaluate(TOO_FAINT) == []
    for lesson in (page.locator(".contents-lesson").first, page.get_by_text("Questions,").first):
        lesson.click()
        expect(page.locator(".prose, .quiz").first).to_be_visible()
        assert page.evaluate(TOO_FAINT) == []
        page.go_back()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(25, 24, 21)"
    assert dark == (scheme == "dark")


def test_contrast_of_the_entrance(visitor: Visitor) -> None:
    page = visitor.visit()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate(TOO_FAINT) == []
