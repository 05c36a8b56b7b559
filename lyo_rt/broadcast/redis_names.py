"""The names of channels and keys in Redis.

On a cluster the part of a name in braces, its hash tag, decides in which slot it is: what has to be reached in one step
has one tag. The tags begin with a letter, because an empty one would not count, and a topic may be empty.
"""

from uuid import uuid4


class Names:
    """The names on one server. `database` is in them because channels, unlike keys, are the same in all databases."""

    def __init__(self, database: int) -> None:
        self._prefix = f"lyo:{database}:"
        self._instance = uuid4()
        self.gaps = f"{self._prefix}gaps".encode()
        self.topics = f"{self._prefix}topic:".encode()
        """What every topic's channel begins with."""

    def topic(self, topic: str) -> bytes:
        """The channel of a topic."""
        return self.topics + topic.encode()

    def draft(self, key: str, topic: str) -> bytes:  # noqa: ARG002  on one server any key is near any channel
        """The key of a draft that goes out on `topic`."""
        return f"{self._prefix}draft:{key}".encode()

    def memory(self, key: str) -> bytes:
        """The key of a value that is held for a while."""
        return f"{self._prefix}memory:{key}".encode()

    def limit(self, subject: str, policy: str) -> tuple[bytes, bytes]:
        """The keys of a subject's requests and offences under a policy; all of one subject are in one slot."""
        name = f"{self._prefix}limit:{{u:{subject}}}:{policy}"
        return name.encode(), f"{name}:offences".encode()

    def guesses(self, subject: str) -> bytes:
        """The key of the guesses at a subject's password."""
        return f"{self._prefix}guesses:{{u:{subject}}}".encode()

    def heartbeat(self, tag: bytes) -> bytes:
        """A channel of this instance's own, and a key, in the slot of `tag`."""
        return f"{self._prefix}heartbeat:{self._instance}:{{{tag.decode()}}}".encode()


class ShardedNames(Names):
    """The names on a cluster, whose database is 0."""

    def __init__(self) -> None:
        super().__init__(0)

    def topic(self, topic: str) -> bytes:
        """The channel of a topic."""
        return self.topics + b"{t:" + topic.encode() + b"}"

    def draft(self, key: str, topic: str) -> bytes:
        """The key of a draft that goes out on `topic`, in the slot of its channel."""
        return f"{self._prefix}draft:{{t:{topic}}}:{key}".encode()

    def draft_topic(self, key: str) -> bytes:
        """The key under which a draft's topic is found."""
        return f"{self._prefix}draft-topic:{{d:{key}}}".encode()
