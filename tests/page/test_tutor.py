"""The tutor beside the course: streams, stops, and is whole again after a reload, a second tab, a killed server."""

import re

from playwright.sync_api import Page, expect

from tests.page.product import Product
from tests.page.visitor import AWAY, Visitor, api, open_demo_course

MESSAGES = "#tutor .message"
ANSWER = "#tutor .message.assistant"


def test_an_answer_streams_and_stop_keeps_what_was_shown(learner: Visitor) -> None:
    page = learner.visit()
    open_demo_course(page)
    _ask(page, "Why are leaves green? 🌱🍃")
    _words(page, 4)
    page.get_by_role("button", name="Stop the answer").click()
    stopped = page.locator(f"{ANSWER}.stopped").last
    expect(stopped).to_contain_text("Stopped")
    kept = stopped.locator(".prose").inner_text()
    assert len(kept.split()) >= 4

    page.reload()
    expect(page.locator(f"{MESSAGES}.user").filter(has_text="🌱🍃")).to_have_count(1)
    expect(page.locator(f"{ANSWER}.stopped").last.locator(".prose")).to_have_text(kept)

    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(f"{ANSWER}.complete").last).to_contain_text("look at first?")
    expect(page.locator(f"{ANSWER}.stopped")).to_have_count(0)
    expect(page.locator("#announcements")).to_contain_text("The tutor says:")


def test_a_second_tab_sees_the_answer_and_stops_it(learner: Visitor) -> None:
    one = learner.visit()
    open_demo_course(one)
    other = learner.visit(f"#{one.url.partition('#')[2]}")
    expect(other.locator("#question")).to_be_visible()
    _ask(one, "What is chlorophyll for?")
    _words(other, 3)
    other.get_by_role("button", name="Stop the answer").click()
    for page in (one, other):
        expect(page.locator(ANSWER).last).to_contain_text("Stopped")
    assert _last(one) == _last(other)


def test_what_is_typed_survives_a_reload(learner: Visitor) -> None:
    page = learner.visit()
    open_demo_course(page)
    page.locator("#question").fill("A half-typed question")
    page.reload()
    expect(page.locator("#question")).to_have_value("A half-typed question")


def test_a_killed_server_loses_and_doubles_nothing(learner: Visitor, product: Product) -> None:
    learner.expected.append(AWAY)
    page = learner.visit()
    open_demo_course(page)
    _ask(page, "Where does the oxygen come from?")
    _words(page, 6)
    before = page.locator(MESSAGES).count()
    product.kill()
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    page.locator("#question").fill("typed while it was away")
    product.start()
    expect(page.get_by_text("Reconnecting")).to_be_hidden()
    expect(page.locator(f"{ANSWER}.complete").last).to_contain_text("look at first?")
    expect(page.locator(MESSAGES)).to_have_count(before)
    expect(page.locator("#question")).to_have_value("typed while it was away")

    live = _last(page)
    page.reload()
    expect(page.locator(MESSAGES)).to_have_count(before)
    assert _last(page) == live
    assert live.count("look at first?") == 1


def test_a_refused_question_comes_back_into_the_box(learner: Visitor) -> None:
    learner.expected.append("status of 409")
    page = learner.visit()
    open_demo_course(page)
    _ask(page, "Begin, please")
    _words(page, 2)
    conversation = api(page, "/v1/tutor/conversations")["items"][0]["id"]
    status = page.evaluate(
        """async (id) => {
            const { access } = JSON.parse(localStorage.getItem("lyo.session"));
            const headers = { Authorization: `Bearer ${access}`, "Content-Type": "application/json" };
            const body = JSON.stringify({ text: "And another" });
            return (await fetch(`/v1/tutor/conversations/${id}/messages`, { method: "POST", headers, body })).status;
        }""",
        conversation,
    )
    assert status == 409
    page.locator("#question").fill("Enter waits while an answer is written")
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_value("Enter waits while an answer is written")
    expect(page.locator(f"{ANSWER}.complete").last).to_contain_text("look at first?")


def _ask(page: Page, text: str) -> None:
    question = page.locator("#question")
    question.fill(text)
    question.press("Enter")
    expect(page.locator(f"{MESSAGES}.user").last).to_contain_text(text)


def _words(page: Page, count: int) -> None:
    """Waits until an answer that is being written has so many words."""
    expect(page.locator(f"{ANSWER}.writing .prose")).to_have_text(_at_least(count))


def _at_least(words: int) -> re.Pattern[str]:
    return re.compile(rf"(\S+\s+){{{words - 1}}}\S+")


def _last(page: Page) -> str:
    return page.locator(f"{ANSWER} .prose").last.inner_text()
