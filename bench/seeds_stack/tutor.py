"""The tutor: streams the provider's tokens to the learner's socket, and stores the exchange."""

from uuid import UUID

import orjson
from openai import AsyncOpenAI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.websockets import WebSocket

from bench.seeds_stack.tables import Message

HISTORY = 20


class Tutor:
    """Answers in any number of conversations."""

    provider: AsyncOpenAI

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions

    async def answer(self, socket: WebSocket, conversation: UUID, user: UUID, question: str) -> None:
        """One turn: the question stored, the answer streamed as it comes and stored at its end."""
        async with self._sessions() as session:
            session.add(Message(conversation_id=conversation, user_id=user, role="user", text=question))
            await session.commit()
            history = await session.execute(
                select(Message.role, Message.text)
                .where(Message.conversation_id == conversation)
                .order_by(Message.created_at.desc())
                .limit(HISTORY)
            )
        turns = [{"role": role, "content": text} for role, text in reversed(history.all())]
        pieces = []
        # The socket's own task reads the provider: no queue, no other process, no copy between them.
        stream = await self.provider.chat.completions.create(  # type: ignore[call-overload]
            model="gpt-4o-mini",
            messages=[{"role": "system", "content": "You are a Socratic tutor."}, *turns],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            if chunk.choices and (text := chunk.choices[0].delta.content):
                pieces.append(text)
                await socket.send_text(orjson.dumps({"type": "token", "text": text}).decode())
        async with self._sessions() as session:
            session.add(Message(conversation_id=conversation, user_id=user, role="assistant", text="".join(pieces)))
            await session.commit()
        await socket.send_text('{"type":"end"}')
