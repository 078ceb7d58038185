"""Nodes hear of each other's people: over a real Valkey, and by a real store while that is down (PR3)."""

from __future__ import annotations

import asyncio
import itertools
import os
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from presence.elsewhere import HOLDS_MS, Here, Node
from presence.ids import AccountId, ConnectionId, DeviceId
from presence.lease import LeaseTimes
from presence.roster import Roster
from server.bus.local import LocalBus
from server.bus.redis import RedisBus
from server.ports import Bus, StoreDown
from server.registry import neighbours as module
from server.registry.neighbours import Neighbours
from server.registry.node import begin_life
from server.registry.statements import decode, encode
from server.shared_clock import SharedClock
from server.store.migrate import upgrade
from server.store.sqlite import SqliteStore
from tests.contracts.valkey import Valkey, a_valkey
from tests.fakes import MovableClock

WITHIN_SECONDS = 20
MARIA, BEN = AccountId("maria"), AccountId("ben")
_deployments = itertools.count()


class OneNode:
    """A node with people on it. `told` and `settled` are whom it was to tell of, and whose calls to look at."""

    def __init__(self, me: Node, bus: Bus, store: SqliteStore, clock: MovableClock | SharedClock) -> None:
        self.me, self.bus, self.clock = me, bus, clock
        self.roster = Roster(LeaseTimes())
        self.told: list[AccountId] = []
        self.settled: list[AccountId] = []
        follow = clock.go_on_with if isinstance(clock, SharedClock) else lambda _at: None
        self.neighbours = Neighbours(me, bus, store, self.roster, clock, self._tell, self._settle, follow)

    async def _tell(self, account: AccountId) -> None:
        self.told.append(account)

    async def _settle(self, account: AccountId) -> None:
        assert account in self.told
        self.settled.append(account)

    def comes(self, account: AccountId, *, visible: bool = True) -> None:
        page = ConnectionId(f"page of {account}")
        self.roster.join(page, account, DeviceId("phone"), visible=visible, urgent=True, now=self.clock.now())

    def goes(self, account: AccountId) -> None:
        self.roster.leave(ConnectionId(f"page of {account}"))

    async def sees(self, **people: bool) -> None:
        """Until these are connected elsewhere, visible or not, and nobody else."""
        await until(lambda: self.roster.elsewhere.reaches() == people)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not true():  # noqa: ASYNC110  the nodes are watched from outside
            await asyncio.sleep(0.01)


class StoreThatIsDown:
    """As the lifeboat says it."""

    async def write(self, _work: object) -> None:
        raise StoreDown

    read_log = write


class Deployment:
    """Nodes of one deployment, one store and one Valkey."""

    def __init__(self, url: str, store: SqliteStore, stack: AsyncExitStack) -> None:
        self.url, self.store, self.clock = url, store, MovableClock()
        self._name, self._stack = f"deployment-{next(_deployments)}", stack

    async def node(
        self, name: str, epoch: int = 1, bus: Bus | None = None, clock: SharedClock | None = None
    ) -> OneNode:
        """One that has begun, and whose bus is up if it has any."""
        if bus is None:
            redis = RedisBus(self.url, self._name, f"{name}.{epoch}", bytes(32))
            self._stack.push_async_callback(redis.close)
            bus = redis
        node = OneNode(Node(name, epoch), bus, self.store, clock or self.clock)
        await node.neighbours.start()
        self._stack.push_async_callback(node.neighbours.stop)
        if isinstance(bus, RedisBus):
            await bus.start()
            await until(lambda: bus.up)
        return node

    async def dies(self, node: OneNode) -> None:
        """As by kill -9: not a word more."""
        for task in (node.neighbours._looking, node.neighbours._telling):
            assert task is not None
            task.cancel()
        assert isinstance(node.bus, RedisBus)
        await node.bus.close()

    async def rows(self) -> list[str]:
        now = self.clock.now()
        return sorted(one.node for one in await self.store.read(lambda tx: tx.nodes.heard(now)))


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with a_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@asynccontextmanager
async def a_deployment(url: str, folder: Path) -> AsyncIterator[Deployment]:
    await asyncio.to_thread(upgrade, folder / "beside.db")
    store = SqliteStore(folder / "beside.db")
    store.start()
    try:
        async with AsyncExitStack() as stack:
            yield Deployment(url, store, stack)
    finally:
        await asyncio.to_thread(store.close)


