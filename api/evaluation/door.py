"""The public door: a conversation is made and read by REST, its turns go over the WebSocket, as every client's do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx
import msgspec

from api.evaluation.course import DIGEST, course_id, digest_of
from api.evaluation.dialogues import Line
from api.evaluation.plan import About
from api.evaluation.problems import read_course
from api.outcome import Unready
from api.signing_in import Learner
from lyo_rt.client.client import Client, Link, Refused
from lyo_rt.client.replica import Ended, Lost
from lyo_rt.client.tokens import Dismissed
from lyo_rt.frames import Delta, Event, Typist

HELD_OFF_SECONDS = 10.0
"""So long waits who asks too often: the problem in a reply has no Retry-After."""
REST_SECONDS = 30.0
TITLE = "Evaluation of the tutor"


class Answer(msgspec.Struct, frozen=True):
    """What the tutor answered; `text` is None when it did not, and `fault` says why. Times are in seconds."""

    text: str | None
    fault: str = ""
    model: str | None = None
    first: float | None = None
    seconds: float = 0.0


class Talk(Protocol):
    """A conversation with a tutor."""

    async def say(self, line: Line) -> Answer:
        """The tutor's answer to this line of the learner's."""
        ...


class Unheard(Exception):
    """A conversation could not be begun; the text is one line that says why."""


class PublicDoor:
    """A running server's, to a learner who has the course of problems."""

    def __init__(
        self, address: str, learner: Learner, http: httpx.AsyncClient, *, about: About, patience: float
    ) -> None:
        """`patience`: seconds that an answer may take."""
        self._address, self._learner, self._http = address, learner, http
        self._about, self._patience = about, patience
        self._resources: dict[str, str] = {}
        """What a conversation is about, by the problem's name."""

    async def enter(self) -> None:
        """See that the learner has the course, in this program's version; before any talk. Raises Unready."""
        answer = await self.call("GET", f"/v1/courses/{course_id(self._learner.user)}")
        course, problems = answer.json(), read_course().problems
        found = course.get("ai_generation_metadata", {}).get(DIGEST) if answer.is_success else None
        if found != digest_of(problems):
            what = "has another version of the course of problems" if found else "has no course of problems"
            raise Unready(f"this learner {what}: run `lyo-rt evaluate prepare EMAIL` where that server's database is")
        for problem, lesson in zip(problems, course["lessons"], strict=True):
            self._resources[problem.name] = lesson["id"] if self._about == "lesson" else lesson["items"][-1]

    @asynccontextmanager
    async def talk(self, problem: str) -> AsyncIterator["Conversation"]:
        """A new conversation about the problem or its lesson. Raises Unheard."""
        resource = self._resources[problem]
        made = await self.call("POST", "/v1/tutor/conversations", {"resource": resource, "title": TITLE})
        if not made.is_success:
            raise Unheard(f"a conversation was refused: {made.json().get('detail', made.status_code)}")
        conversation = Conversation(self, UUID(made.json()["id"]), resource, self._patience)
        async with Client([self._address], self._learner.tokens, conversation.told) as client:
            try:
                async with asyncio.timeout(self._patience):
                    await conversation.join(client)
            except (TimeoutError, Refused, Dismissed) as fault:
                raise Unheard(f"the WebSocket: {fault or 'no answer'}") from None
            yield conversation

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """The answer; who asks too often waits as told. Raises httpx.HTTPError."""
        key = str(uuid4())
        while True:
            token = await self._learner.tokens.valid(self._address)
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            answer = await self._http.request(method, self._address + path, json=body, headers=headers)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            await asyncio.sleep(float(answer.headers.get("Retry-After", HELD_OFF_SECONDS)))


class Conversation:
    """One conversation, followed on a socket of its own: a session may send 120 frames a minute (REALTIME §3)."""

    def __init__(self, door: PublicDoor, id: UUID, resource: str, patience: float) -> None:
        self._door, self._id, self._resource, self._patience = door, id, resource, patience
        self._client: Client | None = None
        self._first: dict[str, float] = {}
        self._ended: dict[str, asyncio.Future[Ended]] = {}

    async def join(self, client: Client) -> None:
        """Follow the conversation. Raises Refused, Dismissed."""
        self._client = client
        await client.subscribe(f"conversation:{self._id}")

    def told(self, what: Event | Delta | Ended | Lost | Typist | Link) -> None:
        """What the client is told."""
        match what:
            case Delta():
                self._first.setdefault(what.message, monotonic())
            case Ended():
                future = self._end(what.end.message)
                if not future.done():
                    future.set_result(what)
            case _:
                pass

    async def say(self, line: Line) -> Answer:
        """The answer to this line."""
        began = monotonic()
        try:
            async with asyncio.timeout(self._patience):
                return await (self._remember(line, began) if line.history else self._ask(line, began))
        except TimeoutError:
            return Answer(None, f"no answer within {self._patience:g} s", seconds=self._patience)
        except (Refused, Dismissed, httpx.HTTPError) as fault:
            return Answer(None, str(fault) or type(fault).__name__, seconds=round(monotonic() - began, 3))

    async def _ask(self, line: Line, began: float) -> Answer:
        """Over the WebSocket; the text is what the client merged."""
        begun = await self._begin(line.say)
        ended = await self._end(begun["answer"])
        first = self._first.get(begun["answer"])
        stored = await self._stored(begun["answer"])
        text = stored["text"] if ended.text is None else ended.text
        complete = ended.end.status == "complete"
        return Answer(
            text if complete else None,
            "" if complete else f"the answer ended as {ended.end.status}",
            stored["model"],
            round(first - began, 3) if first else None,
            round(monotonic() - began, 3),
        )

    async def _begin(self, text: str) -> Mapping[str, Any]:
        id, client = uuid4(), self._client
        if client is None:
            raise RuntimeError("the conversation has not been joined")
        while True:
            try:
                return await client.ask(self._id, text, id)
            except Refused as refused:
                if refused.problem.status != httpx.codes.TOO_MANY_REQUESTS:
                    raise
            await asyncio.sleep(HELD_OFF_SECONDS)

    async def _remember(self, line: Line, began: float) -> Answer:
        """By the call that takes a client's memory along."""
        body = {
            "resourceId": self._resource,
            "userInput": line.say,
            "session_id": str(self._id),
            "conversationHistory": [msgspec.to_builtins(turn) for turn in line.history],
        }
        answer = await self._door.call("POST", "/v1/ai/study-session", body)
        seconds, members = round(monotonic() - began, 3), answer.json()
        if not answer.is_success:
            return Answer(None, f"refused: {members.get('detail', answer.status_code)}", seconds=seconds)
        return Answer(members["response"], model=members["ai_model_used"], seconds=seconds)

    async def _stored(self, message: str) -> Mapping[str, Any]:
        state = (await self._door.call("GET", f"/v1/tutor/conversations/{self._id}?limit=100")).json()
        return next(one for one in state["items"] if one["id"] == message)

    def _end(self, message: str) -> "asyncio.Future[Ended]":
        if message not in self._ended:
            self._ended[message] = asyncio.get_running_loop().create_future()
        return self._ended[message]
