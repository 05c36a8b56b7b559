"""What has been attacked in a run, and how often: a table at its end.

A pytest plugin. A test says which attack it is by `pytest.mark.attack("cursor forgery")`, and how many cases it has
tried by `cases_tried(n)`; one that does not say has tried one. Cases of tests that failed are not counted.
"""

from collections import Counter
from typing import Any

import pytest

PROPERTY = "attack"


class Cases:
    """How many one test has tried."""

    count = 0

    def __call__(self, more: int) -> None:
        self.count += more


@pytest.fixture
def cases_tried(request: pytest.FixtureRequest) -> Cases:
    """Counts what this test tries."""
    counted = Cases()
    request.node.stash[COUNTED] = counted
    return counted


COUNTED = pytest.StashKey[Cases]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "attack(name): what the test does to the server; counted in the summary")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """A test's count goes with its report, also to the process that began the others."""
    result = yield
    if (mark := item.get_closest_marker("attack")) is not None:
        counted = item.stash.get(COUNTED, None)
        item.user_properties.append((PROPERTY, (mark.args[0], counted.count if counted else 1)))
    return result


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Each attack with its tests and its cases."""
    tests, tried = Counter[str](), Counter[str]()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == PROPERTY:
                tests[value[0]] += 1
                tried[value[0]] += value[1]
    if not tests:
        return
    terminalreporter.section("attacks")
    for attack in sorted(tests):
        terminalreporter.write_line(f"{attack:<52}{tests[attack]:>4} tests{tried[attack]:>7} cases")
    terminalreporter.write_line(f"{'all':<52}{tests.total():>4} tests{tried.total():>7} cases")
