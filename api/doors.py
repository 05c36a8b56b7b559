"""The ways in, and what a role must be allowed to come through each; a forgotten one keeps the app from starting.

Routes without a line are open to everybody, and say so: `@answers(signed_in=False)`, or they serve pages and files.
"""

from collections.abc import Mapping

from quart import Quart

from api.openapi import ATTRIBUTE, WITHOUT_OPERATIONS, Answers
from lyo_rt import frames
from lyo_rt.frames import ClientFrame
from lyo_rt.security.permissions import Permission, require
from lyo_rt.security.tokens import Identity

ROUTES: Mapping[str, Permission] = {
    "administration.change_role": Permission.MANAGE_USERS,
    "administration.correct_user": Permission.CORRECT_PROFILES,
    "administration.list_users": Permission.VIEW_ALL_USERS,
    "administration.read_user": Permission.VIEW_ALL_USERS,
    "administration.restore_user": Permission.MANAGE_USERS,
    "administration.suspend_user": Permission.MANAGE_USERS,
    "ai_usage.read_costs": Permission.VIEW_OPERATIONS,
    "ai_usage.read_usage": Permission.LEARN,
    "audit.list_entries": Permission.VIEW_AUDIT,
    "auth.logout": Permission.KEEP_ACCOUNT,
    "auth_sessions.list_devices": Permission.KEEP_ACCOUNT,
    "auth_sessions.sign_out": Permission.KEEP_ACCOUNT,
    "consent.ask": Permission.KEEP_ACCOUNT,
    "consent.list_agreements": Permission.KEEP_ACCOUNT,
    "consent.read": Permission.KEEP_ACCOUNT,
    "courses.generate": Permission.AI_GENERATION,
    "courses.generate_slash": Permission.AI_GENERATION,
    "courses.list_courses": Permission.VIEW_COURSES,
    "courses.read_course": Permission.VIEW_COURSES,
    "explanations.explain_code": Permission.AI_GENERATION,
    "exports.download": Permission.KEEP_ACCOUNT,
    "exports.export": Permission.KEEP_ACCOUNT,
    "generated-courses.generate_course": Permission.AI_GENERATION,
    "media.delete": Permission.LEARN,
    "media.download": Permission.LEARN,
    "media.upload": Permission.SHARE,
    "passwords.change": Permission.EDIT_OWN_PROFILE,
    "quizzes.generate": Permission.AI_GENERATION,
    "quizzes.list_quizzes": Permission.LEARN,
    "quizzes.read": Permission.LEARN,
    "quizzes.submit": Permission.LEARN,
    "recommendations.recommendations": Permission.VIEW_COURSES,
    "streams.read": Permission.LEARN,
    "study.study": Permission.AI_GENERATION,
    "tasks.cancel_task": Permission.LEARN,
    "tasks.list_tasks": Permission.LEARN,
    "tasks.read": Permission.LEARN,
    "tasks.status": Permission.LEARN,
    "tasks.task_events": Permission.LEARN,
    "teaching.accept": Permission.MEET,
    "teaching.decline": Permission.MEET,
    "teaching.end": Permission.MEET,
    "teaching.invite": Permission.TEACH,
    "teaching.list_invitations": Permission.MEET,
    "teaching.list_students": Permission.TEACH,
    "teaching.list_teachers": Permission.MEET,
    "teaching.read": Permission.MEET,
    "tickets.issue": Permission.LEARN,
    "translations.translate_text": Permission.AI_GENERATION,
    "tutor.conversation_events": Permission.LEARN,
    "tutor.create": Permission.AI_GENERATION,
    "tutor.delete": Permission.LEARN,
    "tutor.list_conversations": Permission.LEARN,
    "tutor.read": Permission.LEARN,
    "tutor.regenerate": Permission.AI_GENERATION,
    "tutor.send": Permission.AI_GENERATION,
    "tutor.stop": Permission.LEARN,
    "users.change_me": Permission.EDIT_OWN_PROFILE,
    "users.leave": Permission.KEEP_ACCOUNT,
    "users.list_activity": Permission.VIEW_OWN_PROFILE,
    "users.read_me": Permission.KEEP_ACCOUNT,
    "users.read_preferences": Permission.VIEW_OWN_PROFILE,
    "users.read_profile": Permission.MEET,
    "users.read_stats": Permission.VIEW_OWN_PROFILE,
    "users.replace_me": Permission.EDIT_OWN_PROFILE,
    "users.replace_preferences": Permission.EDIT_OWN_PROFILE,
    "verification.resend": Permission.VIEW_OWN_PROFILE,
}

FRAMES: Mapping[type[ClientFrame], Permission] = {
    frames.Ask: Permission.AI_GENERATION,
    frames.Cancel: Permission.LEARN,
    frames.Generate: Permission.AI_GENERATION,
    frames.Presence: Permission.MEET,
    frames.Regenerate: Permission.AI_GENERATION,
    frames.Stop: Permission.LEARN,
    frames.Subscribe: Permission.LEARN,
    frames.Typing: Permission.MEET,
}
"""The commands of a session. What is not here (hello, auth, ping, unsubscribe) keeps the session itself."""


def check_doors(app: Quart) -> None:
    """Every route of the API says who it is for: it is open, or it has its line above; and no line is left over.

    Raises RuntimeError, naming what is missing or too much: no route is open, or shut, by having been forgotten.
    """
    guarded = set()
    for endpoint, view in app.view_functions.items():
        promise: Answers | None = getattr(view, ATTRIBUTE, None)
        if endpoint.partition(".")[0] not in WITHOUT_OPERATIONS and (promise is None or promise.signed_in):
            guarded.add(endpoint)
    if faults := sorted(guarded ^ ROUTES.keys()):
        raise RuntimeError(f"api/doors.py: ROUTES and the signed-in routes differ by {', '.join(faults)}")


def let_in(who: Identity) -> Identity:
    """Who comes to a WebSocket, by whatever says so: handshake, ticket, hello or auth. Raises ConsentRequired."""
    require(who, Permission.LEARN)
    return who


def permit(who: Identity, frame: type[ClientFrame]) -> None:
    """Raises Forbidden unless the asker's role may send this command, ConsentRequired when a child may not."""
    require(who, FRAMES[frame])
