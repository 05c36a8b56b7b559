"""What a learner is told on all their devices: who signs in and out, and how their generations end."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.services import Services
from lyo_rt import leases, streams
from lyo_rt.accounts.records import Registered
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import Changes
from lyo_rt.generation import service as generation
from lyo_rt.language_models.tasks import CourseBrief
from lyo_rt.problems import SessionRevoked
from tests.api.sockets import Device, greeted

pytestmark = pytest.mark.anyio

PASSWORD = "Correct-horse-9-battery"
BEGINNING = {"epoch": 1, "seq": 0}


@pytest.fixture
async def learner(services: Services) -> Registered:
    """A learner with a phone."""
    return await services.accounts.register(
        email=f"ada-{uuid4().hex[:8]}@example.com", password=PASSWORD, full_name="Ada", device="Ada's phone"
    )


@pytest.fixture
async def phone(address: tuple[str, int], learner: Registered) -> AsyncIterator[Device]:
    """The learner's phone, which follows their stream from its beginning."""
    async with greeted(address, learner.access_token) as device:
        assert "ok" in await device.ask("subscribe", stream=f"user:{learner.user_id}", after=BEGINNING)
        yield device


async def next_event(device: Device) -> tuple[str, dict[str, Any]]:
    event = await device.until("event")
    return event["event"], event["data"]


async def all_of(device: Device, *names: str) -> dict[str, dict[str, Any]]:
    """The events by name, once these have come, in whatever order of their streams."""
    while True:
        events = {frame["event"]: frame for frame in device.frames if frame["type"] == "event"}
        if events.keys() >= set(names):
            return events
        await device.read()


async def test_devices_that_sign_in_and_out_are_told_of(services: Services, learner: Registered, phone: Device) -> None:
    mine = services.accounts.identify(learner.access_token)
    name, data = await next_event(phone)
    assert (name, data) == (
        "device.signed_in",
        {"session": str(mine.session_id), "device": "Ada's phone", "at": data["at"]},
    )
    tablet = await services.accounts.login(email=learner.email, password=PASSWORD)
    theirs = services.accounts.identify(tablet.access_token)
    name, data = await next_event(phone)
    assert (name, data["session"], data["device"]) == ("device.signed_in", str(theirs.session_id), None)

    for _ in range(2):
        await services.accounts.logout(theirs)
    name, data = await next_event(phone)
    assert (name, data["session"], data["reason"]) == ("device.signed_out", str(theirs.session_id), "logout")

    await services.accounts.refresh(learner.refresh_token)
    for _ in range(2):
        with pytest.raises(SessionRevoked):
            await services.accounts.refresh(learner.refresh_token)
    name, data = await next_event(phone)
    assert (name, data["session"], data["reason"]) == ("device.signed_out", str(mine.session_id), "token_reused")
    assert await heads(services, learner) == 4


async def heads(services: Services, learner: Registered) -> int:
    return (await streams.head(services.database, streams.user_stream(learner.user_id))).top


async def a_course(services: Services, learner: Registered) -> UUID:
    """A course that is about to be generated."""
    id = uuid4()
    changes = Changes()
    courses.add_course(changes, id, learner.user_id, title="Bees", difficulty="beginner", locale="en")
    await services.database.carry_out(changes)
    return id


async def begin(
    services: Services, learner: Registered, course: UUID, *, cancelled: bool = False, takeovers: int = 0
) -> UUID:
    """A task that any instance may take, after so many takeovers."""
    task = uuid4()
    async with services.database.transaction() as transaction:
        brief, changes = CourseBrief(topic="Bees"), Changes()
        generation.create(changes, id=task, user=learner.user_id, course=course, brief=brief, owner=None)
        await transaction.carry_out(changes)
        await transaction.execute("UPDATE leases SET takeovers = $2 WHERE id = $1", task, takeovers)
        if cancelled:
            await generation.request_cancel(transaction, task)
    return task


async def test_a_generation_that_ends_is_told_of(learner: Registered, phone: Device) -> None:
    accepted = (await phone.ask("generate", id="1", payload={"topic": "How bread rises"}))["ok"]
    await phone.until("event", event="task.finished")
    assert phone.frames[-1]["data"] == {
        "task": accepted["task_id"],
        "course": accepted["provisional_course_id"],
        "state": "DONE",
    }


async def test_a_course_that_is_given_up_says_so(services: Services, learner: Registered, phone: Device) -> None:
    """To its learner, to those who follow it, and to the operators."""
    course = await a_course(services, learner)
    await phone.ask("subscribe", stream=f"course:{course}")
    task = await begin(services, learner, course, takeovers=leases.POISONED_AFTER)
    events = await all_of(phone, "task.finished", "failed")
    ended = {"task": str(task), "course": str(course), "state": "ERROR", "code": "UNAVAILABLE"}
    assert events["task.finished"]["data"] == ended
    failed = events["failed"]
    assert (failed["stream"], failed["seq"]) == (f"course:{course}", 1)
    given_up = "This task has stopped every instance that worked on it, and was given up."
    assert failed["data"] == {"message": given_up, "code": "UNAVAILABLE"}
    told = await streams.read_after(services.database, "ops", 0)
    assert [event.data for event in told if event.name == "task.poisoned"] == [
        {"task": str(task), "takeovers": leases.POISONED_AFTER}
    ]


async def test_a_course_that_is_cancelled_says_so_and_is_gone(
    services: Services, learner: Registered, phone: Device
) -> None:
    course = await a_course(services, learner)
    stream = f"course:{course}"
    async with services.database.transaction() as transaction:
        await streams.append(transaction, stream, "lesson", {"title": "Half-written"})
    await phone.ask("subscribe", stream=stream, after=BEGINNING)
    task = await begin(services, learner, course, cancelled=True)
    events = await all_of(phone, "task.finished", "cancelled")
    assert events["task.finished"]["data"] == {"task": str(task), "course": str(course), "state": "CANCELLED"}
    cancelled = events["cancelled"]
    assert (cancelled["stream"], cancelled["epoch"], cancelled["seq"], cancelled["data"]) == (stream, 2, 1, {})
    assert (await phone.ask("subscribe", stream=stream))["problem"]["status"] == 404
