"""The transport that MAIL_URL names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lyo_rt.mail.address import Files, SendGrid, Smtp
from lyo_rt.mail.transport import Transport
from lyo_rt.settings import Settings


@asynccontextmanager
async def open_transport(settings: Settings) -> AsyncIterator[Transport]:
    """It is closed with the block; connections are made only when there is a mail."""
    # Imported when needed: each way has a library of its own, and a server goes one way.
    match settings.mail_way:
        case Files():
            from lyo_rt.mail.files import FileTransport

            yield FileTransport(settings.lyo_data_dir / "mail")
        case Smtp() as server:
            from lyo_rt.mail.smtp import SmtpTransport

            yield SmtpTransport(server)
        case SendGrid() as server:
            from lyo_rt.mail.sendgrid import SendGridTransport

            async with SendGridTransport.open(server) as transport:
                yield transport
