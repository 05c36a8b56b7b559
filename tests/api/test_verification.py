"""Whether an e-mail address is its learner's, by the link that was mailed to it."""

from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from api.services import Services
from lyo_rt.accounts.records import Registered
from lyo_rt.clock import Clock
from lyo_rt.settings import Settings
from tests.api.learners import audited
from tests.api.mailbox import Mailbox, link_in, token_in
from tests.api.sockets import greeted

pytestmark = pytest.mark.anyio

EMAIL, PASSWORD = "ada@example.com", "Correct-horse-9-battery"
CONFIRM = "Confirm your e-mail address"


class MovedClock:
    """The machine's clock, moved forward by `ahead`."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return self.now().timestamp()


@pytest.fixture
def clock() -> Clock:
    return MovedClock()


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.lyo_data_dir)


@pytest.fixture
async def ada(services: Services) -> Registered:
    return await services.accounts.register(email=EMAIL, password=PASSWORD, full_name="Ada")


async def verify(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/auth/verify-email", json={"token": token})


async def is_verified(client: httpx.AsyncClient, ada: Registered) -> bool:
    me = await client.get("/v1/users/me", headers=bearer(ada))
    return bool(me.json()["is_verified"])


def bearer(who: Registered) -> dict[str, str]:
    return {"Authorization": f"Bearer {who.access_token}"}


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 422, answer.text
    assert [(fault["pointer"], fault["detail"]) for fault in answer.json()["errors"]] == [
        ("/token", "is not valid: it is used already, or too old")
    ]


async def test_who_follows_the_mailed_link_is_verified_and_their_devices_are_told(
    client: httpx.AsyncClient, services: Services, address: tuple[str, int], ada: Registered, mailbox: Mailbox
) -> None:
    mail = await mailbox.next(EMAIL, CONFIRM)
    link = link_in(mail)
    assert link.startswith("http://localhost:8000/verify-email?lang=en#")
    page = await client.get(link.removeprefix("http://localhost:8000"))
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert not await is_verified(client, ada)
    async with greeted(address, ada.access_token) as device:
        assert "ok" in await device.ask("subscribe", stream=f"user:{ada.user_id}")
        answer = await verify(client, token_in(mail))
        assert (answer.status_code, answer.content) == (204, b"")
        await device.until("event", event="email.verified")
    assert await is_verified(client, ada)
    assert_refused(await verify(client, token_in(mail)))
    assert await audited(services, ada.user_id) == ["user.email_verified"]


async def test_a_registration_in_german_is_answered_in_german(
    client: httpx.AsyncClient, services: Services, mailbox: Mailbox
) -> None:
    new = {"email": EMAIL, "password": PASSWORD, "full_name": "Ada"}
    await client.post("/v1/auth/register", json=new, headers={"Accept-Language": "sv, de-AT;q=0.8, en;q=0.3"})
    mail = await mailbox.next(EMAIL)
    assert (mail["Subject"], mail["Content-Language"]) == ("Bestätige deine E-Mail-Adresse", "de")
    assert "?lang=de#" in link_in(mail)
    assert await services.database.fetchval("SELECT language FROM users") == "de"


async def test_of_many_uses_at_once_one_counts(client: httpx.AsyncClient, ada: Registered, mailbox: Mailbox) -> None:
    token, statuses = token_in(await mailbox.next(EMAIL)), list[int]()

    async def use() -> None:
        statuses.append((await verify(client, token)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(use)
    assert sorted(statuses) == [204] + [422] * 9
    assert await is_verified(client, ada)


async def test_a_link_is_good_for_a_day(
    client: httpx.AsyncClient, ada: Registered, mailbox: Mailbox, clock: MovedClock
) -> None:
    token = token_in(await mailbox.next(EMAIL))
    clock.ahead = timedelta(hours=24)
    assert_refused(await verify(client, token))
    clock.ahead = timedelta(hours=23, minutes=59)
    assert (await verify(client, token)).status_code == 204


async def test_a_link_is_good_for_its_address_and_its_purpose_only(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    token = token_in(await mailbox.next(EMAIL))
    await services.database.execute("UPDATE users SET email = 'b@example.com', email_key = 'b@example.com'")
    assert_refused(await verify(client, token))
    await services.database.execute("UPDATE users SET email = $1, email_key = $1", EMAIL)
    await client.post("/v1/auth/password/forgot", json={"email": EMAIL})
    assert_refused(await verify(client, token_in(await mailbox.next(EMAIL, "Choose a new password"))))
    for forged in ("", "x", "x" * 43, token[:-1], token + "A", "ä" * 43, "\ud800" * 43):
        answer = await client.post("/v1/auth/verify-email", content=b'{"token": "%s"}' % _escaped(forged))
        assert answer.status_code in (400, 415, 422)
    assert not await is_verified(client, ada)
    # The refusals have spent nothing.
    assert (await verify(client, token)).status_code == 204


def _escaped(text: str) -> bytes:
    return text.encode("unicode_escape").replace(b"\\x", b"\\u00")


async def test_another_mail_comes_after_a_minute_and_no_more_than_three(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox, clock: MovedClock
) -> None:
    async def asked() -> None:
        answer = await client.post("/v1/auth/verify-email/resend", headers=bearer(ada))
        assert (answer.status_code, answer.content) == (204, b"")

    tokens = [token_in(await mailbox.next(EMAIL))]
    await asked()
    for minutes in (2, 4, 6, 8):
        clock.ahead = timedelta(minutes=minutes)
        await asked()
        if minutes <= 4:
            tokens.append(token_in(await mailbox.next(EMAIL)))
    await everything_is_sent(services)
    assert mailbox.waiting() == []
    assert len(set(tokens)) == 3
    assert (await verify(client, tokens[0])).status_code == 204
    # One has shown it; the others are not good any more.
    assert_refused(await verify(client, tokens[2]))
    clock.ahead = timedelta(minutes=20)
    await asked()
    await everything_is_sent(services)
    assert mailbox.waiting() == []


async def everything_is_sent(services: Services) -> None:
    """Nobody waits for an answer, and no mail to be sent."""
    waiting = (
        "SELECT (SELECT count(*) FROM mail_outbox WHERE state = 'WAITING') + (SELECT count(*) FROM forgotten_passwords)"
    )
    with anyio.fail_after(30):
        while await services.database.fetchval(waiting):  # noqa: ASYNC110 - the outbox tells nobody of its end
            await anyio.sleep(0.02)
