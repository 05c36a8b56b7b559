"""quizzes and adaptive practice"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_30_0420"
down_revision = "2026_11_30_0419"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "abilities",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="course:<id>, topic:<words> or text:<digest>"),
        sa.Column("value", sa.Double(), server_default="0", nullable=False, comment="logits"),
        sa.Column("answers", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "recent", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_abilities_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "subject", name=op.f("pk_abilities")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("resource_kind", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.UUID(), nullable=True),
        sa.Column("quiz_type", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column(
            "options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("key", sa.SmallInteger(), nullable=True, comment="index of the right option; null without options"),
        sa.Column("fixed_order", sa.Boolean(), nullable=False, comment="the options are never shuffled"),
        sa.Column("answer", sa.Text(), nullable=False, comment="right option, model answer, output or solution"),
        sa.Column(
            "accepted", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column(
            "rubric", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("estimated_time", sa.Integer(), nullable=False, comment="seconds"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "difficulty IN ('beginner','intermediate','advanced')", name=op.f("ck_questions_difficulty")
        ),
        sa.CheckConstraint(
            "quiz_type IN ('multiple_choice','true_false','short_answer','coding')", name=op.f("ck_questions_quiz_type")
        ),
        sa.CheckConstraint("resource_kind IN ('course','lesson','item')", name=op.f("ck_questions_resource_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_questions_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        comment="user_id is null where every learner who sees the resource may be asked it",
    )
    op.create_index("ix_questions_subject_quiz_type", "questions", ["subject", "quiz_type"], unique=False)
    op.create_index("ix_questions_user_id", "questions", ["user_id"], unique=False)
    op.create_table(
        "quizzes",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=True, comment="as the client named it"),
        sa.Column("resource_kind", sa.Text(), nullable=True),
        sa.Column("resource_id", sa.UUID(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False, comment="course:<id>, topic:<words> or text:<digest>"),
        sa.Column("shared", sa.Boolean(), nullable=False, comment="its questions may be given to other learners"),
        sa.Column("quiz_type", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("graded", sa.Boolean(), nullable=False),
        sa.Column("adaptive", sa.Boolean(), nullable=False),
        sa.Column("requested", sa.SmallInteger(), nullable=False, comment="questions asked for"),
        sa.Column("source_text", sa.Text(), nullable=True, comment="pasted text, until the questions are there"),
        sa.Column("status", sa.Text(), server_default="writing", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True, comment="why there are no questions"),
        sa.Column("retry_after", sa.Double(), nullable=True, comment="seconds"),
        sa.Column(
            "dropped", sa.SmallInteger(), server_default="0", nullable=False, comment="refused by the rules for items"
        ),
        sa.Column("reused", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("degraded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("generation_seconds", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("difficulty IN ('beginner','intermediate','advanced')", name=op.f("ck_quizzes_difficulty")),
        sa.CheckConstraint(
            "quiz_type IN ('multiple_choice','true_false','short_answer','coding')", name=op.f("ck_quizzes_quiz_type")
        ),
        sa.CheckConstraint("resource_kind IN ('course','lesson','item')", name=op.f("ck_quizzes_resource_kind")),
        sa.CheckConstraint("status IN ('writing','ready','failed')", name=op.f("ck_quizzes_status")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_quizzes_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quizzes")),
    )
    op.create_index("ix_quizzes_user_id_created_at", "quizzes", ["user_id", "created_at", "id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("id", sa.UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("quiz_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False, comment="1-based within the quiz"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "degraded", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="no model could judge"
        ),
        sa.Column("time_spent", sa.Integer(), nullable=True, comment="seconds, as the client tells"),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('grading','done')", name=op.f("ck_attempts_status")),
        sa.ForeignKeyConstraint(
            ["quiz_id"], ["quizzes.id"], name=op.f("fk_attempts_quiz_id_quizzes"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_attempts_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("quiz_id", "number", name=op.f("uq_attempts_quiz_id_number")),
    )
    op.create_index("ix_attempts_user_id_submitted_at", "attempts", ["user_id", "submitted_at"], unique=False)
    op.create_table(
        "question_ratings",
        sa.Column("question_id", sa.UUID(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False, comment="logits"),
        sa.Column("answers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("abilities", sa.Double(), server_default="0", nullable=False, comment="sum over the answers"),
        sa.Column("ability_squares", sa.Double(), server_default="0", nullable=False),
        sa.Column("scores", sa.Double(), server_default="0", nullable=False),
        sa.Column("score_squares", sa.Double(), server_default="0", nullable=False),
        sa.Column("products", sa.Double(), server_default="0", nullable=False, comment="ability times score, summed"),
        sa.Column(
            "retired_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when abler learners were found to do worse on it",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name=op.f("fk_question_ratings_question_id_questions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("question_id", name=op.f("pk_question_ratings")),
    )
    op.create_table(
        "quiz_questions",
        sa.Column("quiz_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False, comment="1-based"),
        sa.Column("question_id", sa.UUID(), nullable=False),
        sa.Column("expected_success", sa.Double(), nullable=False, comment="of the learner, when the quiz was made"),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_quiz_questions_question_id_questions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["quiz_id"], ["quizzes.id"], name=op.f("fk_quiz_questions_quiz_id_quizzes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("quiz_id", "position", name=op.f("pk_quiz_questions")),
        sa.UniqueConstraint("quiz_id", "question_id", name=op.f("uq_quiz_questions_quiz_id_question_id")),
    )
    op.create_index("ix_quiz_questions_question_id", "quiz_questions", ["question_id"], unique=False)
    op.create_table(
        "rated_answers",
        sa.Column("user_id", sa.UUID(), nullable=False),
        sa.Column("question_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False, comment="expected success before the answer"),
        sa.Column("ability", sa.Double(), nullable=False, comment="of the learner, before the answer"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_rated_answers_question_id_questions"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_rated_answers_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "question_id", name=op.f("pk_rated_answers")),
    )
    op.create_index("ix_rated_answers_question_id", "rated_answers", ["question_id"], unique=False)
    op.create_table(
        "answers",
        sa.Column("attempt_id", sa.UUID(), nullable=False),
        sa.Column("question_id", sa.UUID(), nullable=False),
        sa.Column(
            "answer", sa.Text(), nullable=True, comment="the option's text, or what was written; null when left open"
        ),
        sa.Column("score", sa.Double(), nullable=False, comment="0 to 1"),
        sa.Column("graded_by", sa.Text(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.Column(
            "rated", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment="it counted for the rating"
        ),
        sa.Column("time_spent", sa.Integer(), nullable=True, comment="seconds"),
        sa.Column("hints_used", sa.SmallInteger(), nullable=True),
        sa.Column("confidence", sa.REAL(), nullable=True, comment="0 to 1, as the learner said before the result"),
        sa.CheckConstraint("graded_by IN ('open','key','match','rules','model')", name=op.f("ck_answers_graded_by")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempts.id"], name=op.f("fk_answers_attempt_id_attempts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["questions.id"], name=op.f("fk_answers_question_id_questions"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", "question_id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_question_id", "answers", ["question_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_answers_question_id", table_name="answers")
    op.drop_table("answers")
    op.drop_index("ix_rated_answers_question_id", table_name="rated_answers")
    op.drop_table("rated_answers")
    op.drop_index("ix_quiz_questions_question_id", table_name="quiz_questions")
    op.drop_table("quiz_questions")
    op.drop_table("question_ratings")
    op.drop_index("ix_attempts_user_id_submitted_at", table_name="attempts")
    op.drop_table("attempts")
    op.drop_index("ix_quizzes_user_id_created_at", table_name="quizzes")
    op.drop_table("quizzes")
    op.drop_index("ix_questions_user_id", table_name="questions")
    op.drop_index("ix_questions_subject_quiz_type", table_name="questions")
    op.drop_table("questions")
    op.drop_table("abilities")
