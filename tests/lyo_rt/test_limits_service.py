"""Guesses where they cannot be counted, and where nobody wants them to be."""

from collections.abc import Sequence
from typing import NoReturn

import pytest

from lyo_rt.clock import SystemClock
from lyo_rt.limits.in_process import InProcessStore
from lyo_rt.limits.policies import Policy, Standing
from lyo_rt.limits.service import Limits
from lyo_rt.problems import TooManyRequests, Unavailable

pytestmark = pytest.mark.anyio

AUTH = Policy("auth", 5, 60)


class Away:
    """A store that cannot be asked."""

    async def count(self, subject: str, policies: Sequence[Policy]) -> Sequence[Standing]:  # noqa: ARG002
        raise Unavailable("away")

    async def guess(self, subject: str) -> NoReturn:  # noqa: ARG002
        raise Unavailable("away")

    async def forget_guesses(self, subject: str) -> None:  # noqa: ARG002
        raise Unavailable("away")


async def test_what_cannot_be_counted_is_not_looked_at() -> None:
    limits = Limits(Away(), {"auth": AUTH})
    with pytest.raises(Unavailable) as refusal:
        await limits.guess("account:ada")
    assert "Retry-After" in refusal.value.headers
    await limits.guessed("account:ada")
    assert limits.statistics()["closed"] == 1


async def test_without_a_limit_of_sign_ins_guesses_are_not_counted() -> None:
    limits = Limits(Away(), {})
    assert [await limits.guess("account:ada") for _ in range(20)] == [None] * 20


async def test_who_has_to_wait_is_told_how_long_and_counted_as_refused() -> None:
    limits = Limits(InProcessStore(SystemClock()), {"auth": AUTH})
    for _ in range(5):
        await limits.guess("account:ada")
    with pytest.raises(TooManyRequests) as refusal:
        await limits.guess("account:ada")
    assert refusal.value.headers["Retry-After"] == "30"
    assert limits.statistics()["refused"] == 1
