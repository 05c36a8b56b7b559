"""First graded answers count once, whoever sends them how often, and retire what misleads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import anyio
import pytest

from lyo_rt.database.pool import Database
from lyo_rt.practice import repository, rules, service
from lyo_rt.practice.records import Ability, Graded, Rating

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SUBJECT = "topic:tides"


async def learner(database: Database) -> UUID:
    id: UUID = await database.fetchval(
        "INSERT INTO users (email, email_key, password_hash, full_name) VALUES ($1, $1, 'x', 'L') RETURNING id",
        f"{uuid4().hex}@example.com",
    )
    return id


async def questions(database: Database, count: int) -> list[UUID]:
    """Rated questions of the subject, each at difficulty 0."""
    ids = [uuid4() for _ in range(count)]
    async with database.transaction() as transaction:
        for id in ids:
            await transaction.execute(
                """
                INSERT INTO questions (id, subject, quiz_type, difficulty, locale, question, fixed_order, answer,
                                       explanation, points, estimated_time, model)
                VALUES ($1, $2, 'short_answer', 'intermediate', 'en', 'q', false, 'a', 'e', 10, 90, 'm')
                """,
                id,
                SUBJECT,
            )
        await repository.open_ratings(transaction, dict.fromkeys(ids, 0.0))
    return ids


async def rated(database: Database, user: UUID, graded: Sequence[Graded]) -> list[UUID]:
    async with database.transaction() as transaction:
        return await service.rate(
            transaction, user=user, subject=SUBJECT, title="Lenses and light", graded=graded, now=NOW
        )


async def test_what_is_known_of_a_learner_has_a_name_and_is_found_by_the_course_and_its_parts(
    database: Database,
) -> None:
    user, (one,) = await learner(database), await questions(database, 1)
    await rated(database, user, [Graded(one, 0.0, 1.0)])
    (known,) = await repository.list_known(database, user, limit=5)
    assert (known.subject, known.title, known.ability.value) == (SUBJECT, "Lenses and light", 0.5)
    course, module, lesson, item = (uuid4() for _ in range(4))
    await database.execute("UPDATE abilities SET subject = 'course:' || $1::uuid", course)
    await database.execute("INSERT INTO courses (id, user_id, title) VALUES ($1, $2, 'Optics')", course, user)
    await database.execute(
        "INSERT INTO modules (id, course_id, position, title) VALUES ($1, $2, 1, '')", module, course
    )
    await database.execute(
        "INSERT INTO lessons (id, course_id, module_id, position, title) VALUES ($1, $2, $3, 1, 'Lenses')",
        lesson,
        course,
        module,
    )
    await database.execute(
        "INSERT INTO items (id, course_id, lesson_id, position, type, title) VALUES ($1, $2, $3, 1, 'text', '')",
        item,
        course,
        lesson,
    )
    for resource in (course, lesson, item):
        assert (await repository.get_ability_about(database, user, resource)).value == 0.5
    assert await repository.get_ability_about(database, user, uuid4()) == Ability()


async def test_only_the_first_answer_to_a_question_counts(database: Database) -> None:
    user, (one, two) = await learner(database), await questions(database, 2)
    assert await rated(database, user, [Graded(one, 0.0, 1.0)]) == [one]
    known = await repository.get_ability(database, user, SUBJECT)
    assert (known.value, known.answers, known.recent) == (0.5, 1, (1.0,))
    assert await rated(database, user, [Graded(one, 0.0, 0.0), Graded(two, 0.0, 0.0), Graded(two, 0.0, 1.0)]) == [two]
    ratings = await repository.get_ratings(database, [one, two])
    assert (ratings[one].answers, ratings[two].answers) == (1, 1)
    assert ratings[one].difficulty == -0.5
    assert ratings[two].difficulty > 0


async def test_it_is_what_the_rules_say(database: Database) -> None:
    user, ids = await learner(database), await questions(database, 5)
    graded = [Graded(id, 0.25, float(n % 2)) for n, id in enumerate(ids)]
    await rated(database, user, graded)
    ability = Ability()
    for one in graded:
        ability, rating = rules.answered(ability, Rating(), one.chance, one.score)
        assert (await repository.get_ratings(database, [one.question]))[one.question] == rating
    assert await repository.get_ability(database, user, SUBJECT) == ability


async def test_the_same_answers_at_once_count_once(database: Database) -> None:
    user, ids = await learner(database), await questions(database, 4)
    counted: list[UUID] = []

    async def send(graded: Sequence[Graded]) -> None:
        counted.extend(await rated(database, user, graded))

    async with anyio.create_task_group() as senders:
        for _ in range(8):
            senders.start_soon(send, [Graded(id, 0.0, 1.0) for id in ids])
    assert sorted(counted) == sorted(ids)
    assert (await repository.get_ability(database, user, SUBJECT)).answers == 4


async def test_learners_at_the_same_questions_at_once_are_all_counted(database: Database) -> None:
    users, ids = [await learner(database) for _ in range(12)], await questions(database, 5)

    async def send(place: int, user: UUID) -> None:
        order = ids if place % 2 else ids[::-1]
        assert await rated(database, user, [Graded(id, 0.0, 1.0) for id in order]) == list(order)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as senders:
            for place, user in enumerate(users):
                senders.start_soon(send, place, user)
    ratings = await repository.get_ratings(database, ids)
    assert [ratings[id].answers for id in ids] == [12] * 5


async def test_a_question_that_the_able_fail_is_retired(database: Database) -> None:
    (odd,) = await questions(database, 1)
    for place in range(rules.ENOUGH_ANSWERS):
        user = await learner(database)
        able = place % 2 == 0
        async with database.transaction() as transaction:
            await repository.lock_ability(transaction, user, SUBJECT)
            known = Ability(2.0 if able else -2.0, 40)
            await repository.set_ability(transaction, user, SUBJECT, known, title="", now=NOW)
        assert (await repository.get_ratings(database, [odd]))[odd].retired_at is None
        await rated(database, user, [Graded(odd, 0.25, 0.0 if able else 1.0)])
    assert (await repository.get_ratings(database, [odd]))[odd].retired_at == NOW


async def test_an_unrated_question_is_passed_over(database: Database) -> None:
    assert await rated(database, await learner(database), [Graded(uuid4(), 0.0, 1.0)]) == []
