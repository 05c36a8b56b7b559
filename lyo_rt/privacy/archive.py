"""The ZIP of an export: a JSON file per feature, the uploads, and a README that says what is what."""

import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import IO, Any
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec

from lyo_rt.database.pool import Queries, Row
from lyo_rt.privacy.plan import LINES
from lyo_rt.privacy.records import Line
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.reencryption import SealedTable


class Archive:
    """A ZIP that is being written into `file`. What blocks is done in a thread."""

    def __init__(self, zip: zipfile.ZipFile) -> None:
        self._zip = zip

    @classmethod
    @asynccontextmanager
    async def over(cls, file: IO[bytes]) -> AsyncIterator["Archive"]:
        """A ZIP in `file`, whole at the end of the block; closed also when that is broken off."""
        zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        try:
            yield cls(zip)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(zip.close)

    async def add(self, name: str, content: bytes) -> None:
        """A file."""
        await anyio.to_thread.run_sync(self._zip.writestr, name, content)

    async def add_pieces(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """A file that comes in pieces, one of which is in memory at a time."""
        with self._zip.open(name, "w", force_zip64=True) as entry:
            async for piece in pieces:
                await anyio.to_thread.run_sync(entry.write, piece)


def files() -> dict[str, list[Line]]:
    """The lines of the plan that are exported, by file."""
    found: dict[str, list[Line]] = {}
    for line in LINES:
        if line.file is not None:
            found.setdefault(line.file, []).append(line)
    return dict(sorted(found.items()))


async def content_of(
    queries: Queries, lines: list[Line], person: UUID, sealed: Mapping[str, SealedTable]
) -> dict[str, list[dict[str, Any]]]:
    """A person's rows by table, opened, without what is secret."""
    content: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        rows = await queries.fetch(f"SELECT * FROM {line.table} WHERE {line.whose}", person)  # noqa: S608  (the plan)
        shown = [dict(shown_columns(row, line, queries.cipher, sealed.get(line.table))) for row in rows]
        content.setdefault(line.table, []).extend(shown)
    return content


def shown_columns(row: Row, line: Line, cipher: Cipher, sealed: SealedTable | None) -> Iterator[tuple[str, Any]]:
    """The columns of a row that are exported."""
    closed = {column.name: column for column in sealed.columns} if sealed else {}
    key = [row[name] for name in sealed.key] if sealed else []
    for name, value in row.items():
        if name in line.secret:
            continue
        column = closed.get(name)
        match value, column:
            case None, _:
                yield name, None
            case _, None:
                yield name, value
            case bytes(), column:
                yield name, cipher.open_bytes(value, column.place, *key).decode("utf-8", "replace")
            case str(), column:
                yield name, cipher.open(value, column.place, *key)
            case _, column:
                yield name, cipher.open_document(value, column.place, *key)


def encoded(content: Mapping[str, Any]) -> bytes:
    """JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(content, enc_hook=str), indent=2)


def readme(made_at: str) -> bytes:
    """What is in the ZIP, from the plan."""
    lines = [
        "Your data at Lyo",
        "",
        f"As of {made_at}. Every file is JSON: the names of tables, and under each its rows.",
        "The folder media has the files that you have uploaded, each named by its id.",
        "",
    ]
    for name, planned in files().items():
        lines += [f"{name}.json", *(f"  {line.table}: {line.holds}" for line in planned), ""]
    lines += ["Not in here:", *(f"  {line.table}: {line.why}" for line in LINES if line.file is None), ""]
    return "\n".join(lines).encode()
