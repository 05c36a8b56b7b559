"""All of the product's tables, whichever feature owns them: what a migrated database must equal."""

from importlib import import_module
from pathlib import Path

import sqlalchemy as sa

import lyo_rt
from lyo_rt.database.schema import metadata


def all_tables() -> sa.MetaData:
    """The metadata, after every lyo_rt/<feature>/tables.py has added its tables: found, so that none is forgotten."""
    for file in sorted(Path(lyo_rt.__file__).parent.glob("*/tables.py")):
        import_module(f"lyo_rt.{file.parent.name}.tables")
    return metadata
