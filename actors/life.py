"""One life of an actor: from started(), through its messages, to stopped(), whatever happens in between."""

from collections.abc import Iterator
from typing import Any

import anyio
import structlog
from anyio.lowlevel import checkpoint

from actors.actor import Actor
from actors.crashes import OnlyScopesCancel, described, faults
from actors.mailbox import Address, Crashed, Gone, Mailbox, Message
from lyo_rt.problems import Problem

log: structlog.stdlib.BoundLogger = structlog.get_logger()
FAIR_SHARE = 32
"""Messages received in one go before other tasks get a turn."""


async def live(lives: Iterator[Actor[Message]], address: Address[Message]) -> bool:
    """Live the next of `lives`; False when it ended by a crash, which has been counted and logged."""
    mailbox, actor, whole = address.mailbox, None, True
    try:
        async with anyio.create_task_group() as children:
            mailbox.scope = children.cancel_scope
            with OnlyScopesCancel():
                actor = next(lives)
                actor.address, actor._children = address, children
                await actor.started()
                await _receive_all(actor, mailbox)
            if actor._working:
                children.cancel_scope.cancel()
    except* Exception as crash:
        whole = False
        _see_crash(mailbox, crash)
    finally:
        mailbox.scope = None
        mailbox.settle(failure=Gone(mailbox.kind, mailbox.key))
        if actor is not None:
            actor._children = None
            await _stopped(actor, mailbox)
    return whole


async def _receive_all(actor: Actor[Message], mailbox: Mailbox[Message]) -> None:
    while await _message_waits(actor, mailbox):
        letter = mailbox.take()
        try:
            answer = await actor.receive(letter.message)
        except Problem as refusal:
            if letter.reply is None:
                raise
            mailbox.settle(failure=refusal)
        else:
            mailbox.settle(answer)
        if mailbox.statistics.messages % FAIR_SHARE == 0:
            await checkpoint()


async def _message_waits(actor: Actor[Message], mailbox: Mailbox[Message]) -> bool:
    """True when there is a message to take, False when there will be none."""
    while not mailbox and not mailbox.closed:
        await mailbox.wait(actor.idle_seconds)
        # No await lies between this look and the closing, so no message slips in and is lost.
        if not mailbox and not actor._working and actor.idle_seconds is not None:
            mailbox.close()
    return bool(mailbox)


async def _stopped(actor: Actor[Message], mailbox: Mailbox[Message]) -> None:
    try:
        with anyio.fail_after(actor.stop_seconds, shield=True) as mailbox.hook, OnlyScopesCancel():
            await actor.stopped()
    except Exception as crash:
        _see_crash(mailbox, crash)
    finally:
        mailbox.hook = None


def _see_crash(mailbox: Mailbox[Any], crash: Exception) -> None:
    """Count it, log it, answer who asked."""
    mailbox.statistics.crashes += 1
    received = type(mailbox.current.message).__name__ if mailbox.current else None
    log.error("actor crashed", kind=mailbox.kind, key=str(mailbox.key), received=received, **described(crash))
    failure = Crashed(mailbox.kind, mailbox.key)
    failure.__cause__ = faults(crash)[0]
    mailbox.settle(failure=failure)
