"""The tutor beside the course: streams, stops, and is whole again after a reload, a second tab, a killed server."""

import json
import re

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.page.product import Product
from tests.page.visitor import AWAY, Visitor, open_demo_course

MESSAGES = "#tutor .message"
ANSWER = "#tutor .message.assistant"


def test_an_answer_streams_and_stop_keeps_what_was_shown(learner: Visitor) -> None:
    page = learner.visit()
    open_demo_course(page)
    _ask(page, "Why are leaves green? 🌱🍃")
    _words(page, 4)
    page.get_by_role("button", name="Stop the answer").click()
    stopped = page.locator(ANSWER).last
    expect(stopped).to_contain_text("Stopped")
    kept = stopped.locator(".prose").inner_text()
    assert len(kept.split()) >= 4

    page.reload()
    expect(page.locator(f"{MESSAGES}.user").filter(has_text="🌱🍃")).to_have_count(1)
    expect(stopped).to_contain_text("Stopped")
    assert _last(page) == kept

    answers = page.locator(ANSWER).count()
    page.get_by_role("button", name="Answer again").click()
    _finished(page)
    expect(page.locator(ANSWER)).to_have_count(answers)
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
    _finished(page)
    expect(page.locator(MESSAGES)).to_have_count(before)
    expect(page.locator("#question")).to_have_value("typed while it was away")

    live = _last(page)
    page.reload()
    expect(page.locator(MESSAGES)).to_have_count(before)
    assert _last(page) == live
    assert live.count("look at first?") == 1


def test_enter_waits_while_an_answer_is_written(learner: Visitor) -> None:
    page = learner.visit()
    open_demo_course(page)
    _ask(page, "Begin, please")
    _words(page, 2)
    page.locator("#question").fill("What I say next")
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_value("What I say next")
    page.get_by_role("button", name="Stop the answer").click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_a_refused_question_comes_back_into_the_box(learner: Visitor) -> None:
    page = learner.context.new_page()

    def refuse_questions(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(sent: str | bytes) -> None:
            frame = json.loads(sent)
            if frame["type"] != "ask":
                server.send(sent)
                return
            problem = {
                "status": 409,
                "code": "CONFLICT",
                "title": "Conflict",
                "detail": "The tutor is still answering.",
            }
            socket.send(json.dumps({"type": "reply", "id": frame["id"], "problem": problem}))

        socket.on_message(forward)

    page.route_web_socket("**/v1/ws", refuse_questions)
    page.goto(learner.address)
    open_demo_course(page)
    page.locator("#question").fill("Too early")
    page.keyboard.press("Enter")
    expect(page.locator("#tutor").get_by_role("alert")).to_have_text("The tutor is still answering.")
    expect(page.locator("#question")).to_have_value("Too early")
    expect(page.locator(f"{MESSAGES}.user").filter(has_text="Too early")).to_have_count(0)


def _ask(page: Page, text: str) -> None:
    question = page.locator("#question")
    question.fill(text)
    question.press("Enter")
    expect(page.locator(f"{MESSAGES}.user").last).to_contain_text(text)


def _finished(page: Page) -> None:
    """Waits for the end of the newest answer, which is as the language model ends all of its."""
    expect(page.locator(ANSWER).last).to_have_class(re.compile("complete"))
    expect(page.locator(ANSWER).last).to_contain_text("look at first?")


def _words(page: Page, count: int) -> None:
    """Waits until an answer that is being written has so many words."""
    expect(page.locator(f"{ANSWER}.writing .prose")).to_have_text(_at_least(count))


def _at_least(words: int) -> re.Pattern[str]:
    return re.compile(rf"(\S+\s+){{{words - 1}}}\S+")


def _last(page: Page) -> str:
    return page.locator(f"{ANSWER} .prose").last.inner_text()
