"""The calls of one purchase: a draft may take a second and a third, and each is a row that is paid for beforehand."""

from functools import partial
from uuid import uuid4

import anyio
import msgspec

from lyo_rt.database.patience import persist
from lyo_rt.language_models import retries, rounds
from lyo_rt.language_models.booking import Books, looks
from lyo_rt.language_models.breakers import LONGEST_REST_SECONDS, Verdict
from lyo_rt.language_models.ledger import Call, Ending
from lyo_rt.language_models.port import FaultKind, ModelFault, Usage, Written
from lyo_rt.language_models.prices import cost
from lyo_rt.language_models.requests import BYTES_A_TOKEN


class Calls:
    """A Meter: `call` is the one that has been admitted last, and not settled yet while it is `open`.

    What a provider has not counted is estimated from above: the prompt as it was sent, and what has been received.
    """

    def __init__(self, books: Books, first: Call, most: Usage, *, deadline: float) -> None:
        """`most` is what the first can use; room in a budget is waited for until `deadline`, by the loop's clock."""
        self.call = first
        self.open = True
        self._books = books
        self._most = most
        self._deadline = deadline
        self._prompt = most.prompt_tokens
        self._counted = Usage()
        self._received = 0
        self._fault: ModelFault | None = None

    async def sends(self, after: FaultKind | None = None, *, more_prompt: int = 0, longer: bool = False) -> None:
        """See Meter. A later round is of the same request: on the same day, and let through by the same breaker."""
        if after is None:
            return
        former, now = self.call, self._books.clock.now()
        ending = self._ending("neither", self._usage(), fault=after)
        most = Usage(self._most.prompt_tokens + more_prompt, self._most.answer_tokens * (2 if longer else 1))
        self.call = msgspec.structs.replace(
            former,
            id=uuid4(),
            tokens=most.prompt_tokens + most.answer_tokens,
            cost=cost(former.price, most),
            began=now,
        )
        self.open = False
        self._prompt, self._counted, self._received = most.prompt_tokens, Usage(), 0
        try:
            await self._admitted(former, ending)
        except anyio.get_cancelled_exc_class():
            await self._books.last_word(former, ending)
            await self._books.last_word(self.call, self._ending("neither", Usage()))
            raise
        self.open = True

    def received(self, text: str) -> None:
        """See Meter."""
        self._received += len(text.encode(errors="replace"))

    def used(self, usage: Usage) -> None:
        """See Meter."""
        self._counted = usage

    def failed(self, fault: ModelFault) -> None:
        """See Meter."""
        self._fault = fault

    def done(self, written: Written, answer: bytes) -> Ending:
        """The last call's, when there is an answer, of whichever of the calls."""
        if self._fault is not None:
            ending = self.faulty(self._fault)
        else:
            if self._counted == Usage():
                self._received = self._received or len(answer)
            ending = self._books.ending(self.call, "done", self._usage(), "success")
        return msgspec.structs.replace(ending, model=written.model, answer=answer, written=written)

    def faulty(self, fault: ModelFault) -> Ending:
        """The last call's, when it has failed."""
        unbilled = fault.kind in retries.UNBILLED and self._counted == Usage() and not self._received
        verdict: Verdict = "neither" if fault.kind in retries.UNRELATED else "failure"
        rest = None if fault.retry_after is None else min(fault.retry_after, LONGEST_REST_SECONDS)
        return self._ending(verdict, Usage() if unbilled else self._usage(), fault=fault.kind, rest=rest)

    def cancelled(self) -> Ending:
        """The last call's, when nobody waits for it any more."""
        return self._books.ending(self.call, "cancelled", self._usage(), "neither")

    async def _admitted(self, former: Call, ending: Ending) -> None:
        books = self._books
        for look in looks():
            room = await persist(partial(rounds.follow, books.database, former, ending, self.call, limits=books.limits))
            if room is None:
                return
            if await books.fits_later(self.call, room, self._deadline):
                await anyio.sleep(look)

    def _usage(self) -> Usage:
        if self._counted != Usage():
            return self._counted
        return Usage(self._prompt, -(-self._received // BYTES_A_TOKEN))

    def _ending(
        self, verdict: Verdict, usage: Usage, *, fault: FaultKind | None = None, rest: float | None = None
    ) -> Ending:
        ending = self._books.ending(self.call, "failed" if fault else "cancelled", usage, verdict)
        return msgspec.structs.replace(ending, fault=fault, rest=rest)
