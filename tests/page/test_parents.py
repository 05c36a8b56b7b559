"""What a parent sees who follows a mailed link: in a browser, with the mails of the running product."""

import zipfile
from uuid import uuid4

from playwright.sync_api import APIResponse, Page, expect

from tests.api.families import born
from tests.api.mailbox import Mailbox
from tests.page.product import Product
from tests.page.test_mailed_links import OLD, mailed_link
from tests.page.visitor import REFUSED, Visitor


def child(page: Page, product: Product) -> tuple[str, str]:
    """A child has registered and named a parent: its access token, and the parent's address."""
    email, parent = f"{uuid4()}@example.com", f"{uuid4()}@example.com"
    new = {"email": email, "password": OLD, "full_name": "Kim", "birth_date": born(9)}
    registered = page.request.post(f"{product.address}/v1/auth/register", data=new)
    assert registered.status == 201, registered.text()
    page.context.clear_cookies()
    token: str = registered.json()["access_token"]
    headers = bearer(token) | {"Accept-Language": "de"}
    asked = page.request.post(f"{product.address}/v1/users/me/consent", data={"parent_email": parent}, headers=headers)
    assert asked.status == 202, asked.text()
    return token, parent


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def consent(page: Page, product: Product, token: str) -> APIResponse:
    return page.request.get(f"{product.address}/v1/users/me/consent", headers=bearer(token))


def test_a_parent_reads_and_agrees(visitor: Visitor, product: Product) -> None:
    visitor.expected.append(REFUSED)
    page = visitor.visit()
    token, parent = child(page, product)
    page.goto(mailed_link(Mailbox(product.data), parent, "/parental-consent"))
    expect(page).to_have_title("Darf Ihr Kind mit Lyo lernen?")
    expect(page.get_by_text("hat kein öffentliches Profil")).to_be_visible()
    assert consent(page, product, token).json()["consent"] == "pending", "opening the page decides nothing"
    page.get_by_role("button", name="willige ein").click()
    expect(page.get_by_role("status")).to_contain_text("kann jetzt lernen")
    expect(page.get_by_role("button")).to_have_count(0)
    assert consent(page, product, token).json()["consent"] == "given"
    page.reload()
    page.get_by_role("button", name="willige ein").click()
    expect(page.get_by_role("alert").filter(has_text="schon benutzt")).to_be_visible()


def test_a_parent_refuses(visitor: Visitor, product: Product) -> None:
    page = visitor.visit()
    token, parent = child(page, product)
    page.goto(mailed_link(Mailbox(product.data), parent, "/parental-consent"))
    page.get_by_role("button", name="löschen").click()
    expect(page.get_by_role("status")).to_contain_text("werden gelöscht")
    assert consent(page, product, token).status == 401


def test_a_link_without_its_token_says_so(visitor: Visitor) -> None:
    for path in ("parents?lang=en", "parental-consent?lang=en", "export?lang=en"):
        page = visitor.visit(path)
        expect(page.get_by_role("alert").filter(has_text="too old")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)


def test_an_export_is_downloaded(visitor: Visitor, product: Product) -> None:
    page, email = visitor.visit(), f"{uuid4()}@example.com"
    new = {"email": email, "password": OLD, "full_name": "Ada"}
    token = page.request.post(f"{product.address}/v1/auth/register", data=new).json()["access_token"]
    assert page.request.post(f"{product.address}/v1/users/me/export", headers=bearer(token)).status == 202
    page.goto(mailed_link(Mailbox(product.data), email, "/export"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as opened:
        assert "README.txt" in opened.namelist()
