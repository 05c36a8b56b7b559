"""A cluster: three masters, and replicas if asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from tests.loopback.valkey_process import MEMORY_ONLY, ValkeyProcess, all_running, free_port, until

SLOTS = 16384


class Node(ValkeyProcess):
    """One node."""

    def __init__(self, folder: Path) -> None:
        self.bus_port = free_port()
        cluster = ("--cluster-enabled", "yes", "--cluster-port", str(self.bus_port), "--cluster-node-timeout", "1000")
        super().__init__(folder, *MEMORY_ONLY, *cluster)


class Cluster:
    """The nodes; at the beginning the first three are the masters."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def master_of(self, name: str) -> Node:
        """The master of a key's or a channel's slot, as the last node sees it."""
        slot = self.slot_of(name)
        for first, last, (_, port, *_), *_ in self.nodes[-1].do("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        raise LookupError(f"nobody has slot {slot}")

    @contextmanager
    def migrating(self, name: str, *, to: Node) -> Iterator[None]:
        """The slot of `name` is on its way to another master while the block runs, and there after it."""
        slot, source = self.slot_of(name), self.master_of(name)
        to.do("CLUSTER", "SETSLOT", slot, "IMPORTING", source.do("CLUSTER", "MYID"))
        source.do("CLUSTER", "SETSLOT", slot, "MIGRATING", to.do("CLUSTER", "MYID"))
        yield
        for key in source.do("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.do("MIGRATE", *to.address, key, 0, 5000)
        for node in (to, source):
            node.do("CLUSTER", "SETSLOT", slot, "NODE", to.do("CLUSTER", "MYID"))

    def slot_of(self, name: str) -> int:
        slot: int = self.nodes[-1].do("CLUSTER", "KEYSLOT", name)
        return slot


@contextmanager
def valkey_cluster(folder: Path, *, replicas: int = 0) -> Iterator[Cluster]:
    """Running and well, all slots covered; replica number n follows master number n."""
    nodes = [Node(folder) for _ in range(3 + replicas)]
    masters = nodes[:3]
    with all_running(nodes):
        bounds = [SLOTS * number // 3 for number in range(4)]
        for epoch, (node, (first, after)) in enumerate(zip(masters, pairwise(bounds), strict=True), 1):
            node.do("CLUSTER", "SET-CONFIG-EPOCH", epoch)
            node.do("CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        for node in nodes[1:]:
            nodes[0].do("CLUSTER", "MEET", *node.address, node.bus_port)
        until(lambda: all(_is_well(node, len(nodes)) for node in nodes))
        for master, replica in zip(masters, nodes[3:], strict=False):
            replica.do("CLUSTER", "REPLICATE", master.do("CLUSTER", "MYID"))
            until(lambda replica=replica: replica.state("INFO", "replication")["master_link_status"] == "up")
        yield Cluster(nodes)


def _is_well(node: Node, nodes: int) -> bool:
    state = node.state("CLUSTER", "INFO")
    return state["cluster_state"] == "ok" and int(state["cluster_known_nodes"]) == nodes
