"""Accounts as admins see and change them: roles, suspensions, corrections; each in the audit log, each at once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import pytest

from api.services import Services
from lyo_rt.accounts import tickets
from lyo_rt.audit import repository as audit
from lyo_rt.audit.records import COMMAND_LINE, Origin
from lyo_rt.problems import Conflict, Forbidden, WrongCredentials
from lyo_rt.security.tokens import UserType
from tests.api.learners import PASSWORD, Client, become, refresh, signed_in, token_of, user_of
from tests.api.sockets import device, greeted

pytestmark = pytest.mark.anyio


@pytest.fixture
async def root(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    """The only super admin."""
    async with await signed_in(services, address, "Root") as client:
        await become(services, client, "super_admin")
        yield client


@pytest.fixture
async def learner(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Ada") as client:
        yield client


async def log_of(root: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await root.get("/v1/admin/audit", params=query)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["items"]
    return [entry for entry in entries if entry["act"] != "user.signed_in"]


async def change(root: Client, client: Client, role: str, **more: Any) -> Any:
    return await root.put(f"/v1/users/{user_of(client)}/role", json={"role": role, **more})


# -- roles


async def test_a_role_counts_at_once_with_the_old_token_too(
    root: Client, learner: Client, services: Services, address: tuple[str, int]
) -> None:
    await become(services, learner, "admin")
    assert (await learner.get("/v1/users")).status_code == 200
    async with greeted(address, token_of(learner)) as session:
        answer = await change(root, learner, "student", reason="has left the team")
        assert (answer.status_code, answer.json()["user_type"]) == (200, "student")
        assert (await learner.get("/v1/users")).json()["code"] == "TOKEN_EXPIRED"
        assert (await learner.get("/v1/users/me")).json()["code"] == "TOKEN_EXPIRED"
        assert (await session.closed())[0] == 4301
    await refresh(services, learner)
    assert (await learner.get("/v1/users")).status_code == 403
    assert (await learner.get("/v1/users/me")).json()["user_type"] == "student"
    (entry,) = await log_of(root, act="user.role_changed", actor=user_of(root))
    assert (entry["subject_id"], entry["details"]) == (
        str(user_of(learner)),
        {"from": "admin", "to": "student", "reason": "has left the team"},
    )
    assert entry["request_id"] == answer.headers["x-request-id"]


async def test_what_follows_a_task_ends_too(
    root: Client, learner: Client, services: Services, address: tuple[str, int]
) -> None:
    """The simple door, and a stream over HTTP."""
    accepted = await learner.post(
        "/v1/courses:generate", json={"topic": "Tides"}, headers={"Idempotency-Key": str(uuid4())}
    )
    task = accepted.json()["task_id"]
    await services.database.execute("UPDATE tasks SET state = 'RUNNING' WHERE id = $1", UUID(task))
    stream = f"/v1/streams/user:{user_of(learner)}"
    async with AsyncExitStack() as stack:
        watched = await stack.enter_async_context(
            device(address, token_of(learner), path=f"/v1/ws/tasks/{task}", subprotocols=None)
        )
        await watched.connection.recv()
        response = await stack.enter_async_context(
            learner.stream("GET", stream, headers={"Accept": "text/event-stream"})
        )
        lines = response.aiter_lines()
        await anext(lines)
        await change(root, learner, "teacher")
        with anyio.fail_after(10):
            async for _ in lines:
                pass
            assert (await watched.closed())[0] in {4301, 1000}


async def test_a_ticket_tells_the_role_of_the_moment_it_is_redeemed(
    root: Client, learner: Client, services: Services
) -> None:
    ticket = (await learner.post("/v1/ws/tickets")).json()["ticket"]
    await change(root, learner, "teacher")
    identity = await tickets.redeem(services.database, ticket, now=services.clock.now())
    assert identity.user_type == "teacher"
    assert services.accounts.revocations.fault_of(identity) is None


async def test_the_learner_is_told_of_the_role(root: Client, learner: Client, services: Services) -> None:
    await change(root, learner, "teacher")
    await refresh(services, learner)
    page = (await learner.get(f"/v1/streams/user:{user_of(learner)}?after=0")).json()
    assert page["items"][-1]["event"] == "role.changed"
    assert page["items"][-1]["data"]["user_type"] == "teacher"


async def test_the_same_role_again_changes_nothing(root: Client, learner: Client) -> None:
    assert (await change(root, learner, "student")).status_code == 200
    assert (await learner.get("/v1/users/me")).status_code == 200
    assert await log_of(root, subject=user_of(learner)) == []


async def test_the_last_super_admin_stays_one(root: Client, learner: Client, services: Services) -> None:
    for answer in (
        await change(root, root, "admin"),
        await root.post(f"/v1/users/{user_of(root)}/suspend", json={"reason": "tired"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert (await root.get("/v1/users/me")).json()["user_type"] == "super_admin"
    await become(services, learner, "super_admin")
    await services.administration.suspend(COMMAND_LINE, user_of(learner), reason="one who cannot sign in is none")
    assert (await change(root, root, "admin")).status_code == 409
    await services.administration.restore(COMMAND_LINE, user_of(learner))
    assert (await change(root, root, "admin")).status_code == 200


async def test_two_super_admins_who_take_it_from_one_another_at_once_leave_one(
    root: Client, learner: Client, services: Services
) -> None:
    await become(services, learner, "super_admin")
    pairs = [(user_of(root), user_of(learner)), (user_of(learner), user_of(root))]
    outcomes: list[str] = []

    async def take(actor: UUID, subject: UUID) -> None:
        try:
            await services.administration.change_role(Origin(actor, None), subject, "student", reason=None)
            outcomes.append("done")
        except (Forbidden, Conflict):
            outcomes.append("refused")

    async with anyio.create_task_group() as tasks:
        for actor, subject in pairs:
            tasks.start_soon(take, actor, subject)
    assert sorted(outcomes) == ["done", "refused"]
    left = await services.database.fetchval("SELECT count(*) FROM users WHERE user_type = 'super_admin'")
    assert left == 1


async def test_who_is_no_super_admin_any_more_gives_no_role_whatever_an_instance_knows(
    root: Client, learner: Client, services: Services
) -> None:
    """As an instance would that has not heard of it yet: the act itself asks the database."""
    await become(services, learner, "admin")
    with pytest.raises(Forbidden):
        await services.administration.change_role(
            Origin(user_of(learner), None), user_of(learner), "super_admin", reason=None
        )


# -- suspension


async def test_who_is_suspended_is_out_at_once_and_comes_back_when_it_is_lifted(
    root: Client, learner: Client, services: Services, address: tuple[str, int]
) -> None:
    path = f"/v1/users/{user_of(learner)}/suspend"
    async with greeted(address, token_of(learner)) as session:
        answer = await root.post(path, json={"reason": "spam"})
        assert (answer.status_code, answer.json()["is_active"]) == (200, False)
        assert answer.json()["suspended_at"] is not None
        assert (await session.closed())[0] == 4010
    assert (await learner.get("/v1/users/me")).json()["code"] == "SESSION_REVOKED"
    refused = await learner.post("/v1/auth/refresh", json={"refresh_token": learner.refresh_token})
    assert refused.status_code == 401
    with pytest.raises(WrongCredentials):
        await services.accounts.login(email=learner.email, password=PASSWORD)
    assert (await root.get(f"/v1/users/{user_of(learner)}/profile")).status_code == 404
    assert (await root.post(path, json={"reason": "again"})).json()["suspended_at"] == answer.json()["suspended_at"]

    assert (await root.delete(path)).json()["suspended_at"] is None
    assert (await root.delete(path)).json()["is_active"] is True
    assert (await learner.get("/v1/users/me")).status_code == 401, "what was signed out stays so"
    await services.accounts.login(email=learner.email, password=PASSWORD)
    acts = [(entry["act"], entry["details"]) for entry in await log_of(root, subject=user_of(learner))]
    assert acts == [("user.restored", {}), ("user.suspended", {"reason": "spam"})]


async def until_waiting(services: Services) -> None:
    """Until a transaction waits for the end of another."""
    waiting = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'transactionid'
        """
    while not await services.database.fetchval(waiting):
        await anyio.lowlevel.checkpoint()


