"""The outbox and who sends it: no mail is lost, and none is sent twice, whatever its server does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import anyio
import pytest

from actors import mail_relay
from actors.mail_relay import MailRelay
from actors.supervisor import Supervisor
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.database.pool import Database
from lyo_rt.mail import repository
from lyo_rt.mail.address import Smtp
from lyo_rt.mail.outbox import Outbox
from lyo_rt.mail.records import Letter, Message
from lyo_rt.mail.repository import CLAIM
from lyo_rt.mail.rules import MOST_ATTEMPTS
from lyo_rt.mail.smtp import SmtpTransport
from lyo_rt.mail.templates import Templates
from lyo_rt.mail.tokens import Mailed, MailedTokens, digest
from lyo_rt.mail.transport import Transport, Undelivered
from lyo_rt.security.encryption import Cipher
from lyo_rt.security.key_ring import KeyRing
from tests.loopback.smtp import Fault, SmtpServer, smtp_server

pytestmark = pytest.mark.anyio

KEYS = KeyRing([b"k" * 32])


class SetClock:
    """Wall time that stands until it is moved."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class Post:
    """An outbox, and the instances that send it."""

    def __init__(self, database: Database, broadcast: InProcessBroadcast, clock: SetClock) -> None:
        self.database = database
        self.broadcast = broadcast
        self.clock = clock
        self.outbox = Outbox(MailedTokens(KEYS, clock), clock)
        self.learner = uuid4()

    async def post(self, recipient: str = "ada@example.com", lifetime: timedelta = timedelta(days=1)) -> Mailed:
        """One mail with a link."""
        async with self.database.transaction() as transaction:
            return await self.outbox.post(transaction, self.letter(recipient, lifetime))

    def letter(self, recipient: str, lifetime: timedelta = timedelta(days=1)) -> Letter:
        return Letter(
            kind="verify_email",
            user_id=self.learner,
            recipient=recipient,
            name="Ada",
            language="en",
            page="/verify-email",
            useless_at=self.clock.now() + lifetime,
        )

    @asynccontextmanager
    async def relay(self, transport: Transport, keys: KeyRing = KEYS) -> AsyncIterator[MailRelay]:
        """One instance that sends."""
        async with Supervisor() as supervisor:
            templates = Templates(public_url="https://lyo.example", sender="no-reply@lyo.example")
            relay = MailRelay(
                supervisor,
                self.database,
                self.broadcast,
                transport,
                templates,
                MailedTokens(keys, self.clock),
                self.clock,
                jitter=lambda low, _: low,
            )
            running = supervisor.root(relay.run)
            yield relay
            running.cancel()

    async def pass_by(self, relay: MailRelay, time: timedelta) -> None:
        """So much later the relay looks again."""
        self.clock.time += time
        relay.lost()

    async def rows(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.database.fetch("SELECT * FROM mail_outbox ORDER BY created_at, id")]

    async def row(self) -> dict[str, Any]:
        (row,) = await self.rows()
        return row


async def until(holds: Callable[[], bool]) -> None:
    """Returns when it holds."""
    with anyio.fail_after(30):
        while not holds():  # noqa: ASYNC110 - actors tell nobody of their counts
            await anyio.sleep(0.01)


@pytest.fixture
async def post(database_url: str, cipher: Cipher) -> AsyncIterator[Post]:
    clock = SetClock()
    broadcast = InProcessBroadcast(clock)
    async with Database.open(database_url, broadcast, cipher=cipher) as database:
        post = Post(database, broadcast, clock)
        await database.execute(
            "INSERT INTO users (id, email, email_key, password_hash, full_name) VALUES ($1, 'a', 'a', '', 'Ada')",
            post.learner,
        )
        yield post


@pytest.fixture
def anyio_backend() -> Any:
    return "asyncio", {"use_uvloop": True}


@asynccontextmanager
async def smtp(server: SmtpServer) -> AsyncIterator[Transport]:
    async with smtp_server(server) as port:
        yield SmtpTransport(Smtp("127.0.0.1", port, tls=False, starttls=False))


def token_in(server: SmtpServer, index: int = 0) -> str:
    part = server.received[index].message.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text.partition("#")[2].split()[0]