@pytest.fixture
async def deployment(valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    monkeypatch.setattr(module, "CERTAIN_AFTER_SECONDS", 0.0)
    async with a_deployment(valkey.url, tmp_path) as deployment:
        yield deployment


async def test_pr03_whoever_comes_to_one_node_is_here_on_the_others_until_they_go(deployment: Deployment) -> None:
    oslo, rome, lima = [await deployment.node(name) for name in ("oslo", "rome", "lima")]
    oslo.comes(MARIA)
    rome.comes(BEN, visible=False)
    await lima.sees(maria=True, ben=False)
    await oslo.sees(ben=False)
    await until(lambda: set(lima.told) == set(lima.settled) == {MARIA, BEN})
    oslo.goes(MARIA)
    await lima.sees(ben=False)
    await rome.sees()
    await until(lambda: lima.told.count(MARIA) == 2)
    assert await deployment.rows() == []


async def test_pr03_a_node_that_begins_is_told_at_once(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAY_SECONDS", 3_600.0)
    oslo = await deployment.node("oslo")
    oslo.comes(MARIA)
    await until(lambda: oslo.neighbours._said_changes == oslo.roster.changes)
    rome = await deployment.node("rome")
    await rome.sees(maria=True)


async def test_pr03_a_page_that_is_hidden_or_goes_into_a_call_is_heard_of_before_it_is_said_anyway(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAY_SECONDS", 3_600.0)
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    oslo.comes(MARIA)
    page = ConnectionId("page of maria")
    oslo.roster.enter(page, "call:1")
    await until(lambda: rome.roster.is_in(MARIA, "call:1", visible_only=True))
    oslo.roster.set_visible(page, visible=False)
    await rome.sees(maria=False)
    assert rome.roster.is_in(MARIA, "call:1")
    assert not rome.roster.is_in(MARIA, "call:1", visible_only=True)


async def test_pr03_a_node_that_dies_is_forgotten_in_time_and_its_peoples_calls_are_looked_at(
    deployment: Deployment,
) -> None:
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    oslo.comes(MARIA)
    await until(lambda: rome.settled == [MARIA])
    await deployment.dies(oslo)
    deployment.clock.advance(HOLDS_MS - 1)
    await until(lambda: oslo.clock.now() == rome.clock.now())
    assert rome.roster.is_connected(MARIA)
    deployment.clock.advance(1)
    await rome.sees()
    await until(lambda: rome.settled == [MARIA, MARIA])


async def test_pr03_a_node_that_starts_after_the_databases_clock_was_set_back_is_believed(
    deployment: Deployment,
) -> None:
    """The others did not follow that. What it says by the clock of the database would all be over for them."""
    oslo, clock = await deployment.node("oslo"), SharedClock()
    clock.hear(deployment.clock.now() - 60_000, time.monotonic_ns(), time.monotonic_ns())
    rome = await deployment.node("rome", clock=clock)
    rome.comes(BEN)
    await oslo.sees(ben=True)


async def test_pr03_a_node_that_stops_is_forgotten_at_once(deployment: Deployment) -> None:
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    oslo.comes(MARIA)
    await rome.sees(maria=True)
    oslo.goes(MARIA)
    await oslo.neighbours.stop()
    assert isinstance(oslo.bus, RedisBus)
    await oslo.bus.close()
    await rome.sees()


async def test_pr03_a_node_that_is_started_again_replaces_its_past(deployment: Deployment) -> None:
    first, rome = await deployment.node("oslo"), await deployment.node("rome")
    first.comes(MARIA)
    await rome.sees(maria=True)
    await deployment.dies(first)
    again = await deployment.node("oslo", epoch=2)
    again.comes(BEN)
    await rome.sees(ben=True)
    rome.neighbours.hear(encode(first.me, 10_000, deployment.clock.now() + HOLDS_MS, {MARIA: Here(visible=True)})[0])
    assert rome.roster.elsewhere.reaches() == {BEN: True}


async def test_pr03_a_node_does_not_hear_itself_and_a_second_one_of_its_name_is_noticed(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    oslo = await deployment.node("oslo")
    for epoch in (1, 2):
        said = encode(Node("oslo", epoch), 9, deployment.clock.now() + HOLDS_MS, {MARIA: Here(visible=True)})
        oslo.neighbours.hear(said[0])
        assert ("two_nodes_with_one_id" in capsys.readouterr().out) is (epoch == 2)
    assert oslo.roster.elsewhere.reaches() == {}


async def test_pr03_a_large_node_says_it_in_parts(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_AT_MOST_BYTES", 100)
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    many = [AccountId(f"account {n}") for n in range(50)]
    for account in many:
        oslo.comes(account)
    await rome.sees(**dict.fromkeys(many, True))


# ---------------------------------------------------------------- while the bus is down


async def test_pr03_while_the_bus_is_down_it_goes_by_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CERTAIN_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(module, "STORE_SECONDS", (0.1, 0.1))
    with a_valkey(tmp_path / "valkey") as valkey:
        async with a_deployment(valkey.url, tmp_path) as deployment:
            oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
            valkey.kill()
            await until(lambda: not oslo.bus.up and not rome.bus.up)
            oslo.comes(MARIA)
            rome.comes(BEN)
            await rome.sees(maria=True)
            await oslo.sees(ben=True)
            valkey.start()
            await until(lambda: oslo.bus.up and rome.bus.up)
            oslo.goes(MARIA)
            await rome.sees()
            async with asyncio.timeout(WITHIN_SECONDS):
                while await deployment.rows():  # and then nobody writes there any more
                    deployment.clock.advance(HOLDS_MS)
                    await asyncio.sleep(0.2)
            await oslo.sees(ben=True)


async def test_pr03_one_node_that_is_cut_off_from_the_bus_is_heard_and_answered_by_the_store(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_SECONDS", (0.1, 0.1))
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    lima = await deployment.node("lima", bus=LocalBus(up=False))
    oslo.comes(MARIA)
    lima.comes(BEN)
    await lima.sees(maria=True)
    await oslo.sees(ben=True)
    await rome.sees(maria=True, ben=True)
    assert await deployment.rows() == ["lima", "oslo", "rome"]


async def test_pr03_whoever_hears_nothing_takes_that_for_nobodys_silence(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own people see nobody there whom it cannot vouch for; but nobody is thrown out of a call by that."""
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    oslo.comes(MARIA)
    await until(lambda: rome.settled == [MARIA])
    monkeypatch.setattr(module, "CERTAIN_AFTER_SECONDS", 3_600.0)
    rome.neighbours._store = StoreThatIsDown()  # type: ignore[assignment]
    assert isinstance(rome.bus, RedisBus)
    await rome.bus.close()
    await until(lambda: rome.neighbours._certain_at > asyncio.get_running_loop().time() + 3_000)
    deployment.clock.advance(HOLDS_MS)
    await until(lambda: rome.told == [MARIA, MARIA])
    assert rome.settled == [MARIA]
    monkeypatch.setattr(module, "CERTAIN_AFTER_SECONDS", -1.0)
    await until(lambda: rome.settled == [MARIA, MARIA])


async def test_pr03_a_node_that_was_paused_takes_that_for_nobodys_silence(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    oslo, rome = await deployment.node("oslo"), await deployment.node("rome")
    oslo.comes(MARIA)
    await until(lambda: rome.settled == [MARIA])
    monkeypatch.setattr(module, "CERTAIN_AFTER_SECONDS", 3_600.0)
    deployment.clock.advance(HOLDS_MS)
    rome.neighbours._looked_at -= HOLDS_MS / 1000
    rome.neighbours.look()  # before it has read what came meanwhile
    assert rome.roster.is_connected(MARIA)
    assert rome.neighbours._certain_at > asyncio.get_running_loop().time() + 3_000


# ---------------------------------------------------------------- what a node is, and what it says


def test_a_node_has_one_id_and_a_new_epoch_with_every_start(tmp_path: Path) -> None:
    lives = [begin_life(tmp_path, now) for now in (1, 1, 0)]
    assert len({life.id for life in lives}) == 1
    assert [life.epoch for life in lives] == [1, 2, 3]
    (tmp_path / "node").write_text("half a")
    assert begin_life(tmp_path, 1).id not in {"half", lives[0].id}


def test_a_folder_that_was_put_back_as_it_once_was_begins_no_life_that_is_over(tmp_path: Path) -> None:
    """The others would hear nothing of it: of its people for ten minutes, of its keys and pictures for good."""
    begin_life(tmp_path, 1_000)
    once = (tmp_path / "node").read_bytes()
    last = [begin_life(tmp_path, 2_000) for _ in range(5)][-1]
    (tmp_path / "node").write_bytes(once)
    after = begin_life(tmp_path, 3_000)
    assert (after.id, after.epoch > last.epoch) == (last.id, True)


def test_what_a_node_notes_of_itself_is_closed_to_others_on_the_machine(tmp_path: Path) -> None:
    """As everything in the data folder: `beside doctor` calls what is not a fault."""
    before = os.umask(0o022)
    try:
        begin_life(tmp_path, 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "node").stat().st_mode) == 0o600


@pytest.mark.parametrize("most", [1, 60, 10_000])
def test_a_statement_comes_back_from_its_parts(most: int) -> None:
    everyone = {
        AccountId(f"account {n}"): Here(n % 2 == 0, frozenset({f"call:{n}", "desk"}), frozenset({"desk"}), n % 3 == 0)
        for n in range(20)
    }
    parts = [decode(data) for data in encode(Node("oslo", 3), 7, 99, everyone, most)]
    assert [(p.node, p.number, p.holds_until, p.part, p.parts) for p in parts] == [
        (Node("oslo", 3), 7, 99, n, len(parts)) for n in range(len(parts))
    ]
    assert {account: here for part in parts for account, here in part.people.items()} == everyone
    assert (len(parts) == 1) is (most == 10_000)


def test_a_node_without_people_says_so() -> None:
    assert [decode(data).people for data in encode(Node("oslo", 1), 1, 99, {})] == [{}]
