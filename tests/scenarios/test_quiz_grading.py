"""An instance is killed while a model judges answers: another one ends the attempt, and it counts once."""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
import httpx

from tests.loopback.quizzes import OWN_WORDS
from tests.scenarios.conftest import Learner, Server, log_of, provider
from tests.scenarios.test_ai_ledger import until


def test_grading_is_taken_over_and_ended_once(
    two_instances: Callable[..., Server], learner: Callable[..., Learner], database_url: str
) -> None:
    with provider("openai", delay=1) as (address, environment):
        first, second = two_instances(**environment), two_instances(**environment)
        asked = {"topic": "Capitals", "quizType": "short_answer", "questionCount": 2, "graded": True}
        quiz = learner(first).http.post("/v1/ai/generate-quiz", json=asked).json()
        path = f"/v1/quizzes/{quiz['quiz_id']}/submit"
        given = [{"question_id": one["id"], "answer": f"It is so {OWN_WORDS}"} for one in quiz["questions"]]
        here, elsewhere = learner(first), learner(second)

        def submit() -> None:
            with suppress(httpx.TransportError):  # the instance dies while it is waited for
                here.http.post(path, json={"answers": given})

        sender = threading.Thread(target=submit)
        sender.start()
        grading = "SELECT count(*) = $1 FROM ai_usage WHERE purpose = 'grading' AND outcome = ANY($2)"

        async def kill_while_it_is_judged() -> None:
            observer = await asyncpg.connect(database_url)
            await until(observer, grading, 1, ["started"])
            assert first.end(signal.SIGKILL) == -signal.SIGKILL
            await observer.close()

        asyncio.run(kill_while_it_is_judged())
        sender.join()
        result = elsewhere.http.post(path, json={"answers": given}).json()
        assert [one["graded_by"] for one in result["answers"]] == ["model", "model"]
        assert [one["rated"] for one in result["answers"]] == [True, True]
        assert (result["degraded"], result["score"]) == (False, 20.0)
        assert elsewhere.http.post(path, json={"answers": []}).json() == result, "an attempt is submitted once"
        asyncio.run(_counted_once(database_url))
        assert 1 <= Counter(entry["purpose"] for entry in log_of(address))["grading"] <= 2


async def _counted_once(url: str) -> None:
    observer = await asyncpg.connect(url)
    row: Any = await observer.fetchrow(
        """
        SELECT (SELECT count(*) FROM attempts WHERE status = 'done') AS attempts,
            (SELECT count(*) FROM rated_answers) AS rated, (SELECT answers FROM abilities) AS answers,
            (SELECT takeovers FROM leases WHERE kind = 'grading') AS takeovers,
            (SELECT state FROM leases WHERE kind = 'grading') AS state
        """
    )
    await observer.close()
    assert tuple(row) == (1, 2, 2, 1, "CLOSED")
