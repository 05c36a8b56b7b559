"""The plan: for every table with a person's data, how it is exported and how it is erased.

Every table of the schema has a line here or is in `WITHOUT_PERSONS`; a test fails for one that has neither, and for a
column of rows that stay which nobody has thought about. docs/privacy.md shows the plan as a table.

An erasure goes through the lines in their order: rows before those that they hang on, and the account last.
"""

from collections.abc import Mapping

from lyo_rt.privacy.records import Line

MINE = "user_id = $1"
CONVERSATIONS = "conversation_id IN (SELECT id FROM conversations WHERE user_id = $1)"
COURSES = "course_id IN (SELECT id FROM courses WHERE user_id = $1 AND NOT is_published)"
SESSIONS = "session_id IN (SELECT id FROM auth_sessions WHERE user_id = $1)"
ADDRESS = "email_key = (SELECT email_key FROM users WHERE id = $1)"
ABOUT_COURSES = """(user_id IS NULL AND resource_id IN (
    SELECT id FROM courses WHERE user_id = $1 AND NOT is_published
    UNION ALL SELECT l.id FROM lessons l JOIN courses c ON c.id = course_id WHERE c.user_id = $1 AND NOT is_published
    UNION ALL SELECT i.id FROM items i JOIN courses c ON c.id = course_id WHERE c.user_id = $1 AND NOT is_published))"""
QUESTIONS = f"question_id IN (SELECT id FROM questions WHERE user_id = $1 OR {ABOUT_COURSES})"  # noqa: S608
STREAMS = """{name} = 'user:' || ($1::uuid)::text OR {name} IN (
    SELECT 'task:' || id FROM tasks WHERE user_id = $1
    UNION ALL SELECT 'conversation:' || id FROM conversations WHERE user_id = $1
    UNION ALL SELECT 'course:' || id FROM courses WHERE user_id = $1 AND NOT is_published
    UNION ALL SELECT unnest(streams) FROM erasures WHERE user_id = $1)"""
WORK = """subject IN (SELECT id FROM conversations WHERE user_id = $1) OR id IN (
    SELECT id FROM tasks WHERE user_id = $1 UNION ALL SELECT id FROM quizzes WHERE user_id = $1
    UNION ALL SELECT id FROM attempts WHERE user_id = $1)"""
NOBODY = "'00000000-0000-0000-0000-000000000000'"