async def test_no_session_is_begun_behind_a_suspension(root: Client, learner: Client, services: Services) -> None:
    """Logins that come while it is being written wait for it, and are refused."""
    user = user_of(learner)
    async with anyio.create_task_group() as tasks:
        async with services.database.transaction() as transaction:
            await transaction.execute("UPDATE users SET is_active = false WHERE id = $1", user)
            refused = anyio.Event()

            async def login() -> None:
                try:
                    await services.accounts.login(email=learner.email, password=PASSWORD)
                except WrongCredentials:
                    refused.set()

            tasks.start_soon(login)
            with anyio.fail_after(10):
                await until_waiting(services)
        with anyio.fail_after(10):
            await refused.wait()
    signed_in = "SELECT count(*) FROM auth_sessions WHERE user_id = $1"
    assert await services.database.fetchval(signed_in, user) == 1


# -- lists and corrections


async def test_accounts_are_found_by_part_of_the_mail_or_the_name(
    root: Client, learner: Client, services: Services
) -> None:
    async def found(**query: Any) -> list[str]:
        return [item["id"] for item in (await root.get("/v1/users", params=query)).json()["items"]]

    ada, own = str(user_of(learner)), str(user_of(root))
    assert await found() == [ada, own]
    assert await found(search="ADA") == [ada]
    assert await found(search=root.email[3:12]) == [own]
    assert await found(search="%") == await found(search="_") == []
    assert await found(role="super_admin") == [own]
    first = (await root.get("/v1/users?limit=1")).json()
    assert [item["id"] for item in first["items"]] == [ada]
    assert await found(limit=1, cursor=first["nextCursor"]) == [own]
    other = await root.get("/v1/users", params={"limit": 1, "cursor": first["nextCursor"], "role": "student"})
    assert other.status_code == 400
    wrong = await root.get("/v1/users?role=king&limit=0&search=" + "x" * 101)
    assert {fault["pointer"] for fault in wrong.json()["errors"]} == {"query:role", "query:limit", "query:search"}


