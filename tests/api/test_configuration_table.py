"""The README's configuration table says what Settings says."""

import subprocess
import sys

import pytest

from api.configuration_table import BEGIN, inserted, table
from api.marked import END
from lyo_rt.settings import Settings
from tests.lyo_rt.embedding import ROOT

README = ROOT / "README.md"


def test_the_readme_is_up_to_date() -> None:
    written = README.read_text(encoding="utf-8")
    assert inserted(written) == written, "run: python -m api.configuration_table README.md"


def test_every_variable_has_a_row_with_its_default_and_its_values() -> None:
    rows = {line.split(" | ")[0]: line.split(" | ")[1:] for line in table().splitlines()[2:]}
    assert list(rows) == [f"| `{name.upper()}`" for name in Settings.model_fields]
    assert rows["| `PORT`"][:2] == ["`8000`", "0 to 65535"]
    assert rows["| `ENVIRONMENT`"][:2] == ["`development`", "development, staging, production"]
    assert rows["| `DATABASE_URL`"][0] == "unset"
    assert rows["| `AI_TOTAL_TIMEOUT`"][1] == "more than 0, up to 3600"
    assert all(len(cells) == 3 and cells[2].strip(" |") for cells in rows.values())


def test_only_the_part_between_the_marks_changes() -> None:
    assert inserted(f"before\n{BEGIN}\nold\n{END}\nafter\n") == f"before\n{BEGIN}\n{table()}{END}\nafter\n"
    with pytest.raises(ValueError, match="no marks"):
        inserted("nothing here")


def test_the_program_prints_the_table() -> None:
    printed = subprocess.run(
        [sys.executable, "-W", "error", "-m", "api.configuration_table"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout == table()
