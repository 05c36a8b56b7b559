"""The pages that mailed links lead to, as they are served."""

import hashlib
import tomllib

import httpx
import pytest

from api.pages.mailed_links import FILES
from lyo_rt.accounts.minors.parents import NOTICE
from lyo_rt.mail.rules import LANGUAGES
from lyo_rt.settings import Settings
from tests.api.conftest import with_settings

pytestmark = pytest.mark.anyio

PAGES = ("verify-email", "reset-password", "forgot-password", "parental-consent", "parents", "export")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Unlike the demo page they are there in production too."""
    return with_settings(settings, environment="production")


async def test_every_page_is_there_in_every_language_and_nothing_in_it_is_inline(client: httpx.AsyncClient) -> None:
    for page in PAGES:
        texts = set()
        for language in LANGUAGES:
            answer = await client.get(f"/{page}", params={"lang": f"{language}-XX"})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert f'<html lang="{language}">' in answer.text
            assert "<script>" not in answer.text
            assert "style=" not in answer.text
            texts.add(answer.text)
        assert len(texts) == len(LANGUAGES)


def test_a_notice_that_has_changed_has_another_version() -> None:
    """What parents have agreed to is known by its version: change that with the text, and then this."""
    read = [
        tomllib.loads((FILES / "texts" / f"{language}.toml").read_text(encoding="utf-8"))["parental_consent"]
        for language in LANGUAGES
    ]
    said = repr([(one["lead"], one["notice"], one["agree"]) for one in read])
    assert (NOTICE, hashlib.sha256(said.encode()).hexdigest()[:16]) == ("2026-11-30", "12c6450940ea5510")


async def test_the_language_is_the_browsers_where_the_link_names_none(client: httpx.AsyncClient) -> None:
    for accepted, language in (("sv, fr-CA;q=0.5, en;q=0.1", "fr"), ("ja", "en"), ("", "en")):
        answer = await client.get("/verify-email", headers={"Accept-Language": accepted})
        assert f'<html lang="{language}">' in answer.text
    strange = await client.get("/verify-email", params={"lang": '"><script>'})
    assert '<html lang="en">' in strange.text
    assert "<script>" not in strange.text


async def test_their_files_are_served_and_nothing_else(client: httpx.AsyncClient) -> None:
    scripts = [(name, "text/javascript") for name in ("page.js", "decisions.js", "export.js")]
    for name, kind in (("page.css", "text/css"), *scripts):
        answer = await client.get(f"/account/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        again = await client.get(f"/account/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    for name in ("page.html", "texts/en.toml", "__init__.py"):
        assert (await client.get(f"/account/{name}")).status_code == 404
    assert (await client.get("/account/..%2fpolicy.py")).status_code == 400
