"""What the tests of quizzes share: a quiz made, and its right answers."""

from typing import Any

import anyio
import httpx


async def made(learner: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    """A quiz, ready."""
    answer = await learner.post("/v1/ai/generate-quiz", json=asked)
    assert answer.status_code == 200, answer.text
    quiz: dict[str, Any] = answer.json()
    return quiz


async def submitted(learner: httpx.AsyncClient, quiz: dict[str, Any], answers: dict[str, Any], **more: Any) -> Any:
    """The result of an attempt; `answers` by the questions' ids."""
    listed = [{"question_id": id, "answer": answer} for id, answer in answers.items()]
    answer = await learner.post(f"/v1/quizzes/{quiz['quiz_id']}/submit", json={"answers": listed, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def right(quiz: dict[str, Any]) -> dict[str, str]:
    """The right answers of a quiz that shows them."""
    return {question["id"]: question["correct_answer"] for question in quiz["questions"]}


async def no_longer_written(learner: httpx.AsyncClient, location: str) -> dict[str, Any]:
    """The quiz at `location` once its writing has ended."""
    with anyio.fail_after(10):
        while True:
            quiz: dict[str, Any] = (await learner.get(location)).json()
            if quiz["status"] != "writing":
                return quiz
            await anyio.sleep(0.02)
