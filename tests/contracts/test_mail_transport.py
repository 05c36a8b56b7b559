"""What every way for mails to leave promises: SMTP (plain, STARTTLS, TLS), SendGrid, files."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

import anyio
import pytest

import lyo_rt.mail.sendgrid
import lyo_rt.mail.smtp
from lyo_rt.mail.address import SendGrid, Smtp
from lyo_rt.mail.files import FileTransport
from lyo_rt.mail.records import Message
from lyo_rt.mail.sendgrid import SendGridTransport
from lyo_rt.mail.smtp import SmtpTransport
from lyo_rt.mail.transport import Transport, Undelivered
from tests.loopback.certificate import certified
from tests.loopback.sendgrid import KEY, SendGridServer, sendgrid_server
from tests.loopback.smtp import Fault, SmtpServer, smtp_server

pytestmark = pytest.mark.anyio

MAIL = Message(
    id="0a6c9e6a-7c4e-4f5e-9d2f-0c51a3a2f001@lyo.example",
    sender="no-reply@lyo.example",
    recipient="grüße@bücher.example",
    subject="Bestätige deine E-Mail-Adresse",
    text="Hallo Ada,\n\n.ein Punkt am Anfang, und ein langes Wort: " + "ä" * 300 + "\n",
    html="<p>Hallo Ada,</p><p>" + "ü" * 2000 + "</p>",
    language="de",
    date=datetime(2026, 11, 30, 8, 0, tzinfo=UTC),
)
ASCII = MAIL.__class__(
    **{name: getattr(MAIL, name) for name in MAIL.__struct_fields__} | {"recipient": "ada@b.example"}
)

Arrived = Callable[[], list[Any]]


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    context, trusted = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return context


@asynccontextmanager
async def smtp(
    server: SmtpServer, *, tls: bool = False, starttls: bool = False, **rest: str
) -> AsyncIterator[Transport]:
    async with smtp_server(server, encrypted=tls) as port:
        yield SmtpTransport(Smtp("127.0.0.1", port, tls, starttls, **rest))


def assert_is_the_mail(received: EmailMessage, sent: Message) -> None:
    assert received["Message-ID"] == f"<{sent.id}>"
    assert (received["Subject"], received["To"]) == (sent.subject, sent.recipient.replace("bücher", "xn--bcher-kva"))
    assert received["From"] == f"Lyo <{sent.sender}>"
    assert (received["Auto-Submitted"], received["Content-Language"]) == ("auto-generated", sent.language)
    assert received["Date"].datetime == sent.date
    assert received.get_content_type() == "multipart/alternative"
    text, html = received.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (text.get_content().replace("\r\n", "\n"), html.get_content().strip()) == (sent.text, sent.html)


@pytest.mark.parametrize("way", ["plain", "starttls", "tls"])
@pytest.mark.parametrize("mail", [ASCII, MAIL], ids=["ascii", "smtputf8"])
async def test_smtp_brings_the_mail_as_it_is(way: str, mail: Message, tls: ssl.SSLContext) -> None:
    server = SmtpServer(None if way == "plain" else tls)
    async with smtp(server, tls=way == "tls", starttls=way == "starttls") as transport:
        await transport.send(mail)
    (received,) = server.received
    assert received.encrypted == (way != "plain")
    assert received.sender == mail.sender
    assert_is_the_mail(received.message, mail)


async def test_smtp_signs_in_behind_starttls(tls: ssl.SSLContext) -> None:
    server = SmtpServer(tls, password="p@ss")
    async with smtp(server, starttls=True, user="lyo", password="p@ss") as transport:
        await transport.send(ASCII)
    assert [(one.user, one.encrypted) for one in server.received] == [("lyo", True)]


async def test_a_password_that_is_wrong_lets_mails_wait(tls: ssl.SSLContext) -> None:
    server = SmtpServer(tls, password="p@ss")
    async with smtp(server, starttls=True, user="lyo", password="other") as transport:
        with pytest.raises(Undelivered, match="535") as fault:
            await transport.send(ASCII)
    assert not fault.value.for_good
    assert "other" not in str(fault.value)


async def test_a_server_that_must_encrypt_and_cannot_gets_nothing() -> None:
    server = SmtpServer()
    async with smtp(server, starttls=True) as transport:
        with pytest.raises(Undelivered, match="STARTTLS") as fault:
            await transport.send(ASCII)
    assert (server.received, fault.value.for_good) == ([], False)


async def test_a_certificate_that_nobody_trusts_gets_nothing(tmp_path: Path) -> None:
    server = SmtpServer(certified(tmp_path)[0])
    async with smtp(server, starttls=True) as transport:
        with pytest.raises(Undelivered) as fault:
            await transport.send(ASCII)
    assert (server.received, fault.value.for_good) == ([], False)


FAULTS = [
    (Fault("CONNECT", "421 too busy"), False),
    (Fault("CONNECT", "554 no service"), False),
    (Fault("CONNECT"), False),
    (Fault("EHLO"), False),
    (Fault("MAIL", "451 later"), False),
    (Fault("MAIL", "530 authenticate"), False),
    (Fault("MAIL", "550 not you"), True),
    (Fault("RCPT", "450 greylisted"), False),
    (Fault("RCPT", "550 no such user"), True),
    (Fault("DATA", "452 full"), False),
    (Fault("DATA"), False),
    (Fault("CONTENT", "451 later"), False),
    (Fault("CONTENT", "554 spam"), True),
    (Fault("CONTENT"), False),
    (Fault("TAKEN"), False),
]


@pytest.mark.parametrize(("fault", "for_good"), FAULTS, ids=lambda one: str(one))
async def test_what_an_smtp_server_refuses_is_told_apart(fault: Fault, for_good: bool) -> None:
    server = SmtpServer()
    server.faults.append(fault)
    async with smtp(server) as transport:
        with pytest.raises(Undelivered) as told:
            await transport.send(ASCII)
        assert told.value.for_good == for_good
        assert "ada" not in str(told.value)
        await transport.send(ASCII)
    assert len(server.received) == 1 + (fault.stage == "TAKEN")


async def test_an_smtp_server_that_is_silent_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lyo_rt.mail.smtp, "ANSWER_SECONDS", 0.2)
    server = SmtpServer()
    server.faults.append(Fault("RCPT", hang=True))
    async with smtp(server) as transport:
        with pytest.raises(Undelivered), anyio.fail_after(30):
            await transport.send(ASCII)


async def test_nobody_there_is_told() -> None:
    async with smtp_server(SmtpServer()) as port:
        pass
    with pytest.raises(Undelivered) as fault:
        await SmtpTransport(Smtp("127.0.0.1", port, tls=False, starttls=False)).send(ASCII)
    assert not fault.value.for_good


@asynccontextmanager
async def sendgrid(server: SendGridServer, key: str = KEY) -> AsyncIterator[Transport]:
    async with sendgrid_server(server) as address, SendGridTransport.open(SendGrid(key, address)) as transport:
        yield transport


async def test_sendgrid_brings_the_mail_as_it_is_and_rewrites_no_link() -> None:
    server = SendGridServer()
    async with sendgrid(server) as transport:
        await transport.send(MAIL)
    (body,) = server.received
    assert body["personalizations"] == [{"to": [{"email": "grüße@xn--bcher-kva.example"}]}]
    assert (body["from"], body["subject"]) == ({"email": MAIL.sender, "name": "Lyo"}, MAIL.subject)
    assert [part["value"] for part in body["content"]] == [MAIL.text, MAIL.html]
    assert body["headers"]["Message-ID"] == f"<{MAIL.id}>"
    assert body["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}


@pytest.mark.parametrize(
    ("status", "retry_after", "for_good", "wait"),
    [
        (0, "", False, 0),
        (400, "", True, 0),
        (401, "", False, 0),
        (403, "", False, 0),
        (413, "", True, 0),
        (429, "120", False, 120),
        (429, "soon", False, 0),
        (500, "", False, 0),
        (503, "999999", False, 3600),
        (200, "", False, 0),
    ],
)
async def test_what_sendgrid_refuses_is_told_apart(status: int, retry_after: str, for_good: bool, wait: int) -> None:
    server = SendGridServer()
    server.faults.append((status, retry_after))
    async with sendgrid(server) as transport:
        with pytest.raises(Undelivered) as fault:
            await transport.send(MAIL)
        assert (fault.value.for_good, fault.value.wait.total_seconds()) == (for_good, wait)
        await transport.send(MAIL)
    assert len(server.received) == 1


async def test_a_sendgrid_key_that_is_wrong_lets_mails_wait_and_is_not_told() -> None:
    async with sendgrid(SendGridServer(), "SG.other") as transport:
        with pytest.raises(Undelivered, match="401") as fault:
            await transport.send(MAIL)
    assert not fault.value.for_good
    assert "SG.other" not in str(fault.value)


async def test_a_mail_is_one_file_however_often_it_is_sent(tmp_path: Path) -> None:
    transport = FileTransport(tmp_path / "mail")
    for _ in range(2):
        await transport.send(MAIL)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "20261130T080000-0a6c9e6a-7c4e-4f5e-9d2f-0c51a3a2f001.eml"
    assert file.stat().st_mode & 0o777 == 0o600
    message = message_from_bytes(file.read_bytes(), policy=SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert_is_the_mail(message, MAIL)


async def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(Undelivered) as fault:
        await FileTransport(tmp_path / "mail").send(MAIL)
    assert not fault.value.for_good
