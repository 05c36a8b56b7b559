"""Who may read which profile, and what of it: its owner's settings, with the teachers who are the reader's."""

from uuid import UUID

from api.services import services
from lyo_rt.accounts.profiles import repository, rules
from lyo_rt.accounts.profiles.records import Card
from lyo_rt.security.permissions import Permission, may
from lyo_rt.security.tokens import Identity
from lyo_rt.teaching.repository import teaches


async def visible_card(user_id: UUID, who: Identity) -> tuple[Card, bool] | None:
    """The card and whether its stats may be read too; None when it is not for this reader, or nobody is there."""
    card = await repository.find_card(services().database, user_id)
    if card is None or not (may(who, Permission.MEET) or who.user_id == user_id):
        return None
    taught = await teaches(services().database, who.user_id, user_id)
    if not rules.shown_to(card, who, teaches=taught):
        return None
    return card, rules.stats_shown_to(card, who, teaches=taught)
