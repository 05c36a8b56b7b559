"""A master and its replica, watched over by three Sentinels of which two must agree."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.loopback.valkey_process import ValkeyProcess, all_running, until

SERVICE = "lyo"
MEMORY_ONLY = ("--save", "", "--appendonly", "no", "--shutdown-timeout", "0", "--repl-diskless-sync-delay", "0")


class Watched:
    """The servers; either may be the master."""

    def __init__(self, servers: list[ValkeyProcess], sentinels: list[ValkeyProcess]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        members = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        return f"redis+sentinel://{members}/{SERVICE}/0"

    def master(self) -> ValkeyProcess:
        """The server that the first Sentinel names."""
        _, port = self.sentinels[0].do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return next(server for server in self.servers if server.port == int(port))

    def replica(self) -> ValkeyProcess:
        """The other one."""
        master = self.master()
        return next(server for server in self.servers if server is not master)


@contextmanager
def watched_valkey(folder: Path) -> Iterator[Watched]:
    """Running, the replica in step with its master, and the Sentinels known to one another."""
    servers = [ValkeyProcess(folder, *MEMORY_ONLY) for _ in range(2)]
    master, replica = servers
    with all_running(servers):
        replica.do("REPLICAOF", *master.address)
        until(lambda: replica.do("INFO", "replication")["master_link_status"] == "up")
        sentinels = [ValkeyProcess(folder, "--sentinel", config=_config(master)) for _ in range(3)]
        with all_running(sentinels):
            _introduce(sentinels)
            until(lambda: all(_knows_all(sentinel) for sentinel in sentinels))
            yield Watched(servers, sentinels)


def _config(master: ValkeyProcess) -> str:
    return f"""
        sentinel myid {secrets.token_hex(20)}
        sentinel monitor {SERVICE} 127.0.0.1 {master.port} 2
        sentinel down-after-milliseconds {SERVICE} 500
        sentinel failover-timeout {SERVICE} 3000
    """


def _introduce(sentinels: list[ValkeyProcess]) -> None:
    """They would find one another by themselves, in a few seconds."""


def _knows_all(sentinel: ValkeyProcess) -> bool:
    master = sentinel.do("SENTINEL", "MASTER", SERVICE)
    return int(master["num-other-sentinels"]) == 2 and int(master["num-slaves"]) == 1
