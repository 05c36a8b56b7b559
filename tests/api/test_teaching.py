"""Teachers and students: invited, accepted, ended; what a teacher sees, and only while the relation holds."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import anyio
import pytest

from api.services import Services
from tests.api.learners import Client, become, give, refresh, signed_in, token_of, user_of
from tests.api.sockets import greeted

pytestmark = pytest.mark.anyio


@pytest.fixture
async def teacher(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Tessa") as client:
        await become(services, client, "teacher")
        yield client


@pytest.fixture
async def student(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Sam") as client:
        privacy = {"privacy_settings": {"profile_visibility": "teachers"}}
        assert (await client.patch("/v1/users/me", json=privacy)).is_success
        yield client


@pytest.fixture
async def stranger(services: Services, address: tuple[str, int]) -> AsyncIterator[Client]:
    async with await signed_in(services, address, "Bob") as client:
        yield client


async def invited(teacher: Client, email: str) -> dict[str, Any]:
    answer = await teacher.post("/v1/teaching/invitations", json={"email": email})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/teaching/{made['id']}"
    return made


async def taught(teacher: Client, student: Client) -> str:
    """The id of a relation that holds."""
    id: str = (await invited(teacher, student.email))["id"]
    assert (await student.post(f"/v1/teaching/invitations/{id}/accept")).json()["state"] == "active"
    return id


async def sees(teacher: Client, student: Client) -> bool:
    """Whether the teacher reads the student's profile, and their progress with it."""
    answer = await teacher.get(f"/v1/users/{user_of(student)}/profile")
    assert answer.status_code in {200, 404}
    assert answer.status_code == 404 or answer.json()["stats"] is not None
    return answer.status_code == 200


async def states(client: Client, path: str) -> list[str]:
    return [item["state"] for item in (await client.get(f"/v1/teaching/{path}")).json()["items"]]


async def test_a_teacher_sees_a_student_only_while_the_relation_holds(teacher: Client, student: Client) -> None:
    assert not await sees(teacher, student)
    invitation = await invited(teacher, student.email.upper())
    assert (invitation["state"], invitation["student"]) == ("invited", None)
    assert invitation["teacher"] == {"id": str(user_of(teacher)), "full_name": "Tessa"}
    assert not await sees(teacher, student)
    (found,) = (await student.get("/v1/teaching/invitations")).json()["items"]
    assert found["id"] == invitation["id"]
    accepted = (await student.post(f"/v1/teaching/invitations/{found['id']}/accept")).json()
    assert (accepted["state"], accepted["student"]["full_name"], accepted["email"]) == ("active", "Sam", None)
    assert await sees(teacher, student)
    assert await states(teacher, "students") == await states(student, "teachers") == ["active"]
    assert await states(student, "invitations") == []
    for _ in range(2):
        assert (await student.delete(f"/v1/teaching/{found['id']}")).status_code == 204
    assert not await sees(teacher, student)
    assert await states(teacher, "students") == await states(student, "teachers") == ["ended"]
    assert await states(student, "teachers?state=active") == []


async def test_a_teacher_ends_it_too_and_withdraws_an_invitation(teacher: Client, student: Client) -> None:
    id = await taught(teacher, student)
    assert (await teacher.delete(f"/v1/teaching/{id}")).status_code == 204
    assert not await sees(teacher, student)
    again = await invited(teacher, student.email)
    assert again["id"] != id
    assert (await teacher.delete(f"/v1/teaching/{again['id']}")).status_code == 204
    assert (await student.post(f"/v1/teaching/invitations/{again['id']}/accept")).status_code == 404
    assert await states(student, "invitations") == []


async def test_who_is_no_teacher_any_more_sees_nothing(teacher: Client, student: Client, services: Services) -> None:
    await taught(teacher, student)
    await give(services, teacher, "student")
    assert (await teacher.get("/v1/teaching/students")).json()["code"] == "TOKEN_EXPIRED"
    await refresh(services, teacher)
    assert not await sees(teacher, student)
    assert (await teacher.get("/v1/teaching/students")).status_code == 403
    await become(services, teacher, "teacher")
    assert await sees(teacher, student)


async def test_a_declined_invitation_is_over(teacher: Client, student: Client) -> None:
    id = (await invited(teacher, student.email))["id"]
    assert (await student.post(f"/v1/teaching/invitations/{id}/decline")).json()["state"] == "declined"
    (told,) = (await teacher.get("/v1/teaching/students")).json()["items"]
    assert (told["state"], told["student"], told["email"]) == ("declined", None, student.email)
    for answer in ("accept", "decline"):
        assert (await student.post(f"/v1/teaching/invitations/{id}/{answer}")).status_code == 404
    assert not await sees(teacher, student)


