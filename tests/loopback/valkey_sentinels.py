"""A master and its replica, watched over by three Sentinels of which two must agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback.valkey_process import MEMORY_ONLY, ValkeyProcess, all_running, until

SERVICE = "lyo"


class Watched:
    """The servers; either may be the master."""

    def __init__(self, servers: list[ValkeyProcess], sentinels: list[ValkeyProcess]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        members = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{members}/{SERVICE}/0"

    def master(self, sentinel: int = 0) -> ValkeyProcess:
        """The server that a Sentinel names."""
        _, port = self.sentinels[sentinel].do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return next(server for server in self.servers if server.port == int(port))

    def fail_over(self) -> None:
        """Have the replica become the master, and wait until most Sentinels say so; the old one does not know yet."""
        before = self.master()
        self.sentinels[0].do("SENTINEL", "FAILOVER", SERVICE)
        until(lambda: sum(self.master(sentinel) is not before for sentinel in range(3)) > 1)

    def replicate(self) -> None:
        """Have the other server follow the master now, and wait until it is in step.

        The Sentinels would order it too, 10 s after they see that it does not.
        """
        master = self.master()
        replica = next(server for server in self.servers if server is not master)
        replica.do("REPLICAOF", *master.address)
        until(lambda: replica.state("INFO", "replication").get("master_link_status") == "up")


@contextmanager
def watched_valkey(folder: Path) -> Iterator[Watched]:
    """Running, the replica in step with its master, and the Sentinels known to one another."""
    servers = [ValkeyProcess(folder, *MEMORY_ONLY) for _ in range(2)]
    master, replica = servers
    with all_running(servers):
        replica.do("REPLICAOF", *master.address)
        sentinels = [ValkeyProcess(folder, "--sentinel", config=_config(master)) for _ in range(3)]
        with all_running(sentinels):
            until(lambda: all(_knows_all(sentinel) for sentinel in sentinels))
            watched = Watched(servers, sentinels)
            watched.replicate()
            yield watched


def _config(master: ValkeyProcess) -> str:
    return f"""
        sentinel monitor {SERVICE} 127.0.0.1 {master.port} 2
        sentinel down-after-milliseconds {SERVICE} 500
        sentinel failover-timeout {SERVICE} 3000
    """


def _knows_all(sentinel: ValkeyProcess) -> bool:
    reply = sentinel.do("SENTINEL", "MASTER", SERVICE)
    master = dict(zip(reply[::2], reply[1::2], strict=True))
    return int(master["num-other-sentinels"]) == 2 and int(master["num-slaves"]) == 1
