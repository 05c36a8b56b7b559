"""The rules of the app's routes: URLs could be built from them as from any of Werkzeug's, and none is until then."""

import pytest
from quart.routing import QuartRule
from werkzeug.routing import BuildError, Map, Rule

from api.app import routes
from api.routing import Route


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"course": "tides", "number": 3}, "/courses/tides/lessons/3"),
        ({"course": "high tide", "number": 3}, "/courses/high%20tide/lessons/3"),
        ({"course": "tides", "number": 3, "page": 2}, "/courses/tides/lessons/3?page=2"),
    ],
)
def test_a_url_is_built_as_from_any_other_rule(values: dict[str, object], url: str) -> None:
    for rule in (Route, QuartRule):
        adapter = Map([_lesson(rule)]).bind("localhost")
        assert [adapter.build("lesson", values) for _ in range(2)] == [url, url]
    adapter = Map([_lesson(Route)]).bind("localhost")
    assert adapter.build("lesson", values, append_unknown=False) == url.partition("?")[0]
    with pytest.raises(BuildError):
        adapter.build("lesson", {"course": "tides"})


def test_making_the_app_compiles_no_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = []
    monkeypatch.setattr(Rule, "_compile_builder", lambda rule, _append: compiled.append(rule))
    assert len(list(routes().url_map.iter_rules())) > 50
    assert compiled == []


def _lesson(kind: type[Rule]) -> Rule:
    return kind("/courses/<course>/lessons/<int:number>", endpoint="lesson")
