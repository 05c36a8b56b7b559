"""Writes a migration: how the tables in the code differ from what the migrations so far make of an empty database.

    python -m migrations.write "what it does"             a new one
    python -m migrations.write "first tables" --again     the newest one anew, under its old date

Read what it wrote before you keep it: a renamed column, for one, looks to it like one lost and one new.
"""

import argparse
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import anyio

from lyo_rt.database import migrate
from lyo_rt.embedded.postgresql import embedded_postgresql


async def write(message: str, *, again: bool) -> None:
    """One file migrations/versions/YYYY_MM_DD_HHMM_<message>.py, the time in UTC."""
    revision = f"{datetime.now(UTC):%Y_%m_%d_%H%M}"
    if again:
        revision = migrate.newest(migrate.revisions()) or revision
        for file in (migrate.MIGRATIONS / "versions").glob(f"{revision}_*.py"):
            file.unlink()
    with tempfile.TemporaryDirectory(prefix="lyo-") as folder:
        async with embedded_postgresql(Path(folder), fsync=False) as server:
            await migrate.upgrade(server.url())
            await migrate.autogenerate(server.url(), message, revision)
    for file in (migrate.MIGRATIONS / "versions").glob(f"{revision}_*.py"):
        _tidy(file)


def _tidy(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.lstrip().startswith("# ###")))
    for step in (["format", "--quiet"], ["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, file], check=True)  # noqa: S603  our own file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("message")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    anyio.run(lambda: write(options.message, again=options.again))


if __name__ == "__main__":
    main()
