"""Buys answers: each call is admitted by the ledger, sent, and settled, however it ends."""

import random
from datetime import timedelta
from functools import partial
from uuid import uuid4

import anyio
import msgspec

from lyo_rt.clock import Clock
from lyo_rt.database.patience import persist
from lyo_rt.database.pool import Database
from lyo_rt.language_models import budgets, ledger, retries
from lyo_rt.language_models.breakers import LONGEST_REST_SECONDS, Verdict
from lyo_rt.language_models.budgets import Limits
from lyo_rt.language_models.ledger import Admission, Call, Ending, Free, Kept, Outcome, latency_ms
from lyo_rt.language_models.port import Asker, FaultKind, ModelFault, Provider, Usage, Written
from lyo_rt.language_models.prices import Prices, cost
from lyo_rt.language_models.questions import Question
from lyo_rt.language_models.requests import Request, tokens_of

FIRST_LOOK_SECONDS = 0.05
LONGEST_LOOK_SECONDS = 0.5
"""Between looks whether calls in flight have ended, whose answer or whose reserve is waited for."""
LAST_WORD_SECONDS = 2.0
"""For the end of a cancelled call to be written."""


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
        """The most it can use, by estimate from above."""
        return Usage(self.request.prompt_tokens, self.route.answer_tokens)


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
        self._shared_for = timedelta(seconds=shared_seconds)
        self._probed_for = timedelta(seconds=longest_call)

    async def buy(self, purchase: Purchase, *, attempt: int) -> Written | Kept | float:
        """What was written, or the answer that was bought before, or the seconds until the provider can be asked.

        Raises ModelFault, and BudgetExhausted.
        """
        call = self._call(purchase, attempt)
        try:
            kept_back = await self._admitted(call, purchase)
        except anyio.get_cancelled_exc_class():
            await self._last_word(call, self._ending(call, "cancelled", Usage(), "neither"))
            raise
        return await self._sent(call, purchase) if kept_back is None else kept_back

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

    async def _admitted(self, call: Call, purchase: Purchase) -> Kept | float | None:
        """None once the call is admitted, else why it is not sent."""
        look = FIRST_LOOK_SECONDS
        while True:
            if anyio.current_time() >= purchase.deadline:
                call = msgspec.structs.replace(call, shared=None)  # enough waited for another's answer
            now = self._clock.now()
            call = msgspec.structs.replace(call, began=now, day=now.date())
            admission = await persist(partial(self._begin, call))
            if admission.kept is not None:
                return admission.kept
            if admission.admitted:
                return None
            if (cooling := admission.breaker.cooling(now)) > 0:
                return cooling
            if admission.elsewhere or await self._fits_later(call, admission, purchase.deadline):
                await anyio.sleep(random.uniform(look / 2, look))  # noqa: S311  spreads looks, guards nothing
                look = min(2 * look, LONGEST_LOOK_SECONDS)

    async def _begin(self, call: Call) -> Admission:
        return await ledger.begin(
            self._database,
            call,
            user_tokens=self.limits.user_tokens if call.user else None,
            dollars=self.limits.dollars,
            probe_until=call.began + self._probed_for,
            kept_since=call.began - self._shared_for,
        )

    async def _fits_later(self, call: Call, admission: Admission, deadline: float) -> bool:
        """Whether a call that does not fit into the budgets fits once calls in flight are settled; False: look at once.

        Raises BudgetExhausted when it does not, or not before the deadline.
        """
        user, limits, database = call.user, self.limits, self._database
        late = anyio.current_time() >= deadline
        waits = False
        if user is not None and limits.user_tokens is not None:
            if admission.user_tokens is None:
                if not await persist(partial(budgets.begin_user_day, database, call.day, user)):
                    raise budgets.refusal("user", limits, call.began)  # nobody to have one
            elif admission.user_tokens + call.tokens > limits.user_tokens:
                used = await persist(partial(budgets.user_tokens, database, call.day, user))
                if late or used + call.tokens > limits.user_tokens:
                    raise budgets.refusal("user", limits, call.began)
                waits = True
        if limits.dollars is not None:
            if admission.cost is None:
                await persist(partial(budgets.begin_day, database, call.day))
            elif admission.cost + call.cost > limits.dollars:
                spent = await persist(partial(budgets.dollars, database, call.day))
                if late or spent + call.cost > limits.dollars:
                    raise budgets.refusal("deployment", limits, call.began)
                waits = True
        return waits

    async def _sent(self, call: Call, purchase: Purchase) -> Written:
        call = msgspec.structs.replace(call, began=self._clock.now())  # it may have waited to be admitted
        ending: Ending | None = None
        try:
            written = await purchase.question.ask(purchase.route.provider)
            ending = self._done(call, purchase, written)
        except ModelFault as fault:
            ending = self._failed(call, purchase, fault)
            raise
        finally:
            await self._settle(call, ending or self._ending(call, "cancelled", _so_far(purchase), "neither"))
        return written

    async def _settle(self, call: Call, ending: Ending) -> None:
        try:
            await persist(lambda: ledger.settle(self._database, call, ending))
        except anyio.get_cancelled_exc_class():
            await self._last_word(call, ending)
            raise

    async def _last_word(self, call: Call, ending: Ending) -> None:
        with anyio.move_on_after(LAST_WORD_SECONDS, shield=True):
            await persist(lambda: ledger.settle(self._database, call, ending))

    def _call(self, purchase: Purchase, attempt: int) -> Call:
        now, most = self._clock.now(), purchase.most
        return Call(
            id=uuid4(),
            user=purchase.asker.user,
            instance=self._instance,
            purpose=purchase.asker.purpose,
            work=purchase.asker.work,
            request=purchase.request.digest,
            shared=purchase.request.shared if self._shared_for else None,
            attempt=attempt,
            provider=purchase.route.provider.name,
            breaker=None if purchase.route.local else purchase.route.provider.name,
            model=purchase.model,
            tokens=most.prompt_tokens + most.answer_tokens,
            cost=cost(self._prices, purchase.model, most),
            day=now.date(),
            began=now,
        )

    def _done(self, call: Call, purchase: Purchase, written: Written) -> Ending:
        answer = purchase.question.answer()
        usage = written.usage
        if not usage.prompt_tokens and not usage.answer_tokens:  # a server that does not count
            usage = Usage(purchase.request.prompt_tokens, tokens_of(answer))
        ending = self._ending(call, "done", usage, "success")
        return msgspec.structs.replace(ending, model=written.model, answer=answer)

    def _failed(self, call: Call, purchase: Purchase, fault: ModelFault) -> Ending:
        usage = fault.usage or _billed(purchase, fault.kind)
        verdict: Verdict = "neither" if fault.kind in retries.UNRELATED else "failure"
        rest = None if fault.retry_after is None else min(fault.retry_after, LONGEST_REST_SECONDS)
        return msgspec.structs.replace(self._ending(call, "failed", usage, verdict), fault=fault.kind, rest=rest)

    def _ending(self, call: Call, outcome: Outcome, usage: Usage, verdict: Verdict) -> Ending:
        ended = self._clock.now()
        return Ending(
            outcome=outcome,
            model=call.model,
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=usage.answer_tokens,
            cost=cost(self._prices, call.model, usage),
            latency_ms=latency_ms(call.began, ended),
            ended=ended,
            verdict=verdict,
        )


def _billed(purchase: Purchase, kind: FaultKind) -> Usage:
    """What a call that failed may have used, where its provider has not said."""
    if kind in retries.UNBILLED:
        return Usage()
    if kind == "blocked":  # the prompt was read, and next to nothing written
        return Usage(purchase.request.prompt_tokens, purchase.question.written() or 0)
    return _so_far(purchase)


def _so_far(purchase: Purchase) -> Usage:
    """What a call may have used that broke off: what is unknown counts as reserved."""
    written = purchase.question.written()
    return purchase.most if written is None else Usage(purchase.request.prompt_tokens, written)
