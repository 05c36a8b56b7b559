"""Study rooms through the sockets of two instances: who is seen to come, to write, and to leave."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

from api.instance import Instance, open_instance
from lyo_rt.clock import Clock
from lyo_rt.courses import repository as courses
from lyo_rt.database.changes import Changes
from lyo_rt.settings import Settings
from tests.api.conftest import served
from tests.api.learners import signed_in, token_of
from tests.api.sockets import Device, greeted

pytestmark = pytest.mark.anyio

Address = tuple[str, int]
BEGINNING = {"epoch": 1, "seq": 0}


class Place:
    """An instance and where it is served."""

    def __init__(self, instance: Instance, address: Address) -> None:
        self.instance = instance
        self.address = address


@pytest.fixture
async def places(
    settings: Settings, database_url: str, redis_url: str, clock: Clock
) -> AsyncIterator[tuple[Place, Place]]:
    """Two instances on one PostgreSQL and one Valkey."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(2):
            opened = open_instance(settings, clock, database_url=database_url, redis_url=redis_url)
            instance = await stack.enter_async_context(opened)
            found.append(Place(instance, await stack.enter_async_context(served(instance.asgi))))
        yield found[0], found[1]


@pytest.fixture
async def ada(places: tuple[Place, Place]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(places[0].instance.services, places[0].address, "Ada") as client:
        yield client


@pytest.fixture
async def ben(places: tuple[Place, Place]) -> AsyncIterator[httpx.AsyncClient]:
    async with await signed_in(places[1].instance.services, places[1].address, "Ben") as client:
        yield client


@pytest.fixture
async def course(places: tuple[Place, Place], ada: httpx.AsyncClient) -> str:
    """A course that everybody may see."""
    return await a_course(places[0], user_of(places[0], ada), published=True)


async def a_course(place: Place, owner: UUID, *, published: bool) -> str:
    id = uuid4()
    async with place.instance.services.database.transaction() as transaction:
        if published:
            await courses.add_finished_course(
                transaction, id, owner, slug=str(id), title="Maths", difficulty="beginner", locale="en"
            )
        else:
            changes = Changes()
            courses.add_course(changes, id, owner, title="Maths", difficulty="beginner", locale="en")
            await transaction.carry_out(changes)
    return str(id)


def user_of(place: Place, client: httpx.AsyncClient) -> UUID:
    return place.instance.services.accounts.identify(token_of(client)).user_id


async def enter(device: Device, course: str) -> dict[str, Any]:
    """Follow the course's stream from its beginning, and come into its room; the roster."""
    assert "ok" in await device.ask("subscribe", stream=f"course:{course}", after=BEGINNING)
    roster: dict[str, Any] = (await device.ask("presence", course=course))["ok"]
    return roster


def seen(device: Device) -> list[tuple[str, str, int]]:
    """(event, name, members) in the order in which the device was told."""
    return [
        (frame["event"].removeprefix("presence."), frame["data"]["name"], frame["data"]["members"])
        for frame in device.frames
        if frame["type"] == "event"
    ]


async def caught_up(device: Device, seq: int) -> None:
    """The device has been told up to `seq`; an event of its own doing may come before the reply."""
    while not any(frame["type"] == "event" and frame["seq"] == seq for frame in device.frames):
        await device.read()


def written(device: Device) -> list[str]:
    """Who was seen to write."""
    return [frame["name"] for frame in device.frames if frame["type"] == "typing"]


async def test_coming_writing_and_leaving_are_seen_on_the_other_instance(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient, course: str
) -> None:
    here, there = places
    async with greeted(here.address, token_of(ada)) as phone, greeted(there.address, token_of(ben)) as other:
        stream, ada_id = f"course:{course}", str(user_of(here, ada))
        alone = await enter(phone, course)
        assert (alone["epoch"], alone["seq"], alone["count"]) == (1, 1, 1)
        assert [(member["user"], member["name"]) for member in alone["members"]] == [(ada_id, "Ada")]
        await other.ask("subscribe", stream=stream, after=BEGINNING)
        for _ in range(5):
            await other.send("typing", course=course)  # not from outside the room
            await phone.send("typing", course=course)  # once a second
        assert await other.until("typing") == {"type": "typing", "stream": stream, "user": ada_id, "name": "Ada"}

        both = (await other.ask("presence", course=course))["ok"]
        assert [member["name"] for member in both["members"]] == ["Ada", "Ben"]
        assert both["members"][0] == alone["members"][0]
        assert both["seq"] == 2
        await other.send("typing", course=course)
        assert (await phone.until("typing"))["name"] == "Ben"

        assert (await phone.ask("presence", course=course, here=False))["ok"] == {}
        for one in (phone, other):
            await caught_up(one, 3)
            assert seen(one) == [("joined", "Ada", 1), ("joined", "Ben", 2), ("left", "Ada", 1)]
        left = next(frame for frame in other.frames if frame.get("event") == "presence.left")
        assert left["data"] == {"user": ada_id, "name": "Ada", "members": 1}
        assert (written(phone), written(other)) == (["Ben"], ["Ada"])


async def test_two_devices_of_a_learner_are_one_member_until_both_have_left(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient, course: str
) -> None:
    here, there = places
    async with greeted(there.address, token_of(ben)) as other:
        await enter(other, course)
        async with greeted(here.address, token_of(ada)) as phone, greeted(there.address, token_of(ada)) as tablet:
            for one in (phone, tablet):
                roster = await enter(one, course)
                assert [member["name"] for member in roster["members"]] == ["Ben", "Ada"]
            await phone.ask("presence", course=course, here=False)
            await tablet.ask("presence", course=course, here=False)
            await other.until("event", event="presence.left")
        assert seen(other) == [("joined", "Ben", 1), ("joined", "Ada", 2), ("left", "Ada", 1)]


async def test_a_socket_that_is_lost_leaves_in_a_moment_and_one_that_is_back_by_then_never_left(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient, course: str
) -> None:
    here, there = places
    async with greeted(there.address, token_of(ben)) as other:
        await enter(other, course)
        async with greeted(here.address, token_of(ada)) as phone:
            await enter(phone, course)
            phone.connection.transport.abort()
        async with greeted(there.address, token_of(ada)) as phone:
            await enter(phone, course)
        lost = anyio.current_time()
        await other.until("event", event="presence.left")
        assert 2.5 < anyio.current_time() - lost < 8
        assert seen(other) == [("joined", "Ben", 1), ("joined", "Ada", 2), ("left", "Ada", 1)]


async def test_no_event_is_lost_between_the_roster_and_what_follows_it(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient, course: str
) -> None:
    """While others come and go, a roster and the events behind its seq are the room as the stream tells it."""
    async with greeted(places[0].address, token_of(ada)) as watcher, anyio.create_task_group() as tasks:
        stop = anyio.Event()

        async def restless(place: Place) -> None:
            async with greeted(place.address, token_of(ben)) as device:
                for _ in range(20):
                    await device.ask("presence", course=course)
                    await device.ask("presence", course=course, here=False)
            stop.set()

        await watcher.ask("subscribe", stream=f"course:{course}", after=BEGINNING)
        for place in places:
            tasks.start_soon(restless, place)
        rosters = []
        while not stop.is_set():
            rosters.append((await watcher.ask("presence", course=course))["ok"])
            await watcher.ask("presence", course=course, here=False)
        rosters.append((await watcher.ask("presence", course=course))["ok"])
        while max((f["seq"] for f in watcher.frames if f["type"] == "event"), default=0) < rosters[-1]["seq"]:
            await watcher.read()
    rooms: list[set[str]] = [set()]
    for frame in watcher.frames:
        if frame["type"] == "event":
            assert frame["seq"] == len(rooms)
            name = {frame["data"]["name"]}
            rooms.append(rooms[-1] | name if frame["event"] == "presence.joined" else rooms[-1] - name)
    assert len(rosters) > 1
    for roster in rosters:
        assert {member["name"] for member in roster["members"]} == rooms[roster["seq"]]


async def test_a_room_is_for_those_who_may_see_the_course(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    here, _ = places
    private = await a_course(here, user_of(here, ada), published=False)
    async with greeted(here.address, token_of(ada)) as owner, greeted(here.address, token_of(ben)) as stranger:
        assert "ok" in await owner.ask("presence", course=private)
        for course in (private, str(uuid4())):
            reply = await stranger.ask("presence", course=course)
            assert (reply["problem"]["status"], reply["problem"]["code"]) == (404, "NOT_FOUND")
        roster = (await owner.ask("presence", course=private))["ok"]
        assert [member["name"] for member in roster["members"]] == ["Ada"]


async def test_a_draining_instance_hands_its_rooms_over_in_silence(
    places: tuple[Place, Place], ada: httpx.AsyncClient, ben: httpx.AsyncClient, course: str
) -> None:
    here, there = places
    async with greeted(there.address, token_of(ben)) as other:
        await enter(other, course)
        async with greeted(here.address, token_of(ada)) as phone:
            await enter(phone, course)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(here.instance.drain)
                assert (await phone.closed())[0] == 1012
        async with greeted(there.address, token_of(ada)) as phone:
            roster = await enter(phone, course)
            assert (len(roster["members"]), roster["seq"]) == (2, 2)
            await phone.ask("presence", course=course, here=False)
            await other.until("event", event="presence.left")
        assert seen(other) == [("joined", "Ben", 1), ("joined", "Ada", 2), ("left", "Ada", 1)]
