"""A quiz, its questions, its attempts and their answers."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from lyo_rt.database.schema import document, happened, identity, metadata, moment, owner, uuid

_TYPES = "quiz_type IN ('multiple_choice','true_false','short_answer','coding')"
_LEVELS = "difficulty IN ('beginner','intermediate','advanced')"
_KINDS = "resource_kind IN ('course','lesson','item')"

quizzes = sa.Table(
    "quizzes",
    metadata,
    identity(),
    owner(),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, comment="as the client named it"),
    sa.Column("resource_kind", sa.Text),
    sa.Column("resource_id", uuid),
    sa.Column("subject", sa.Text, nullable=False, comment="course:<id>, topic:<words> or text:<digest>"),
    sa.Column("shared", sa.Boolean, nullable=False, comment="its questions may be given to other learners"),
    sa.Column("quiz_type", sa.Text, nullable=False),
    sa.Column("difficulty", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("graded", sa.Boolean, nullable=False),
    sa.Column("adaptive", sa.Boolean, nullable=False),
    sa.Column("requested", sa.SmallInteger, nullable=False, comment="questions asked for"),
    sa.Column("source_text", sa.Text, comment="pasted text, until the questions are there"),
    sa.Column("status", sa.Text, nullable=False, server_default="writing"),
    sa.Column("failure", sa.Text, comment="why there are no questions"),
    sa.Column("code", sa.Text, comment="of the problem that this is"),
    sa.Column("retry_after", sa.Double, comment="seconds"),
    sa.Column("dropped", sa.SmallInteger, nullable=False, server_default="0", comment="refused by the rules for items"),
    sa.Column("reused", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("model", sa.Text),
    sa.Column("degraded", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("generation_seconds", sa.Double, nullable=False, server_default="0"),
    happened(),
    sa.CheckConstraint("status IN ('writing','ready','failed')", name="status"),
    sa.CheckConstraint(_TYPES, name="quiz_type"),
    sa.CheckConstraint(_LEVELS, name="difficulty"),
    sa.CheckConstraint(_KINDS, name="resource_kind"),
    sa.Index("ix_quizzes_user_id_created_at", "user_id", "created_at", "id"),
)

questions = sa.Table(
    "questions",
    metadata,
    identity(),
    owner(nullable=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("resource_kind", sa.Text),
    sa.Column("resource_id", uuid),
    sa.Column("quiz_type", sa.Text, nullable=False),
    sa.Column("difficulty", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    document("options", "[]"),
    sa.Column("key", sa.SmallInteger, comment="index of the right option; null without options"),
    sa.Column("fixed_order", sa.Boolean, nullable=False, comment="the options are never shuffled"),
    sa.Column("answer", sa.Text, nullable=False, comment="right option, model answer, output or solution"),
    document("accepted", "[]"),
    document("rubric", "[]"),
    sa.Column("explanation", sa.Text, nullable=False),
    sa.Column("points", sa.SmallInteger, nullable=False),
    sa.Column("estimated_time", sa.Integer, nullable=False, comment="seconds"),
    sa.Column("model", sa.Text, nullable=False),
    happened(),
    sa.CheckConstraint(_TYPES, name="quiz_type"),
    sa.CheckConstraint(_LEVELS, name="difficulty"),
    sa.CheckConstraint(_KINDS, name="resource_kind"),
    sa.Index("ix_questions_subject_quiz_type", "subject", "quiz_type"),
    sa.Index("ix_questions_user_id", "user_id"),
    comment="user_id is null where every learner who sees the resource may be asked it",
)

quiz_questions = sa.Table(
    "quiz_questions",
    metadata,
    sa.Column("quiz_id", uuid, sa.ForeignKey("quizzes.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.SmallInteger, primary_key=True, comment="1-based"),
    sa.Column("question_id", uuid, sa.ForeignKey("questions.id", ondelete="CASCADE"), nullable=False),
    sa.Column("expected_success", sa.Double, nullable=False, comment="of the learner, when the quiz was made"),
    sa.UniqueConstraint("quiz_id", "question_id"),
    sa.Index("ix_quiz_questions_question_id", "question_id"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    identity(),
    owner(),
    sa.Column("quiz_id", uuid, sa.ForeignKey("quizzes.id", ondelete="CASCADE"), nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False, comment="1-based within the quiz"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("degraded", sa.Boolean, nullable=False, server_default=sa.false(), comment="no model could judge"),
    sa.Column("time_spent", sa.Integer, comment="seconds, as the client tells"),
    sa.Column("submitted_at", moment, nullable=False),
    sa.UniqueConstraint("quiz_id", "number"),
    sa.CheckConstraint("status IN ('grading','done')", name="status"),
    sa.Index("ix_attempts_user_id_submitted_at", "user_id", "submitted_at"),
)

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("attempt_id", uuid, sa.ForeignKey("attempts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("question_id", uuid, sa.ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("answer", sa.Text, comment="the option's text, or what was written; null when left open"),
    sa.Column("score", sa.Double, nullable=False, comment="0 to 1"),
    sa.Column("graded_by", sa.Text, nullable=False),
    sa.Column("feedback", sa.Text),
    sa.Column("rated", sa.Boolean, nullable=False, server_default=sa.false(), comment="it counted for the rating"),
    sa.Column("time_spent", sa.Integer, comment="seconds"),
    sa.Column("hints_used", sa.SmallInteger),
    sa.Column("confidence", pg.REAL, comment="0 to 1, as the learner said before the result"),
    sa.CheckConstraint("graded_by IN ('open','key','match','rules','model')", name="graded_by"),
    sa.Index("ix_answers_question_id", "question_id"),
)
