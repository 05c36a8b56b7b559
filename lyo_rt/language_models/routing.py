"""Asks the providers in order: the next one answers when one fails.

A request is answered from what was bought before, or bought: of one provider after the other, each asked again at once
where that is of use, the next one when not, the first one anew when all have failed and there is time left.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import assert_never

import anyio
import anyio.to_thread
import structlog
from pydantic import SecretStr

from lyo_rt.broadcast.contract import Broadcast
from lyo_rt.clock import Clock
from lyo_rt.database.pool import Database
from lyo_rt.language_models import breakers, gemini, openai
from lyo_rt.language_models.answers import Answers
from lyo_rt.language_models.budgets import Limits, refusal, refuses_everything
from lyo_rt.language_models.gemma.provider import LocalGemma, open_gemma_server
from lyo_rt.language_models.ledger import Kept
from lyo_rt.language_models.outline import WRITTEN, Outline
from lyo_rt.language_models.port import Asker, Draft, LanguageModel, ModelFault, Reuse, TextSink, Written
from lyo_rt.language_models.prices import check_priced, read_prices
from lyo_rt.language_models.purchases import Found, Purchase, Purchases, Route
from lyo_rt.language_models.questions import DraftQuestion, Question, TurnQuestion
from lyo_rt.language_models.requests import Request
from lyo_rt.language_models.retries import Tries
from lyo_rt.language_models.streaming import Timeouts
from lyo_rt.language_models.tasks import StructuredTask, TutorTask
from lyo_rt.problems import ModelUnavailable
from lyo_rt.settings import Provider as Name
from lyo_rt.settings import Settings

RETRY_AFTER = 30.0
"""Seconds a client is asked to wait when nothing is known of any provider."""
SHORTEST_WAIT_SECONDS = 0.05

log = structlog.get_logger()


class Router:
    """A LanguageModel over several, in order of preference."""

    def __init__(
        self, routes: Sequence[Route], purchases: Purchases, answers: Answers, clock: Clock, timeouts: Timeouts
    ) -> None:
        self._routes = tuple(routes)
        self._names = tuple(route.provider.name for route in routes)
        self._purchases = purchases
        self._answers = answers
        self._clock = clock
        self._timeouts = timeouts
        self._cooling: dict[str, datetime] = {}
        """Until when providers cannot be asked, as far as this instance has been told."""

    async def write(self, task: StructuredTask[Draft], asker: Asker) -> tuple[Draft, Written]:
        """See LanguageModel. While every provider is cooling it waits, for as long as a whole answer may take."""
        question = DraftQuestion(task)
        written = await self._answer(question, asker, patience=self._timeouts.total)
        return question.draft, written

    async def stream(self, task: TutorTask, sink: TextSink, asker: Asker) -> Written:
        """See LanguageModel; `sink.restart()` goes before the text of another provider when some was shown.

        While every provider is cooling it waits, for as long as for a first token: somebody is looking at the screen.
        """
        return await self._answer(TurnQuestion(task, sink), asker, patience=self._timeouts.first_token)

    async def _answer(self, question: Question, asker: Asker, *, patience: float) -> Written:
        limits = self._purchases.limits
        if whose := refuses_everything(limits, asker.user):
            raise refusal(whose, limits, self._clock.now())
        deadline = anyio.current_time() + patience
        if self._routes and self._routes[0].free:
            try:
                return await self._purchases.count_free(self._routes[0], question, asker, attempt=1)
            except ModelFault as fault:
                self._tell(fault)
        request = question.request(asker)
        if request.shared is None or not self._answers.seconds:
            return await self._bought(question, request, asker, deadline)
        async with self._answers.alone(request.shared, deadline) as waited:
            kept = await self._answers.recall(request.shared)
            if kept is not None:
                self._answers.served(joined=waited)
                return await _recalled(question, kept)
            return await self._bought(question, request, asker, deadline)

    def reuse(self) -> Reuse:
        """See LanguageModel."""
        return self._answers.reuse()

    async def _bought(self, question: Question, request: Request, asker: Asker, deadline: float) -> Written:
        """Round after round through the providers until one has answered.

        Raises ModelUnavailable when none can any more, or none before the deadline: with the seconds until one can.
        """
        tries = Tries()
        while True:
            cooling = {}
            for route in self._routes:
                if not tries.is_over(route.provider.name):
                    purchase = Purchase(
                        route=route,
                        question=question,
                        request=request,
                        asker=asker,
                        deadline=deadline,
                    )
                    answered = await self._buy(purchase, tries)
                    if isinstance(answered, Written):
                        return answered
                    cooling[route.provider.name] = answered
            wait = tries.wait(cooling, self._names)
            if wait is None or anyio.current_time() + wait > deadline:
                raise ModelUnavailable(retry_after=wait or RETRY_AFTER)
            await anyio.sleep(max(wait, SHORTEST_WAIT_SECONDS))

    async def _buy(self, purchase: Purchase, tries: Tries) -> Written | float:
        """The answer of one provider; or the seconds until it can be asked, 0 when it has failed."""
        name = purchase.route.provider.name
        if purchase.route.free:
            try:
                question, asker = purchase.question, purchase.asker
                return await self._purchases.count_free(purchase.route, question, asker, attempt=tries.count + 1)
            except ModelFault as fault:
                self._tell(fault)
                tries.failed(fault, shown=purchase.question.failed())
                return 0.0
        while (left := self._left(name)) <= 0:
            try:
                found = await self._purchases.buy(purchase, attempt=tries.count + 1)
            except ModelFault as fault:
                self._tell(fault)
                pause = tries.failed(fault, shown=purchase.question.failed())
                if pause is None or anyio.current_time() + pause > purchase.deadline:
                    return 0.0
                await anyio.sleep(pause)
                continue
            match found:
                case Written():
                    await self._remember(purchase, found)
                    return found
                case Found(kept, joined):
                    if purchase.request.shared is not None:
                        self._answers.served(joined=joined)
                    return await _recalled(purchase.question, kept)
                case seconds:
                    self._cooling[name] = self._clock.now() + timedelta(seconds=seconds)
        return left

    def _tell(self, fault: ModelFault) -> None:
        # not the fault's text: it may quote a learner
        log.warning("language model failed", ai_provider=fault.provider, kind=fault.kind)

    async def _remember(self, purchase: Purchase, written: Written) -> None:
        if (shared := purchase.request.shared) is not None and self._answers.seconds:
            await self._answers.remember(shared, Kept(purchase.question.answer(), written))

    def _left(self, name: str) -> float:
        """Seconds until the provider can be asked, as far as is known here."""
        until = self._cooling.get(name)
        return 0.0 if until is None else (until - self._clock.now()).total_seconds()


async def _recalled(question: Question, kept: Kept) -> Written:
    """The question, answered with what was bought before."""
    await question.recall(kept.answer)
    return kept.written


@asynccontextmanager
async def open_model(
    settings: Settings,
    database: Database,
    broadcast: Broadcast,
    clock: Clock,
    *,
    instance: int,
    local: LocalGemma | None = None,
) -> AsyncIterator[LanguageModel]:
    """The router over `settings.providers()`, closed with the block. `local` is the model that this instance runs.

    Takes one to two seconds when a hosted provider is among them. Raises InvalidSettings when the prices cannot be
    read, or do not name a model that a budget in dollars is for.
    """
    timeouts = Timeouts(settings.ai_first_token_timeout, settings.ai_token_timeout, settings.ai_total_timeout)
    limits = Limits(settings.ai_user_daily_tokens, settings.ai_daily_budget_usd)
    prices = await anyio.to_thread.run_sync(read_prices, settings.ai_prices)
    async with AsyncExitStack() as stack:
        routes = []
        for name in settings.providers():
            route = await _open(name, settings, timeouts, local)
            stack.push_async_callback(route.provider.aclose)
            routes.append(route)
        hosted = [route for route in routes if not route.free and not route.local]
        models = dict.fromkeys(model for route in hosted for model in (route.model, route.model_complex))
        if limits.dollars is not None:
            check_priced(prices, models)
        for model in models.keys() - prices.keys():
            log.warning("a model has no price, so its calls are counted without a cost", model=model)
        await breakers.add(database, [route.provider.name for route in hosted])
        purchases = Purchases(
            database,
            clock,
            instance=instance,
            limits=limits,
            prices=prices,
            shared_seconds=settings.ai_cache_seconds,
            longest_call=2 * timeouts.total,
        )
        yield Router(routes, purchases, Answers(broadcast, seconds=settings.ai_cache_seconds), clock, timeouts)


async def _open(name: Name, settings: Settings, timeouts: Timeouts, local: LocalGemma | None) -> Route:
    match name:
        case "gemini":
            model, model_complex = settings.gemini_model, settings.gemini_model_complex
            provider = await gemini.open_gemini(
                api_key=_secret(settings.gemini_api_key),
                base_url=settings.gemini_base_url,
                model=model,
                model_complex=model_complex,
                timeouts=timeouts,
            )
            return Route(provider, model=model, model_complex=model_complex, answer_tokens=gemini.ANSWER_TOKENS)
        case "openai":
            model, model_complex = settings.openai_model, settings.openai_model_complex
            other = await openai.open_openai(
                api_key=_secret(settings.openai_api_key),
                base_url=settings.openai_base_url,
                model=model,
                model_complex=model_complex,
                timeouts=timeouts,
            )
            return Route(other, model=model, model_complex=model_complex, answer_tokens=openai.ANSWER_TOKENS)
        case "gemma" if settings.gemma_base_url is not None:
            key = settings.gemma_api_key
            server = await open_gemma_server(
                api_key=key.get_secret_value() if key else None,
                base_url=settings.gemma_base_url,
                model=settings.gemma_model,
                timeouts=timeouts,
            )
            return Route(
                server,
                model=settings.gemma_model,
                model_complex=settings.gemma_model,
                answer_tokens=openai.ANSWER_TOKENS,
            )
        case "gemma":
            own = local or LocalGemma(parallel=settings.gemma_parallel, timeouts=timeouts)
            return Route(own, model=own.name, model_complex=own.name, answer_tokens=openai.ANSWER_TOKENS, local=True)
        case "outline":
            return Route(Outline(), model=WRITTEN.model, model_complex=WRITTEN.model, free=True)
        case _:
            assert_never(name)


def _secret(key: SecretStr | None) -> str:
    if key is None:
        raise ValueError("a provider without a key was asked for; Settings does not allow it")
    return key.get_secret_value()
