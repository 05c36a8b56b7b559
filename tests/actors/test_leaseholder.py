"""Who holds leases keeps them while the database says so, and stops in time when it does not."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import anyio
import msgspec
import pytest
from trio.testing import MockClock

from actors.leaseholder import ANSWER_SECONDS, RENEW_SECONDS, Leaseholder
from actors.work import Lost, Stop, WorkMessage
from lyo_rt import leases
from lyo_rt.broadcast.in_process import InProcessBroadcast
from lyo_rt.leases import LEASE_SECONDS, Lease
from lyo_rt.problems import Unavailable
from tests.actors.streaming import LoopClock

pytestmark = pytest.mark.anyio

KIND = "generation"


@pytest.fixture
def mock_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


@pytest.fixture
def anyio_backend(mock_clock: MockClock) -> tuple[str, dict[str, Any]]:
    """Virtual time alone: these promises are minutes long."""
    return "trio", {"clock": mock_clock}


class Database:
    """Answers renewals: with what is held there, after `seconds`."""

    def __init__(self) -> None:
        self.leases: dict[UUID, Lease] = {}
        self.asked: list[tuple[float, list[UUID]]] = []
        self.away = False
        self.seconds = 0.01
        self.freeze: Callable[[], None] | None = None

    async def renew(self, held: Sequence[Lease]) -> list[Lease]:
        """See lyo_rt.leases.renew."""
        self.asked.append((anyio.current_time(), [lease.id for lease in held]))
        if self.away:
            await anyio.sleep(self.seconds)
            raise Unavailable
        answer = [self.leases[lease.id] for lease in held if lease.id in self.leases]
        await anyio.sleep(self.seconds)
        if self.freeze is not None:
            freeze, self.freeze = self.freeze, None
            freeze()
        return answer


class Worker:
    """What an actor would be told, and when."""

    def __init__(self, leaseholder: Leaseholder, *, obedient: bool = False) -> None:
        self.told: list[tuple[float, WorkMessage]] = []
        self.lease = Lease(KIND, uuid4(), 1)
        self._leaseholder = leaseholder
        self._obedient = obedient

    def tell(self, message: WorkMessage) -> bool:
        """See Teller."""
        self.told.append((anyio.current_time(), message))
        if self._obedient:
            self._leaseholder.drop(self.lease)
        return True

    @property
    def messages(self) -> list[WorkMessage]:
        return [message for _, message in self.told]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def broadcast() -> InProcessBroadcast:
    return InProcessBroadcast(LoopClock())


@pytest.fixture
def leaseholder(database: Database, broadcast: InProcessBroadcast) -> Leaseholder:
    return Leaseholder(database.renew, broadcast, LoopClock())


@asynccontextmanager
async def running(leaseholder: Leaseholder) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leaseholder.run)
        yield
        tasks.cancel_scope.cancel()


def work(leaseholder: Leaseholder, database: Database, **options: Any) -> Worker:
    worker = Worker(leaseholder, **options)
    database.leases[worker.lease.id] = worker.lease
    leaseholder.hold(worker.lease, worker)
    return worker


async def told(worker: Worker) -> float:
    """The moment at which the worker has been told something."""
    with anyio.fail_after(60):
        while not worker.told:  # noqa: ASYNC110  (virtual time)
            await anyio.sleep(0.01)
    return worker.told[0][0]


async def test_what_is_held_is_renewed_together_once_a_second(leaseholder: Leaseholder, database: Database) -> None:
    workers = [work(leaseholder, database) for _ in range(3)]
    async with running(leaseholder):
        await anyio.sleep(10.5)
    assert [asked for _, asked in database.asked] == [[worker.lease.id for worker in workers]] * len(database.asked)
    assert 10 <= len(database.asked) <= 11
    assert [worker.told for worker in workers] == [[], [], []]


async def test_what_was_dropped_is_renewed_no_more(leaseholder: Leaseholder, database: Database) -> None:
    kept, dropped = work(leaseholder, database), work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(2.5)
        leaseholder.drop(dropped.lease)
        database.asked.clear()
        await anyio.sleep(3)
    assert {tuple(asked) for _, asked in database.asked} == {(kept.lease.id,)}
    assert leaseholder.held() == [kept.lease]


async def test_a_lease_is_certain_only_until_its_deadline_by_the_own_clock(
    leaseholder: Leaseholder, database: Database
) -> None:
    worker = work(leaseholder, database)
    former = msgspec.structs.replace(worker.lease, epoch=0)
    async with running(leaseholder):
        await anyio.sleep(60)
        assert leaseholder.holds(worker.lease)
        assert not leaseholder.holds(former)
    # Nobody renews, and nobody tells: as for an instance that was frozen and has just been woken.
    await anyio.sleep(LEASE_SECONDS)
    assert worker.told == []
    assert not leaseholder.holds(worker.lease)


async def test_dropping_a_former_epoch_drops_nothing(leaseholder: Leaseholder, database: Database) -> None:
    worker = work(leaseholder, database)
    leaseholder.drop(msgspec.structs.replace(worker.lease, epoch=0))
    assert leaseholder.held() == [worker.lease]


async def test_a_cancel_that_is_hinted_at_is_told_at_once(
    leaseholder: Leaseholder, database: Database, broadcast: InProcessBroadcast
) -> None:
    worker, other = work(leaseholder, database), work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(2.5)
        began = anyio.current_time()
        database.leases[worker.lease.id] = msgspec.structs.replace(worker.lease, cancel_requested=True)
        await broadcast.publish(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, worker.lease.id))
        assert await told(worker) - began < 0.1
    assert worker.messages == [Stop(worker.lease.id)]
    assert other.told == []


async def test_a_cancel_whose_hint_was_lost_is_told_with_the_next_renewal(
    leaseholder: Leaseholder, database: Database
) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(2.5)
        began = anyio.current_time()
        database.leases[worker.lease.id] = msgspec.structs.replace(worker.lease, cancel_requested=True)
        assert await told(worker) - began <= RENEW_SECONDS + 0.1


async def test_a_cancel_that_comes_while_a_renewal_is_under_way_is_told_at_once(
    leaseholder: Leaseholder, database: Database, broadcast: InProcessBroadcast
) -> None:
    worker = work(leaseholder, database)
    database.seconds = 0.5
    async with running(leaseholder):
        await anyio.sleep(0.25)  # the answer has been made and is on its way
        database.leases[worker.lease.id] = msgspec.structs.replace(worker.lease, cancel_requested=True)
        await broadcast.publish(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, worker.lease.id))
        database.seconds = 0.01
        assert await told(worker) < 0.6


async def test_a_hint_of_what_is_not_held_here_costs_nothing(
    leaseholder: Leaseholder, database: Database, broadcast: InProcessBroadcast
) -> None:
    work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(0.5)
        for _ in range(100):
            await broadcast.publish(leases.CANCEL_TOPIC, leases.encode_cancel(KIND, uuid4()))
        await anyio.sleep(0.1)
        assert len(database.asked) == 1
        leaseholder.lost()
        await anyio.sleep(0.1)
        assert len(database.asked) == 2


async def test_what_another_has_by_now_is_lost(leaseholder: Leaseholder, database: Database) -> None:
    worker, other = work(leaseholder, database), work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(2.5)
        del database.leases[worker.lease.id]
        began = anyio.current_time()
        assert await told(worker) - began <= RENEW_SECONDS + 0.1
    assert worker.messages == [Lost(worker.lease.id)]
    assert leaseholder.held() == [other.lease]
    assert leaseholder.lost_leases == 1


async def test_work_that_is_held_again_meanwhile_is_not_lost_for_its_former_epoch(
    leaseholder: Leaseholder, database: Database
) -> None:
    worker = work(leaseholder, database)
    database.seconds = 0.5
    del database.leases[worker.lease.id]
    async with running(leaseholder):
        await anyio.sleep(0.25)
        again = msgspec.structs.replace(worker.lease, epoch=2)
        database.leases[again.id] = again
        leaseholder.hold(again, worker)
        await anyio.sleep(3)
    assert worker.told == []
    assert leaseholder.held() == [again]


@pytest.mark.parametrize("seconds", [0.01, 0.9, 3600.0], ids=["refuses at once", "refuses slowly", "never answers"])
async def test_with_the_database_away_the_work_stops_when_its_lease_has_run_out(
    leaseholder: Leaseholder, database: Database, seconds: float
) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(10)
        renewed = max(moment for moment, _ in database.asked)
        database.away, database.seconds = True, seconds
        moment = await told(worker)
    assert worker.messages == [Lost(worker.lease.id)]
    assert renewed + LEASE_SECONDS <= moment <= renewed + LEASE_SECONDS + 0.03
    assert leaseholder.held() == []


async def test_a_database_that_comes_back_in_time_costs_nothing(leaseholder: Leaseholder, database: Database) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        for _ in range(10):
            database.away = True
            await anyio.sleep(3)
            database.away = False
            await anyio.sleep(1.5)
    assert worker.told == []


async def test_one_answer_that_never_comes_costs_nothing(leaseholder: Leaseholder, database: Database) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(3.5)
        database.seconds = 3600
        await anyio.sleep(1.0)
        database.seconds = 0.01
        await anyio.sleep(20)
    assert worker.told == []
    assert ANSWER_SECONDS + RENEW_SECONDS < LEASE_SECONDS


async def test_a_renewal_sent_before_a_freeze_extends_nothing(
    leaseholder: Leaseholder, database: Database, mock_clock: MockClock
) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(3.5)
        database.freeze = lambda: mock_clock.jump(LEASE_SECONDS + 1)
        await anyio.sleep(LEASE_SECONDS + 2.1)
    assert worker.messages == [Lost(worker.lease.id)]
    assert leaseholder.held() == []


async def test_a_short_freeze_costs_nothing(
    leaseholder: Leaseholder, database: Database, mock_clock: MockClock
) -> None:
    worker = work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(3.5)
        database.freeze = lambda: mock_clock.jump(LEASE_SECONDS - 1.5)
        await anyio.sleep(30)
    assert worker.told == []


async def test_surrendering_stops_all_work_and_returns_what_was_held(
    leaseholder: Leaseholder, database: Database
) -> None:
    workers = [work(leaseholder, database, obedient=True) for _ in range(3)]
    began = anyio.current_time()
    async with running(leaseholder):
        surrendered = await leaseholder.surrender(3)
    assert surrendered == [worker.lease for worker in workers]
    assert anyio.current_time() - began < 0.1
    assert [worker.messages for worker in workers] == [[Lost(worker.lease.id)] for worker in workers]
    assert leaseholder.held() == []


async def test_surrendering_waits_for_who_does_not_stop_and_renews_meanwhile(
    leaseholder: Leaseholder, database: Database
) -> None:
    quick, slow = work(leaseholder, database, obedient=True), work(leaseholder, database)
    async with running(leaseholder):
        began = anyio.current_time()
        assert await leaseholder.surrender(3) == [quick.lease, slow.lease]
        assert 3 <= anyio.current_time() - began < 3.1
        assert database.asked[-1][1] == [slow.lease.id]
        assert leaseholder.held() == []
        database.asked.clear()
        await anyio.sleep(2)
    assert {tuple(asked) for _, asked in database.asked} == {()}


async def test_surrendering_nothing_waits_for_nothing(leaseholder: Leaseholder) -> None:
    began = anyio.current_time()
    assert await leaseholder.surrender(3) == []
    assert anyio.current_time() == began


async def test_an_hour_costs_one_statement_a_second(leaseholder: Leaseholder, database: Database) -> None:
    for _ in range(100):
        work(leaseholder, database)
    async with running(leaseholder):
        await anyio.sleep(3600)
    assert 3500 <= len(database.asked) <= 3600
