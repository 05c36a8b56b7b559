"""Courses of a test's own, finished and published."""

from typing import Any
from uuid import uuid4

import httpx

from api.services import Services


async def course(services: Services, owner: httpx.AsyncClient, title: str, **columns: Any) -> str:
    """A finished course of `owner`, published unless said otherwise."""
    me = (await owner.get("/v1/users/me")).json()
    row = {"locale": "en", "difficulty": "beginner", "is_published": True, "description": "", **columns}
    found = await services.database.fetchval(
        """
        INSERT INTO courses (id, user_id, title, description, status, locale, difficulty, is_published)
        VALUES ($1, $2, $3, $4, 'completed', $5, $6, $7) RETURNING id
        """,
        uuid4(),
        me["id"],
        title,
        row["description"],
        row["locale"],
        row["difficulty"],
        row["is_published"],
    )
    return str(found)
