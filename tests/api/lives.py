"""A learner who has used everything there is, their leaving, and what is left of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx

from api.services import Services
from lyo_rt.database.pool import Database
from lyo_rt.privacy.service import begin_due
from migrations.tables import all_tables
from tests.api import published
from tests.api.learners import PASSWORD, Client, become, token_of, user_of
from tests.api.sockets import greeted
from tests.api.uploading import picture, uploaded

SECRET = "my grandmother's apricot dumplings"
SECONDS = 30
DAYS = 3
TEXT = """Chlorophyll is the green pigment that absorbs light in the leaves of plants. Stomata are small openings in the
leaf through which carbon dioxide enters the plant. Photosynthesis is the process by which plants make sugar from light,
water and carbon dioxide. Roots are the organs that take up water from the soil."""


class MovedClock:
    """The machine's clock, moved forward by `ahead`."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()


async def close(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.request("DELETE", "/v1/users/me", json={"password": password})


async def login(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})


async def erased(services: Services, clock: MovedClock) -> None:
    """The cool-off is over, and whoever was due is erased."""
    clock.ahead += timedelta(days=DAYS, seconds=1)
    while await begin_due(services.database, now=clock.now()):
        pass
    await until_done(services)


async def until_done(services: Services) -> None:
    """Nobody is being erased any more."""

    async def done() -> bool:
        return bool(await services.database.fetchval("SELECT bool_and(done_at IS NOT NULL) FROM erasures"))

    await until(done)


async def until(so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    with anyio.fail_after(SECONDS):
        while True:
            if await so():
                return
            await anyio.sleep(0.05)


async def dump(database: Database) -> dict[str, str]:
    """All rows of all tables, as text."""
    return {
        name: "\n".join(row["t"] for row in await database.fetch(f'SELECT "{name}"::text AS t FROM "{name}"'))  # noqa: S608
        for name in all_tables().tables
    }


async def lived(services: Services, address: tuple[str, int], ada: Client, bob: Client) -> list[str]:
    """Ada has used everything there is; ids of hers."""
    ids = [str(user_of(ada))]
    assert (await login(ada, ada.email)).is_success
    generated = await ada.post(
        "/v1/courses:generate", json={"topic": SECRET, "level": "beginner"}, headers={"Idempotency-Key": "one"}
    )
    assert generated.status_code == 202, generated.text
    task = generated.json()
    ids += task.values()

    async def made() -> bool:
        return bool((await ada.get(f"/v1/tasks/{task['task_id']}")).json()["state"] == "DONE")

    await until(made)
    quiz = await ada.post(
        "/v1/ai/generate-quiz",
        json={"content": TEXT, "questionCount": 2, "graded": True, "quizType": "multiple_choice"},
    )
    assert quiz.is_success, quiz.text
    ids.append(quiz.json()["quiz_id"])
    answers = [{"question_id": one["id"], "answer": "A"} for one in quiz.json()["questions"]]
    submitted = await ada.post(f"/v1/quizzes/{quiz.json()['quiz_id']}/submit", json={"answers": answers})
    assert submitted.is_success, submitted.text
    talk = (await ada.post("/v1/tutor/conversations", json={"title": SECRET})).json()["id"]
    ids.append(talk)
    said = await ada.post(f"/v1/tutor/conversations/{talk}/messages", json={"text": f"Tell me about {SECRET}"})
    ids += [said.json()["message"], said.json()["answer"]]

    async def answered() -> bool:
        return bool((await ada.get(f"/v1/tutor/conversations/{talk}")).json()["items"][-1]["status"] == "complete")

    await until(answered)
    ids.append((await uploaded(ada, picture()))["id"])
    room = await published.course(services, bob, "Bob's room")
    async with greeted(address, token_of(ada)) as device:
        await device.ask("subscribe", stream=f"course:{room}")
        assert "ok" in await device.ask("presence", course=room)
    await become(services, bob, "teacher")
    invited = await bob.post("/v1/teaching/invitations", json={"email": ada.email})
    assert invited.is_success, invited.text
    accepted = await ada.post(f"/v1/teaching/invitations/{invited.json()['id']}/accept")
    assert accepted.is_success, accepted.text
    await ada.post("/v1/auth/verify-email/resend")
    assert (await ada.post("/v1/ws/tickets")).is_success
    ids.append(await exported(ada))
    return ids


async def exported(client: httpx.AsyncClient) -> str:
    """The id of an export that is ready."""
    begun = await client.post("/v1/users/me/export")
    assert begun.status_code == 202, begun.text
    location = begun.headers["location"]
    assert location == f"/v1/tasks/{begun.json()['task_id']}"
    task: dict[str, Any] = {}

    async def ended() -> bool:
        task.update((await client.get(location)).json())
        return task["state"] not in ("PENDING", "RUNNING")

    await until(ended)
    assert (task["state"], task["kind"], task["progressPct"]) == ("DONE", "export", 100), task
    return str(task["resultId"])