async def test_an_admin_corrects_students_and_teachers_and_no_admin(
    root: Client, learner: Client, services: Services, address: tuple[str, int]
) -> None:
    async with await signed_in(services, address, "Andy") as admin:
        await become(services, admin, "admin")
        path = f"/v1/users/{user_of(learner)}"
        answer = await admin.patch(path, json={"full_name": "Ada L.", "bio": None, "is_verified": True})
        assert (answer.status_code, answer.json()["full_name"], answer.json()["is_verified"]) == (200, "Ada L.", True)
        assert (await admin.get(path)).json() == answer.json()
        assert (await learner.get("/v1/users/me")).json()["full_name"] == "Ada L."
        (entry,) = await log_of(root, actor=user_of(admin))
        assert (entry["act"], entry["details"]) == ("user.corrected", {"fields": ["bio", "full_name", "is_verified"]})
        for client in (root, admin):
            refused = await admin.patch(f"/v1/users/{user_of(client)}", json={"full_name": "Nobody"})
            assert refused.status_code == 403
        assert (await root.patch(f"/v1/users/{user_of(admin)}", json={"bio": "Runs it."})).status_code == 200
        forbidden = {"email": "x@example.com", "user_type": "admin", "is_active": False, "id": 1}
        wrong = await admin.patch(path, json=forbidden)
        assert {fault["pointer"] for fault in wrong.json()["errors"]} == {f"/{name}" for name in forbidden}


async def test_who_is_unknown_is_not_found(root: Client) -> None:
    path = f"/v1/users/{uuid4()}"
    answers = [
        await root.get(path),
        await root.patch(path, json={"bio": "x"}),
        await root.put(f"{path}/role", json={"role": "admin"}),
        await root.post(f"{path}/suspend", json={"reason": "x"}),
        await root.delete(f"{path}/suspend"),
        await root.get(f"{path}/profile"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 6


# -- the audit log


async def test_the_log_refuses_every_change_but_erasure(root: Client, learner: Client, services: Services) -> None:
    await change(root, learner, "teacher", reason="Ada asked for it")
    for sql in (
        "UPDATE audit_log SET act = 'nothing'",
        "UPDATE audit_log SET actor_id = NULL",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await services.database.execute(sql)
    (entry,) = await log_of(root, actor=user_of(root))
    async with services.database.transaction() as transaction:
        assert await audit.erase(transaction, user_of(learner)) == 2  # coming in, and the role
        with pytest.raises(asyncpg.RestrictViolationError):
            async with transaction.savepoint():
                await transaction.execute("UPDATE audit_log SET actor_id = NULL")
    (after,) = await log_of(root, actor=user_of(root))
    assert after == {**entry, "subject_id": None, "details": {}}
    async with services.database.transaction() as transaction:
        await audit.erase(transaction, user_of(root))
    assert await log_of(root, actor=user_of(root)) == []
    assert entry["id"] in [one["id"] for one in await log_of(root)]


async def test_an_act_that_is_rolled_back_is_not_in_the_log(root: Client, services: Services) -> None:
    async def undone() -> None:
        async with services.database.transaction() as transaction:
            now = services.clock.now()
            await audit.record(transaction, "user.suspended", COMMAND_LINE, subject=user_of(root), now=now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await undone()
    assert await log_of(root, act="user.suspended") == []


async def test_the_log_is_paged_and_filtered(root: Client, learner: Client) -> None:
    roles: list[UserType] = ["teacher", "admin", "student"]
    for role in roles:
        await change(root, learner, role)
    whole = await log_of(root, subject=user_of(learner))
    assert [entry["details"]["to"] for entry in whole] == roles[::-1]
    first = (await root.get("/v1/admin/audit", params={"subject": user_of(learner), "limit": 2})).json()
    query = {"subject": user_of(learner), "limit": 2, "cursor": first["nextCursor"]}
    assert first["items"] + await log_of(root, **query) == whole
    wrong = await root.get("/v1/admin/audit?act=x&actor=y&subject=z&limit=0")
    assert {fault["pointer"] for fault in wrong.json()["errors"]} == {
        "query:act", "query:actor", "query:subject", "query:limit"
    }  # fmt: skip
