"""A stored quiz and a stored attempt as their learner gets them. Pure."""

from collections.abc import Sequence

from msgspec import UNSET

from lyo_rt.quizzes import rules
from lyo_rt.quizzes.grading import FULL
from lyo_rt.quizzes.records import (
    Answered,
    AnswerRecord,
    Attempt,
    Placed,
    QuestionRecord,
    Quiz,
    QuizRecord,
    ResultRecord,
)


def question_name(question: Placed) -> str:
    """What the question is called within its quiz: q1, q2, …"""
    return f"q{question.position}"


def quiz_record(quiz: Quiz, questions: Sequence[Placed], *, hidden: bool) -> QuizRecord:
    """The quiz; `hidden` leaves out what is right and why."""
    return QuizRecord(
        quiz_id=quiz.id,
        resource_id=quiz.resource,
        questions=[_question(quiz, question, hidden=hidden) for question in questions],
        total_questions=len(questions),
        total_points=sum(question.points for question in questions),
        estimated_duration=rules.REVIEW * sum(question.estimated_time for question in questions),
        ai_model_used=quiz.model,
        generation_time=quiz.generation_seconds,
        status=quiz.status,
        title=quiz.title,
        quiz_type=quiz.quiz_type,
        difficulty=quiz.difficulty,
        locale=quiz.locale,
        graded=quiz.graded,
        adaptive=quiz.adaptive,
        degraded=quiz.degraded,
        requested_questions=quiz.requested,
        dropped_questions=quiz.dropped,
        reused_questions=quiz.reused,
        notice=_shortfall(quiz, len(questions)),
        expected_success=_expected(questions) if questions else None,
        attempts=quiz.attempts,
        created_at=quiz.created_at,
    )


def result_record(
    quiz: Quiz, questions: Sequence[Placed], attempt: Attempt, answers: Sequence[Answered]
) -> ResultRecord:
    """What the attempt was worth, with what is right and why."""
    given = {answer.question: answer for answer in answers}
    records = [_answer(quiz, question, given[question.id]) for question in questions]
    score = round(sum(record.points for record in records), 2)
    total = sum(question.points for question in questions)
    return ResultRecord(
        quiz_id=quiz.id,
        attempt=attempt.number,
        graded=quiz.graded,
        score=score,
        total_points=total,
        percentage=round(100 * score / total, 1),
        correct_answers=sum(record.correct for record in records),
        total_questions=len(records),
        expected_success=_expected(questions),
        degraded=attempt.degraded,
        notice=_without_judgement(records) if attempt.degraded else None,
        time_spent=attempt.time_spent,
        submitted_at=attempt.submitted_at,
        answers=records,
    )


def _question(quiz: Quiz, question: Placed, *, hidden: bool) -> QuestionRecord:
    order = rules.order_for(quiz.user_id, question.id, question)
    return QuestionRecord(
        id=question_name(question),
        question=question.question,
        options=rules.labelled([question.options[index] for index in order]),
        correct_answer=UNSET if hidden else rules.correct_answer(quiz.user_id, question),
        explanation=UNSET if hidden else question.explanation,
        difficulty=question.difficulty,
        points=question.points,
        estimated_time=question.estimated_time,
        expected_success=round(question.expected_success, 3),
    )


def _answer(quiz: Quiz, question: Placed, given: Answered) -> AnswerRecord:
    return AnswerRecord(
        question_id=question_name(question),
        answer=given.answer,
        correct=given.score >= FULL,
        score=round(given.score, 3),
        points=round(given.score * question.points, 2),
        max_points=question.points,
        correct_answer=rules.correct_answer(quiz.user_id, question),
        explanation=question.explanation,
        feedback=given.feedback,
        graded_by=given.graded_by,
        rated=given.rated,
        expected_success=round(question.expected_success, 3),
    )


def _expected(questions: Sequence[Placed]) -> float:
    """The share of all points, each question weighing what it is worth."""
    total = sum(question.points for question in questions)
    return round(sum(question.expected_success * question.points for question in questions) / total, 3)


def _shortfall(quiz: Quiz, found: int) -> str | None:
    if quiz.status != "ready" or found >= quiz.requested:
        return quiz.failure
    why = f"{quiz.dropped} did not pass the rules for questions" if quiz.dropped else "there is no material for more"
    return f"{found} of the {quiz.requested} questions asked for: {why}."


def _without_judgement(records: Sequence[AnswerRecord]) -> str:
    names = ", ".join(record.question_id for record in records if record.graded_by == "rules")
    return f"No language model could judge {names}: only the words of the rubric were looked for. It was not rated."
