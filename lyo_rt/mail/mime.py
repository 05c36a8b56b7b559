"""A mail in RFC 5322 and MIME: plain text and HTML as alternatives."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna

from lyo_rt.mail.records import Message

SENDER_NAME = "Lyo"


def mime(message: Message) -> EmailMessage:
    """The mail with its headers; lines end as SMTP wants them."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _mailbox(message.sender, SENDER_NAME)
    mail["To"] = _mailbox(message.recipient)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.date)
    mail["Message-ID"] = f"<{message.id}>"
    # RFC 3834: nobody's out-of-office note is to answer it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    # Behind the content, which clears what is said of contents before it.
    mail["Content-Language"] = message.language
    return mail


def on_the_wire(address: str) -> str:
    """The address with its domain in ASCII, which every server takes."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{idna.encode(domain, uts46=True).decode()}"


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = on_the_wire(address).rpartition("@")
    return Address(name, local, domain)
