"""Abilities of learners, ratings of questions, and the answers both were learnt from."""

import sqlalchemy as sa

from lyo_rt.database.schema import document, happened, metadata, moment, owner, uuid

abilities = sa.Table(
    "abilities",
    metadata,
    owner(),
    sa.Column("subject", sa.Text, nullable=False, comment="course:<id>, topic:<words> or text:<digest>"),
    sa.Column("title", sa.Text, nullable=False, server_default="", comment="of the newest quiz about it"),
    sa.Column("value", sa.Double, nullable=False, server_default="0", comment="logits"),
    sa.Column("answers", sa.Integer, nullable=False, server_default="0"),
    document("recent", "[]"),
    happened("updated_at"),
    sa.PrimaryKeyConstraint("user_id", "subject"),
)

question_ratings = sa.Table(
    "question_ratings",
    metadata,
    sa.Column("question_id", uuid, sa.ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("difficulty", sa.Double, nullable=False, comment="logits"),
    sa.Column("answers", sa.Integer, nullable=False, server_default="0"),
    sa.Column("abilities", sa.Double, nullable=False, server_default="0", comment="sum over the answers"),
    sa.Column("ability_squares", sa.Double, nullable=False, server_default="0"),
    sa.Column("scores", sa.Double, nullable=False, server_default="0"),
    sa.Column("score_squares", sa.Double, nullable=False, server_default="0"),
    sa.Column("products", sa.Double, nullable=False, server_default="0", comment="ability times score, summed"),
    sa.Column("retired_at", moment, comment="when abler learners were found to do worse on it"),
)

rated_answers = sa.Table(
    "rated_answers",
    metadata,
    owner(),
    sa.Column("question_id", uuid, sa.ForeignKey("questions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("expected", sa.Double, nullable=False, comment="expected success before the answer"),
    sa.Column("ability", sa.Double, nullable=False, comment="of the learner, before the answer"),
    happened(),
    sa.PrimaryKeyConstraint("user_id", "question_id"),
    sa.Index("ix_rated_answers_question_id", "question_id"),
)
