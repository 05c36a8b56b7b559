"""What the opponent is told by its environment."""

import os

DATABASE_URL = os.environ["DATABASE_URL"]
"""postgresql://…, the drivers are put in by those who connect."""
REDIS_URL = os.environ["REDIS_URL"]
BROKER_URL = os.environ["CELERY_BROKER_URL"]
JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
OPENAI_BASE_URL = os.environ["OPENAI_BASE_URL"]
OPENAI_API_KEY = os.environ["OPENAI_API_KEY"]
POOL = 20
"""Database connections of the web process, as many as the product's default."""


def database_url(driver: str) -> str:
    """For SQLAlchemy, with that driver."""
    return DATABASE_URL.replace("postgresql://", f"postgresql+{driver}://", 1)
