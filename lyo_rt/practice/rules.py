"""Elo with guessing: what an answer says of the learner and of the question, and what should come next. Pure.

Expected success is g + (1 - g)·σ(ability - difficulty), g being the chance of guessing (the three-parameter logistic
model of item response theory). After an answer both move by K·(score - expected), in opposite directions. K falls with
the number of answers (Pelánek, "Applications of the Elo rating system in adaptive educational systems", Computers &
Education 98, 2016): what is little known is learnt quickly, what is well known is no longer shaken by chance.
"""

import math
from collections.abc import Sequence

from lyo_rt.language_models.outline.languages import language_of
from lyo_rt.language_models.outline.words import content_words, stem
from lyo_rt.language_models.tasks import Level
from lyo_rt.practice.records import Ability, Candidate, Known, Rating

INITIAL: dict[Level, float] = {"beginner": -1.0, "intermediate": 0.0, "advanced": 1.0}
"""The difficulty of a question nobody has answered, by the level it was written for."""

EASIEST, HARDEST = 0.65, 0.80
"""The expected success aimed at lies between these (SPEC §5)."""
AIM = (EASIEST + HARDEST) / 2
LEAN = 0.5
"""How much of the distance between the rolling result and AIM the next questions make up for."""
ROLLING = 10
"""Answers in the rolling result."""

K_LARGEST = 1.0
K_FALLS = 0.05
K_SMALLEST_OF_LEARNER = 0.1
"""A learner learns, so an ability never stops moving; a question stays what it is."""

TELLING = 5
"""Answers from which on a rating says more of a learner than the level they, or a course, have named."""
OF_FOUR = 0.25
"""The chance of guessing at the questions that lessons are usually closed with."""
FORGIVEN = 0.35
"""The distance from EASIEST and HARDEST at which a level does not suit at all any more."""
DOUBT = 3.0
"""Answers that an ability in a related subject has to outweigh: so much it is taken for average."""

ENOUGH_ANSWERS = 30
SIGNIFICANT = 1.645
"""Standard errors (one-sided 5 %) below zero at which a correlation counts as negative and not as chance."""


def expected_success(ability: float, difficulty: float, chance: float) -> float:
    """The share of full marks to be expected, from `chance` to 1."""
    return chance + (1 - chance) / (1 + math.exp(difficulty - ability))


def answered(ability: Ability, rating: Rating, chance: float, score: float) -> tuple[Ability, Rating]:
    """Learner and question after an answer with `score` (0 to 1)."""
    surprise = score - expected_success(ability.value, rating.difficulty, chance)
    learner = Ability(
        value=ability.value + max(K_SMALLEST_OF_LEARNER, _k(ability.answers)) * surprise,
        answers=ability.answers + 1,
        recent=(*ability.recent, score)[-ROLLING:],
    )
    question = Rating(
        difficulty=rating.difficulty - _k(rating.answers) * surprise,
        answers=rating.answers + 1,
        abilities=rating.abilities + ability.value,
        ability_squares=rating.ability_squares + ability.value**2,
        scores=rating.scores + score,
        score_squares=rating.score_squares + score**2,
        products=rating.products + ability.value * score,
        retired_at=rating.retired_at,
    )
    return learner, question


def _k(answers: int) -> float:
    return K_LARGEST / (1 + K_FALLS * answers)


def discrimination(rating: Rating) -> float | None:
    """The correlation, -1 to 1, between ability and score; None where all abilities or all scores were alike.

    The abilities are those before the answer, so the question itself has no part in them.
    """
    n = rating.answers
    spread_of_abilities = n * rating.ability_squares - rating.abilities**2
    spread_of_scores = n * rating.score_squares - rating.scores**2
    if spread_of_abilities <= 1e-9 or spread_of_scores <= 1e-9:
        return None
    return (n * rating.products - rating.abilities * rating.scores) / math.sqrt(spread_of_abilities * spread_of_scores)


def misleads(rating: Rating) -> bool:
    """Whether abler learners do worse on it, by enough answers not to be chance: such a question is retired."""
    if rating.answers < ENOUGH_ANSWERS:
        return False
    found = discrimination(rating)
    return found is not None and found * math.sqrt(rating.answers) < -SIGNIFICANT


def target(ability: Ability) -> float:
    """The expected success to aim at: who has lately done better than AIM gets harder questions, who has done worse
    easier ones; within EASIEST and HARDEST."""
    if not ability.recent:
        return AIM
    rolling = sum(ability.recent) / len(ability.recent)
    return min(HARDEST, max(EASIEST, AIM - LEAN * (rolling - AIM)))


def choose(ability: Ability, candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """Up to `count` candidates whose expected success is within EASIEST and HARDEST, the nearest to the target first.

    Retired ones never; of equally near ones those with fewer answers, which most is to be learnt about.
    """
    aim = target(ability)

    def expected(candidate: Candidate) -> float:
        return expected_success(ability.value, candidate.rating.difficulty, candidate.chance)

    fit = [one for one in candidates if one.rating.retired_at is None and EASIEST <= expected(one) <= HARDEST]
    return sorted(fit, key=lambda one: (abs(expected(one) - aim), one.rating.answers, one.question))[:count]


def ability_towards(topic: str, known: Sequence[Known]) -> Ability:
    """How able a learner can be taken to be in what `topic` is about, from subjects whose titles share words with it.

    Each counts by its answers and by the part of the topic's words it shares; little evidence is taken for little.
    """
    wanted = _stems(topic)
    near = [(len(wanted & _stems(one.title)) / max(1, len(wanted)), one.ability) for one in known]
    answers = sum(share * ability.answers for share, ability in near)
    value = sum(share * ability.answers * ability.value for share, ability in near) / (answers + DOUBT)
    share, nearest = max(near, key=lambda one: one[0], default=(0.0, Ability()))
    return Ability(value, math.floor(answers), nearest.recent if share else ())


def suits(ability: Ability, level: Level, chance: float = OF_FOUR) -> float:
    """How well a level suits a learner: 1 where EASIEST to HARDEST of its questions can be expected to be answered,
    falling to 0 with the distance from there."""
    expected = expected_success(ability.value, INITIAL[level], chance)
    distance = max(EASIEST - expected, expected - HARDEST, 0.0)
    return max(0.0, 1 - distance / FORGIVEN)


def outgrown(ability: Ability, level: Level, chance: float = OF_FOUR) -> bool:
    """Whether a level has become too easy, by enough answers to say so."""
    return ability.answers >= TELLING and expected_success(ability.value, INITIAL[level], chance) > HARDEST


def told_level(ability: Ability) -> Level | None:
    """The level of a learner's next lesson; None until enough answers tell it, and what was named holds."""
    return level_for(ability, OF_FOUR) if ability.answers >= TELLING else None


def _stems(text: str) -> set[str]:
    return {stem(word) for word in content_words(text, language_of(text, "en"))}


def level_for(ability: Ability, chance: float) -> Level:
    """The level whose new questions come nearest to the target."""
    aim = target(ability)
    return min(INITIAL, key=lambda level: abs(expected_success(ability.value, INITIAL[level], chance) - aim))
