"""E-mail addresses that look like another's, or are another's written otherwise: never a second door to an account."""

from itertools import product

import httpx
import pytest

from api.services import Services
from lyo_rt.mail.mime import on_the_wire
from lyo_rt.settings import Settings
from tests.api.mailbox import Mailbox
from tests.attacks import Cases

pytestmark = [pytest.mark.anyio, pytest.mark.attack("Unicode look-alike e-mails")]

PASSWORD = "Correct-horse-9-battery"
OWN = "kiss.ada@büro.example"
SAME = (
    OWN,
    "KISS.ADA@BÜRO.EXAMPLE",
    "  kiss.ada@büro.example\t",
    "Kiss.Ada@xn--bro-hoa.example",
    "\u212aiss.ada@büro.example",  # the Kelvin sign
    "ｋｉｓｓ.ada@büro.example",  # full width
    "kiss.ada@bu\u0308ro.example",  # u, and two dots above it
    "kiss.ada@büro。example",  # an ideographic full stop
    "kiss.ada@büro．example",  # a full-width one
    "kiss.ada@ｂüro.example",
    "ki\u017fs.ada@büro.example",  # a long s
)
"""The account's own address, written otherwise."""
OTHERS = (
    "kiss.аda@büro.example",  # a Cyrillic a
    "kіss.ada@büro.example",  # a Ukrainian i
    "kıss.ada@büro.example",  # a dotless i
    "kissada@büro.example",
    "kiss.ada+x@büro.example",
    "kiss.ada@buro.example",
    "kiss.ada@bürο.example",  # a Greek o
    "kiss.ada@büro.example.evil.example",
    "kiss.adа@büro.example",
    "κiss.ada@büro.example",
)
"""Others' addresses, however alike they look."""
REFUSED = (
    "kiss.ada@büro.example\0",
    "kiss.ada@büro.example\r\nBcc: all@example.com",
    "kiss.ada\u200b@büro.example",
    "kiss.ada@bü\u200bro.example",
    "\u202ekiss.ada@büro.example",
    "kiss.ada@büro.example,evil@example.com",
    "kiss.ada@büro.example evil@example.com",
    "<kiss.ada@büro.example>",
    "Ada <kiss.ada@büro.example>",
    '"kiss.ada"@büro.example',
    "kiss.ada@[127.0.0.1]",
    "kiss.ada@localhost",
    "kiss.ada@@büro.example",
    "kiss..ada@büro.example",
    "kiss.ada@büro..example",
    "kiss.ada@-büro.example",
    "kiss.ada@" + "a." * 130 + "example",
)
"""No addresses; a mail to one would be a mail to whoever it pleases."""


async def register(client: httpx.AsyncClient, email: str) -> httpx.Response:
    body = {"email": email, "password": PASSWORD, "full_name": "Ada"}
    return await client.post("/v1/auth/register", json=body)


@pytest.fixture
async def ada(client: httpx.AsyncClient) -> str:
    """Her account's id."""
    answer = await register(client, OWN)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["user_id"]
    return id


async def test_an_address_written_otherwise_is_the_same_account(
    cases_tried: Cases, client: httpx.AsyncClient, ada: str
) -> None:
    for email in SAME:
        taken = await register(client, email)
        assert (taken.status_code, taken.json()["code"]) == (409, "EMAIL_TAKEN"), email
        signed = await client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert (signed.status_code, signed.json()["user"]["id"]) == (200, ada), email
    cases_tried(2 * len(SAME))


async def test_an_address_that_looks_alike_is_another_account(
    cases_tried: Cases, client: httpx.AsyncClient, ada: str
) -> None:
    for email in OTHERS:
        unknown = await client.post("/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert (unknown.status_code, unknown.json()["code"]) == (401, "WRONG_CREDENTIALS"), email
        new = await register(client, email)
        assert new.status_code in {201, 422}, email
        assert new.status_code == 422 or new.json()["user_id"] != ada, email
    cases_tried(2 * len(OTHERS))


async def test_what_is_no_address_gets_no_account_and_no_mail(
    cases_tried: Cases, client: httpx.AsyncClient, ada: str, services: Services
) -> None:
    for email, route in product(REFUSED, ("register", "password/forgot")):
        answer = await client.post(f"/v1/auth/{route}", json={"email": email, "password": PASSWORD, "full_name": "Ada"})
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION_ERROR"), (email, route)
    assert await services.database.fetchval("SELECT count(*) FROM users") == 1
    cases_tried(2 * len(REFUSED))


async def test_a_forgotten_password_is_mailed_to_the_address_that_is_stored(
    cases_tried: Cases, client: httpx.AsyncClient, ada: str, services: Services, settings: Settings
) -> None:
    """Not to the one that was typed: whoever owns that domain would have the link."""
    mailbox = Mailbox(settings.lyo_data_dir)
    for email in (*OTHERS, "\u212aiss.ada@büro.example"):
        assert (await client.post("/v1/auth/password/forgot", json={"email": email})).status_code in {204, 422}
    recipient = on_the_wire(OWN)
    mail = await mailbox.next(recipient, "Choose a new password")
    assert mail["To"] == recipient
    assert await services.database.fetchval("SELECT count(*) FROM forgotten_passwords") == 0
    assert {one["To"] for one in mailbox.waiting()} == {recipient}
    cases_tried(len(OTHERS) + 1)
