"""What a client knows of the resource it changes: asked again where nobody else can change it any more."""

from collections.abc import Callable
from typing import Any

Known = Callable[[Any], None]
"""Asked with the record as it is, behind its lock, in the transaction of the change; None: there is none any more.

Raises StaleVersion when the client has read another one, and the change is not made (api/conditional.py: known).
"""


def whatever(_record: Any) -> None:
    """The client has not said what it knows: any version will do."""
