"""The rules of courses (SPEC §5): rising difficulty, no lesson twice, times that add up, links that are https."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from lyo_rt.language_models.pace import share_minutes
from lyo_rt.language_models.quality.options import essence
from lyo_rt.language_models.quality.texts import folded
from lyo_rt.language_models.tasks import CoursePlan, KeyTerm, LessonDraft, LessonPlan, Link, ModulePlan

CourseRule = Literal[
    "module_count",
    "blank_text",
    "repeated_module",
    "repeated_lesson",
    "difficulty_not_rising",
    "minutes",
    "exercise_minutes",
    "link_not_https",
    "repeated_link",
    "repeated_key_term",
    "question_count",
]

MINUTES_TOLERANCE = 0.1
"""How far the minutes of all lessons may be from the time the learner gave, as a share of it."""

_HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.IGNORECASE
)


class CourseFault(msgspec.Struct, frozen=True):
    """A broken rule of a plan or a lesson; `detail` says it in words for whoever mends it."""

    rule: CourseRule
    detail: str


def plan_faults(plan: CoursePlan) -> list[CourseFault]:
    """What is wrong with a plan and is its author's to mend."""
    return [
        *_counted(plan),
        *_blank({"title": plan.title, "description": plan.description}),
        *(fault for n, module in enumerate(plan.modules) for fault in _blank_module(f"modules[{n}].", module)),
        *_repeated(plan),
        *_difficulty(plan),
    ]


def timed(plan: CoursePlan, minutes: int | None) -> CoursePlan:
    """The plan with its lessons' minutes in proportion, so that they add up to `minutes`; as it is when they do.

    `minutes` is None when the learner gave no time.
    """
    lessons = [lesson for module in plan.modules for lesson in module.lessons]
    total = sum(lesson.minutes for lesson in lessons)
    if minutes is None or abs(total - minutes) <= MINUTES_TOLERANCE * minutes:
        return plan
    # a lesson's share of the time stays what the author gave it, in steps of 5 minutes
    even = share_minutes(minutes, len(lessons))
    shares = [max(5, min(600, 5 * round(minutes * lesson.minutes / total / 5))) for lesson in lessons]
    if abs(sum(shares) - minutes) > MINUTES_TOLERANCE * minutes:
        shares = even
    left = iter(shares)
    modules = [
        msgspec.structs.replace(
            module, lessons=[msgspec.structs.replace(lesson, minutes=next(left)) for lesson in module.lessons]
        )
        for module in plan.modules
    ]
    return msgspec.structs.replace(plan, modules=modules)


def without_repeats(plan: CoursePlan) -> tuple[CoursePlan, int]:
    """The plan without lessons that come back, and how many went; a module keeps its last one in any case."""
    seen: set[tuple[str, ...]] = set()
    modules = []
    for module in plan.modules:
        kept: list[LessonPlan] = []
        for lesson in module.lessons:
            if (title := essence(lesson.title)) not in seen:
                kept.append(lesson)
            seen.add(title)
        modules.append(msgspec.structs.replace(module, lessons=kept or module.lessons[-1:]))
    dropped = sum(len(before.lessons) - len(after.lessons) for before, after in zip(plan.modules, modules, strict=True))
    return (msgspec.structs.replace(plan, modules=modules) if dropped else plan), dropped


def lesson_faults(lesson: LessonDraft) -> list[CourseFault]:
    """What is wrong with a lesson and is its author's to mend."""
    exercise = lesson.exercise
    texts = {
        "summary": lesson.summary,
        "text": lesson.text,
        "exercise.title": exercise.title,
        "exercise.instructions": exercise.instructions,
    }
    return list(_blank(texts))


def tidied(lesson: LessonDraft, minutes: int) -> tuple[LessonDraft, list[CourseRule], list[CourseRule]]:
    """The lesson with an exercise that fits into its `minutes`, each key term and link once, and links that are https.

    Also the rules that were mended, and those for which something was dropped, each as often as it was.
    """
    mended: list[CourseRule] = []
    dropped: list[CourseRule] = []
    links: list[Link] = []
    for link in lesson.links:
        url = re.sub(r"^http://", "https://", link.url.strip())
        if not is_https(url):
            dropped.append("link_not_https")
        elif url in [kept.url for kept in links]:
            dropped.append("repeated_link")
        else:
            mended += ["link_not_https"] if url != link.url else []
            links.append(Link(link.title, url, link.source))
    terms: dict[str, KeyTerm] = {}
    for term in lesson.key_terms:
        if folded(term.term) in terms or not folded(term.term):
            dropped.append("repeated_key_term")
        terms.setdefault(folded(term.term), term)
    terms.pop("", None)
    exercise = lesson.exercise
    if exercise.minutes > minutes:
        mended.append("exercise_minutes")
        exercise = msgspec.structs.replace(exercise, minutes=minutes)
    if not mended and not dropped:
        return lesson, mended, dropped
    better = msgspec.structs.replace(lesson, links=links, key_terms=list(terms.values()), exercise=exercise)
    return better, mended, dropped


def is_https(url: str) -> bool:
    """Whether a URL is syntactically valid, https, and names a public host: no user, no address, no odd port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "https" and parts.username is None and port in (None, 443)
    return (
        plain
        and not re.search(r"[\s\x00-\x1f<>\"\\^`{|}]", url)
        and _HOST.fullmatch(_ascii(parts.hostname)) is not None
    )


def _ascii(host: str | None) -> str:
    try:
        return (host or "").encode("idna").decode()
    except UnicodeError:
        return ""


def _counted(plan: CoursePlan) -> Iterable[CourseFault]:
    if not 4 <= len(plan.modules) <= 12:
        yield CourseFault("module_count", f"a course has 4 to 12 modules, not {len(plan.modules)}")


def _blank(texts: dict[str, str]) -> Iterable[CourseFault]:
    return (CourseFault("blank_text", f"`$.{place}` says nothing") for place, text in texts.items() if not text.strip())


def _blank_module(where: str, module: ModulePlan) -> Iterable[CourseFault]:
    texts = {f"{where}title": module.title, f"{where}summary": module.summary}
    for n, lesson in enumerate(module.lessons):
        texts |= {f"{where}lessons[{n}].title": lesson.title, f"{where}lessons[{n}].focus": lesson.focus}
    return _blank(texts)


def _repeated(plan: CoursePlan) -> Iterable[CourseFault]:
    for title in _twice([module.title for module in plan.modules]):
        yield CourseFault("repeated_module", f"two entries of `$.modules` have the title {title!r}")
    for title in _twice([lesson.title for module in plan.modules for lesson in module.lessons]):
        yield CourseFault("repeated_lesson", f"two lessons have the title {title!r}")


def _twice(titles: Sequence[str]) -> list[str]:
    essences = [essence(title) for title in titles]
    if len(set(essences)) == len(essences):
        return []
    spelt = dict(zip(essences, titles, strict=True))
    return [spelt[one] for one, count in Counter(essences).items() if count > 1]


def _difficulty(plan: CoursePlan) -> Iterable[CourseFault]:
    told = [module.difficulty for module in plan.modules]
    if told != sorted(told) or told[0] == 0 or told[0] == told[-1]:
        detail = f"`difficulty` must rise over the modules, from 1 to 5 and never falling; it is {told}"
        yield CourseFault("difficulty_not_rising", detail)
