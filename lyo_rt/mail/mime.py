"""A mail in RFC 5322 and MIME: plain text and HTML as alternatives."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from email_validator import validate_email

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
    mail["Content-Language"] = message.language
    # RFC 3834: nobody's out-of-office note is to answer it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def on_the_wire(address: str) -> str:
    """The address with its domain in ASCII, which every server takes."""
    found = validate_email(address, check_deliverability=False, globally_deliverable=False)
    return found.ascii_email or f"{found.local_part}@{found.ascii_domain}"


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = on_the_wire(address).rpartition("@")
    return Address(name, local, domain)
