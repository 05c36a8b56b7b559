"""A client of `/v1/ws`: merges, resumes, refreshes its token and comes back as REALTIME asks; see docs/client.md."""

from lyo_rt.client.client import Client, Command, Link, Notification, Refused, pause
from lyo_rt.client.replica import Ended, Lost, Replica, Untaken
from lyo_rt.client.tokens import Dismissed, Tokens

__all__ = [
    "Client",
    "Command",
    "Dismissed",
    "Ended",
    "Link",
    "Lost",
    "Notification",
    "Refused",
    "Replica",
    "Tokens",
    "Untaken",
    "pause",
]
