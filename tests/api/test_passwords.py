"""Passwords that are forgotten, and passwords that are changed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import httpx
import pytest

from api.services import Services
from lyo_rt.accounts import repository
from lyo_rt.accounts.records import Registered
from lyo_rt.clock import Clock
from lyo_rt.problems import WrongCredentials
from lyo_rt.settings import Settings
from tests.api.learners import audited
from tests.api.mailbox import Mailbox, token_in
from tests.api.sockets import greeted
from tests.lyo_rt.locks import until_someone_waits

pytestmark = pytest.mark.anyio

EMAIL, OLD, NEW = "ada@example.com", "Correct-horse-9-battery", "Another-horse-8-battery"
CHOOSE, CHANGED = "Choose a new password", "Your password has been changed"
TABLES = ("users", "auth_sessions", "mailed_tokens", "mail_outbox")


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
    return await services.accounts.register(email=EMAIL, password=OLD, full_name="Ada", device="phone")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def asked(client: httpx.AsyncClient, email: str = EMAIL) -> None:
    answer = await client.post("/v1/auth/password/forgot", json={"email": email})
    assert (answer.status_code, answer.content) == (204, b"")


async def reset(client: httpx.AsyncClient, token: str, password: str = NEW) -> httpx.Response:
    return await client.post("/v1/auth/password/reset", json={"token": token, "password": password})


async def change(client: httpx.AsyncClient, access: str, current: str = OLD, new: str = NEW) -> httpx.Response:
    body = {"current_password": current, "new_password": new}
    return await client.post("/v1/auth/password/change", headers=bearer(access), json=body)


def faults(answer: httpx.Response) -> list[str]:
    """Where the faults of a refusal are."""
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "VALIDATION_ERROR"
    return [fault["pointer"] for fault in answer.json()["errors"]]


async def code_of(client: httpx.AsyncClient, access: str) -> str | None:
    found: str | None = (await client.get("/v1/users/me", headers=bearer(access))).json().get("code")
    return found


async def stored(services: Services) -> dict[str, Any]:
    """All that accounts and mails have stored."""
    rows = {
        name: await services.database.fetch(f"SELECT * FROM {name}")  # noqa: S608
        for name in TABLES
    }
    return {name: sorted(str(dict(row)) for row in found) for name, found in rows.items()}


async def at_once(*calls: Callable[[], Awaitable[httpx.Response]]) -> list[int]:
    """The statuses of calls that go out together."""
    statuses: list[int] = []

    async def one(call: Callable[[], Awaitable[httpx.Response]]) -> None:
        statuses.append((await call()).status_code)

    async with anyio.create_task_group() as tasks:
        for call in calls:
            tasks.start_soon(one, call)
    return sorted(statuses)


async def test_a_forgotten_password_is_replaced_and_everybody_is_signed_out(
    client: httpx.AsyncClient, address: tuple[str, int], services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    tablet = await services.accounts.login(email=EMAIL, password=OLD, device="tablet")
    await asked(client, "ADA@Example.com")
    token = token_in(await mailbox.next(EMAIL, CHOOSE))
    assert token not in str(await stored(services))
    async with greeted(address, ada.access_token) as phone, greeted(address, tablet.access_token) as other:
        answer = await reset(client, token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert [(await device.closed())[0] for device in (phone, other)] == [4010, 4010]
    for pair in (ada, tablet):
        assert await code_of(client, pair.access_token) == "SESSION_REVOKED"
        spent = await client.post("/v1/auth/refresh", json={"refresh_token": pair.refresh_token})
        assert spent.json()["code"] == "SESSION_REVOKED"
    with pytest.raises(WrongCredentials):
        await services.accounts.login(email=EMAIL, password=OLD)
    signed = await services.accounts.login(email=EMAIL, password=NEW)
    me = await client.get("/v1/users/me", headers=bearer(signed.access_token))
    assert me.json()["is_verified"] is True
    await mailbox.next(EMAIL, CHANGED)
    assert faults(await reset(client, token, "Yet-another-7-horse")) == ["/token"]
    assert await code_of(client, signed.access_token) is None
    assert await audited(services, ada.user_id) == ["user.password_reset"]


async def test_a_stranger_is_answered_as_a_learner_is(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    """And gets no mail; see test_accounts_enumeration.py for what is done meanwhile, and for how long."""
    await services.accounts.register(email="gone@example.com", password=OLD, full_name="Gone")
    await services.database.execute("UPDATE users SET is_active = false WHERE email = 'gone@example.com'")
    answers = []
    # The last is asked for again within a minute.
    for email in (EMAIL, "nobody@example.com", "gone@example.com", EMAIL):
        answer = await client.post("/v1/auth/password/forgot", json={"email": email})
        headers = {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
        answers.append((answer.status_code, answer.content, headers))
    assert all(answer == answers[0] for answer in answers)
    await mailbox.next(EMAIL, CHOOSE)
    await everything_is_sent(services)
    assert not [mail for mail in mailbox.waiting() if mail["Subject"] == CHOOSE]


async def everything_is_sent(services: Services) -> None:
    """Nobody waits for an answer, and no mail to be sent."""
    waiting = (
        "SELECT (SELECT count(*) FROM mail_outbox WHERE state = 'WAITING') + (SELECT count(*) FROM forgotten_passwords)"
    )
    with anyio.fail_after(30):
        while await services.database.fetchval(waiting):  # noqa: ASYNC110 - the outbox tells nobody of its end
            await anyio.sleep(0.02)


async def test_what_is_no_address_is_told_so(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/auth/password/forgot", json={"email": "nobody"})
    assert faults(answer) == ["/email"]


async def test_who_asks_in_anothers_name_fills_no_mailbox(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox, clock: MovedClock
) -> None:
    async def ask() -> httpx.Response:
        return await client.post("/v1/auth/password/forgot", json={"email": EMAIL})

    tokens = []
    assert await at_once(*[ask] * 8) == [204] * 8
    for minutes in (0, 2, 4, 6, 8):
        clock.ahead = timedelta(minutes=minutes)
        await asked(client)
        if minutes <= 4:
            tokens.append(token_in(await mailbox.next(EMAIL, CHOOSE)))
    await everything_is_sent(services)
    assert not [mail for mail in mailbox.waiting() if mail["Subject"] == CHOOSE]
    # Whoever asks again does not harm the links that are there.
    assert (await reset(client, tokens[0])).status_code == 204
    # The others have ended with it.
    assert faults(await reset(client, tokens[1], OLD)) == ["/token"]


async def test_a_link_is_good_for_an_hour(
    client: httpx.AsyncClient, ada: Registered, mailbox: Mailbox, clock: MovedClock
) -> None:
    await asked(client)
    token = token_in(await mailbox.next(EMAIL, CHOOSE))
    clock.ahead = timedelta(hours=1)
    assert faults(await reset(client, token)) == ["/token"]
    clock.ahead = timedelta(minutes=59)
    assert (await reset(client, token)).status_code == 204


async def test_all_faults_are_told_at_once_and_nothing_is_changed_or_spent(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    await asked(client)
    token = token_in(await mailbox.next(EMAIL, CHOOSE))
    await everything_is_sent(services)
    before = await stored(services)
    weak = ["/password"] * 5
    assert faults(await reset(client, "x" * 43, "short")) == [*weak, "/token"]
    assert faults(await reset(client, token, "short")) == weak
    assert faults(await reset(client, token_in(await mailbox.next(EMAIL, "Confirm")), NEW)) == ["/token"]
    assert faults(await client.post("/v1/auth/password/reset", json={})) == ["/token", "/password"]
    assert await stored(services) == before
    assert (await reset(client, token)).status_code == 204


async def test_a_link_that_went_to_a_former_address_is_not_good(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    await asked(client)
    token = token_in(await mailbox.next(EMAIL, CHOOSE))
    await services.database.execute("UPDATE users SET email = 'b@example.com', email_key = 'b@example.com'")
    assert faults(await reset(client, token)) == ["/token"]
    await services.accounts.login(email="b@example.com", password=OLD)


async def test_of_several_resets_at_once_one_counts(
    client: httpx.AsyncClient, ada: Registered, mailbox: Mailbox, clock: MovedClock
) -> None:
    """With one token twice, and with two tokens of one account."""
    await asked(client)
    first = token_in(await mailbox.next(EMAIL, CHOOSE))
    clock.ahead = timedelta(minutes=2)
    await asked(client)
    second = token_in(await mailbox.next(EMAIL, CHOOSE))
    calls = [lambda token=token: reset(client, token) for token in (first, first, second, second)]
    assert await at_once(*calls) == [204, 422, 422, 422]


async def test_a_login_at_the_moment_of_a_reset_does_not_outlive_it(
    client: httpx.AsyncClient, services: Services, ada: Registered, mailbox: Mailbox
) -> None:
    await asked(client)
    token = token_in(await mailbox.next(EMAIL, CHOOSE))
    hashed = await services.database.fetchval("SELECT password_hash FROM users")
    async with anyio.create_task_group() as tasks, services.database.transaction() as login:
        session = await repository.insert_session(
            login, user_id=ada.user_id, password_hash=hashed, device=None, now=services.clock.now()
        )
        tasks.start_soon(reset, client, token)
        await until_someone_waits(services.database)
    assert session is not None
    assert await alive(services) == []


async def test_a_login_behind_a_change_of_the_password_is_refused(services: Services, ada: Registered) -> None:
    refused: list[WrongCredentials] = []

    async def login() -> None:
        try:
            await services.accounts.login(email=EMAIL, password=OLD)
        except WrongCredentials as refusal:
            refused.append(refusal)

    async with anyio.create_task_group() as tasks, services.database.transaction() as changing:
        await changing.execute("UPDATE users SET password_hash = 'other'")
        tasks.start_soon(login)
        await until_someone_waits(services.database)
    assert len(refused) == 1
    assert len(await alive(services)) == 1


async def alive(services: Services) -> list[UUID]:
    rows = await services.database.fetch("SELECT id FROM auth_sessions WHERE revoked_at IS NULL")
    return [row["id"] for row in rows]


@pytest.fixture
async def tablet(services: Services, ada: Registered) -> str:
    return (await services.accounts.login(email=EMAIL, password=OLD, device="tablet")).access_token


async def test_a_changed_password_signs_the_other_devices_out(
    client: httpx.AsyncClient,
    address: tuple[str, int],
    services: Services,
    ada: Registered,
    tablet: str,
    mailbox: Mailbox,
) -> None:
    await asked(client)
    link = token_in(await mailbox.next(EMAIL, CHOOSE))
    async with greeted(address, ada.access_token) as mine, greeted(address, tablet) as other:
        answer = await change(client, ada.access_token)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await other.closed())[0] == 4010
        await mine.send("ping")
        await mine.until("pong")
    assert await code_of(client, tablet) == "SESSION_REVOKED"
    assert await code_of(client, ada.access_token) is None
    await services.accounts.refresh(ada.refresh_token)
    with pytest.raises(WrongCredentials):
        await services.accounts.login(email=EMAIL, password=OLD)
    await services.accounts.login(email=EMAIL, password=NEW)
    await mailbox.next(EMAIL, CHANGED)
    # A link from before is for who has forgotten a password, and nobody has.
    assert faults(await reset(client, link)) == ["/token"]
    assert await audited(services, ada.user_id) == ["user.password_changed"]


async def test_all_faults_of_a_change_are_told_at_once_and_nothing_is_changed(
    client: httpx.AsyncClient, services: Services, ada: Registered, tablet: str
) -> None:
    await everything_is_sent(services)
    before = await stored(services)
    access = ada.access_token
    assert faults(await change(client, access, "wrong", "short")) == ["/new_password"] * 5 + ["/current_password"]
    assert faults(await change(client, access, NEW, NEW)) == ["/current_password"]
    assert faults(await change(client, access, OLD, OLD)) == ["/new_password"]
    assert await stored(services) == before
    assert await code_of(client, tablet) is None


async def test_of_two_changes_at_once_one_counts(client: httpx.AsyncClient, ada: Registered, tablet: str) -> None:
    def changed(access: str, new: str) -> Callable[[], Awaitable[httpx.Response]]:
        return lambda: change(client, access, new=new)

    statuses = await at_once(changed(ada.access_token, NEW), changed(tablet, "Third-horse-7-battery"))
    # The second is refused as its session ended, or as its password is not the account's any more.
    assert statuses in ([204, 401], [204, 422])
