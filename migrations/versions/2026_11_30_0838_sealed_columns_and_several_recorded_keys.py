"""sealed columns and several recorded keys"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0838"
down_revision = "2026_11_30_0837"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("pk_secret_fingerprints"), "secret_fingerprints", type_="primary")
    op.create_primary_key(op.f("pk_secret_fingerprints"), "secret_fingerprints", ["name", "fingerprint"])
    op.drop_constraint(op.f("ck_tutor_flags_kind"), "tutor_flags", type_="check")
    op.alter_column(
        "ai_answers",
        "answer",
        existing_type=postgresql.BYTEA(),
        comment="sealed: JSON, or text in UTF-8",
        existing_comment="JSON, or text in UTF-8",
        existing_nullable=False,
    )
    op.alter_column(
        "conversation_summaries", "text", existing_type=sa.TEXT(), comment="sealed", existing_nullable=False
    )
    op.alter_column(
        "conversations",
        "title",
        existing_type=sa.TEXT(),
        comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("''::text"),
    )
    op.alter_column(
        "messages",
        "text",
        existing_type=sa.TEXT(),
        comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("''::text"),
    )
    op.drop_column("messages", "sha256")
    op.alter_column(
        "secret_fingerprints",
        "fingerprint",
        existing_type=sa.TEXT(),
        comment="HMAC of a fixed text under the key",
        existing_comment="HMAC of a fixed text under the secret",
        existing_nullable=False,
    )
    op.create_table_comment(
        "secret_fingerprints",
        "the keys every instance on this database must have: jwt, the newest; data, all that rows are sealed with",
        existing_comment="instances on one database share secrets; a mismatch stops the start",
        schema=None,
    )
    op.alter_column(
        "stream_events",
        "data",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="in streams of conversations sealed, but for the message it is about",
        existing_nullable=False,
        existing_server_default=sa.text("'{}'::jsonb"),
    )
    op.alter_column(
        "tutor_flags",
        "id",
        existing_type=sa.UUID(),
        server_default=None,
        comment="a blind index of message, source and kind: each is flagged once",
        existing_nullable=False,
    )
    op.alter_column(
        "tutor_flags",
        "kind",
        existing_type=sa.TEXT(),
        comment="sealed: self_harm, violence, abuse, danger or harmful_answer",
        existing_nullable=False,
    )
    op.drop_constraint(op.f("uq_tutor_flags_message_id_source_kind"), "tutor_flags", type_="unique")
    op.alter_column(
        "tutor_problems",
        "tried",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )


def downgrade() -> None:
    # What was sealed is lost to the former release: it would show it as it is, or not understand it.
    op.execute("DELETE FROM ai_answers WHERE substring(answer FOR 6) = convert_to('$lyo1$', 'UTF8')")
    op.execute("DELETE FROM stream_events WHERE stream LIKE 'conversation:%' AND data ? 'sealed'")
    op.execute("DELETE FROM tutor_flags WHERE kind LIKE '$lyo1$%'")
    op.execute("UPDATE tutor_problems SET tried = '[]' WHERE jsonb_typeof(tried) = 'object'")
    op.execute("DELETE FROM secret_fingerprints WHERE name <> 'jwt'")
    op.drop_constraint(op.f("pk_secret_fingerprints"), "secret_fingerprints", type_="primary")
    op.create_primary_key(op.f("pk_secret_fingerprints"), "secret_fingerprints", ["name"])
    op.create_check_constraint(
        op.f("ck_tutor_flags_kind"),
        "tutor_flags",
        "kind IN ('self_harm','violence','abuse','danger','harmful_answer')",
    )
    op.alter_column(
        "ai_answers",
        "answer",
        existing_type=postgresql.BYTEA(),
        comment="JSON, or text in UTF-8",
        existing_comment="sealed: JSON, or text in UTF-8",
        existing_nullable=False,
    )
    op.alter_column(
        "tutor_problems",
        "tried",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment=None,
        existing_comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("'[]'::jsonb"),
    )
    op.create_unique_constraint(
        op.f("uq_tutor_flags_message_id_source_kind"),
        "tutor_flags",
        ["message_id", "source", "kind"],
        postgresql_nulls_not_distinct=False,
    )
    op.alter_column(
        "tutor_flags",
        "kind",
        existing_type=sa.TEXT(),
        comment=None,
        existing_comment="sealed: self_harm, violence, abuse, danger or harmful_answer",
        existing_nullable=False,
    )
    op.alter_column(
        "tutor_flags",
        "id",
        existing_type=sa.UUID(),
        server_default=sa.text("gen_random_uuid()"),
        comment=None,
        existing_comment="a blind index of message, source and kind: each is flagged once",
        existing_nullable=False,
    )
    op.alter_column(
        "stream_events",
        "data",
        existing_type=postgresql.JSONB(astext_type=sa.Text()),
        comment=None,
        existing_comment="in streams of conversations sealed, but for the message it is about",
        existing_nullable=False,
        existing_server_default=sa.text("'{}'::jsonb"),
    )
    op.create_table_comment(
        "secret_fingerprints",
        "instances on one database share secrets; a mismatch stops the start",
        existing_comment="the keys every instance on this database must have: jwt, the newest; data, all that rows are "
        "sealed with",
        schema=None,
    )
    op.alter_column(
        "secret_fingerprints",
        "fingerprint",
        existing_type=sa.TEXT(),
        comment="HMAC of a fixed text under the secret",
        existing_comment="HMAC of a fixed text under the key",
        existing_nullable=False,
    )
    op.add_column(
        "messages",
        sa.Column(
            "sha256",
            sa.TEXT(),
            autoincrement=False,
            nullable=True,
            comment="hex, of the whole text in UTF-8, once it has ended",
        ),
    )
    op.alter_column(
        "messages",
        "text",
        existing_type=sa.TEXT(),
        comment=None,
        existing_comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("''::text"),
    )
    op.alter_column(
        "conversations",
        "title",
        existing_type=sa.TEXT(),
        comment=None,
        existing_comment="sealed",
        existing_nullable=False,
        existing_server_default=sa.text("''::text"),
    )
    op.alter_column(
        "conversation_summaries",
        "text",
        existing_type=sa.TEXT(),
        comment=None,
        existing_comment="sealed",
        existing_nullable=False,
    )
