"""What an e-mail address and a name must be like. Pure."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from lyo_rt.problems import Fault
from lyo_rt.security.passwords import broken_rules

LONGEST_EMAIL = 254
LONGEST_NAME = 100


def email_address(text: str) -> str:
    """The address as it is stored and written to: trimmed, the domain in lower case.

    Raises ValueError, whose text says what is wrong, for what is no address.
    """
    text = text.strip()
    if len(text) > LONGEST_EMAIL:
        raise ValueError(f"is longer than {LONGEST_EMAIL} characters")
    try:
        # test_environment lets addresses under .test through (RFC 6761); none of them reaches anybody.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as fault:
        raise ValueError(f"is no e-mail address: {fault}") from None


def email_key(text: str) -> str:
    """What an address is looked up by: NFKC, trimmed, lower case. Never fails; what is no address finds nobody."""
    try:
        text = email_address(text)
    except ValueError:
        text = text.strip()[:LONGEST_EMAIL]
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
    return "".join(character for character in folded if character.isprintable())


def person_name(text: str) -> str:
    """A full name: NFC, trimmed, 1 to 100 characters, none of them a control character.

    Raises ValueError, whose text says what is wrong.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise ValueError("is empty")
    if len(text) > LONGEST_NAME:
        raise ValueError(f"is longer than {LONGEST_NAME} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("must not contain control characters")
    return text


def registration_faults(email: str, password: str, full_name: str) -> list[Fault]:
    """Everything wrong with a registration, at once."""
    faults = [Fault("/password", phrase) for phrase in broken_rules(password)]
    for pointer, rule, text in (("/email", email_address, email), ("/full_name", person_name, full_name)):
        try:
            rule(text)
        except ValueError as fault:
            faults.append(Fault(pointer, str(fault)))
    return faults
