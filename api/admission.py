"""How long one who follows something may go on: the one rule of every stream over HTTP and of the simple door."""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from api.services import Services
from lyo_rt.problems import Problem, TokenExpired
from lyo_rt.security.tokens import Identity


@contextmanager
def admitted(services: Services, who: Identity) -> Iterator[anyio.CancelScope]:
    """Run the block for as long as `who` is signed in; it is cancelled at the end of that, whatever it waits for.

    The block gets the scope it runs in: the deadline is the end of the access token. Raises SessionRevoked the moment
    the session is signed out here, and within a second when it was elsewhere; TokenExpired likewise when the asker's
    role is another, and at the token's end.
    """
    ended: Problem = TokenExpired()

    def told(problem: Problem) -> None:
        nonlocal ended
        ended = problem
        scope.cancel()

    left = (who.expires_at - services.clock.now()).total_seconds()
    with anyio.CancelScope(deadline=anyio.current_time() + left) as scope:
        with services.accounts.revocations.watching(who, told):
            yield scope
    if scope.cancelled_caught:
        raise ended