async def test_a_mail_is_sent_once_and_its_token_is_nowhere(post: Post) -> None:
    server = SmtpServer()
    mailed = await post.post()
    before = str(await post.rows())
    async with smtp(server) as transport, post.relay(transport) as relay:
        await until(lambda: relay.statistics() == {"sending": 0, "sent": 1, "failed": 0, "given_up": 0})
        await post.pass_by(relay, timedelta(days=30))
    (received,) = server.received
    token = token_in(server)
    assert received.recipient == "ada@example.com"
    assert digest(token) == mailed.digest
    row = await post.row()
    assert (row["state"], row["recipient"], row["name"], row["attempts"]) == ("SENT", None, "", 1)
    assert token not in before + str(row)


async def test_what_is_rolled_back_is_not_mailed(post: Post) -> None:
    server = SmtpServer()
    async with smtp(server) as transport, post.relay(transport) as relay:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is rolled back
            async with post.database.transaction() as transaction:
                await post.outbox.post(transaction, post.letter("bob@example.com"))
                raise ZeroDivisionError
        await post.post()
        await until(lambda: relay.sent == 1)
    assert [one.recipient for one in server.received] == ["ada@example.com"]


@pytest.mark.parametrize(
    "fault", [Fault("CONNECT"), Fault("RCPT", "450 greylisted"), Fault("DATA"), Fault("CONTENT", "451 later")], ids=str
)
async def test_what_fails_for_now_is_sent_after_a_pause(post: Post, fault: Fault) -> None:
    server = SmtpServer()
    server.faults.append(fault)
    await post.post()
    async with smtp(server) as transport, post.relay(transport) as relay:
        await until(lambda: relay.failed == 1 and relay.statistics()["sending"] == 0)
        row = await post.row()
        assert (row["state"], row["attempts"], row["due_at"]) == (
            "WAITING",
            1,
            post.clock.now() + timedelta(seconds=20),
        )
        assert "SMTP" in row["fault"]
        await post.pass_by(relay, timedelta(seconds=21))
        await until(lambda: relay.sent == 1)
    assert len(server.received) == 1
    assert (await post.row())["state"] == "SENT"


async def test_a_server_that_is_silent_costs_a_deadline(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_relay, "SEND_SECONDS", 0.3)
    server = SmtpServer()
    server.faults.append(Fault("CONTENT", hang=True))
    await post.post()
    async with smtp(server) as transport, post.relay(transport) as relay:
        await until(lambda: relay.failed == 1 and relay.statistics()["sending"] == 0)
        assert (await post.row())["fault"] == "the server did not answer in time"
        monkeypatch.setattr(mail_relay, "SEND_SECONDS", 60.0)
        await post.pass_by(relay, timedelta(seconds=21))
        await until(lambda: relay.sent == 1)
    assert len(server.received) == 1


async def test_a_mail_whose_receipt_was_cut_off_comes_again_under_the_same_id(post: Post) -> None:
    server = SmtpServer()
    server.faults.append(Fault("TAKEN"))
    await post.post()
    async with smtp(server) as transport, post.relay(transport) as relay:
        await until(lambda: relay.failed == 1 and relay.statistics()["sending"] == 0)
        await post.pass_by(relay, timedelta(seconds=21))
        await until(lambda: relay.sent == 1)
    first, second = server.received
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.message.as_bytes().split(b"\n\n", 1)[0].count(b"Message-ID") == 1
    assert token_in(server, 0) == token_in(server, 1)


async def test_what_is_refused_for_good_is_given_up_and_counted(post: Post) -> None:
    server = SmtpServer()
    server.faults.append(Fault("RCPT", "550 no such user"))
    await post.post()
    async with smtp(server) as transport, post.relay(transport) as relay:
        await until(lambda: relay.given_up == 1 and relay.statistics()["sending"] == 0)
        await post.pass_by(relay, timedelta(hours=1))
        await post.post("bob@example.com")
        await until(lambda: relay.sent == 1)
    assert [one.recipient for one in server.received] == ["bob@example.com"]
    row = (await post.rows())[0]
    assert (row["state"], row["recipient"]) == ("GIVEN_UP", None)
    assert row["fault"] == "the SMTP server refuses the recipient (550)"


class Away:
    """A way that is closed; `attempts` counts who has come."""

    def __init__(self) -> None:
        self.attempts = 0

    async def send(self, _: Message) -> None:
        self.attempts += 1
        raise Undelivered("closed")


