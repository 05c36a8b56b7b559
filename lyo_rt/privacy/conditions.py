"""Which rows are a person's: SQL over the columns of a table, in which $1 is the person."""

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
"""The id of nobody."""
