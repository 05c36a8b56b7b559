"""Mails over SMTP (RFC 5321), by aiosmtplib."""

import ssl

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from lyo_rt.mail.address import Smtp
from lyo_rt.mail.mime import mime, on_the_wire
from lyo_rt.mail.records import Message
from lyo_rt.mail.transport import Undelivered

ANSWER_SECONDS = 30.0
"""For each answer of the server; the whole mail has a deadline of its own (actors/mail_relay.py)."""
OPERATORS = frozenset({530, 534, 535, 538})
"""What is wrong with the credentials (RFC 4954 §6) is the operator's to mend: mails wait for it."""


class SmtpTransport:
    """One connection for each mail.

    When it is cut between the end of a mail and the server's answer, nobody can tell whether the server has it: the
    mail counts as undelivered, and is sent again with the same Message-ID.
    """

    def __init__(self, server: Smtp) -> None:
        self._server = server
        self._tls = ssl.create_default_context() if server.tls or server.starttls else None

    async def send(self, message: Message) -> None:
        """As Transport.send."""
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._tls,
            timeout=ANSWER_SECONDS,
        )
        try:
            await client.connect()
            await client.send_message(
                mime(message), sender=on_the_wire(message.sender), recipients=[on_the_wire(message.recipient)]
            )
        except (SMTPException, OSError, ValueError) as fault:
            raise _undelivered(fault) from fault
        finally:
            # Without QUIT: the server has taken the mail or has not, and whether it says goodbye changes neither.
            client.close()


def _undelivered(fault: SMTPException | OSError | ValueError) -> Undelivered:
    match fault:
        case SMTPRecipientsRefused():
            return _undelivered(fault.recipients[0])
        case SMTPSenderRefused() | SMTPRecipientRefused() | SMTPDataError() if fault.code not in OPERATORS:
            part = {SMTPSenderRefused: "sender", SMTPRecipientRefused: "recipient"}.get(type(fault), "mail")
            return Undelivered(f"the SMTP server refuses the {part} ({fault.code})", for_good=fault.code >= 500)
        case SMTPResponseException():
            return Undelivered(f"the SMTP server answers {fault.code}")
        case SMTPNotSupported():
            return Undelivered("the SMTP server takes no addresses outside of ASCII", for_good=True)
        case OSError():
            return Undelivered(f"the SMTP server cannot be reached, or was lost: {type(fault).__name__}")
        case ValueError():
            return Undelivered("the mail has an address that SMTP cannot carry", for_good=True)
        case _:
            return Undelivered("the SMTP server does not offer the STARTTLS or AUTH that MAIL_URL asks for")
