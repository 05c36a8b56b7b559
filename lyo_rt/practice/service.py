"""First graded answers become ratings: each learner's first answer to a question counts once, and no other does."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from lyo_rt.database.pool import Transaction
from lyo_rt.practice import repository, rules
from lyo_rt.practice.records import Graded


async def rate(
    transaction: Transaction, *, user: UUID, subject: str, title: str, graded: Sequence[Graded], now: datetime
) -> list[UUID]:
    """Learn from a learner's graded answers, in their order; returns the questions whose answer counted. `title` says
    in words what they were about.

    A question the learner was rated on before, or that has no rating, is passed over. The learner's row is locked
    first, so the same answers arriving twice at once count once.
    """
    ability = await repository.lock_ability(transaction, user, subject)
    questions = [one.question for one in graded]
    known = await repository.already_rated(transaction, user, questions)
    ratings = await repository.lock_ratings(transaction, questions)
    counted: list[UUID] = []
    for one in graded:
        if one.question in known or one.question not in ratings:
            continue
        before = ratings[one.question]
        expected = rules.expected_success(ability.value, before.difficulty, one.chance)
        await repository.add_rated(transaction, user, subject, one, expected=expected, ability=ability.value, now=now)
        ability, after = rules.answered(ability, before, one.chance, one.score)
        if after.retired_at is None and rules.misleads(after):
            after = msgspec.structs.replace(after, retired_at=now)
        await repository.set_rating(transaction, one.question, after)
        known.add(one.question)
        counted.append(one.question)
    await repository.set_ability(transaction, user, subject, ability, title=title, now=now)
    return counted
