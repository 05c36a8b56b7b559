"""Every law of the actors is tested twice: under Trio's virtual clock and on asyncio with uvloop, as served."""

from typing import Any

import pytest
from trio.testing import MockClock


@pytest.fixture(params=["trio", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Trio with a clock of its own for each test, or asyncio with uvloop."""
    if request.param == "trio":
        return "trio", {"clock": MockClock(autojump_threshold=0)}
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
def second(anyio_backend_name: str) -> float:
    """How long a test's second is: a virtual one is free, a real one is cut to a millisecond."""
    return 1.0 if anyio_backend_name == "trio" else 0.001
