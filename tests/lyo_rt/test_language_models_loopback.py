"""The loopback providers as processes of their own, as the scenarios use them."""

import json
import sys

import anyio
import anyio.abc
import httpx
import pytest
from anyio.streams.text import TextReceiveStream

from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.clock import SystemClock
from lyo_rt.database.pool import Database
from lyo_rt.language_models.port import Asker
from lyo_rt.language_models.routing import open_model
from lyo_rt.language_models.tasks import CourseBrief, PlanCourse, Turn, TutorTask
from lyo_rt.settings import Settings


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def address_of(process: anyio.abc.Process) -> str:
    """The first line a loopback provider prints."""
    assert process.stdout is not None
    with anyio.fail_after(20):
        text = ""
        async for piece in TextReceiveStream(process.stdout):
            text += piece
            if "\n" in text:
                return text.strip()
    raise AssertionError("the provider ended without an address")


class Pieces:
    """Counts pieces."""

    def __init__(self) -> None:
        self.count = 0

    async def text(self, piece: str) -> None:
        self.count += bool(piece)

    async def restart(self) -> None:
        self.count = 0


@pytest.mark.anyio
@pytest.mark.parametrize("provider", ["gemini", "openai"])
async def test_it_runs_as_a_process_tells_its_log_and_takes_a_script(provider: str, database: Database) -> None:
    command = [sys.executable, "-m", f"tests.loopback.{provider}", "--port", "0", "--token-delay", "0.001"]
    async with await anyio.open_process(command, stderr=None) as process:
        address = await address_of(process)
        settings = Settings.model_validate(
            {
                "ai_providers": (provider,),
                "gemini_api_key": "k",
                "gemini_base_url": address,
                "openai_api_key": "k",
                "openai_base_url": f"{address}/v1",
            }
        )
        clock = SystemClock()
        async with (
            open_model(settings, database, InProcessBroadcast(clock), clock, instance=1) as model,
            httpx.AsyncClient(base_url=address) as http,
        ):
            script = [{"kind": "malformed", "only": "plan"}]
            assert (await http.post("/__queue", content=json.dumps(script))).status_code == 204
            pieces = Pieces()
            await model.stream(TutorTask(turns=(Turn("user", "hello"),)), pieces, Asker("tutor"))
            await model.write(PlanCourse(brief=CourseBrief(topic="Optics")), Asker("course"))
            log = (await http.get("/__log")).json()
        process.terminate()
    assert [entry["purpose"] for entry in log["requests"]] == ["tutor", "plan", "plan"]
    assert [entry["behaviour"] for entry in log["requests"]] == ["ok", "malformed", "ok"]
    assert log["asked"] == {"tutor": 1, "plan": 1}
    assert log["requests"][0]["tokens_sent"] == pieces.count
