"""The books of one instance: what came of each call is written into the ledger, and room in the budgets waited for."""

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import anyio
import msgspec

from lyo_rt.clock import Clock
from lyo_rt.database.patience import persist
from lyo_rt.database.pool import Database
from lyo_rt.language_models import budgets, ledger
from lyo_rt.language_models.breakers import Verdict
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.ledger import Call, Ending, Outcome, latency_ms
from lyo_rt.language_models.port import Usage
from lyo_rt.language_models.prices import cost

FIRST_LOOK_SECONDS = 0.05
LONGEST_LOOK_SECONDS = 0.5
"""Between looks whether calls in flight have ended, whose answer or whose reserve is waited for."""
LAST_WORD_SECONDS = 2.0
"""For the end of a cancelled call to be written."""


def looks() -> Iterator[float]:
    """Seconds until each next look."""
    look = FIRST_LOOK_SECONDS
    while True:
        yield random.uniform(look / 2, look)  # noqa: S311  spreads looks, guards nothing
        look = min(2 * look, LONGEST_LOOK_SECONDS)


class Room(msgspec.Struct, frozen=True):
    """What is booked on the budgets a call did not fit into; None where there is a limit: they are not begun yet."""

    user_tokens: int | None
    cost: Decimal | None


class Books:
    """Everything that is not the sending."""

    def __init__(self, database: Database, clock: Clock, limits: Limits) -> None:
        self.database = database
        self.clock = clock
        self.limits = limits

    def ending(self, call: Call, outcome: Outcome, usage: Usage, verdict: Verdict) -> Ending:
        """What came of a call that ends now."""
        ended = self.clock.now()
        return Ending(
            outcome=outcome,
            model=call.model,
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=usage.answer_tokens,
            cost=cost(call.price, usage),
            latency_ms=latency_ms(call.began, ended),
            ended=ended,
            verdict=verdict,
        )

    async def settle(self, call: Call, ending: Ending) -> None:
        """Write it, also when the caller is being cancelled."""
        try:
            await persist(lambda: ledger.settle(self.database, call, ending))
        except anyio.get_cancelled_exc_class():
            await self.last_word(call, ending)
            raise

    async def last_word(self, call: Call, ending: Ending) -> None:
        """Write it for a caller that has been cancelled."""
        with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
            await persist(lambda: ledger.settle(self.database, call, ending))

    async def fits_later(self, call: Call, room: Room, deadline: float) -> bool:
        """Whether a call that does not fit into the budgets fits once calls in flight are settled; False: look at once.

        Raises BudgetExhausted when it does not, or not before the deadline.
        """
        late = anyio.current_time() >= deadline
        waits = await self._user_waits(call, room.user_tokens, late=late)
        return await self._deployment_waits(call, room.cost, late=late) or waits

    async def _user_waits(self, call: Call, booked: int | None, *, late: bool) -> bool:
        user, limit = call.user, self.limits.user_tokens
        if user is None or limit is None:
            return False
        if booked is None:
            if not await persist(partial(budgets.begin_user_day, self.database, call.day, user)):
                raise budgets.refusal("user", self.limits, call.began)  # nobody to have one
            return False
        if booked + call.tokens <= limit:
            return False
        used = await persist(partial(budgets.user_tokens, self.database, call.day, user))
        if late or used + call.tokens > limit:
            raise budgets.refusal("user", self.limits, call.began)
        return True

    async def _deployment_waits(self, call: Call, booked: Decimal | None, *, late: bool) -> bool:
        limit, most = self.limits.dollars, call.cost or Decimal(0)
        if limit is None:
            return False
        if booked is None:
            await persist(partial(budgets.begin_day, self.database, call.day))
            return False
        if booked + most <= limit:
            return False
        spent = await persist(partial(budgets.dollars, self.database, call.day))
        if late or spent + most > limit:
            raise budgets.refusal("deployment", self.limits, call.began)
        return True
