"""Children under 13: the age gate, a parent's consent by e-mail plus, and what parents see and take away (SPEC §6)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import anyio
import httpx
import pytest

from api.services import Services
from lyo_rt.privacy.repository import left
from lyo_rt.privacy.service import begin_due
from lyo_rt.settings import Settings
from lyo_rt.tutoring.repository import add_flag
from tests.api.conftest import with_settings
from tests.api.families import (
    ASKED,
    CONFIRMED,
    HARM,
    PARENT,
    agreed,
    ask,
    born,
    carry,
    child,
    decide,
    refreshed,
    register,
)
from tests.api.learners import PASSWORD, Client, audited, signed_in, token_of, user_of
from tests.api.lives import MovedClock, dump, login, until, until_done
from tests.api.mailbox import Mailbox, link_in, token_in
from tests.api.sockets import greeted
from tests.api.test_verification import everything_is_sent

pytestmark = pytest.mark.anyio

COURSE = {"topic": "Tides"}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def mailbox(settings: Settings) -> Mailbox:
    return Mailbox(settings.lyo_data_dir)


@pytest.fixture
async def kim(address: tuple[str, int]) -> AsyncIterator[Client]:
    """A child that has registered; nobody has agreed."""
    async with await child(address) as client:
        yield client


async def due(services: Services) -> None:
    """Whoever is due is erased."""
    while await begin_due(services.database, now=services.clock.now()):
        pass
    await until_done(services)


async def consent_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/v1/users/me")).json()["consent"])


async def confirmation(services: Services, clock: MovedClock, mailbox: Mailbox) -> str:
    """The token of the confirming mail, a day later; the clock is then where it was, so that tokens are still good."""
    clock.ahead += timedelta(days=1, seconds=1)
    token = token_in(await mailbox.next(PARENT, CONFIRMED))
    await everything_is_sent(services)
    clock.ahead -= timedelta(days=1, seconds=1)
    return token


class TestTheGate:
    async def test_a_child_is_answered_as_everybody_is(self, client: httpx.AsyncClient, services: Services) -> None:
        grown = await register(client, birth_date=born(13))
        small = await register(client, birth_date=born(13, days=-40), email="small@example.com")
        assert (grown.status_code, small.status_code) == (201, 201)
        assert grown.json().keys() == small.json().keys()
        consents = [services.accounts.identify(one.json()["access_token"]).consent for one in (grown, small)]
        assert consents == ["none_needed", "pending"]

    async def test_clients_that_send_no_date_go_on_as_before(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        answer = await register(client)
        assert services.accounts.identify(answer.json()["access_token"]).consent == "none_needed"
        assert "set-cookie" not in answer.headers

    async def test_nothing_is_collected_beyond_what_consent_needs(
        self, services: Services, address: tuple[str, int], mailbox: Mailbox
    ) -> None:
        async with await child(address) as kim:
            assert (await login(kim, kim.email)).status_code == 200
        row = await services.database.fetchrow("SELECT birth_date, bio, consent_due_at FROM users")
        assert row is not None
        assert row["birth_date"].startswith("$lyo1$")
        assert row["consent_due_at"] - services.clock.now() <= timedelta(days=14)
        kept = {name for name, rows in (await dump(services.database)).items() if rows}
        assert kept - {"instances", "secret_fingerprints", "age_gates"} == {
            *("users", "auth_sessions", "refresh_tokens", "stream_events", "streams", "known_addresses", "audit_log"),
        }
        devices = await services.database.fetch("SELECT device FROM auth_sessions")
        assert [row["device"] for row in devices] == [None, None]
        await everything_is_sent(services)
        assert mailbox.waiting() == []

    @pytest.mark.parametrize(
        "date",
        ["2019-02-29", "20190228", "1.2.2003", "2999-01-01", "1850-01-01", "", 946684800, "2001-02-28T00:00:00Z"],
    )
    async def test_what_is_no_date_of_birth_is_told_without_a_hint(
        self, client: httpx.AsyncClient, services: Services, date: object
    ) -> None:
        answer = await register(client, birth_date=date)
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == "/birth_date"
        assert "13" not in fault["detail"]
        assert await services.database.fetchval("SELECT count(*) FROM users") == 0

    async def test_no_second_try_with_the_address(
        self, services: Services, client: httpx.AsyncClient, kim: Client, clock: MovedClock
    ) -> None:
        async def again() -> int:
            return (await register(client, email=kim.email.upper(), birth_date=born(30))).status_code

        assert await again() == 409
        clock.ahead += timedelta(days=14, seconds=1)
        await due(services)
        assert await services.database.fetchval("SELECT count(*) FROM users") == 0
        assert await again() == 409
        clock.ahead += timedelta(days=30)
        assert await again() == 201

    async def test_no_second_try_from_the_same_client(
        self, kim: Client, client: httpx.AsyncClient, clock: MovedClock
    ) -> None:
        answer = await register(kim, birth_date=born(30))
        assert (answer.status_code, answer.json()["code"]) == (409, "REGISTRATION_HELD")
        client.cookies.set("registered", kim.cookies["registered"][:-1] + "A")
        assert (await register(client, birth_date=born(30))).status_code == 201
        clock.ahead += timedelta(days=1, seconds=1)
        assert (await register(kim, birth_date=born(30))).status_code == 201

    async def test_who_has_left_has_no_second_try(
        self, services: Services, kim: Client, client: httpx.AsyncClient, clock: MovedClock
    ) -> None:
        clock.ahead += timedelta(days=13)
        again = await login(kim, kim.email)
        carry(kim, again.json())
        assert (await kim.request("DELETE", "/v1/users/me", json={"password": PASSWORD})).status_code == 200
        clock.ahead += timedelta(days=40)
        await due(services)
        assert (await register(client, email=kim.email, birth_date=born(30))).status_code == 409

    async def test_who_comes_of_age_needs_nobody(
        self, services: Services, address: tuple[str, int], clock: MovedClock, mailbox: Mailbox
    ) -> None:
        async with await child(address, years=12) as old:
            await agreed(old, mailbox)
            clock.ahead += timedelta(days=365)
            carry(old, (await login(old, old.email)).json())
            assert await consent_of(old) == "none_needed"
            assert (await old.post("/v1/ws/tickets")).is_success
            assert await services.database.fetchval("SELECT count(*) FROM guardians") == 0


class TestWhereItIsAsked:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_settings(settings, birth_date_required=True)

    async def test_nobody_registers_without_a_date(self, client: httpx.AsyncClient) -> None:
        answer = await register(client)
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/birth_date"]
        assert (await register(client, birth_date=born(30))).status_code == 201


class TestConsent:
    async def test_by_e_mail_plus_it_opens_learning(
        self, services: Services, kim: Client, client: httpx.AsyncClient, mailbox: Mailbox, clock: MovedClock
    ) -> None:
        refused = await kim.post("/v1/tutor/conversations", json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "CONSENT_REQUIRED")
        answer = await ask(kim)
        assert (answer.status_code, answer.json()["consent"]) == (202, "pending")
        mail = await mailbox.next(PARENT, ASKED)
        assert (await client.get(link_in(mail).removeprefix("http://localhost:8000"))).status_code == 200
        assert await consent_of(kim) == "pending"
        assert (await decide(client, "agree", token_in(mail))).status_code == 204
        assert (await kim.get("/v1/users/me/consent")).json() | {"asked_at": None} == {
            "consent": "given",
            "asked_at": None,
            "due_at": None,
        }
        await refreshed(kim)
        assert (await kim.post("/v1/tutor/conversations", json={})).status_code == 201
        assert (await decide(client, "agree", token_in(mail))).status_code == 422
        await mailbox.next(kim.email, "Confirm your e-mail address")
        waiting = await services.database.fetchrow("SELECT * FROM mail_outbox WHERE state = 'WAITING'")
        assert waiting is not None
        assert waiting["kind"] == "consent_confirmed"
        assert timedelta(hours=23) < waiting["due_at"] - services.clock.now() <= timedelta(days=1)
        assert waiting["recipient"].startswith("$lyo1$")
        await confirmation(services, clock, mailbox)
        assert await audited(services, user_of(kim)) == ["user.consent_given"]

    async def test_of_many_uses_at_once_one_counts(self, services: Services, kim: Client, mailbox: Mailbox) -> None:
        await ask(kim)
        token, statuses = token_in(await mailbox.next(PARENT, ASKED)), list[int]()

        async def use() -> None:
            statuses.append((await decide(kim, "agree", token)).status_code)

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(use)
        assert sorted(statuses) == [204] + [422] * 7
        assert await services.database.fetchval("SELECT count(*) FROM agreements") == 1

    async def test_the_parent_s_address_is_sealed_and_not_the_child_s(self, services: Services, kim: Client) -> None:
        own = await ask(kim, kim.email.upper())
        assert [fault["pointer"] for fault in own.json()["errors"]] == ["/parent_email"]
        assert (await ask(kim)).status_code == 202
        for name, rows in (await dump(services.database)).items():
            assert PARENT not in rows, name

    async def test_nobody_is_flooded(
        self, services: Services, kim: Client, address: tuple[str, int], mailbox: Mailbox, clock: MovedClock
    ) -> None:
        for minutes in (0, 0, 2, 4, 6, 8):
            clock.ahead = timedelta(minutes=minutes)
            assert (await ask(kim)).status_code == 202
        await everything_is_sent(services)
        assert len(mailbox.waiting()) == 3
        others = [await child(address, name=f"Kim{number}") for number in range(5)]
        for other in others:
            assert (await ask(other)).status_code == 202
            await other.aclose()
        await everything_is_sent(services)
        assert len(mailbox.waiting()) == 3 + 3, "of kim and three others: the next do not reach who answers nobody"

    async def test_another_address_takes_the_former_s_place(
        self, kim: Client, mailbox: Mailbox, clock: MovedClock
    ) -> None:
        await ask(kim, "other@example.com")
        former = token_in(await mailbox.next("other@example.com"))
        clock.ahead += timedelta(minutes=2)
        await ask(kim)
        assert (await decide(kim, "agree", former)).status_code == 422
        assert (await decide(kim, "agree", token_in(await mailbox.next(PARENT)))).status_code == 204
        assert (await ask(kim)).status_code == 409

    async def test_without_it_the_account_is_erased(self, services: Services, kim: Client, clock: MovedClock) -> None:
        await ask(kim)
        person = user_of(kim)
        clock.ahead += timedelta(days=14, seconds=1)
        await due(services)
        assert await left(services.database, person) == {}
        assert (await login(kim, kim.email)).status_code == 401

    async def test_what_was_agreed_to_can_be_read(
        self, client: httpx.AsyncClient, kim: Client, mailbox: Mailbox
    ) -> None:
        grown = await register(client, birth_date=born(30))
        headers = {"Authorization": f"Bearer {grown.json()['access_token']}", "Accept-Language": "de"}
        page = (await client.get("/v1/users/me/agreements", headers=headers)).json()
        assert {(one["document"], one["act"], one["by"], one["means"]) for one in page["items"]} == {
            (document, "agreed", "learner", "registration") for document in ("terms", "privacy")
        }
        assert (await kim.get("/v1/users/me/agreements")).json()["items"] == []
        await agreed(kim, mailbox)
        (one,) = (await kim.get("/v1/users/me/agreements")).json()["items"]
        assert (one["document"], one["version"], one["by"], one["means"]) == (
            *("parental_consent", "2026-11-30", "parent", "email_plus"),
        )


class TestTheParent:
    @pytest.fixture
    async def learning(self, kim: Client, mailbox: Mailbox) -> Client:
        await agreed(kim, mailbox)
        return kim

    @pytest.fixture
    async def link(self, services: Services, learning: Client, clock: MovedClock, mailbox: Mailbox) -> str:
        assert await consent_of(learning) == "given"
        return await confirmation(services, clock, mailbox)

    async def test_sees_what_is_kept_and_has_it_sent(
        self, client: httpx.AsyncClient, learning: Client, link: str, mailbox: Mailbox
    ) -> None:
        await learning.post("/v1/tutor/conversations", json={})
        seen = await decide(client, "review", link)
        assert (seen.status_code, seen.headers["cache-control"]) == (200, "no-store")
        shown = seen.json()
        assert (shown["full_name"], shown["email"], shown["consent"]) == ("Kim", learning.email, "given")
        assert shown["birth_date"] == born(9, days=40)
        assert shown["kept"]["conversations"] == {"conversations": 1}
        assert (await decide(client, "export", link)).json() == {"mailed": True}
        token = token_in(await mailbox.next(PARENT, "data is ready"))
        answer = await client.get("/v1/exports/file", params={"token": token})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")

    async def test_takes_consent_back_at_once(
        self, services: Services, address: tuple[str, int], client: httpx.AsyncClient, learning: Client, link: str
    ) -> None:
        task = (await learning.post("/v1/courses:generate", json=COURSE, headers={"Idempotency-Key": "1"})).json()
        async with greeted(address, token_of(learning)) as device:
            assert (await decide(client, "withdraw", link)).status_code == 204
            assert (await device.closed())[0] == 4010
        assert (await learning.get("/v1/users/me")).json()["code"] == "SESSION_REVOKED"
        again = await client.post("/v1/auth/refresh", json={"refresh_token": learning.refresh_token})
        assert again.status_code == 401
        carry(learning, (await login(client, learning.email)).json())
        assert await consent_of(learning) == "pending"
        assert (await learning.post("/v1/ws/tickets")).status_code == 403
        assert (await decide(client, "withdraw", link)).status_code == 204
        acts = await services.database.fetch("SELECT act FROM agreements ORDER BY created_at")
        assert [row["act"] for row in acts] == ["agreed", "withdrawn"]

        async def ended() -> bool:
            state = await services.database.fetchval("SELECT state FROM tasks WHERE id = $1", task["task_id"])
            return state in {"CANCELLED", "DONE"}

        await until(ended)

    async def test_alone_can_agree_again(
        self, client: httpx.AsyncClient, learning: Client, link: str, mailbox: Mailbox
    ) -> None:
        await decide(client, "withdraw", link)
        carry(learning, (await login(client, learning.email)).json())
        other = await ask(learning, "friend@example.com")
        assert [fault["pointer"] for fault in other.json()["errors"]] == ["/parent_email"]
        await agreed(learning, mailbox)
        assert await consent_of(learning) == "given"

    async def test_who_withdraws_before_the_confirmation_gets_none(
        self,
        services: Services,
        learning: Client,
        link: str,
        client: httpx.AsyncClient,
        mailbox: Mailbox,
        clock: MovedClock,
    ) -> None:
        await decide(client, "withdraw", link)
        carry(learning, (await login(client, learning.email)).json())
        await agreed(learning, mailbox)
        await decide(client, "withdraw", link)
        clock.ahead += timedelta(days=2)
        await everything_is_sent(services)
        assert not [mail for mail in mailbox.waiting() if CONFIRMED in mail["Subject"]]

    async def test_has_everything_erased(
        self, services: Services, address: tuple[str, int], client: httpx.AsyncClient, learning: Client, link: str
    ) -> None:
        person = user_of(learning)
        async with greeted(address, token_of(learning)) as device:
            assert (await decide(client, "erase", link)).status_code == 204
            assert (await device.closed())[0] == 4010
        assert (await login(client, learning.email)).status_code == 401
        await due(services)
        assert await left(services.database, person) == {}
        rows = await dump(services.database)
        for name, text in rows.items():
            for trace in (str(person), learning.email, PARENT):
                assert trace not in text, name
        assert "parental_consent" in rows["agreements"], "that it was agreed to can still be shown"
        assert (await decide(client, "review", link)).status_code == 422

    async def test_erases_also_what_nobody_has_agreed_to(
        self, services: Services, kim: Client, client: httpx.AsyncClient, mailbox: Mailbox
    ) -> None:
        await ask(kim)
        assert (await decide(client, "erase", token_in(await mailbox.next(PARENT)))).status_code == 204
        await due(services)
        assert await left(services.database, user_of(kim)) == {}

    async def test_is_told_of_harm_once_and_not_in_what_words(
        self, services: Services, learning: Client, mailbox: Mailbox
    ) -> None:
        talk = (await learning.post("/v1/tutor/conversations", json={})).json()["id"]
        for kind in ("self_harm", "danger"):
            async with services.database.transaction() as transaction:
                await add_flag(
                    transaction,
                    user=user_of(learning),
                    conversation=talk,
                    message=uuid4(),
                    kind=kind,
                    source="learner",
                )

        async def told() -> bool:
            return not await services.database.fetchval("SELECT count(*) FROM tutor_flags WHERE told_at IS NULL")

        await until(told)
        mail = await mailbox.next(PARENT, HARM)
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "Kim" in text
        assert not {word for word in ("self", "harm", "suicide") if word in text.lower()}

    async def test_a_grown_learner_s_parents_are_nobody_s_business(
        self, services: Services, address: tuple[str, int], mailbox: Mailbox
    ) -> None:
        async with await signed_in(services, address) as grown:
            talk = (await grown.post("/v1/tutor/conversations", json={})).json()["id"]
            async with services.database.transaction() as transaction:
                await add_flag(
                    transaction,
                    user=user_of(grown),
                    conversation=talk,
                    message=uuid4(),
                    kind="danger",
                    source="learner",
                )
        await everything_is_sent(services)
        assert mailbox.waiting() == []

    async def test_who_has_lost_the_link_asks_for_another_as_for_a_password(
        self,
        services: Services,
        client: httpx.AsyncClient,
        learning: Client,
        link: str,
        mailbox: Mailbox,
        clock: MovedClock,
    ) -> None:
        clock.ahead += timedelta(minutes=2)
        for _ in range(2):
            answer = await client.post("/v1/auth/password/forgot", json={"email": PARENT.upper()})
            assert (answer.status_code, answer.content) == (204, b"")
        token = token_in(await mailbox.next(PARENT, "Your way to"))
        assert token != link
        assert (await decide(client, "review", token)).json()["email"] == learning.email
        await everything_is_sent(services)
        assert not [mail for mail in mailbox.waiting() if mail["To"] == PARENT], "a minute has not passed"

    async def test_links_are_good_for_what_they_are_for(self, kim: Client, mailbox: Mailbox, clock: MovedClock) -> None:
        await ask(kim)
        token = token_in(await mailbox.next(PARENT))
        for what in ("review", "export", "withdraw"):
            assert (await decide(kim, what, token)).status_code == 422
        for forged in ("x", "x" * 43, token[:-1] + "A"):
            for what in ("agree", "review", "export", "withdraw", "erase"):
                refused = await decide(kim, what, forged)
                assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/token"]
        clock.ahead += timedelta(days=7)
        assert (await decide(kim, "agree", token)).status_code == 422
