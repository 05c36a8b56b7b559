"""The product's own client against a running instance: links cut and silent, tokens that end, instances that go."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

import actors.session
import lyo_rt.client.client
from api.app import create_app
from api.asgi import create_asgi
from api.instance import Instance, open_instance
from api.services import Services
from lyo_rt import streams
from lyo_rt.accounts.records import Registered
from lyo_rt.client.client import Client, Link, Refused
from lyo_rt.client.replica import Ended, Lost
from lyo_rt.client.tokens import Dismissed, Tokens
from lyo_rt.clock import SystemClock
from lyo_rt.frames import After, Codec, Delta, Event, Generate, Regenerate, Stop, Unsubscribe
from lyo_rt.settings import Settings
from tests.api.conftest import served
from tests.loopback.faulty_link import FaultyLink, faulty_link
from tests.loopback.openai import OpenAI

pytestmark = pytest.mark.anyio

SECONDS = 20.0
PASSWORD = "Correct-horse-9-battery"


class ShiftedClock(SystemClock):
    """The machine's time, and how much later it is said to be."""

    shift = timedelta(0)

    def now(self) -> datetime:
        """See Clock."""
        return super().now() + self.shift


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def provider() -> AsyncIterator[OpenAI]:
    """A provider that writes a token every 20 ms."""
    async with OpenAI.running(token_delay=0.02) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, provider: OpenAI) -> Settings:
    """The tutor answers through the loopback provider."""
    return Settings(
        lyo_data_dir=settings.lyo_data_dir,
        ai_providers=("openai",),
        openai_api_key="loopback-key",
        openai_base_url=f"{provider.address}/v1",
    )


@pytest.fixture
async def learner(services: Services) -> Registered:
    return await services.accounts.register(
        email=f"learner-{uuid4().hex[:8]}@example.com", password=PASSWORD, full_name="Learner"
    )


@pytest.fixture
async def rest(address: tuple[str, int], learner: Registered) -> AsyncIterator[httpx.AsyncClient]:
    """The learner over REST."""
    headers = {"Authorization": f"Bearer {learner.access_token}"}
    async with httpx.AsyncClient(base_url=place(address[1]), timeout=30, headers=headers) as client:
        yield client


@pytest.fixture
async def conversation(rest: httpx.AsyncClient) -> UUID:
    answer = await rest.post("/v1/tutor/conversations", json={})
    return UUID(answer.json()["id"])


@pytest.fixture
async def link(address: tuple[str, int]) -> AsyncIterator[FaultyLink]:
    """The way from the client to the instance."""
    async with faulty_link(address[1]) as link:
        yield link


def place(port: int) -> str:
    return f"http://127.0.0.1:{port}"


class Phone:
    """A client, and all that it has told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self._more = asyncio.Event()
        self.client: Client

    def tell(self, notification: object) -> None:
        self.told.append(notification)
        self._more.set()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait until it holds of what has been told."""
        with anyio.fail_after(SECONDS):
            while not condition():
                self._more.clear()
                await self._more.wait()

    def all(self, kind: type) -> list[Any]:
        """What of this kind has been told, in order."""
        return [one for one in self.told if isinstance(one, kind)]

    def sessions(self) -> list[Link]:
        return [link for link in self.all(Link) if link.code is None]

    def losses(self) -> list[int]:
        return [link.code for link in self.all(Link) if link.code is not None]

    def text(self, message: str) -> str:
        """The answer as an application shows it; no character comes twice within a revision."""
        revision, shown = 0, ""
        for delta in self.all(Delta):
            if delta.message == message:
                assert delta.at == (len(shown) if delta.revision == revision else 0)
                revision, shown = delta.revision, shown[: delta.at] + delta.text
        return shown

    def seqs(self, stream: str) -> list[int]:
        """Of all that is stored in the stream."""
        found = [
            (one.stream, one.seq) for one in (getattr(one, "end", one) for one in self.told) if hasattr(one, "seq")
        ]
        return [seq for name, seq in found if name == stream]


def counted(one: Phone, kind: type, count: int) -> Callable[[], bool]:
    return lambda: len(one.all(kind)) >= count


@asynccontextmanager
async def phone(
    learner: Registered, *ports: int, codec: Codec = Codec.JSON, tokens: Tokens | None = None
) -> AsyncIterator[Phone]:
    """A phone of the learner, connected or about to be."""
    one = Phone()
    tokens = tokens or Tokens(learner.access_token, learner.refresh_token, expires_in=learner.expires_in)
    async with Client([place(port) for port in ports], tokens, one.tell, codec) as one.client:
        yield one


