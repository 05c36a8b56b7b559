"""Why a course may suit a learner, without a model: the word they share, or level, or language."""

from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.recommendation_tasks import GiveReasons, Reasons


def reasons_of(task: GiveReasons, phrases: Phrases) -> Reasons:
    """One sentence for each course, in their order."""
    words = phrases.advice
    reasons = []
    for place, course in enumerate(task.courses):
        if course.matched:
            reasons.append(words.shares[place % len(words.shares)].format(term=course.matched[0]))
        else:
            reasons.append(words.level if task.level == course.level else words.language)
    return Reasons(reasons)
