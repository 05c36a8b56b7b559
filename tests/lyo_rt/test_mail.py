"""MAIL_URL, the texts of mails, and when they are tried again."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from lyo_rt.clock import SystemClock
from lyo_rt.mail.address import Files, SendGrid, Smtp, parse
from lyo_rt.mail.records import KINDS, TO_PARENTS, Kind, Waiting
from lyo_rt.mail.rules import LANGUAGES, MOST_ATTEMPTS, greeted, pause_after, spoken, why_useless
from lyo_rt.mail.templates import Templates
from lyo_rt.mail.tokens import MailedTokens, digest, is_token
from lyo_rt.security.key_ring import KeyRing

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
TOKEN = "t" * 43


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("file:", Files()),
        ("smtp://mail.example.com", Smtp("mail.example.com", 587, tls=False, starttls=True)),
        ("smtp://mail.example.com:25?starttls=no", Smtp("mail.example.com", 25, tls=False, starttls=False)),
        ("smtp://127.0.0.1:1025", Smtp("127.0.0.1", 1025, tls=False, starttls=False)),
        ("smtp://a:b@localhost:1025", Smtp("localhost", 1025, tls=False, starttls=False, user="a", password="b")),
        ("smtps://u%40x:p%2Fw@m.example", Smtp("m.example", 465, tls=True, starttls=False, user="u@x", password="p/w")),
        ("sendgrid://SG.key@", SendGrid("SG.key")),
        ("sendgrid://SG.key@127.0.0.1:9", SendGrid("SG.key", "http://127.0.0.1:9")),
        ("sendgrid://SG.key@api.eu.sendgrid.com", SendGrid("SG.key", "https://api.eu.sendgrid.com")),
    ],
)
def test_mail_url_names_a_way(url: str, way: Any) -> None:
    assert parse(url) == way


@pytest.mark.parametrize(
    "url",
    [
        *("", "mail", "http://secret@mail.example.com", "file:/srv/secret", "smtp://", "smtp://:secret@host"),
        *("smtp://secret@host", "smtp://host/secret", "smtp://host:secret", "smtp://host?secret=1"),
        *("smtp://user:secret@host?starttls=no", "sendgrid://", "sendgrid://user:secret@host", "sendgrid://secret%0a@"),
        "smtp://[secret",
    ],
)
def test_a_mail_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as fault:
        parse(url)
    assert "secret" not in str(fault.value)


def waiting(kind: Kind = "verify_email", **changed: Any) -> Waiting:
    members: dict[str, Any] = {
        "id": UUID(int=1),
        "kind": kind,
        "recipient": "ada@example.com",
        "name": "Ada",
        "language": "en",
        "page": None if kind == "password_changed" else "/page",
        "key_id": "k",
        "attempt": 1,
        "created_at": NOW,
        "useless_at": NOW + timedelta(hours=1),
    }
    return Waiting(**{**members, **changed})


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(public_url="https://lyo.example/app", sender="no-reply@lyo.example")


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_is_whole_in_every_language(templates: Templates, kind: Kind) -> None:
    subjects, texts = set(), set()
    for language in LANGUAGES:
        mail = templates.compose(waiting(kind, language=language), TOKEN)
        link = f"https://lyo.example/app/page?lang={language}#{TOKEN}"
        linked = kind != "password_changed"
        assert (link in mail.text, mail.html.count(link)) == (linked, 3 if linked else 0)
        assert ("2026-11-30 09:00 UTC" in mail.text) == ("2026-11-30 09:00 UTC" in mail.html) == linked
        assert f'<html lang="{language}">' in mail.html
        assert (mail.language, mail.sender, mail.id) == (language, "no-reply@lyo.example", f"{UUID(int=1)}@lyo.example")
        assert "Ada" in mail.text
        assert ("Ada" in mail.text.splitlines()[0]) is (kind not in TO_PARENTS)
        assert not re.search(r"[{}]|None|\n\n\n", mail.text)
        subjects.add(mail.subject)
        texts.add(mail.text)
    assert len(subjects) == len(texts) == len(LANGUAGES)


def test_what_is_put_into_html_is_escaped(templates: Templates) -> None:
    mail = templates.compose(waiting(name='Ada & "Bob"'), "&<" + TOKEN)
    assert 'Ada & "Bob"' in mail.text
    assert "Ada &amp; &#34;Bob&#34;" in mail.html
    assert "&<" + TOKEN in mail.text
    assert "&<" not in mail.html


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        *((name, name) for name in ("Ada", "J. R. R. Tolkien", "Zoë O’Neill-Smith", "李小龍", "Dr. Who")),
        *((name, "") for name in ("win.example", "http://x", "<b>Ada</b>", "a@b", "WWW prize", "x/y", "a:b")),
    ],
)
def test_nobody_is_greeted_by_an_address(templates: Templates, name: str, shown: str) -> None:
    assert greeted(name) == shown
    mail = templates.compose(waiting(name=name), TOKEN)
    assert mail.text.startswith(f"Hello {name}," if shown else "Hello,")
    assert shown or name not in mail.html


@pytest.mark.parametrize(
    ("tag", "language"), [("de-AT", "de"), ("ES_mx", "es"), ("fr", "fr"), ("en", "en"), ("ja", "en"), ("", "en")]
)
def test_a_language_that_mails_do_not_speak_is_the_first(tag: str, language: str) -> None:
    assert spoken(tag) == language


def test_pauses_double_up_to_an_hour_and_obey_the_server() -> None:
    pauses = [pause_after(attempt, timedelta(), lambda low, _: low).total_seconds() for attempt in range(1, 13)]
    assert pauses == [20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]
    assert pause_after(1, timedelta(), lambda _, high: high) == timedelta(seconds=30)
    assert pause_after(1, timedelta(minutes=5), lambda low, _: low) == timedelta(minutes=5)


def test_a_mail_is_useless_when_it_is_too_late_or_has_been_tried_often_enough() -> None:
    assert why_useless(waiting(), NOW) is None
    assert why_useless(waiting(attempt=MOST_ATTEMPTS), NOW) is None
    assert why_useless(waiting(attempt=MOST_ATTEMPTS + 1), NOW) == "too many attempts"
    assert why_useless(waiting(), NOW + timedelta(hours=1)) == "too late"


def test_a_token_is_made_again_with_its_key_only() -> None:
    old, new = b"o" * 32, b"n" * 32
    mailed = MailedTokens(KeyRing([old]), SystemClock()).new()
    rotated = MailedTokens(KeyRing([new, old]), SystemClock())
    token = rotated.again(mailed.letter_id, mailed.key_id)
    assert token is not None
    assert is_token(token)
    assert digest(token) == mailed.digest
    assert MailedTokens(KeyRing([new]), SystemClock()).again(mailed.letter_id, mailed.key_id) is None
    assert rotated.again(rotated.new().letter_id, mailed.key_id) != token