@pytest.mark.parametrize("codec", Codec)
async def test_an_answer_is_whole_however_often_the_link_is_cut(
    learner: Registered, rest: httpx.AsyncClient, conversation: UUID, link: FaultyLink, codec: Codec
) -> None:
    stream = f"conversation:{conversation}"
    async with phone(learner, link.port, codec=codec) as one:
        await one.client.subscribe(stream, After(1, 0))
        begun = await one.client.ask(conversation, "Why is the sky blue?")
        for cuts in range(1, 4):
            await one.until(counted(one, Delta, len(one.all(Delta)) + 2))
            await link.cut()
            await one.until(counted(one, Link, 1 + 2 * cuts))
        await one.until(lambda: one.all(Ended))
        (ended,) = one.all(Ended)
        stored = (await rest.get(f"/v1/tutor/conversations/{conversation}")).json()["items"][-1]
        assert (ended.text, ended.end.status) == (stored["text"], "complete")
        assert hashlib.sha256(ended.text.encode()).hexdigest() == stored["sha256"]
        assert one.text(begun["answer"]) == ended.text
        assert one.seqs(stream) == list(range(1, ended.end.seq + 1))
        assert one.losses() == [1006] * 3
        assert all(0 < session.seconds < 5 for session in one.sessions()[1:])
        counts = one.client.counts
        assert (counts["sessions"], counts["gaps"]) == (4, 0)
        assert counts["bytes_in"] > counts["bytes_out"] > 0


async def test_a_silent_link_is_given_up(
    learner: Registered, link: FaultyLink, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors.session, "HEARTBEAT_SECONDS", 1)
    monkeypatch.setattr(lyo_rt.client.client, "GRACE_SECONDS", 0.5)
    stream = f"user:{learner.user_id}"
    async with phone(learner, link.port) as one:
        await one.client.subscribe(stream)
        link.freeze()
        await one.until(one.losses)
        link.thaw()
        await one.until(lambda: len(one.sessions()) == 2)
        await tell(services, stream)
        await one.until(lambda: one.all(Event))
        assert one.losses()[0] == 1006
        assert set(one.losses()) == {1006}


async def tell(services: Services, stream: str) -> None:
    async with services.database.transaction() as transaction:
        await streams.append(transaction, stream, "told", {})


# -- tokens


async def test_an_expired_token_is_renewed_and_nobody_asks_twice(
    learner: Registered, address: tuple[str, int], clock: ShiftedClock, services: Services
) -> None:
    clock.shift = timedelta(minutes=31)
    stored: list[tuple[str, str | None]] = []
    tokens = Tokens(learner.access_token, learner.refresh_token)
    tokens.renewed = lambda pair: stored.append((pair.access, pair.refresh))
    async with phone(learner, address[1], tokens=tokens) as one, phone(learner, address[1], tokens=tokens) as other:
        for each in (one, other):
            await each.until(each.sessions)
            assert each.losses() == [4301]
        assert stored == [(tokens.access, tokens.refresh)]
        # A refresh token that came twice would have ended the family.
        assert await tokens.valid(place(address[1]), tokens.access) == tokens.access != stored[0][0]


async def test_a_token_known_to_have_expired_is_renewed_first_whoever_waits(
    learner: Registered, address: tuple[str, int]
) -> None:
    tokens = Tokens(learner.access_token, learner.refresh_token, expires_in=0)
    with anyio.move_on_after(0.001):
        await tokens.valid(place(address[1]))
    await tokens.settle()
    assert tokens.access != learner.access_token, "the refresh outlives who began it"
    again = Tokens(tokens.access, tokens.refresh, expires_in=0)
    async with phone(learner, address[1], tokens=again) as one:
        await one.until(one.sessions)
        assert one.losses() == []
        assert again.access != tokens.access


