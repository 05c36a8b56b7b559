"""MAIL_URL: which way mails leave, as an operator writes it."""

import ipaddress
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

SENDGRID = "https://api.sendgrid.com"
SUBMISSION, SUBMISSIONS = 587, 465
"""RFC 6409 and RFC 8314 §3.3."""


class Files(msgspec.Struct, frozen=True):
    """RFC 822 files under LYO_DATA_DIR/mail."""


class Smtp(msgspec.Struct, frozen=True):
    """An SMTP server. `tls` from the first byte, or `starttls` before anything is said."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str | None = None
    password: str | None = None


class SendGrid(msgspec.Struct, frozen=True):
    """SendGrid's HTTP API v3, or another server that speaks it."""

    key: str
    url: str = SENDGRID


Way = Files | Smtp | SendGrid


def parse(text: str) -> Way:
    """The way that MAIL_URL names.

    Raises ValueError, whose text says what is wrong and repeats nothing of `text`: it may hold a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is no address, e.g. smtp://user:password@mail.example.com") from None
    match parts.scheme:
        case "file" if text in {"file:", "file://"}:
            return Files()
        case "file":
            raise ValueError("must be just file: (mails are written to LYO_DATA_DIR/mail)")
        case "smtp" | "smtps":
            return _smtp(parts, port)
        case "sendgrid":
            return _sendgrid(parts)
        case _:
            raise ValueError("must be smtp://host, smtps://host, sendgrid://KEY@ or file:")


def _smtp(parts: SplitResult, port: int | None) -> Smtp:
    if not parts.hostname or parts.path.strip("/") or parts.fragment:
        raise ValueError("must be smtp://user:password@host:port, user, password and port may be left out")
    query = parse_qs(parts.query, keep_blank_values=True)
    if query not in ({}, {"starttls": ["no"]}):
        raise ValueError("knows no other option than ?starttls=no")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("needs a user and a password, or neither; write @ : and / in them as %40 %3A %2F")
    tls, nearby = parts.scheme == "smtps", loopback(parts.hostname)
    starttls = not tls and not query and not nearby
    if parts.password and not (tls or starttls or nearby):
        raise ValueError("would send a password unencrypted: leave ?starttls=no away, or use smtps://")
    return Smtp(
        parts.hostname,
        port or (SUBMISSIONS if tls else SUBMISSION),
        tls,
        starttls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


def _sendgrid(parts: SplitResult) -> SendGrid:
    if not parts.username or parts.password is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be sendgrid://KEY@, or sendgrid://KEY@host:port for another server")
    key = unquote(parts.username)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError("has a SendGrid key that is none: it goes into a header")
    if not parts.hostname:
        return SendGrid(key)
    scheme = "http" if loopback(parts.hostname) else "https"
    return SendGrid(key, f"{scheme}://{parts.netloc.rpartition('@')[2]}")


def loopback(host: str) -> bool:
    """Whether what is said to `host` stays on this machine."""
    if is_number(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def is_number(host: str) -> bool:
    """Whether `host` is an IP address and not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
