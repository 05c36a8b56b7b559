"""A course is written before one's eyes, and goes on whatever happens to the page."""

import re

from playwright.sync_api import Page, Request, Route, expect

from tests.page.visitor import AWAY, REFUSED, Visitor, api, ask_for_course

LANDED = ".contents a.contents-lesson"
WATCH = """
window.percents = [];
new MutationObserver(() => {
    const bar = document.querySelector(".generation progress");
    if (bar && bar.value !== window.percents.at(-1)) window.percents.push(bar.value);
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""


def test_lessons_land_while_the_bar_rises(learner: Visitor) -> None:
    page = learner.visit()
    page.evaluate(WATCH)
    ask_for_course(page, "Tides of the sea")
    expect(page.locator(".contents .planned").first).to_be_visible()
    landed = page.locator(LANDED)
    expect(landed.nth(1)).to_be_visible()
    some = landed.count()
    expect(landed.nth(some)).to_be_visible()
    _written_to_the_end(page)

    percents = page.evaluate("window.percents")
    assert percents == sorted(percents)
    assert len(percents) > 4
    landed.first.click()
    expect(page.locator(".prose").first).to_contain_text("says one thing about Tides of the sea")
    expect(page.get_by_role("heading", name="Key terms")).to_be_visible()
    page.get_by_role("navigation", name="Lessons").get_by_role("link").click()
    page.go_back()
    page.go_back()
    expect(landed.first).to_be_visible()


def test_a_reload_in_the_middle_changes_nothing(learner: Visitor) -> None:
    page = learner.visit()
    ask_for_course(page, "Salt marshes")
    landed = page.locator(LANDED)
    expect(landed.nth(1)).to_be_visible()
    before, percent = landed.count(), _percent(page)

    page.reload()
    expect(landed.nth(before - 1)).to_be_visible()
    expect(page.locator(".generation")).to_be_visible()
    assert _percent(page) >= percent
    _written_to_the_end(page)


def test_the_network_goes_and_comes_back(learner: Visitor) -> None:
    learner.expected.append(AWAY)
    page = learner.visit()
    ask_for_course(page, "Dunes")
    expect(page.locator(LANDED).nth(1)).to_be_visible()
    learner.context.set_offline(True)
    expect(page.get_by_text("Reconnecting")).to_be_visible()
    learner.context.set_offline(False)
    expect(page.get_by_text("Reconnecting")).to_be_hidden()
    _written_to_the_end(page)


def test_a_lost_answer_does_not_write_the_course_twice(learner: Visitor) -> None:
    learner.expected.append(AWAY)
    page = learner.visit()
    keys: list[str | None] = []

    def lose(route: Route, request: Request) -> None:
        keys.append(request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/courses:generate", lose)
    ask_for_course(page, "Estuaries")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert [course["title"].partition(":")[0] for course in api(page, "/v1/courses?scope=own")["items"]].count(
        "Estuaries"
    ) == 1


def test_a_cancelled_course_leaves_nothing(learner: Visitor) -> None:
    learner.expected.append(REFUSED)
    page = learner.visit()
    ask_for_course(page, "Glaciers")
    expect(page.locator(LANDED).first).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="A new course")).to_be_visible()
    expect(page.locator("#shelf")).not_to_contain_text("Glaciers")


def test_every_fault_is_told_beside_its_field(learner: Visitor) -> None:
    learner.expected.append(REFUSED)
    page = learner.visit()
    page.get_by_text("More about it").click()
    wrong = {
        "What you want to be able to do": "only one",
        "Language of the course": "not a language",
        "A text to build it from": "too short",
    }
    for label, text in wrong.items():
        page.get_by_label(label).fill(text)
    page.get_by_text("More about it").click()
    page.get_by_role("button", name="Write this course").click()
    for name in ("topic", "objectives", "locale", "source_text"):
        expect(page.locator(f"#{name}-faults li").first).to_be_attached()
    expect(page.get_by_label("What would you like to learn?")).to_be_focused()

    page.get_by_label("What would you like to learn?").fill("Rivers")
    page.get_by_role("button", name="Write this course").click()
    expect(page.get_by_label("What you want to be able to do")).to_be_focused()
    expect(page.locator("#topic-faults li")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("What would you like to learn?")).to_have_value("Rivers")


def _percent(page: Page) -> int:
    return int(page.locator(".generation progress").first.evaluate("(bar) => bar.value"))


def _written_to_the_end(page: Page) -> None:
    expect(page.locator(".generation")).to_be_hidden()
    found = re.search(r"courses/([0-9a-f-]{36})", page.url)
    assert found
    course = api(page, f"/v1/courses/{found[1]}")
    assert course["status"] == "completed"
    expect(page.locator(LANDED)).to_have_count(len(course["lessons"]))
    expect(page.locator(".contents .planned")).to_have_count(0)
    shown = page.locator(".contents [data-lesson]").evaluate_all("(rows) => rows.map((row) => row.dataset.lesson)")
    assert sorted(shown) == sorted(lesson["id"] for lesson in course["lessons"])
