"""What counts requests promises; both stores pass one suite (tests/contracts/test_limits.py)."""

from collections.abc import Sequence
from typing import Protocol

from lyo_rt.limits.guesses import Guess
from lyo_rt.limits.policies import Policy, Standing


class Store(Protocol):
    """The requests of each subject (a learner, an address) in a sliding window."""

    async def count(self, subject: str, policies: Sequence[Policy]) -> Sequence[Standing]:
        """Count one request of `subject` under every policy, or, when one refuses it, under none; in one step.

        A policy that refuses notes an offence, one for each time it begins to refuse: see holds. Until the hold is
        over all is refused and nothing noted. Raises Unavailable when it cannot be counted now.
        """
        ...

    async def guess(self, subject: str) -> Guess:
        """One more guess at the subject's secret, unless it has to wait: then nothing is noted. See hold_after.

        Of many at once each has a number of its own. Raises Unavailable.
        """
        ...

    async def forget_guesses(self, subject: str) -> None:
        """One was right: the next is the first again. Raises Unavailable."""
        ...
