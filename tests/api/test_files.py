"""A file that is an answer is closed, also when its reader goes while it is being closed."""

import asyncio
from pathlib import Path

import pytest

from api.app import routes
from api.files import ClosedFile

pytestmark = pytest.mark.anyio


def test_routes_answer_with_files_that_are_closed() -> None:
    assert routes().response_class.file_body_class is ClosedFile


async def test_a_file_is_closed_although_its_request_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>Hello</p>" * 2000)
    for turns in range(8):
        body, read = ClosedFile(path), asyncio.Event()

        async def send(body: ClosedFile = body, read: asyncio.Event = read) -> None:
            async with body:
                async for _ in body:
                    pass
                read.set()

        sending = asyncio.create_task(send())
        await read.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.wait([sending])
        async with asyncio.timeout(5):
            while not body.file.closed:  # type: ignore[union-attr]  # noqa: ASYNC110  (the thread tells nobody)
                await asyncio.sleep(0.001)
