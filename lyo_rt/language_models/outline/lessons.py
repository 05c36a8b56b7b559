"""Lessons without a model: guided study, or a passage of the given text with questions to it."""

from lyo_rt.language_models.outline.blueprint import Guided, Read
from lyo_rt.language_models.outline.phrases.shape import Phrases
from lyo_rt.language_models.outline.plans import content_at, filled
from lyo_rt.language_models.outline.sources import search_links
from lyo_rt.language_models.outline.terms import Terms
from lyo_rt.language_models.outline.words import Relevance, asks, content_words, find_term, sections_of
from lyo_rt.language_models.tasks import CourseBrief, Exercise, KeyTerm, LessonDraft, LessonPlan, WriteLesson


def lesson_of(task: WriteLesson, phrases: Phrases) -> LessonDraft:
    """The lesson `task` asks for, of our own plan or another author's."""
    content = content_at(task.brief, task.plan, phrases, task.module, task.lesson)
    plan = task.plan.modules[task.module].lessons[task.lesson]
    turn = sum(len(module.lessons) for module in task.plan.modules[: task.module]) + task.lesson
    if isinstance(content, Guided):
        return _guided(task.brief, plan, content, phrases, turn)
    if plan.title != content.title:
        content = _passage_about(plan, task.brief, phrases) or content
    return _read(task.brief, plan, content, phrases, turn)


def _guided(brief: CourseBrief, plan: LessonPlan, content: Guided, phrases: Phrases, turn: int) -> LessonDraft:
    guide = content.guide
    query = " ".join(filter(None, [brief.topic, content.interest]))
    links = search_links(brief, phrases, query, turn=turn)
    questions = [f"{n}. {filled(text, brief, content)}" for n, text in enumerate(guide.questions, 1)]
    advice = phrases.levels[brief.level]
    if brief.style:
        advice = f"{advice} {phrases.styles[brief.style]}"
    text = "\n\n".join(
        [
            filled(guide.opening, brief, content),
            f"## {phrases.guiding_questions}",
            "\n".join(questions),
            f"## {phrases.look_for}",
            "\n".join(f"- {filled(line, brief, content)}" for line in guide.look_for),
            f"## {phrases.how_to_work}",
            advice,
            f"## {phrases.where_to_look}",
            "\n".join(f"- [{link.title}]({link.url})" for link in links),
        ]
    )
    exercise = Exercise(guide.exercise, filled(guide.instructions, brief, content), max(1, plan.minutes // 2))
    return LessonDraft(plan.focus, text, _terms_to_define(brief, content, phrases, turn), exercise, links)


def _terms_to_define(brief: CourseBrief, content: Guided, phrases: Phrases, turn: int) -> list[KeyTerm]:
    """Terms of the topic and the objectives; what they mean is left to the learner, the outline does not know."""
    words = list(dict.fromkeys(content_words(" ".join([content.objective or brief.topic, content.interest]), "")))
    spelt = [brief.topic, *(word for word in words if word not in brief.topic.casefold())]
    chosen = [spelt[0], *spelt[1:][turn % 3 :][:2]]
    ways = phrases.definition
    return [KeyTerm(term, ways[(turn + n) % len(ways)].format(term=term)) for n, term in enumerate(chosen)]


def _read(brief: CourseBrief, plan: LessonPlan, content: Read, phrases: Phrases, turn: int) -> LessonDraft:
    words = phrases.reading
    passage = " ".join(content.sentences)
    every = [line for section in sections_of(brief.source_text or "") for line in section.sentences]
    terms = Terms(every, phrases.language).within(passage)[:5] or [plan.title]
    pair = {"term": terms[turn % len(terms)], "other": terms[(turn + 1) % len(terms)] if terms[1:] else plan.title}
    questions = [words.questions[(turn + n) % len(words.questions)].format(**pair) for n in range(2)]
    points = Relevance(content.sentences, phrases.language).central(3)
    quoted = [point for point in points if not asks(point)][:2]
    questions += [words.quoting[(turn + n) % 2].format(sentence=point) for n, point in enumerate(quoted)]
    text = "\n\n".join(
        [
            f"## {words.passage}",
            "\n>\n".join(f"> {' '.join(lines)}" for lines in _paragraphs(content.sentences)),
            *([f"## {words.main_points}", "\n".join(f"- {point}" for point in points)] if len(passage) > 400 else []),
            f"## {words.questions_heading}",
            "\n".join(f"{n}. {question}" for n, question in enumerate(questions, 1)),
        ]
    )
    exercise = Exercise(
        words.exercise[turn % len(words.exercise)],
        words.instructions[turn % len(words.instructions)].format(**pair),
        max(1, plan.minutes // 2),
    )
    links = search_links(brief, phrases, f"{brief.topic} {pair['term']}", turn=turn)
    summary = words.summary.format(terms=", ".join(terms[:2]))
    return LessonDraft(summary, text, _terms_in(content.sentences, terms, phrases), exercise, links)


def _terms_in(sentences: list[str], terms: list[str], phrases: Phrases) -> list[KeyTerm]:
    """Each term with the shortest whole sentence of the text it stands in: the nearest to a definition there is."""
    found = []
    for term in terms:
        holding = [line for line in sentences if find_term(term, line)]
        if holding:
            best = min(holding, key=lambda line: (len(line.split()) < 5, len(line)))
            found.append(KeyTerm(term, phrases.reading.definition.format(sentence=best)))
    return found


def _paragraphs(sentences: list[str]) -> list[list[str]]:
    return [sentences[start : start + 4] for start in range(0, len(sentences), 4)]


def _passage_about(plan: LessonPlan, brief: CourseBrief, phrases: Phrases) -> Read | None:
    """The sentences of the source text that another author's lesson title and focus speak of, in order."""
    every = [line for section in sections_of(brief.source_text or "") for line in section.sentences]
    ranked = Relevance(every, phrases.language).ranked(f"{plan.title} {plan.focus}")
    chosen = sorted(index for score, index in ranked[:8] if score > 0)
    return Read(plan.title, [every[index] for index in chosen]) if chosen else None
