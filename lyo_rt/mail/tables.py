"""The outbox: mails that wait, and what became of those that do not."""

import sqlalchemy as sa

from lyo_rt.database.schema import happened, identity, metadata, moment, owner, sealed

mail_outbox = sa.Table(
    "mail_outbox",
    metadata,
    identity(),
    owner(),
    sa.Column("kind", sa.Text, nullable=False),
    sealed("recipient", sa.Text, comment="sealed; null once it is settled"),
    sa.Column("name", sa.Text, nullable=False, comment="how the recipient is greeted; empty once it is settled"),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("page", sa.Text, comment="where its link leads"),
    sa.Column("key_id", sa.Text, nullable=False, comment="of the key that its one-time token is made with"),
    sa.Column("state", sa.Text, nullable=False, server_default="WAITING"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("due_at", moment, nullable=False, comment="not to be taken before"),
    sa.Column("useless_at", moment, nullable=False, comment="not to be sent from then on"),
    sa.Column("fault", sa.Text, comment="what the last attempt failed of"),
    happened(),
    sa.CheckConstraint("state IN ('WAITING','SENT','GIVEN_UP')", name="state"),
    sa.Index("ix_mail_outbox_due_at", "due_at", postgresql_where=sa.text("state = 'WAITING'")),
    sa.Index("ix_mail_outbox_user_id", "user_id"),
    comment="written in the transaction of the fact that the mail tells of; tokens are not in it",
)
