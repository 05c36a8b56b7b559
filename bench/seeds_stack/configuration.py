"""What the opponent is told by its environment."""

import os
from typing import Any

DATABASE_URL = os.environ["DATABASE_URL"]
"""postgresql://…, the drivers are put in by those who connect."""
REDIS_URL = os.environ["REDIS_URL"]
BROKER_URL = os.environ["CELERY_BROKER_URL"]
JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
PROVIDER: dict[str, Any] = {
    "base_url": os.environ["OPENAI_BASE_URL"],
    "api_key": os.environ["OPENAI_API_KEY"],
    # Tried once, as the product does.
    "max_retries": 0,
    # Seconds, as the product has; by default the SDK gives up connecting after five, which a busy loop exceeds.
    "timeout": 120.0,
}
"""How the AI provider's client is made."""
POOL = 20
"""Database connections of the web process, as many as the product's default."""


def database_url(driver: str) -> str:
    """For SQLAlchemy, with that driver."""
    return DATABASE_URL.replace("postgresql://", f"postgresql+{driver}://", 1)