class TestShortTokens:
    """Tokens that last three seconds: their end is announced at once."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"jwt_access_token_expire_minutes": 3 / 60})

    async def test_a_token_is_renewed_on_the_live_socket(
        self, learner: Registered, address: tuple[str, int], services: Services
    ) -> None:
        tokens, pairs, twice = (
            Tokens(learner.access_token, learner.refresh_token),
            [learner.access_token],
            anyio.Event(),
        )

        def renewed(pair: Tokens) -> None:
            pairs.append(pair.access)
            if len(pairs) == 3:
                twice.set()

        tokens.renewed = renewed
        stream = f"user:{learner.user_id}"
        async with phone(learner, address[1], tokens=tokens) as one:
            await one.client.subscribe(stream)
            with anyio.fail_after(SECONDS):
                await twice.wait()
            await tell(services, stream)
            await one.until(lambda: one.all(Event))
            assert len(one.sessions()) == 1
            assert one.losses() == []
            assert len(set(pairs)) == len(pairs)


async def test_a_signed_out_client_does_not_come_back(
    learner: Registered, rest: httpx.AsyncClient, address: tuple[str, int]
) -> None:
    async with phone(learner, address[1]) as one:
        await one.until(one.sessions)
        waiting = asyncio.create_task(one.client.subscribe(f"user:{uuid4()}"))
        with pytest.raises(Refused):
            await waiting
        assert (await rest.post("/v1/auth/logout")).is_success
        await one.until(one.losses)
        assert one.all(Link)[-1].seconds == float("inf")
        assert one.losses() == [4010]
        with pytest.raises(Dismissed) as dismissed:
            await one.client.subscribe(f"user:{learner.user_id}")
        assert dismissed.value.code == 4010


async def test_without_a_usable_refresh_token_the_client_says_so(
    learner: Registered, address: tuple[str, int], clock: ShiftedClock
) -> None:
    clock.shift = timedelta(minutes=31)
    for refresh in (None, "forged"):
        async with phone(learner, address[1], tokens=Tokens(learner.access_token, refresh)) as one:
            with pytest.raises(Dismissed) as dismissed:
                await one.client.subscribe(f"user:{learner.user_id}")
            assert dismissed.value.code == 401
            assert one.losses() == [4301, 401]


# -- commands


@pytest.fixture
def cut_before_reply(services: Services, link: FaultyLink, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has the link cut, once, when a command of the workshop has been done and not yet been answered."""

    def cut(command: str) -> None:
        # A generation is begun by one statement, which is committed with it.
        place: Any = services.database if command == "generate" else services.workshop
        name = "carry_out" if command == "generate" else command
        real: Callable[..., Awaitable[Any]] = getattr(place, name)

        async def once(first: Any, *arguments: Any) -> Any:
            monkeypatch.setattr(place, name, real)
            done = await real(first, *arguments)
            await link.cut()
            return done

        monkeypatch.setattr(place, name, once)

    return cut


async def test_a_command_without_a_reply_is_sent_again_and_starts_nothing_twice(
    learner: Registered,
    rest: httpx.AsyncClient,
    conversation: UUID,
    link: FaultyLink,
    cut_before_reply: Callable[[str], None],
) -> None:
    async with phone(learner, link.port) as one:
        await one.until(one.sessions)
        cut_before_reply("ask")
        begun = await one.client.ask(conversation, "Why is the sky blue?")
        assert begun["new"] is False
        cut_before_reply("stop")
        assert "stopped" in await one.client.call(Stop("1", conversation))
        cut_before_reply("generate")
        accepted = await one.client.call(Generate("course-1", {"topic": "Bread"}))
        assert len(one.sessions()) == 4
        messages = (await rest.get(f"/v1/tutor/conversations/{conversation}")).json()["items"]
        assert [message["role"] for message in messages] == ["user", "assistant"]
        tasks = (await rest.get("/v1/tasks")).json()["items"]
        assert [task["task_id"] for task in tasks] == [accepted["task_id"]]


