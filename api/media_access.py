"""Who may read which upload, and who may add one to a course: the whole rule."""

from uuid import UUID

from api.services import services
from lyo_rt.accounts.repository import find_profile
from lyo_rt.courses import repository as courses
from lyo_rt.media.records import Media


async def may_read(media: Media, user: UUID) -> bool:
    """The owner; of an avatar, everybody signed in while its owner's account is active; of lesson media, who may read
    the course."""
    if media.user_id == user:
        return True
    if media.course_id is not None:
        return await courses.visible_course(services().database, str(media.course_id), user) is not None
    return await find_profile(services().database, media.user_id) is not None


async def may_add(course: UUID, user: UUID) -> bool:
    """Whose course it is."""
    return await courses.owns_course(services().database, course, user)
