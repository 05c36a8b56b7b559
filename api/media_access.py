"""Who may read which upload, and who may add one to a course: the whole rule."""

from uuid import UUID

from api.profile_access import visible_card
from api.services import services
from lyo_rt.courses import repository as courses
from lyo_rt.media.records import Media
from lyo_rt.security.tokens import Identity


async def may_read(media: Media, who: Identity) -> bool:
    """The owner; of an avatar, who may read its owner's profile; of lesson media, who may read the course."""
    if media.user_id == who.user_id:
        return True
    if media.course_id is not None:
        return await courses.visible_course(services().database, str(media.course_id), who.user_id) is not None
    return await visible_card(media.user_id, who) is not None


async def may_add(course: UUID, user: UUID) -> bool:
    """Whose course it is."""
    return await courses.owns_course(services().database, course, user)
