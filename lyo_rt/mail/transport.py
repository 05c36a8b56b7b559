"""How a mail leaves: the port, and what can go wrong."""

from datetime import timedelta
from typing import Protocol

from lyo_rt.mail.records import Message


class Undelivered(Exception):
    """The mail has not left, as far as is known. The text has no address and nothing of the mail: it is logged."""

    def __init__(self, fault: str, *, for_good: bool = False, wait: timedelta = timedelta()) -> None:
        """`for_good`: trying again would be refused again. `wait` is what the server has asked for."""
        super().__init__(fault)
        self.for_good = for_good
        self.wait = wait


class Transport(Protocol):
    """One way for mails to leave."""

    async def send(self, message: Message) -> None:
        """Returns once somebody else has taken charge of the mail. Raises Undelivered."""
        ...
