"""What a person sees who follows a mailed link: in a browser, with the mails of the running product."""

import time
from uuid import uuid4

from playwright.sync_api import expect

from tests.api.mailbox import Mailbox, link_in
from tests.page.product import Product
from tests.page.visitor import REFUSED, Visitor

OLD, NEW = "Correct-Horse-7-Staple", "Another-Horse-8-Staple"
SECONDS = 30.0


def mailed_link(mailbox: Mailbox, email: str, page: str) -> str:
    """The link to that page in a mail to them, once it has come."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for mail in mailbox.waiting():
            if mail["To"] == email and page in (link := link_in(mail)):
                return link
        time.sleep(0.05)
    raise AssertionError(f"no mail to {email}")


def test_an_address_is_confirmed_and_a_forgotten_password_replaced(visitor: Visitor, product: Product) -> None:
    visitor.expected.append(REFUSED)
    mailbox, email = Mailbox(product.data), f"{uuid4()}@example.com"
    page = visitor.visit()
    registered = {"email": email, "password": OLD, "full_name": "Ada"}
    headers = {"Accept-Language": "de"}
    assert page.request.post(f"{product.address}/v1/auth/register", data=registered, headers=headers).status == 201

    link = mailed_link(mailbox, email, "/verify-email")
    assert link.startswith(f"{product.address}/verify-email?lang=de#")
    page.goto(link)
    expect(page).to_have_title("Bestätige deine E-Mail-Adresse")
    page.get_by_role("button", name="Ja, bestätigen").click()
    expect(page.get_by_role("status")).to_contain_text("ist bestätigt")
    page.reload()
    page.get_by_role("button", name="Ja, bestätigen").click()
    expect(page.get_by_role("alert").filter(has_text="schon benutzt")).to_be_visible()

    page.goto(f"{product.address}/forgot-password?lang=en")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")

    page.goto(mailed_link(mailbox, email, "/reset-password"))
    page.get_by_label("Neues Passwort").fill("short")
    page.get_by_role("button", name="Passwort setzen").click()
    expect(page.locator("#faults li")).to_have_count(5)
    page.get_by_label("Neues Passwort").fill(NEW)
    page.get_by_role("button", name="Passwort setzen").click()
    expect(page.get_by_role("status")).to_contain_text("wurde geändert")
    login = {"email": email, "password": NEW}
    assert page.request.post(f"{product.address}/v1/auth/login", data=login).status == 200


def test_a_link_without_its_token_says_so_and_offers_another(visitor: Visitor, product: Product) -> None:
    page = visitor.visit("reset-password?lang=fr")
    expect(page.get_by_role("alert").filter(has_text="a déjà servi")).to_be_visible()
    page.get_by_role("link", name="Demander un autre lien").click()
    expect(page).to_have_title("Mot de passe oublié ?")
