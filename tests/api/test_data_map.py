"""docs/privacy.md says what the plan says."""

from api.data_map import BEGIN, data_map
from api.marked import inserted
from lyo_rt.privacy.plan import LINES, WITHOUT_PERSONS
from tests.lyo_rt.embedding import ROOT

DOCUMENT = ROOT / "docs" / "privacy.md"


def test_the_document_is_up_to_date() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert inserted(written, BEGIN, data_map()) == written, "run: python -m api.data_map docs/privacy.md"


def test_every_line_of_the_plan_has_a_row() -> None:
    rows = [line for line in data_map().splitlines() if line.startswith("| `")]
    assert len(rows) == len(LINES) + len(WITHOUT_PERSONS)
    assert [row.split("`")[1] for row in rows] == [*(line.table for line in LINES), *WITHOUT_PERSONS]
    assert all(row.count(" | ") in (1, 3) for row in rows)
