"""What practice knows of learners and questions."""

from datetime import datetime
from uuid import UUID

import msgspec


class Ability(msgspec.Struct, frozen=True):
    """A learner in one subject. `value` is in logits, 0 where nothing is known; `recent` are the newest scores,
    oldest first."""

    value: float = 0.0
    answers: int = 0
    recent: tuple[float, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """What is known of a learner in one subject. `title` is that of the newest quiz about it."""

    subject: str
    title: str
    ability: Ability


class Rating(msgspec.Struct, frozen=True):
    """A question. `difficulty` is in logits on the scale of Ability.value; the sums are those of a correlation between
    the scores on it and the abilities of those who answered."""

    difficulty: float = 0.0
    answers: int = 0
    abilities: float = 0.0
    ability_squares: float = 0.0
    scores: float = 0.0
    score_squares: float = 0.0
    products: float = 0.0
    retired_at: datetime | None = None


class Graded(msgspec.Struct, frozen=True):
    """One answer that was graded: `chance` is the share of full marks that blind guessing earns, `score` is 0 to 1."""

    question: UUID
    chance: float
    score: float


class Candidate(msgspec.Struct, frozen=True):
    """A question that could come next."""

    question: UUID
    chance: float
    rating: Rating
