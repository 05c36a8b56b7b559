"""Coming in: as the demo learner, by registering, and staying in."""

import re
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.page.visitor import REFUSED, Visitor


def test_the_demo_learner_comes_in_and_goes_out(visitor: Visitor) -> None:
    page = visitor.as_demo()
    expect(page.get_by_role("heading", name="A new course")).to_be_visible()
    expect(page.locator("#shelf")).to_contain_text("Photosynthesis")
    expect(page.locator("#shelf")).to_contain_text("Open to everyone")

    page.reload()
    expect(page.get_by_role("heading", name="A new course")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_told_beside_it(visitor: Visitor) -> None:
    visitor.expected.append(REFUSED)
    page = visitor.visit()
    page.get_by_label("E-mail").fill("demo@example.com")
    page.get_by_label("Password").fill("not demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#password-faults")).to_contain_text("wrong")
    expect(page.get_by_label("Password")).to_be_focused()


def test_registering_tells_every_fault_beside_its_field(visitor: Visitor) -> None:
    visitor.expected.append(REFUSED)
    page = visitor.visit()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("E-mail").fill("nobody")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#email-faults li")).to_have_count(1)
    expect(page.locator("#full_name-faults li")).to_have_count(1)
    expect(page.locator("#password-faults li").nth(2)).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()

    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill("demo@example.com")
    page.get_by_label("Password").fill("Correct-Horse-7-Staple")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#email-faults")).to_contain_text("exists")

    page.get_by_label("E-mail").fill(f"{uuid4()}@example.com")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="A new course")).to_be_visible()
    expect(page.locator("#shelf")).to_contain_text("Nothing yet")
    expect(page.locator("#shelf")).to_contain_text("Ada")


def test_two_tabs_renew_the_tokens_once(visitor: Visitor) -> None:
    pages = [visitor.as_demo(), visitor.visit()]
    refreshes: list[str] = []
    for page in pages:
        page.on("request", lambda request: refreshes.append(request.url) if "refresh" in request.url else None)
        _live(page)
    before = pages[0].evaluate("localStorage.getItem('lyo.session')")
    # Both tabs leave the client meanwhile: told of the change, it would renew at once, and leaving lose the answer.
    for page in pages:
        page.goto(f"{visitor.address}/v1/health")
    refreshes.clear()
    pages[0].evaluate(
        """() => {
            const held = JSON.parse(localStorage.getItem("lyo.session"));
            localStorage.setItem("lyo.session", JSON.stringify({ ...held, renewAt: 0 }));
        }"""
    )
    for page in pages:
        page.goto(f"{visitor.address}/", wait_until="commit")
    for page in pages:
        _live(page)
    assert len(refreshes) == 1
    assert pages[0].evaluate("localStorage.getItem('lyo.session')") != before


def test_signing_out_in_one_tab_signs_out_in_all(visitor: Visitor) -> None:
    one, other = visitor.as_demo(), visitor.visit()
    _live(other)
    one.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("button", name="Sign in")).to_be_visible()


def _live(page: Page) -> None:
    expect(page.locator("#shelf")).to_contain_text(re.compile("Photosynthesis"))
