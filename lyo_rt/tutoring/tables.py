"""A conversation about a resource, and its messages."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, identity, metadata, owner, uuid

conversations = sa.Table(
    "conversations",
    metadata,
    identity(),
    owner(),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
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
    sa.Column("text", sa.Text, nullable=False, server_default=""),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("status", sa.Text, nullable=False, server_default="complete"),
    sa.Column("sha256", sa.Text, comment="hex, of the whole text in UTF-8, once it has ended"),
    sa.Column("model", sa.Text, comment="who wrote it"),
    sa.Column("answers", uuid, sa.ForeignKey("messages.id", ondelete="CASCADE"), comment="the question"),
    happened(),
    sa.UniqueConstraint("conversation_id", "position"),
    sa.CheckConstraint("role IN ('user','assistant')", name="role"),
    sa.CheckConstraint("status IN ('writing','complete','stopped','failed','superseded')", name="status"),
    sa.Index("uq_messages_writing", "conversation_id", unique=True, postgresql_where=sa.text("status = 'writing'")),
)
