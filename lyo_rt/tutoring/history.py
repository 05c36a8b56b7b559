"""Long conversations: the older turns are folded into a stored summary that says how far it reaches; nothing is cut.

A model writes it once SUMMARISE_FROM messages are there; if none could by HISTORY_MESSAGES, the older turns are kept as
an extract of their own sentences.
"""

import msgspec

from lyo_rt.database.pool import Database
from lyo_rt.language_models.outline.summary import summary_of
from lyo_rt.language_models.port import Asker, LanguageModel
from lyo_rt.language_models.summary_tasks import SummariseConversation
from lyo_rt.tutoring import repository
from lyo_rt.tutoring.records import Summary, TurnContext

HISTORY_MESSAGES = 40
"""Messages a prompt carries besides the summary."""
SUMMARISE_FROM = 30
HISTORY_CHARACTERS = 40_000
"""About 10,000 tokens; beyond, the older turns are summarised however few they are."""
KEPT = 16
"""Newest messages that are never summarised."""
EXTRACT = "lyo-extract"


async def bounded(database: Database, context: TurnContext, locale: str) -> TurnContext:
    """The turn's context with a history that fits into a prompt, its older part as an extract where it has to be."""
    size = sum(len(turn.text) for turn in context.turns)
    if len(context.turns) <= HISTORY_MESSAGES and size <= HISTORY_CHARACTERS:
        return context
    task, position = _older(context, locale)
    if not task.turns:
        return context
    await repository.set_summary(database, context.conversation, Summary(position, summary_of(task).summary), EXTRACT)
    return _behind(context, await repository.get_summary(database, context.conversation))


async def summarise(database: Database, context: TurnContext, model: LanguageModel) -> None:
    """Have the older turns summarised when there are enough of them. Raises ModelUnavailable."""
    size = sum(len(turn.text) for turn in context.turns)
    if len(context.turns) < SUMMARISE_FROM and size <= HISTORY_CHARACTERS // 2:
        return
    task, position = _older(context, context.locale)
    if not task.turns:
        return
    asker = Asker("summary", user=context.user_id, work=context.conversation, private=True)
    draft, written = await model.write(task, asker)
    await repository.set_summary(database, context.conversation, Summary(position, draft.summary), written.model)


def _older(context: TurnContext, locale: str) -> tuple[SummariseConversation, int]:
    """What is to be summarised, and the position it reaches."""
    count = max(0, len(context.turns) - KEPT)
    former = context.summary.text if context.summary else ""
    task = SummariseConversation(former=former, turns=context.turns[:count], locale=locale)
    return task, context.positions[count - 1] if count else 0


def _behind(context: TurnContext, summary: Summary | None) -> TurnContext:
    """The context with what the stored summary stands for left out."""
    if summary is None:
        return context
    first = sum(position <= summary.position for position in context.positions)
    return msgspec.structs.replace(
        context, turns=context.turns[first:], positions=context.positions[first:], summary=summary
    )
