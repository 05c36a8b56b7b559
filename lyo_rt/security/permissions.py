"""Who may do what: the matrix of roles (SPEC §6, seed 000 §6.1), how far children go, and the function that decides.

A role opens doors; whose things are behind them is another question. A learner's own things are answered to nobody
else, whatever their role: `may_see` names the exceptions.

A child under 13 whose parent has not agreed has an account to have consent asked for, and nothing else. With a parent's
consent the doors to learning are open, never those where others are met or something is shown to them. Both are lists
of what is allowed: a permission that is added is closed to children until somebody writes it here.
"""

from collections.abc import Mapping
from enum import Enum
from uuid import UUID

from lyo_rt.problems import ConsentRequired, Forbidden
from lyo_rt.security.tokens import Consent, Identity, UserType


class Permission(Enum):
    """A row of the matrix: a value says what it lets one do."""

    KEEP_ACCOUNT = "sign out, have a parent asked, and have or erase what is kept of them"
    VIEW_OWN_PROFILE = "read their own profile"
    EDIT_OWN_PROFILE = "change their own profile"
    VIEW_COURSES = "read courses"
    CREATE_COURSES = "write courses of their own"
    DELETE_COURSES = "delete published courses"
    VIEW_ALL_USERS = "read everybody's accounts"
    MANAGE_USERS = "give roles and suspend accounts"
    AI_GENERATION = "have language models write"
    SYSTEM_CONFIG = "configure the deployment"
    LEARN = "use what is their own: tasks, quizzes, conversations, streams"
    MEET = "meet others: profiles, study rooms, teachers"
    SHARE = "upload files"
    TEACH = "invite students, and see their progress"
    CORRECT_PROFILES = "correct the profiles of students and teachers"
    VIEW_OPERATIONS = "watch the deployment: instances, costs, health in detail"
    VIEW_AUDIT = "read the audit log"


ASK = "A parent has to agree first: POST /v1/users/me/consent asks them."
BEYOND = "A parent's consent is for learning; this is for older learners."

ALL: frozenset[UserType] = frozenset({"student", "teacher", "admin", "super_admin"})
TEACHERS: frozenset[UserType] = frozenset({"teacher", "admin", "super_admin"})
ADMINS: frozenset[UserType] = frozenset({"admin", "super_admin"})
SUPER_ADMINS: frozenset[UserType] = frozenset({"super_admin"})

MATRIX: Mapping[Permission, frozenset[UserType]] = {
    Permission.KEEP_ACCOUNT: ALL,
    Permission.VIEW_OWN_PROFILE: ALL,
    Permission.EDIT_OWN_PROFILE: ALL,
    Permission.VIEW_COURSES: ALL,
    Permission.CREATE_COURSES: TEACHERS,
    Permission.DELETE_COURSES: ADMINS,
    Permission.VIEW_ALL_USERS: ADMINS,
    Permission.MANAGE_USERS: SUPER_ADMINS,
    Permission.AI_GENERATION: ALL,
    Permission.SYSTEM_CONFIG: SUPER_ADMINS,
    Permission.LEARN: ALL,
    Permission.MEET: ALL,
    Permission.SHARE: ALL,
    Permission.TEACH: TEACHERS,
    Permission.CORRECT_PROFILES: ADMINS,
    Permission.VIEW_OPERATIONS: ADMINS,
    Permission.VIEW_AUDIT: ADMINS,
}

CHILDREN: Mapping[Consent, frozenset[Permission]] = {
    "none_needed": frozenset(Permission),
    "pending": frozenset({Permission.KEEP_ACCOUNT}),
    "given": frozenset(
        {
            Permission.KEEP_ACCOUNT,
            Permission.VIEW_OWN_PROFILE,
            Permission.EDIT_OWN_PROFILE,
            Permission.VIEW_COURSES,
            Permission.AI_GENERATION,
            Permission.LEARN,
        }
    ),
}
"""What a parent's consent opens (SPEC §6, COPPA). It is asked for by mail alone, which the law lets do for what is used
here and shown to nobody else (16 CFR 312.5(b)(2)(viii))."""


def allows(role: UserType, permission: Permission) -> bool:
    """What the matrix says."""
    return role in MATRIX[permission]


def require(who: Identity, permission: Permission) -> None:
    """Raises Forbidden unless the asker's role has the permission, ConsentRequired where a child may not go so far."""
    if not allows(who.user_type, permission):
        raise Forbidden(f"This is for those who may {permission.value}.")
    if permission not in CHILDREN[who.consent]:
        raise ConsentRequired(ASK if who.consent == "pending" else BEYOND)


def may(who: Identity, permission: Permission) -> bool:
    """Whether `require` lets the asker pass."""
    return allows(who.user_type, permission) and permission in CHILDREN[who.consent]


def may_see(who: Identity, learner: UUID, *, teaches: bool) -> bool:
    """Whether the asker may see how a learner gets on: their own, a student's while they teach them, or as an admin.

    `teaches`: whether the relation holds now. It counts only while the asker has a teacher's role.
    """
    if who.user_id == learner:
        return True
    return (teaches and allows(who.user_type, Permission.TEACH)) or allows(who.user_type, Permission.VIEW_ALL_USERS)
