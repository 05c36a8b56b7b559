"""Buys answers: each call is admitted by the ledger, sent, and settled, however it ends."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import anyio
import msgspec

from lyo_rt.clock import Clock
from lyo_rt.database.patience import persist
from lyo_rt.database.pool import Database
from lyo_rt.language_models import ledger
from lyo_rt.language_models.booking import Books, Room, looks
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.calls import Calls
from lyo_rt.language_models.ledger import Admission, Call, Ending, Free, Kept
from lyo_rt.language_models.port import Asker, ModelFault, Provider, Usage, Written
from lyo_rt.language_models.prices import FREE, Prices, cost
from lyo_rt.language_models.questions import Question
from lyo_rt.language_models.requests import Request


class Route(msgspec.Struct, frozen=True):
    """A provider as the router knows it: its models by name, the most tokens an answer of it has.

    `local`: it runs on this instance, so what befalls it is no matter of the other instances' breaker. `free`: it
    costs nothing, so nothing is reserved, shared or kept.
    """

    provider: Provider
    model: str
    model_complex: str
    answer_tokens: int = 0
    local: bool = False
    free: bool = False


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be bought, for whom, from whom, and until when (by the loop's clock) it may be waited for."""

    route: Route
    question: Question
    request: Request
    asker: Asker
    deadline: float

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self.route.model_complex if self.question.complex else self.route.model

    @property
    def most(self) -> Usage:
        """The most its first call can use, by estimate from above."""
        return Usage(self.request.prompt_tokens, self.route.answer_tokens)


class Found(msgspec.Struct, frozen=True):
    """An answer that was bought before; `joined`: while it was waited for."""

    kept: Kept
    joined: bool


class Purchases:
    """One instance's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        instance: int,
        limits: Limits,
        prices: Prices,
        shared_seconds: float,
        longest_call: float,
    ) -> None:
        """`shared_seconds`: how long an answer is shared; `longest_call`: seconds a provider can take."""
        self.limits = limits
        self._database = database
        self._clock = clock
        self._instance = instance
        self._prices = prices
        self._books = Books(database, clock, limits)
        self._shared_for = timedelta(seconds=shared_seconds)
        self._probed_for = timedelta(seconds=longest_call)

    async def buy(self, purchase: Purchase, *, attempt: int) -> Written | Found | float:
        """What was written, or the answer that was bought before, or the seconds until the provider can be asked.

        Raises ModelFault, and BudgetExhausted.
        """
        call = self._call(purchase, attempt)
        try:
            admitted = await self._admitted(call, purchase)
        except anyio.get_cancelled_exc_class():
            await self._books.last_word(call, self._books.ending(call, "cancelled", Usage(), "neither"))
            raise
        return await self._sent(admitted, purchase) if isinstance(admitted, Call) else admitted

    async def count_free(self, route: Route, question: Question, asker: Asker, *, attempt: int) -> Written:
        """What a provider writes that costs nothing: counted when it has ended, and nothing else."""
        began = self._clock.now()
        written = await question.ask(route.provider)
        free = Free(
            id=uuid4(),
            user=asker.user,
            instance=self._instance,
            purpose=asker.purpose,
            work=asker.work,
            attempt=attempt,
            provider=written.provider,
            model=written.model,
            began=began,
            ended=self._clock.now(),
        )
        await persist(lambda: ledger.add_free(self._database, free))
        return written

    async def _admitted(self, call: Call, purchase: Purchase) -> Call | Found | float:
        """The call as it was admitted, else why it is not sent."""
        joined = False
        for look in looks():
            if anyio.current_time() >= purchase.deadline:
                call = msgspec.structs.replace(call, shared=None)  # enough waited for another's answer
            now = self._clock.now()
            call = msgspec.structs.replace(call, began=now, day=now.date())
            admission = await persist(partial(self._begin, call))
            if admission.kept is not None:
                return Found(admission.kept, joined)
            if admission.admitted:
                return call
            if (cooling := admission.breaker.cooling(now)) > 0:
                return cooling
            joined = joined or admission.elsewhere
            room = Room(admission.user_tokens, admission.cost)
            if admission.elsewhere or await self._books.fits_later(call, room, purchase.deadline):
                await anyio.sleep(look)
        raise RuntimeError("looks have no end")

    async def _begin(self, call: Call) -> Admission:
        return await ledger.begin(
            self._database,
            call,
            user_tokens=self.limits.user_tokens if call.user else None,
            dollars=self.limits.dollars,
            probe_until=call.began + self._probed_for,
            kept_since=call.began - self._shared_for,
        )

    async def _sent(self, call: Call, purchase: Purchase) -> Written:
        call = msgspec.structs.replace(call, began=self._clock.now())  # it may have waited to be admitted
        calls, question = Calls(self._books, call, purchase.most, deadline=purchase.deadline), purchase.question
        ending: Ending | None = None
        try:
            written = await question.ask(purchase.route.provider, calls)
            ending = calls.done(written, question.answer())
        except ModelFault as fault:
            ending = calls.faulty(fault)
            raise
        finally:
            if calls.open:
                await self._books.settle(calls.call, ending or calls.cancelled())
        return written

    def _call(self, purchase: Purchase, attempt: int) -> Call:
        now, most, route = self._clock.now(), purchase.most, purchase.route
        price = FREE if route.local else self._prices.get(purchase.model)
        return Call(
            id=uuid4(),
            user=purchase.asker.user,
            instance=self._instance,
            purpose=purchase.asker.purpose,
            work=purchase.asker.work,
            request=purchase.request.digest,
            shared=purchase.request.shared if self._shared_for else None,
            attempt=attempt,
            provider=route.provider.name,
            breaker=None if route.local else route.provider.name,
            model=purchase.model,
            price=price,
            tokens=most.prompt_tokens + most.answer_tokens,
            cost=cost(price, most),
            day=now.date(),
            began=now,
        )