async def test_a_regenerate_without_a_reply_is_sent_again_and_answers_once(
    learner: Registered,
    rest: httpx.AsyncClient,
    conversation: UUID,
    link: FaultyLink,
    cut_before_reply: Callable[[str], None],
) -> None:
    async with phone(learner, link.port) as one:
        await one.client.subscribe(f"conversation:{conversation}", After(1, 0))
        await one.client.ask(conversation, "Why is the sky blue?")
        await one.until(lambda: one.all(Ended))
        cut_before_reply("regenerate")
        command = Regenerate(str(uuid4()), conversation)
        begun = await one.client.call(command)
        await one.until(lambda: len(one.all(Ended)) == 2)
        messages = (await rest.get(f"/v1/tutor/conversations/{conversation}")).json()["items"]
        assert [message["status"] for message in messages] == ["complete", "superseded", "complete"]
        assert messages[-1]["id"] == begun["answer"]
        path = f"/v1/tutor/conversations/{conversation}/regenerate"
        again = await rest.post(path, headers={"Idempotency-Key": command.id})
        assert (again.status_code, again.json()) == (202, begun), "by either way it is one request"
        assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_stop_sent_again_stops_no_later_answer(
    learner: Registered, rest: httpx.AsyncClient, conversation: UUID, link: FaultyLink
) -> None:
    async with phone(learner, link.port) as one:
        await one.client.subscribe(f"conversation:{conversation}", After(1, 0))
        stop = Stop(str(uuid4()), conversation)
        assert await one.client.call(stop) == {"stopped": False}
        await one.client.ask(conversation, "Why is the sky blue?")
        assert await one.client.call(stop) == {"stopped": False}
        await one.until(lambda: one.all(Ended))
        assert one.all(Ended)[0].end.status == "complete"


async def test_commands_wait_for_a_server(learner: Registered, link: FaultyLink, address: tuple[str, int]) -> None:
    link.freeze()
    async with phone(learner, link.port) as one, anyio.create_task_group() as tasks:
        tasks.start_soon(one.client.subscribe, f"user:{learner.user_id}")
        await anyio.wait_all_tasks_blocked()
        assert one.sessions() == []
        link.thaw()


# -- streams


async def test_what_was_left_out_is_told(
    learner: Registered, address: tuple[str, int], services: Services, link: FaultyLink
) -> None:
    stream = f"user:{learner.user_id}"
    async with phone(learner, link.port) as one:
        state = await one.client.subscribe(stream, After(9, 1))
        assert not state.recovered
        assert one.all(Lost) == [Lost(stream, After(state.epoch, state.seq))]
        link.freeze()
        async with services.database.transaction() as transaction:
            await streams.delete(transaction, stream)
            await streams.append(transaction, stream, "told", {})
        await link.cut()
        link.thaw()
        await one.until(lambda: len(one.all(Lost)) == 2)
        await tell(services, stream)
        await one.until(lambda: one.all(Event))


async def test_a_stream_that_is_gone_is_told(
    learner: Registered, rest: httpx.AsyncClient, conversation: UUID, link: FaultyLink
) -> None:
    stream = f"conversation:{conversation}"
    async with phone(learner, link.port) as one:
        await one.client.subscribe(stream)
        assert (await rest.delete(f"/v1/tutor/conversations/{conversation}")).status_code == 204
        await link.cut()
        await one.until(lambda: one.all(Lost))
        assert one.all(Lost) == [Lost(stream, None)]


async def test_an_unsubscribed_stream_is_not_resumed(learner: Registered, link: FaultyLink, services: Services) -> None:
    stream = f"user:{learner.user_id}"
    async with phone(learner, link.port) as one:
        before = await one.client.subscribe(stream)
        await one.client.call(Unsubscribe("1", stream))
        await link.cut()
        await one.until(lambda: len(one.sessions()) == 2)
        await tell(services, stream)
        assert (await one.client.subscribe(stream)).seq == before.seq + 1
        assert one.all(Event) == []


async def test_a_drain_is_followed_to_another_instance(
    learner: Registered,
    address: tuple[str, int],
    instance: Instance,
    settings: Settings,
    clock: ShiftedClock,
    database_url: str,
) -> None:
    stream = f"user:{learner.user_id}"
    async with (
        open_instance(settings, clock, database_url=database_url, redis_url=None) as second,
        served(create_asgi(create_app(second.services), second.realtime)) as other,
        phone(learner, address[1], other[1]) as one,
    ):
        before = await one.client.subscribe(stream)
        await tell(instance.services, stream)
        await one.until(lambda: one.all(Event))
        await instance.drain()
        await tell(second.services, stream)
        await one.until(lambda: len(one.all(Event)) == 2)
        assert one.seqs(stream) == [before.seq + 1, before.seq + 2]
        assert one.losses() == [1012]
        assert len({session.detail for session in one.sessions()}) == 2


async def test_the_documented_example_works(address: tuple[str, int], learner: Registered) -> None:
    document = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102  it is this repository's own
    answer = await names["ask"](place(address[1]), learner.email, PASSWORD, "Why is the sky blue?")
    assert len(answer) > 100
