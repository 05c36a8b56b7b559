"""A conversation about a resource, its messages, and what the tutor keeps of it: problems, summary, flags."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import happened, identity, metadata, moment, owner, sealed, uuid

conversations = sa.Table(
    "conversations",
    metadata,
    identity(),
    owner(),
    sealed("title", sa.Text, nullable=False, server_default=""),
    sa.Column("resource_kind", sa.Text),
    sa.Column("resource_id", uuid),
    happened(),
    happened("updated_at"),
    sa.CheckConstraint("resource_kind IN ('course','lesson','item')", name="resource_kind"),
    sa.Index("ix_conversations_user_id_updated_at", "user_id", "updated_at", "id"),
)

messages = sa.Table(
    "messages",
    metadata,
    identity(),
    sa.Column("conversation_id", uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False, comment="1-based within the conversation"),
    sa.Column("role", sa.Text, nullable=False),
    sealed("text", sa.Text, nullable=False, server_default=""),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("status", sa.Text, nullable=False, server_default="complete"),
    sa.Column("model", sa.Text, comment="who wrote it"),
    sa.Column("prompt", sa.Text, comment="the version of the texts it was written by"),
    sa.Column("code", sa.Text, comment="of the problem it failed with"),
    sa.Column("retry_at", moment, comment="when it makes sense to ask again"),
    sa.Column("answers", uuid, sa.ForeignKey("messages.id", ondelete="CASCADE"), comment="the question"),
    happened(),
    sa.UniqueConstraint("conversation_id", "position"),
    sa.CheckConstraint("role IN ('user','assistant')", name="role"),
    sa.CheckConstraint("status IN ('writing','complete','stopped','failed','superseded')", name="status"),
    sa.Index("uq_messages_writing", "conversation_id", unique=True, postgresql_where=sa.text("status = 'writing'")),
)

tutor_problems = sa.Table(
    "tutor_problems",
    metadata,
    sa.Column("conversation_id", uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("problem", sa.Text, primary_key=True, comment="<item id>:<question id>, or quiz:<question id>"),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="open"),
    sa.Column("rung", sa.SmallInteger, nullable=False, server_default="0", comment="of the hint ladder"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0", comment="different real ones"),
    sealed("tried", pg.JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")),
    sa.Column("verdict", sa.Text, nullable=False, server_default="talk", comment="of the message counted last"),
    sa.Column("begun", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("credit", sa.Boolean, nullable=False, server_default=sa.true(), comment="false once the answer was told"),
    sa.Column(
        "counted", sa.Integer, nullable=False, server_default="0", comment="position of the message counted last"
    ),
    happened(),
    happened("updated_at"),
    sa.CheckConstraint("state IN ('open','right','revealed','mastered','closed')", name="state"),
    sa.Index("ix_tutor_problems_updated_at", "conversation_id", "updated_at"),
    comment="a problem in a conversation: the hint ladder, the attempts, and whether it was mastered",
)

conversation_summaries = sa.Table(
    "conversation_summaries",
    metadata,
    sa.Column("conversation_id", uuid, sa.ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False, comment="of the last message it stands for"),
    sealed("text", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False, comment="who wrote it"),
    happened(),
    comment="stands for the older messages in the prompts; the messages stay",
)

tutor_flags = sa.Table(
    "tutor_flags",
    metadata,
    sa.Column("id", uuid, primary_key=True, comment="a blind index of message, source and kind: each is flagged once"),
    owner(),
    sa.Column("conversation_id", uuid, sa.ForeignKey("conversations.id", ondelete="SET NULL")),
    sa.Column("message_id", uuid, nullable=False, comment="the learner's message, or the tutor's answer"),
    sealed("kind", sa.Text, nullable=False, comment="sealed: self_harm, violence, abuse, danger or harmful_answer"),
    sa.Column("source", sa.Text, nullable=False),
    happened(),
    sa.Column("told_at", moment, comment="when a parent on file was told; until then it is to be done"),
    sa.CheckConstraint("source IN ('learner','tutor')", name="source"),
    sa.Index("ix_tutor_flags_user_id", "user_id"),
    sa.Index("ix_tutor_flags_conversation_id", "conversation_id"),
    sa.Index("ix_tutor_flags_told_at", "created_at", postgresql_where=sa.text("told_at IS NULL")),
    comment="harm seen in a conversation; kept when the conversation is deleted",
)
