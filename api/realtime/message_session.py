"""A session through plain ASGI messages: one task reads, one writes. For servers without a direct stream."""

from collections.abc import Callable

import anyio

from actors.mailbox import Address
from actors.outbound import Awaited, Outbound
from actors.session import CaughtUp, SessionMessage
from api.realtime.inbound import FAILED, Intake, never_greeted, seen, silent
from api.realtime.socket import Disconnected, Socket, first
from lyo_rt.frames import Codec
from lyo_rt.problems import InternalFault, Problem


class MessageSession:
    """One session on one Socket."""

    def __init__(self, socket: Socket, intake: Intake) -> None:
        self._socket = socket
        self._intake = intake
        self._awaited = Awaited()
        self.outbound = Outbound(self._awaited, intake.codec)

    async def serve(self, address: Address[SessionMessage]) -> tuple[int, str]:
        """Until the session ends, by either side; what is to be said in goodbye."""
        try:
            return await self._pump(address)
        finally:
            address.stop()

    async def close(self, code: int, reason: str) -> None:
        """See Session."""
        await self._socket.close(code, reason)

    async def _pump(self, address: Address[SessionMessage]) -> tuple[int, str]:
        """The close code that says why it ended."""
        code, reason = 1000, ""
        try:
            async with anyio.create_task_group() as pumps:
                pumps.start_soon(self._write, address)
                await self._read(address)
        except* Disconnected:
            pass
        except* Problem as group:
            problem = first(group)
            code, reason = problem.close_code, problem.detail
        except* Exception as group:
            problem = seen(group)
            code, reason = problem.close_code, problem.detail
        return code, reason

    async def _read(self, address: Address[SessionMessage]) -> None:
        patience = self._socket.patience
        data = await self._heard(patience.hello, never_greeted)
        while True:
            await self._intake.give(address, data)
            data = await self._heard(patience.silence, silent)

    async def _heard(self, seconds: float, otherwise: Callable[[float], Problem]) -> str | bytes:
        with anyio.move_on_after(seconds):
            return await self._socket.read()
        raise otherwise(seconds)

    async def _write(self, address: Address[SessionMessage]) -> None:
        codec = self._intake.codec
        while batch := await self.outbound.take(self._awaited):
            for frame in batch:
                await self._socket.write(frame.payload(codec), binary=codec is Codec.MSGPACK)
            if self.outbound.caught_up():
                address.tell(CaughtUp())
        # An actor ends before its socket only by a crash.
        raise InternalFault(FAILED)
