"""Who is a child, and how often parents are mailed. Pure."""

from datetime import date, datetime, timedelta

from lyo_rt.accounts.minors.records import Outstanding

CHILD_UNDER = 13
"""16 CFR 312.2."""
OLDEST = 130
EARLIEST, LATEST = timedelta(hours=12), timedelta(hours=14)
"""How far the date differs from UTC's where it is earliest, and where it is latest."""
QUIET = timedelta(minutes=1)
MOST_LINKS = 3
MOST_OTHERS = 4
"""No other mail goes out within a minute, nor while three links are still good, nor to an address that has not answered
about four other children: whoever gives another's address fills no mailbox."""


def birth_date(text: str) -> date:
    """A date of birth, YYYY-MM-DD. Raises ValueError, whose text says what is wrong and nothing of any limit."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date such as 2001-02-28") from None


def may_be_birth_date(born: date, now: datetime) -> bool:
    """Whether somebody alive can have been born then."""
    today = (now + LATEST).date()
    return born <= today and today.year - born.year <= OLDEST


def is_child(born: date, now: datetime) -> bool:
    """Whether who was born then is under 13, anywhere on earth."""
    today = (now - EARLIEST).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < CHILD_UNDER


def may_mail(outstanding: Outstanding, now: datetime) -> bool:
    """Whether another mail may go to a parent's address, when so much has not been answered."""
    quiet = outstanding.newest is None or outstanding.newest <= now - QUIET
    return quiet and outstanding.links < MOST_LINKS and outstanding.others < MOST_OTHERS
