"""The seeds' tables (seed 002), as far as the measured jobs need them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """All tables."""


class Course(Base):
    """A course, being generated or ready."""

    __tablename__ = "courses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default="generating")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Lesson(Base):
    """A finished lesson, with its content."""

    __tablename__ = "lessons"
    __table_args__ = (Index("ix_lessons_course_id", "course_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"))
    title: Mapped[str]
    position: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Task(Base):
    """The state of a generation, mirrored from the worker."""

    __tablename__ = "tasks"
    __table_args__ = (UniqueConstraint("user_id", "idempotency_key"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    idempotency_key: Mapped[str]
    state: Mapped[str] = mapped_column(default="PENDING")
    progress_pct: Mapped[int] = mapped_column(default=0)
    message: Mapped[str | None]
    provisional_course_id: Mapped[UUID]
    result_course_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Message(Base):
    """One message of a conversation with the tutor."""

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation_id", "conversation_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    conversation_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
