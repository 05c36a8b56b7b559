"""Files as answers."""

import asyncio
from types import TracebackType

from quart import Response
from quart.wrappers.response import FileBody


class ClosedFile(FileBody):
    """A file that is closed whatever becomes of its request.

    A client that has all of a file goes at once; Quart then cancels the request, often while a thread is about to close
    the file, which stayed open until its memory was looked at.
    """

    async def __aexit__(self, kind: type, fault: BaseException, trace: TracebackType) -> None:
        await asyncio.shield(super().__aexit__(kind, fault, trace))


class Answer(Response):
    """The response of every route."""

    file_body_class = ClosedFile