async def test_a_mail_that_cannot_be_sent_is_given_up_in_the_end(post: Post) -> None:
    away = Away()
    await post.post(lifetime=timedelta(days=2))
    async with post.relay(away) as relay:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            await until(lambda: relay.failed == attempt and relay.statistics()["sending"] == 0)  # noqa: B023
            await post.pass_by(relay, timedelta(hours=1, seconds=1))
        await until(lambda: relay.given_up == 1)
    assert away.attempts == MOST_ATTEMPTS
    assert (await post.row())["fault"] == "too many attempts"


async def test_a_mail_that_comes_too_late_is_given_up(post: Post) -> None:
    away = Away()
    await post.post(lifetime=timedelta(minutes=1))
    async with post.relay(away) as relay:
        await until(lambda: relay.failed == 1 and relay.statistics()["sending"] == 0)
        await post.pass_by(relay, timedelta(minutes=1))
        await until(lambda: relay.given_up == 1)
    assert away.attempts == 1


async def test_a_mail_whose_key_is_gone_is_given_up(post: Post) -> None:
    await post.post()
    async with post.relay(Away(), KeyRing([b"n" * 32])) as relay:
        await until(lambda: relay.given_up == 1 and relay.statistics()["sending"] == 0)
    assert (await post.row())["fault"] == "its key is not in use any more"


async def test_instances_share_the_mails_and_send_each_once(post: Post) -> None:
    server = SmtpServer()
    recipients = [f"learner-{number}@example.com" for number in range(60)]
    for recipient in recipients:
        await post.post(recipient)
    async with (
        smtp(server) as transport,
        post.relay(transport) as one,
        post.relay(transport) as two,
        post.relay(transport) as three,
    ):
        await until(lambda: one.sent + two.sent + three.sent == len(recipients))
        assert min(one.sent, two.sent, three.sent) > 0
    assert sorted(received.recipient for received in server.received) == sorted(recipients)


async def test_a_mail_of_an_instance_that_died_is_anothers_when_its_claim_has_run_out(post: Post) -> None:
    server = SmtpServer()
    await post.post()
    (dead,) = await repository.take(post.database, now=post.clock.now(), limit=5)
    async with smtp(server) as transport, post.relay(transport) as relay:
        await post.pass_by(relay, CLAIM - timedelta(seconds=1))
        assert await repository.take(post.database, now=post.clock.now(), limit=5) == []
        await post.pass_by(relay, timedelta(seconds=1))
        await until(lambda: relay.sent == 1)
    assert len(server.received) == 1
    # What the dead one would still have stored changes nothing.
    await repository.settle(post.database, dead, "GIVEN_UP", fault="late")
    await repository.try_again(post.database, dead, due_at=post.clock.now(), fault="late")
    assert (await post.row())["state"] == "SENT"


class Crashing:
    """A way with a fault of its own."""

    def __init__(self) -> None:
        self.attempts = 0

    async def send(self, message: Message) -> None:
        self.attempts += 1
        raise KeyError(message.id)


async def test_a_crash_harms_one_mail_only(post: Post) -> None:
    crashing = Crashing()
    await post.post()
    async with post.relay(crashing) as relay:
        await until(lambda: crashing.attempts == 1 and relay.statistics()["sending"] == 0)
        await post.pass_by(relay, CLAIM)
        await until(lambda: crashing.attempts == 2 and relay.statistics()["sending"] == 0)
    assert (await post.row())["state"] == "WAITING"


async def test_draining_takes_nothing_more_and_finishes_what_is_on_its_way(post: Post) -> None:
    server = SmtpServer()
    server.faults.append(Fault("RCPT", hang=True))
    await post.post()
    async with smtp(server) as transport, post.relay(transport) as relay:
        await server.until(lambda server: server.connections == 1)
        relay.drain()
        await post.post("bob@example.com")
        await relay.finished(0.05)
        assert relay.statistics()["sending"] == 1
    assert [row["attempts"] for row in sorted(await post.rows(), key=lambda row: -row["attempts"])] == [1, 0]


async def test_settled_mails_are_forgotten_and_waiting_ones_are_not(post: Post) -> None:
    await post.post()
    async with post.relay(Away()) as relay:
        await until(lambda: relay.failed == 1 and relay.statistics()["sending"] == 0)
    later = post.clock.now() + timedelta(days=8)
    assert await repository.purge(post.database, before=later) == 0
    await post.database.execute("UPDATE mail_outbox SET state = 'SENT'")
    assert await repository.purge(post.database, before=post.clock.now()) == 0
    assert await repository.purge(post.database, before=later) == 1
