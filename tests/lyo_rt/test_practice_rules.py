"""Elo with guessing: how ratings move, and whether they find the truth about simulated learners and questions."""

import random
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from lyo_rt.language_models.tasks import Level
from lyo_rt.practice import rules
from lyo_rt.practice.records import Ability, Candidate, Known, Rating


def candidate(number: int, difficulty: float, chance: float = 0.25, **more: object) -> Candidate:
    return Candidate(UUID(int=number), chance, Rating(difficulty=difficulty, **more))  # type: ignore[arg-type]


def test_expected_success_goes_from_guessing_to_certainty() -> None:
    assert rules.expected_success(0, 0, 0) == 0.5
    assert rules.expected_success(0, 0, 0.25) == 0.625
    assert rules.expected_success(-20, 0, 0.25) == pytest.approx(0.25, abs=1e-6)
    assert rules.expected_success(20, 0, 0.25) == pytest.approx(1, abs=1e-6)


def test_a_right_answer_raises_the_learner_and_lowers_the_question_by_what_was_unexpected() -> None:
    able, easier = rules.answered(Ability(), Rating(), 0.25, 1.0)
    assert (able.value, easier.difficulty) == (pytest.approx(0.375), pytest.approx(-0.375))
    less, harder = rules.answered(Ability(), Rating(), 0.25, 0.0)
    assert (less.value, harder.difficulty) == (pytest.approx(-0.625), pytest.approx(0.625))
    assert (able.answers, easier.answers, able.recent) == (1, 1, (1.0,))


def test_experience_steadies_a_rating() -> None:
    steps = [rules.answered(Ability(answers=n), Rating(answers=n), 0, 1.0) for n in (0, 10, 100, 1000)]
    learners = [learner.value for learner, _ in steps]
    questions = [-question.difficulty for _, question in steps]
    assert learners == sorted(learners, reverse=True)
    assert questions == sorted(questions, reverse=True)
    assert learners[-1] == pytest.approx(rules.K_SMALLEST_OF_LEARNER / 2)
    assert questions[-1] < 0.011


@pytest.mark.parametrize(
    ("recent", "aim"),
    [((), 0.725), ((1.0,) * 10, 0.65), ((0.0,) * 10, 0.80), ((1.0, 0.0) * 5, 0.80), ((0.75,), 0.7125)],
)
def test_the_rolling_result_shifts_the_target_within_its_bounds(recent: tuple[float, ...], aim: float) -> None:
    assert rules.target(Ability(recent=recent)) == pytest.approx(aim)


def test_only_questions_within_reach_are_chosen_the_nearest_first() -> None:
    candidates = [candidate(n, difficulty) for n, difficulty in enumerate((-4.0, -0.9, -0.5, -0.2, 3.0))]
    chosen = rules.choose(Ability(), candidates, 10)
    assert [one.question.int for one in chosen] == [2, 1, 3]
    assert rules.choose(Ability(), candidates, 1) == chosen[:1]
    assert rules.choose(Ability(value=8.0), candidates, 10) == []


def test_of_equals_the_less_known_is_chosen() -> None:
    assert rules.choose(Ability(), [candidate(1, -0.5, answers=9), candidate(2, -0.5)], 1)[0].question.int == 2


def test_the_level_asked_of_a_model_follows_the_learner() -> None:
    assert [rules.level_for(Ability(value=value), 0.25) for value in (-1.0, 0.6, 2.5)] == [
        "beginner",
        "intermediate",
        "advanced",
    ]


def crowd(seed: int, count: int) -> Sequence[float]:
    drawn = random.Random(seed)  # noqa: S311  (a simulation)
    return [drawn.gauss(0, 1.2) for _ in range(count)]


def answered_by(crowd: Sequence[float], slope: float) -> Rating:
    """A question after the crowd: with a negative slope the able ones fail it."""
    drawn = random.Random(7)  # noqa: S311  (a simulation)
    rating = Rating()
    for able in crowd:
        score = float(drawn.random() < rules.expected_success(slope * able, 0, 0.25))
        _, rating = rules.answered(Ability(value=able, answers=50), rating, 0.25, score)
    return rating


def test_a_question_that_the_able_fail_is_found_out_and_a_sound_one_is_not() -> None:
    people = crowd(3, 200)
    assert rules.misleads(answered_by(people, -2.0))
    sound = answered_by(people, 1.5)
    assert not rules.misleads(sound)
    assert (rules.discrimination(sound) or 0) > 0.3


def test_too_few_answers_find_nobody_out() -> None:
    assert not rules.misleads(answered_by(crowd(3, rules.ENOUGH_ANSWERS - 1), -2.0))
    assert rules.discrimination(Rating()) is None
    assert not rules.misleads(answered_by([0.5] * 100, -2.0))


