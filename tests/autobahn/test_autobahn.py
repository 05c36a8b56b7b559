"""The WebSocket protocol (RFC 6455), by the cases of the Autobahn test-suite; its own result is in docs/autobahn.md."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import served
from tests.autobahn.cases import Case, cases
from tests.autobahn.echo import DIRECT, PLAIN, Echo
from tests.autobahn.wire import CLOSE, Frame, wired

pytestmark = pytest.mark.anyio
SECTIONS = {"0": 15, "1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37, "10": 1}
"""How many cases each has; 247 are the suite's."""


def section(case: Case) -> str:
    """Its number."""
    return case.id.partition(".")[0]


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """Where the echo is served."""
    async with served(Echo()) as address:
        yield address


def test_no_case_is_lost() -> None:
    every = list(cases())
    assert Counter(section(case) for case in every) == SECTIONS
    assert len({case.id for case in every}) == len(every)


@pytest.mark.parametrize("path", [DIRECT, PLAIN])
@pytest.mark.parametrize("number", list(SECTIONS))
async def test_the_server_answers_as_the_protocol_asks(address: tuple[str, int], path: str, number: str) -> None:
    faults = {}
    for case in cases():
        if section(case) == number:
            got = await played(address, path, case)
            if got not in accepted(case, path):
                faults[case.id] = (got, case.answers)
            if isinstance(got, str):
                break  # further ones may take the whole of their time
    assert faults == {}


def accepted(case: Case, path: str) -> list[list[Frame]]:
    """The answers that are right.

    With ASGI's messages the echo is on its way through the application's queue when the fault that follows is found:
    it may be lost, which the suite calls not strict. The direct stream has answered by then.
    """
    if path == DIRECT or not case.before:
        return [case.answers]
    return [case.answers, case.answers[-1:]]


async def played(address: tuple[str, int], path: str, case: Case) -> list[Frame] | str:
    """Every frame the server sent, the close frame without its reason; or what became of the connection instead."""
    frames: list[Frame] = []
    try:
        async with wired(address, path) as wire:
            for sent, answers in case.talk:
                await wire.write(sent, case.chop)
                for _ in answers:
                    if (answer := await wire.read()) is not None:
                        frames.append(answer)
            await wire.write(case.last, case.chop)
            frames += await wire.read_all()
    except TimeoutError:
        return f"not ended, after {frames}"
    except AssertionError as fault:
        return f"{fault}, after {frames}"
    return [Frame(CLOSE, payload[:2]) if opcode == CLOSE else Frame(opcode, payload) for opcode, payload in frames]