LINES: tuple[Line, ...] = (
    Line(
        table="leases",
        holds="which work of the person is under way, and on which instance",
        whose=WORK,
        erasing="delete",
        why="says nothing but what tasks and messages say",
    ),
    Line(
        table="exports",
        holds="exports that were asked for, for a week",
        whose=MINE,
        erasing="delete",
        by="exports",
        file="account",
        secret=("sha256",),
    ),
    Line(
        table="idempotency_keys",
        holds="answers to requests, for a day, in case they are repeated",
        whose=MINE,
        erasing="delete",
        file="requests",
        secret=("body_digest", "body", "headers"),
        why="the answers themselves are exported where what they told is kept",
    ),
    Line(
        table="stream_events",
        holds="what the person's devices were told: progress, messages, sign-ins",
        whose=STREAMS.format(name="stream"),
        erasing="delete",
        file="events",
    ),
    Line(
        table="stream_events",
        holds="the person's id and name, where others were told that they came into a study room",
        whose="stream LIKE 'course:%' AND data ->> 'user' = ($1::uuid)::text",
        erasing="anonymise",
        file="presence",
        cleared={"data": f"data || jsonb_build_object('user', {NOBODY}, 'name', '')"},
        kept=("stream", "seq", "name", "created_at"),
        why="events of a stream are counted without a gap",
    ),
    Line(
        table="streams",
        holds="that there are such events, and how many",
        whose=STREAMS.format(name="name"),
        erasing="delete",
        why="the events are exported",
    ),
    Line(
        table="course_attendance",
        holds="in which study rooms the person is now",
        whose=MINE,
        erasing="delete",
        file="attendance",
        secret=("instance",),
    ),
    Line(
        table="tutor_flags",
        holds="signs of harm in what the person wrote to the tutor, or was answered",
        whose=MINE,
        erasing="delete",
        file="conversations",
    ),
    Line(
        table="tutor_problems",
        holds="the person's attempts at problems with the tutor",
        whose=CONVERSATIONS,
        erasing="delete",
        file="conversations",
    ),
    Line(
        table="conversation_summaries",
        holds="summaries of long conversations",
        whose=CONVERSATIONS,
        erasing="delete",
        file="conversations",
    ),
    Line(
        table="messages",
        holds="what the person wrote to the tutor, and was answered",
        whose=CONVERSATIONS,
        erasing="delete",
        file="conversations",
    ),
    Line(
        table="conversations",
        holds="conversations with the tutor and their titles",
        whose=MINE,
        erasing="delete",
        file="conversations",
    ),
    Line(
        table="rated_answers",
        holds="answers that counted for the person's ability",
        whose=MINE,
        erasing="delete",
        file="quizzes",
    ),
    Line(
        table="abilities",
        holds="how able the person is, by subject",
        whose=MINE,
        erasing="delete",
        file="quizzes",
    ),
    Line(
        table="answers",
        holds="what the person answered, and how it was graded",
        whose="attempt_id IN (SELECT id FROM attempts WHERE user_id = $1)",
        erasing="delete",
        file="quizzes",
    ),
    Line(table="attempts", holds="attempts at quizzes", whose=MINE, erasing="delete", file="quizzes"),
    Line(
        table="quiz_questions",
        holds="which questions the person's quizzes have",
        whose="quiz_id IN (SELECT id FROM quizzes WHERE user_id = $1)",
        erasing="delete",
        file="quizzes",
    ),
    Line(
        table="quizzes",
        holds="quizzes and the texts they are about",
        whose=MINE,
        erasing="delete",
        file="quizzes",
    ),
    Line(
        table="question_ratings",
        holds="how hard questions are that were written for the person",
        whose=QUESTIONS,
        erasing="delete",
        why="figures about questions: sums over all who answered",
    ),
    Line(
        table="questions",
        holds="questions written for the person, or about courses that only they have",
        whose=f"{MINE} OR {ABOUT_COURSES}",
        erasing="delete",
        file="quizzes",
    ),
    Line(
        table="task_steps",
        holds="what was written for the person's courses, step by step",
        whose="task_id IN (SELECT id FROM tasks WHERE user_id = $1)",
        erasing="delete",
        file="courses",
    ),
    Line(table="tasks", holds="courses that the person has asked for", whose=MINE, erasing="delete", file="courses"),
    Line(
        table="media",
        holds="uploads: their files and their names; those in published courses too, as they may show the person",
        whose=MINE,
        erasing="delete",
        file="media",
    ),
    Line(
        table="media_objects",
        holds="the stored files, which go when nobody else has uploaded the same",
        whose="""id IN (SELECT unnest(objects) FROM erasures WHERE user_id = $1)
    AND NOT EXISTS (SELECT FROM media WHERE object_id = media_objects.id)""",
        erasing="delete",
        by="library",
        why="the files themselves are in the folder media",
    ),
    Line(table="items", holds="contents of unpublished courses", whose=COURSES, erasing="delete", file="courses"),
    Line(table="lessons", holds="lessons of unpublished courses", whose=COURSES, erasing="delete", file="courses"),
    Line(table="modules", holds="modules of unpublished courses", whose=COURSES, erasing="delete", file="courses"),
    Line(
        table="courses",
        holds="unpublished courses",
        whose=f"{MINE} AND NOT is_published",
        erasing="delete",
        file="courses",
    ),
    Line(
        table="courses",
        holds="whose a published course is",
        whose=f"{MINE} AND is_published",
        erasing="anonymise",
        file="courses",
        cleared={"user_id": "NULL"},
        kept=(
            "id",
            "slug",
            "title",
            "description",
            "status",
            "difficulty",
            "locale",
            "estimated_minutes",
            "objectives",
            "prerequisites",
            "generation",
            "is_published",
            "is_ai_generated",
            "content_version",
            "created_at",
            "updated_at",
        ),
        why="others learn with it",
    ),
    Line(
        table="teaching",
        holds="who teaches the person or is taught by them, and invitations to their address",
        whose=f"teacher_id = $1 OR student_id = $1 OR {ADDRESS}",
        erasing="delete",
        file="teaching",
        secret=("email_key",),
    ),
    Line(
        table="ai_answers",
        holds="answers of language models to the person's requests, for a day",
        whose=MINE,
        erasing="delete",
        file="language_models",
        secret=("request", "shared"),
    ),
    Line(
        table="ai_user_budgets",
        holds="how much the person has used language models, by day",
        whose=MINE,
        erasing="delete",
        file="language_models",
    ),
    Line(
        table="ai_usage",
        holds="every request to a language model for the person: when, for what purpose, at what cost",
        whose=MINE,
        erasing="keep",
        file="language_models",
        secret=("instance", "request", "shared"),
        cleared={"user_id": "NULL", "work": "NULL", "request": "NULL", "shared": "NULL"},
        kept=(
            "id",
            "instance",
            "purpose",
            "attempt",
            "provider",
            "model",
            "outcome",
            "fault",
            "reserved_tokens",
            "reserved_cost",
            "prompt_tokens",
            "answer_tokens",
            "cost",
            "latency_ms",
            "day",
            "started_at",
            "ended_at",
        ),
        why="the books of what the providers charge",
    ),
    Line(
        table="mail_outbox",
        holds="mails that wait, and that there were others, for a week",
        whose=MINE,
        erasing="delete",
        file="account",
        secret=("key_id",),
    ),
    Line(
        table="mailed_tokens",
        holds="that a mailed link is still good",
        whose=f"{MINE} OR {ADDRESS}",
        erasing="delete",
        why="they open an account",
    ),
    Line(
        table="forgotten_passwords",
        holds="the address of who has just asked for another password",
        whose=ADDRESS,
        erasing="delete",
        why="it is there for seconds",
    ),
    Line(
        table="websocket_tickets",
        holds="tickets that open a WebSocket, for half a minute",
        whose=SESSIONS,
        erasing="delete",
        why="they open a session",
    ),
    Line(
        table="refresh_tokens",
        holds="when a session was refreshed",
        whose=SESSIONS,
        erasing="delete",
        why="they open a session",
    ),
    Line(
        table="auth_sessions",
        holds="on which devices the person has signed in, and when",
        whose=MINE,
        erasing="delete",
        file="account",
    ),
    Line(
        table="audit_log",
        holds="what the person did, or was done to them, for security and by admins",
        whose="actor_id = $1 OR subject_id = $1",
        erasing="keep",
        file="audit",
        secret=("actor_id",),
        by="audit",
        cleared={"actor_id": "", "subject_id": "", "details": ""},
        kept=("id", "act", "request_id", "created_at"),
        why="what was done to the deployment, and when; erase_from_audit_log clears it, nothing else can",
    ),
    Line(
        table="users",
        holds="the account: address, name, profile, preferences",
        whose="id = $1",
        erasing="delete",
        file="account",
        secret=("email_key", "password_hash"),
    ),
    Line(
        table="erasures",
        holds="what is left to do of an erasure; then only that there was one",
        whose=MINE,
        erasing="keep",
        by="end",
        cleared={"user_id": "NULL", "streams": "'{}'", "drafts": "'{}'", "answers": "'{}'", "objects": "'{}'"},
        kept=("id", "step", "rows", "due_at", "begun_at", "done_at"),
        why="there is none while there is somebody to export for; then it shows that erasures are done in time",
    ),
)

WITHOUT_PERSONS: Mapping[str, str] = {
    "ai_breakers": "which providers are down",
    "ai_budgets": "what all language models together have cost, by day",
    "instances": "which servers run",
    "secret_fingerprints": "which keys the servers must have",
}
"""The tables that have nothing of any person, and what they have."""