def test_a_retired_question_is_never_chosen() -> None:
    retired = candidate(1, -0.5, retired_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert rules.choose(Ability(), [retired], 1) == []


class Simulation:
    """Learners and questions whose truth is known; the rules see answers only.

    As in the product, a question begins with the difficulty of the level it was written for, which misses the truth by
    0.7 logits (one standard deviation), and where no question suits a learner a new one is written.
    """

    def __init__(self, seed: int, chance: float, *, learners: int = 50, questions: int = 150) -> None:
        self._drawn = random.Random(seed)  # noqa: S311  (a simulation)
        self._chance = chance
        self.truly_able = [self._drawn.gauss(0.2, 1.0) for _ in range(learners)]
        self.truly_hard: dict[UUID, float] = {}
        self.ratings: dict[UUID, Rating] = {}
        self.abilities = [Ability()] * learners
        self.results: list[list[float]] = [[] for _ in range(learners)]
        self._seen: list[set[UUID]] = [set() for _ in range(learners)]
        for _ in range(questions):
            self._write(self._drawn.choice(list(rules.INITIAL)))

    def play(self, rounds: int) -> None:
        for _ in range(rounds):
            for learner in self._drawn.sample(range(len(self.abilities)), len(self.abilities)):
                self._answer(learner, self._next(learner))

    def _write(self, level: Level) -> Candidate:
        id = UUID(int=len(self.ratings))
        self.truly_hard[id] = rules.INITIAL[level] + self._drawn.gauss(0, 0.7)
        self.ratings[id] = Rating(difficulty=rules.INITIAL[level])
        return Candidate(id, self._chance, self.ratings[id])

    def _next(self, learner: int) -> Candidate:
        seen, ability = self._seen[learner], self.abilities[learner]
        candidates = [Candidate(id, self._chance, rating) for id, rating in self.ratings.items() if id not in seen]
        chosen = rules.choose(ability, candidates, 1)
        return chosen[0] if chosen else self._write(rules.level_for(ability, self._chance))

    def _answer(self, learner: int, one: Candidate) -> None:
        truth = rules.expected_success(self.truly_able[learner], self.truly_hard[one.question], self._chance)
        score = float(self._drawn.random() < truth)
        learnt = rules.answered(self.abilities[learner], one.rating, self._chance, score)
        self.abilities[learner], self.ratings[one.question] = learnt
        self._seen[learner].add(one.question)
        self.results[learner].append(score)


@pytest.mark.parametrize("chance", [0.25, 0.5, 0.0])
def test_ratings_converge_and_learners_succeed_two_thirds_to_four_fifths_of_the_time(chance: float) -> None:
    after_warming_up: list[float] = []
    for seed in (1, 2, 3):
        simulation = Simulation(seed, chance)
        simulation.play(80)
        after_warming_up += [score for results in simulation.results for score in results[20:]]
        abilities = [ability.value for ability in simulation.abilities]
        assert statistics.correlation(abilities, simulation.truly_able) > 0.85
        known = [id for id, rating in simulation.ratings.items() if rating.answers >= 10]
        assert len(known) > 100
        difficulties = [simulation.ratings[id].difficulty for id in known]
        assert statistics.correlation(difficulties, [simulation.truly_hard[id] for id in known]) > 0.75
        assert sum(rules.misleads(rating) for rating in simulation.ratings.values()) <= 2
    assert len(after_warming_up) == 3 * 50 * 60
    assert rules.EASIEST <= statistics.mean(after_warming_up) <= rules.HARDEST


def test_a_level_suits_where_most_but_not_all_can_be_expected() -> None:
    learners = {"beginner": -0.2, "intermediate": 0.8, "advanced": 1.8}
    for level, value in learners.items():
        assert rules.suits(Ability(value), level) == 1.0  # type: ignore[arg-type]
    at_the_middle = [rules.suits(Ability(0.8), level) for level in ("beginner", "intermediate", "advanced")]
    assert max(at_the_middle) == at_the_middle[1]
    assert 0 < at_the_middle[0] < 1 > at_the_middle[2] > 0
    assert rules.suits(Ability(-5), "advanced") == 0.0


def test_a_rating_tells_a_level_only_after_some_answers() -> None:
    assert rules.told_level(Ability(2.0, rules.TELLING - 1)) is None
    assert rules.told_level(Ability(2.0, rules.TELLING)) == "advanced"
    assert rules.told_level(Ability(-1.0, rules.TELLING)) == "beginner"
    assert rules.told_level(Ability(0.9, rules.TELLING)) == "intermediate"


def test_a_level_is_outgrown_by_enough_answers_that_say_so() -> None:
    assert rules.outgrown(Ability(1.5, 20), "beginner")
    assert not rules.outgrown(Ability(1.5, 2), "beginner")
    assert not rules.outgrown(Ability(0.0, 20), "intermediate")


def test_ability_in_related_subjects_counts_by_words_shared_and_answers() -> None:
    def known(title: str, value: float, answers: int) -> Known:
        return Known(f"topic:{title}", title, Ability(value, answers, (1.0,)))

    lenses, history = known("Lenses and light", 2.0, 27), known("The Hanseatic League", -2.0, 50)
    towards = rules.ability_towards("Light through lenses", [lenses, history])
    assert (towards.value, towards.answers, towards.recent) == (pytest.approx(2.0 * 27 / 30), 27, (1.0,))
    assert rules.ability_towards("Knitting", [lenses, history]) == Ability()
    assert rules.ability_towards("Light through lenses", []) == Ability()
    little = rules.ability_towards("Light through lenses", [known("Lenses and light", 2.0, 1)])
    assert 0 < little.value < 1