async def test_whether_there_is_an_account_is_not_told(
    teacher: Client, student: Client, services: Services, address: tuple[str, int]
) -> None:
    there, absent = await invited(teacher, student.email), await invited(teacher, "nobody@example.com")
    differing = {"id", "email", "created_at"}
    assert {key: there[key] for key in there.keys() - differing} == {
        key: absent[key] for key in absent.keys() - differing
    }
    again = await invited(teacher, "Nobody@example.com")
    assert again["id"] == absent["id"]
    await services.accounts.register(
        email="nobody@example.com", password="Correct-horse-9-battery", full_name="Newcomer"
    )
    pair = await services.accounts.login(email="nobody@example.com", password="Correct-horse-9-battery")
    headers = {"Authorization": f"Bearer {pair.access_token}"}
    found = (await teacher.get("/v1/teaching/invitations", headers=headers)).json()["items"]
    assert [one["id"] for one in found] == [absent["id"]]


async def test_an_invitation_is_answered_by_whom_it_is_addressed_to_and_read_by_its_own(
    teacher: Client, student: Client, stranger: Client, services: Services
) -> None:
    id = (await invited(teacher, student.email))["id"]
    requests = [
        ("POST", f"invitations/{id}/accept"), ("POST", f"invitations/{id}/decline"), ("GET", id), ("DELETE", id)
    ]  # fmt: skip
    for role in ("student", "teacher", "admin", "super_admin"):
        await become(services, stranger, role)
        for method, path in requests:
            assert (await stranger.request(method, f"/v1/teaching/{path}")).status_code == 404
    await student.post(f"/v1/teaching/invitations/{id}/accept")
    assert (await stranger.get(f"/v1/teaching/{id}")).status_code == 404
    assert (await stranger.delete(f"/v1/teaching/{id}")).status_code == 404
    assert await sees(teacher, student)


async def test_what_cannot_be_an_invitation_is_refused(teacher: Client, student: Client) -> None:
    own = await teacher.post("/v1/teaching/invitations", json={"email": teacher.email})
    assert (own.status_code, own.json()["errors"][0]["pointer"]) == (422, "/email")
    wrong = await teacher.post("/v1/teaching/invitations", json={"email": "nobody", "student_id": str(uuid4())})
    assert {fault["pointer"] for fault in wrong.json()["errors"]} == {"/email", "/student_id"}
    assert (await student.post("/v1/teaching/invitations", json={"email": teacher.email})).status_code == 403
    await taught(teacher, student)
    twice = await teacher.post("/v1/teaching/invitations", json={"email": student.email})
    assert (twice.status_code, twice.json()["code"]) == (409, "CONFLICT")
    answer = await teacher.get("/v1/teaching/students?state=gone&limit=0")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"query:state", "query:limit"}


async def test_accepted_many_times_at_once_it_is_accepted_once(teacher: Client, student: Client) -> None:
    id = (await invited(teacher, student.email))["id"]
    statuses: list[int] = []

    async def accept() -> None:
        statuses.append((await student.post(f"/v1/teaching/invitations/{id}/accept")).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(accept)
    assert sorted(statuses) == [200] + [404] * 7


async def test_an_invitation_is_made_once_per_key(teacher: Client, student: Client) -> None:
    headers = {"Idempotency-Key": "invite-1"}
    body = {"email": student.email}
    answers = [await teacher.post("/v1/teaching/invitations", json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"


async def test_both_are_told_on_their_streams(teacher: Client, student: Client, address: tuple[str, int]) -> None:
    id = (await invited(teacher, student.email))["id"]
    async with greeted(address, token_of(teacher)) as desk, greeted(address, token_of(student)) as phone:
        for device, client in ((desk, teacher), (phone, student)):
            assert "ok" in await device.ask("subscribe", stream=f"user:{user_of(client)}")
        await student.post(f"/v1/teaching/invitations/{id}/accept")
        for device in (desk, phone):
            told = await device.until("event", event="teaching.changed")
            assert told["data"] == {"teaching": id, "state": "active"}


async def test_students_are_paged(teacher: Client) -> None:
    made = [(await invited(teacher, f"s{number}@example.com"))["id"] for number in range(5)]
    first = (await teacher.get("/v1/teaching/students?limit=3")).json()
    rest = (await teacher.get("/v1/teaching/students", params={"limit": 3, "cursor": first["nextCursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
    assert rest["nextCursor"] is None
