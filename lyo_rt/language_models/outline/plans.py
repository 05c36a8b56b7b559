"""Course plans without a model."""

from collections import Counter

from lyo_rt.language_models.outline.blueprint import Content, Guided, Part, Read, blueprint_of
from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.pace import pace_of, share_minutes
from lyo_rt.language_models.tasks import CourseBrief, CoursePlan, LessonPlan, ModulePlan


def plan_of(brief: CourseBrief, phrases: Phrases) -> CoursePlan:
    """The plan for `brief`; its minutes add up to the brief's weeks (lyo_rt/language_models/pace.py)."""
    blueprint = blueprint_of(brief, phrases)
    count = sum(len(part.lessons) for part in blueprint.parts)
    minutes = share_minutes(pace_of(brief).minutes, count) if brief.weeks else [15] * count
    modules = _unlike([_module(part, brief, phrases, minutes) for part in blueprint.parts])
    frame = phrases.reading.description if blueprint.from_text else phrases.description
    return CoursePlan(
        title=phrases.title.format(topic=brief.topic),
        description=frame.format(topic=brief.topic, modules=len(modules)),
        objectives=list(brief.objectives) or [module.objectives[0] for module in modules[:4]],
        prerequisites=[] if brief.level == "beginner" else [phrases.prerequisite.format(topic=brief.topic)],
        modules=modules,
    )


def filled(text: str, brief: CourseBrief, content: Content | None = None) -> str:
    """A guide's phrase with the facts put in."""
    facts = {"topic": brief.topic, "interest": "", "objective": ""}
    if isinstance(content, Guided):
        facts |= {"interest": content.interest, "objective": content.objective}
    return text.format(**facts)


def content_at(brief: CourseBrief, plan: CoursePlan, phrases: Phrases, module: int, lesson: int) -> Content:
    """What lesson `lesson` of module `module` is made from; of another author's plan, the nearest of ours."""
    blueprint = blueprint_of(brief, phrases)
    part = blueprint.parts[_nearest(module, len(plan.modules), len(blueprint.parts))]
    return part.lessons[_nearest(lesson, len(plan.modules[module].lessons), len(part.lessons))]


def part_at(brief: CourseBrief, plan: CoursePlan, phrases: Phrases, module: int) -> Part:
    """The part of our blueprint that corresponds to module `module`."""
    parts = blueprint_of(brief, phrases).parts
    return parts[_nearest(module, len(plan.modules), len(parts))]


def _nearest(index: int, of: int, ours: int) -> int:
    return index if of == ours else min(ours - 1, index * ours // max(1, of))


def _module(part: Part, brief: CourseBrief, phrases: Phrases, minutes: list[int]) -> ModulePlan:
    lessons = [_lesson(content, brief, phrases, minutes.pop(0)) for content in part.lessons]
    if part.stage is None:
        return _reading_module(part, phrases, lessons)
    stage = phrases.stages[part.stage]
    objectives = [filled(stage.objective, brief)]
    if part.stage == "goals":
        objectives = list(brief.objectives)
    return ModulePlan(stage.title, filled(stage.summary, brief), objectives, lessons)


def _reading_module(part: Part, phrases: Phrases, lessons: list[LessonPlan]) -> ModulePlan:
    reads = [content for content in part.lessons if isinstance(content, Read)]
    terms = Terms([line for read in reads for line in read.sentences], phrases.language).all[:3] or [reads[0].title]
    objectives = [phrases.reading.objective.format(term=term) for term in terms[:2]]
    summary = phrases.reading.module_summary.format(terms=", ".join(terms))
    return ModulePlan(reads[0].title, summary, objectives, lessons)


def _lesson(content: Content, brief: CourseBrief, phrases: Phrases, minutes: int) -> LessonPlan:
    if isinstance(content, Guided):
        guide = content.guide
        return LessonPlan(filled(guide.title, brief, content), filled(guide.focus, brief, content), minutes)
    opening = content.sentences[0]
    short = opening if len(opening) <= 120 else opening[:119].rsplit(" ", 1)[0] + "…"
    return LessonPlan(content.title, phrases.reading.focus.format(sentence=short), minutes)


def _unlike(modules: list[ModulePlan]) -> list[ModulePlan]:
    """No two modules with one title: later ones are counted. Difficulty goes by the place: the stages build up."""
    seen: Counter[str] = Counter()
    named = []
    for place, module in enumerate(modules):
        seen[module.title] += 1
        count = seen[module.title]
        title = module.title if count == 1 else f"{module.title} ({count})"
        difficulty = 1 + 4 * place // max(1, len(modules) - 1)
        named.append(ModulePlan(title, module.summary, module.objectives, module.lessons, difficulty))
    return named
