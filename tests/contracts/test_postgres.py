"""PostgreSQL under several nodes (docs/decisions/0014): one writer at a time, one log of changes, and a database that
is stopped, hung or taken away. Two `PostgresStore`s on one database are two nodes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from rooms.call import Closed
from server.ports import StoreDown, Tx
from server.store import changes, postgres
from server.store.changes import Change
from server.store.copying import ONLY, rows_of
from server.store.migrate import upgrade_postgres
from server.store.postgres_database import SERVING, PostgresDatabase, once
from server.store.tx import SqlTx
from tests.contracts.people import (
    NAMES,
    NOW,
    ROOM,
    a_call_of,
    a_member,
    account_of,
    device_of,
    member_of,
    people_move_in,
    raise_it,
    say,
)
from tests.contracts.stores import Node
from tests.postgres import Postgres, a_database, a_postgres, must_have_postgres, name_of, the_server

BACK_WITHIN_SECONDS = 20
QUICK = replace(SERVING, whole_seconds=0.8)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with a_database() as url:
        await asyncio.to_thread(once, url, lambda db: people_move_in(SqlTx(db)))
        yield url


@pytest.fixture
async def nodes(url: str) -> AsyncIterator[tuple[Node, Node]]:
    one, two = await Node(url, "one").start(), await Node(url, "two").start()
    yield one, two
    await one.stop()
    await two.stop()


@pytest.fixture
async def own_server() -> AsyncIterator[Postgres]:
    """A server for one test, which may stop it; it syncs."""
    must_have_postgres()
    manager = a_postgres()
    server = await asyncio.to_thread(manager.__enter__)
    yield server
    await asyncio.to_thread(manager.__exit__, None, None, None)


class Heard:
    """What a node is told of the others."""

    def __init__(self) -> None:
        self.told: list[list[Change]] = []
        self.all_anew = 0
        self.rings = 0
        self.happened = asyncio.Event()

    def gather(self, tx: Tx, changed: Sequence[Change]) -> list[Any]:
        return list(changed)

    def tell(self, gathered: list[Any]) -> None:
        self.told.append(gathered)
        self.happened.set()

    def everything(self) -> None:
        self.all_anew += 1
        self.happened.set()

    def wrote(self) -> None:
        self.rings += 1

    @property
    def rows(self) -> list[tuple[str, tuple[str | int, ...], str]]:
        return [(c.table, c.key, c.op) for batch in self.told for c in batch]


# ---------------------------------------------------------------- one writer


async def test_ch02_two_nodes_write_one_after_the_other(nodes: tuple[Node, Node]) -> None:
    """200 words from two nodes at once: every place of the room is given once, in the order of the commits."""
    said = await asyncio.gather(
        *(node.store.write(lambda tx, n=n: say(tx, "Ana", f"{n}").seq) for n in range(100) for node in nodes)  # type: ignore[misc]
    )
    assert sorted(said) == list(range(1, 201))
    entries = await nodes[0].store.read(lambda tx: tx.chat.entries(ROOM, 0, 999, 999))
    assert [e.seq for e in entries] == list(range(1, 201))


async def test_what_one_node_reads_in_a_write_nobody_changes_before_it_commits(nodes: tuple[Node, Node]) -> None:
    """Read, decide, save: without the lock two increments would meet."""

    def one_more(tx: Tx) -> None:
        tx.accounts.set_fact("count", str(int(tx.accounts.fact("count") or 0) + 1))

    await asyncio.gather(*(node.store.write(one_more) for _ in range(60) for node in nodes))
    assert await nodes[0].store.read(lambda tx: tx.accounts.fact("count")) == "120"


async def test_a_node_that_is_stopped_while_it_writes_loses_the_lock(nodes: tuple[Node, Node]) -> None:
    """Its transaction is undone, whoever waits for it hears so, and the other node writes meanwhile."""
    one, two = nodes
    stopped, go_on = threading.Event(), threading.Event()

    def stuck(tx: Tx) -> None:
        tx.accounts.set_fact("by", "one")
        stopped.set()
        go_on.wait(BACK_WITHIN_SECONDS)  # the whole process might as well be stopped

    late = asyncio.ensure_future(one.store.write(stuck))
    await asyncio.to_thread(stopped.wait)
    await two.store.write(lambda tx: tx.accounts.set_fact("by", "two"))
    go_on.set()
    with pytest.raises(StoreDown):
        await late
    await one.store.write(lambda tx: tx.accounts.set_fact("more", "one"))  # on a new connection
    assert await two.store.read(lambda tx: (tx.accounts.fact("by"), tx.accounts.fact("more"))) == ("two", "one")


async def test_a_constraint_is_the_fault_of_one_piece_and_a_lock_that_is_not_given_the_stores(url: str) -> None:
    database = PostgresDatabase(url, "one", limits=replace(SERVING, lock_ms=200))
    held, let_go = threading.Event(), threading.Event()

    def hold(db: Connection) -> None:
        held.set()
        let_go.wait(BACK_WITHIN_SECONDS)

    holding = asyncio.ensure_future(asyncio.to_thread(once, url, hold, limits=replace(SERVING, idle_ms=0)))
    await asyncio.to_thread(held.wait)
    with pytest.raises(StoreDown):
        await asyncio.to_thread(database.transact, lambda db: db.execute(text("SELECT 1")))
    let_go.set()
    await holding
    assert await asyncio.to_thread(database.transact, lambda db: db.execute(text("SELECT 1")).scalar()) == 1
    await asyncio.to_thread(database.dispose)


# ---------------------------------------------------------------- a database that is not there


async def test_a_database_that_is_stopped_and_started_again(own_server: Postgres) -> None:
    """As by a power cut: what was acknowledged is there, what failed says so, and the node goes on by itself."""
    url = await asyncio.to_thread(own_server.fresh)
    await asyncio.to_thread(once, url, lambda db: people_move_in(SqlTx(db)))
    node = await Node(url, "one").start()
    acknowledged: list[str] = []
    under_way = [asyncio.ensure_future(_say_and_note(node, f"{n}", acknowledged)) for n in range(300)]
    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(own_server.stop)
    results = await asyncio.gather(*under_way, return_exceptions=True)
    assert {type(r) for r in results if r is not None} <= {StoreDown}
    with pytest.raises(StoreDown):
        await node.store.write(lambda tx: tx.accounts.set_fact("while", "stopped"))
    with pytest.raises(StoreDown):
        await node.store.read(lambda tx: tx.accounts.count())
    await asyncio.to_thread(own_server.start)
    await _writes_again(node)
    words = {e.text for e in await node.store.read(lambda tx: tx.chat.entries(ROOM, 0, 999, 999))}
    assert set(acknowledged) <= words
    in_mirror = await node.mirror.read(lambda tx: tx.chat.room(ROOM))
    assert in_mirror == await node.store.read(lambda tx: tx.chat.room(ROOM)), "also what committed without an answer"
    await node.stop()


async def _say_and_note(node: Node, words: str, acknowledged: list[str]) -> None:
    await node.store.write(lambda tx: say(tx, "Ana", words))
    acknowledged.append(words)


async def _writes_again(node: Node) -> None:
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while True:
            try:
                await node.store.write(lambda tx: tx.accounts.set_fact("back", "yes"))
                await node.store.read(lambda tx: tx.accounts.fact("back"))
            except StoreDown:
                await asyncio.sleep(0.05)
            else:
                return


async def test_a_database_that_hangs_is_given_up_and_its_connection_never_used_again(own_server: Postgres) -> None:
    url = await asyncio.to_thread(own_server.fresh)
    node = await Node(url, "one", QUICK).start()
    backend = "SELECT pg_backend_pid()"
    before = await node.store.write(lambda tx: _scalar(tx, backend))
    os.kill(before, signal.SIGSTOP)
    try:
        with pytest.raises(StoreDown):
            await node.store.write(lambda tx: tx.accounts.set_fact("while", "hung"))
        after = await node.store.write(lambda tx: _scalar(tx, backend))  # the others of its processes still answer
    finally:
        os.kill(before, signal.SIGCONT)
    assert after != before
    with own_server.hanging():
        with pytest.raises(StoreDown):
            await node.store.write(lambda tx: tx.accounts.set_fact("while", "all hung"))
        with pytest.raises(StoreDown):
            await node.store.read(lambda tx: tx.accounts.count())
    await _writes_again(node)
    assert await node.store.read(lambda tx: tx.accounts.fact("while")) is None
    await node.stop()


async def test_an_acknowledged_write_is_on_the_disk_whatever_the_database_says(url: str) -> None:
    name = name_of(url)
    await asyncio.to_thread((await the_server()).ask, "postgres", f"ALTER DATABASE {name} SET synchronous_commit = off")
    assert await asyncio.to_thread(once, url, lambda db: db.execute(text("SHOW synchronous_commit")).scalar()) == "on"


# ---------------------------------------------------------------- the log of changes


async def test_a_node_hears_what_others_wrote_once_in_order_and_nothing_of_its_own(nodes: tuple[Node, Node]) -> None:
    one, two = nodes
    heard = Heard()
    two.store.tell_others(heard)
    await two.store.write(lambda tx: tx.accounts.set_fact("own", "1"))
    await one.store.write(lambda tx: say(tx, "Ana", "one"))
    await one.store.write(lambda tx: tx.accounts.set_fact("other", "1"))
    await two.store.poll()
    await asyncio.sleep(0)
    assert heard.rows == [("rooms", (ROOM,), "U"), ("entries", (ROOM, 1), "I"), ("facts", ("other",), "I")]
    await two.store.poll()
    await two.store.write(lambda tx: tx.accounts.set_fact("own", "2"))
    await asyncio.sleep(0)
    assert len(heard.rows) == 3
    assert heard.rings == 2, "and the others are rung for each commit of its own, and for nothing else"


async def test_what_others_wrote_is_told_before_what_was_decided_after_it(nodes: tuple[Node, Node]) -> None:
    """No bell rang: the node's own commit finds it, and tells it before its handler hears of the commit."""
    one, two = nodes
    heard = Heard()
    two.store.tell_others(heard)
    await one.store.write(lambda tx: tx.groups.change_member(a_member("Ana", hidden=True)))
    await two.store.write(lambda tx: say(tx, "Bea", "hello"))
    assert heard.rows == [("memberships", (member_of("Ana"),), "U")]


async def test_what_is_told_was_read_in_the_transaction_that_found_it(nodes: tuple[Node, Node]) -> None:
    one, two = nodes

    class Reading(Heard):
        def gather(self, tx: Tx, changed: Sequence[Change]) -> list[Any]:
            return [tx.accounts.fact(str(c.key[0])) for c in changed]

    heard = Reading()
    two.store.tell_others(heard)
    await one.store.write(lambda tx: tx.accounts.set_fact("colour", "green"))
    await two.store.write(lambda tx: tx.accounts.set_fact("colour", "blue"))
    (told,) = heard.told
    assert str(told) == "['blue']", "the state is told, not the step"


async def test_a_fault_in_telling_undoes_nobodys_write(nodes: tuple[Node, Node]) -> None:
    one, two = nodes

    class Faulty(Heard):
        def gather(self, tx: Tx, changed: Sequence[Change]) -> list[Any]:
            _scalar(tx, "SELECT 1/0")
            return []

    heard = Faulty()
    two.store.tell_others(heard)
    await one.store.write(lambda tx: tx.accounts.set_fact("colour", "green"))
    await two.store.write(lambda tx: tx.accounts.set_fact("own", "1"))
    assert heard.all_anew == 1
    assert await one.store.read(lambda tx: tx.accounts.fact("own")) == "1"


async def test_a_row_changed_by_hand_is_heard_of_too(nodes: tuple[Node, Node], url: str) -> None:
    one, _two = nodes
    heard = Heard()
    one.store.tell_others(heard)
    name = name_of(url)
    await asyncio.to_thread(
        (await the_server()).ask,
        name,
        "UPDATE memberships SET hidden = true WHERE name = 'Cal'",
        "DELETE FROM devices WHERE account LIKE '%Bea'",
        "UPDATE facts SET name = 'renamed' WHERE false",
    )
    async with asyncio.timeout(BACK_WITHIN_SECONDS):  # nobody rings: it looks once a second by itself
        while len(heard.rows) < 2:
            heard.happened.clear()
            await heard.happened.wait()
    assert heard.rows == [("memberships", (member_of("Cal"),), "U"), ("devices", (device_of("Bea"),), "D")]
    assert await one.mirror.read(lambda tx: tx.accounts.devices(account_of("Bea"))) == []


async def test_a_commit_whose_answer_was_lost_is_told_as_anothers(url: str) -> None:
    """Whoever waits for it is told that it is not saved; the people of this node hear of it all the same."""
    node = await Node(url, "one").start()
    heard = Heard()
    node.store.tell_others(heard)
    committed = PostgresDatabase.transact

    def and_lost(self: Any, work: Callable[[Connection], Any], *, only_looks: bool = False) -> Any:
        committed(self, work, only_looks=only_looks)
        raise StoreDown("the answer to the commit was lost")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresDatabase, "transact", and_lost)
        with pytest.raises(StoreDown):
            await node.store.write(lambda tx: say(tx, "Ana", "Is anyone up?"))
    await node.store.poll()
    await asyncio.sleep(0)
    assert ("entries", (ROOM, 1), "I") in heard.rows
    await node.stop()


@pytest.mark.parametrize("why", ["pruned", "much", "long ago"])
async def test_a_node_that_missed_too_much_copies_everything_anew(
    nodes: tuple[Node, Node], url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = nodes
    heard = Heard()
    two.store.tell_others(heard)
    await two.store.poll()
    _stop_looking(two)
    for n in range(5):
        await one.store.write(lambda tx, n=n: tx.accounts.set_fact(f"fact {n}", "1"))  # type: ignore[misc]
    if why == "pruned":
        name = name_of(url)
        older = "UPDATE changes SET at = at - interval '11 minutes'"
        await asyncio.to_thread((await the_server()).ask, name, older)
        await one.store.write(postgres._prune)
    elif why == "much":
        monkeypatch.setattr(changes, "AT_MOST", 4)
    else:
        two.store._database.changes._read_at -= changes.AWAY_AT_MOST_SECONDS + 1
    copied = threading.Event()
    monkeypatch.setattr(two.mirror, "_copy", _and_then(two.mirror._copy, copied.set))
    await two.store.poll()
    await asyncio.to_thread(copied.wait, BACK_WITHIN_SECONDS)
    assert heard.all_anew == 1
    assert heard.rows == []
    assert await two.mirror.read(lambda tx: tx.accounts.fact("fact 4")) == "1"
    await one.store.write(lambda tx: tx.accounts.set_fact("after", "1"))
    await two.store.poll()
    await asyncio.sleep(0)
    assert heard.rows == [("facts", ("after",), "I")], "and it goes on from there"


async def test_a_node_goes_on_where_a_newer_version_logs_a_table_that_it_does_not_know(
    nodes: tuple[Node, Node], url: str
) -> None:
    """The schema is upgraded before the last old node is gone: that must be able to write."""
    one, two = nodes
    heard = Heard()
    two.store.tell_others(heard)
    await two.store.poll()
    name = url.removeprefix("postgresql:///").partition("?")[0]
    newer = """INSERT INTO changes (tbl, key, op) VALUES ('of_tomorrow', '{"id": "1"}', 'I')"""
    await asyncio.to_thread((await the_server()).ask, name, newer)
    await two.store.write(lambda tx: tx.accounts.set_fact("mine", "1"))
    await one.store.write(lambda tx: tx.accounts.set_fact("after", "1"))
    await two.store.poll()
    await asyncio.sleep(0)
    assert heard.rows == [("facts", ("after",), "I")]


async def test_lines_of_ten_minutes_are_kept_and_the_last_older_one(nodes: tuple[Node, Node], url: str) -> None:
    """A node to which nothing happened since is at that one: nothing was missed."""
    one, two = nodes
    name = name_of(url)
    ask = (await the_server()).ask
    await two.store.poll()
    await asyncio.to_thread(ask, name, "UPDATE changes SET at = at - interval '11 minutes'")
    await one.store.write(lambda tx: tx.accounts.set_fact("colour", "green"))
    await one.store.write(postgres._prune)
    (left,) = await asyncio.to_thread(ask, name, "SELECT tbl FROM changes ORDER BY seq")
    assert len(left) == 2
    heard = Heard()
    two.store.tell_others(heard)
    await two.store.poll()
    await asyncio.sleep(0)
    assert (heard.rows, heard.all_anew) == ([("facts", ("colour",), "I")], 0)


def _stop_looking(node: Node) -> None:
    assert node.store._polls is not None
    node.store._polls.cancel()


def _and_then(work: Callable[..., None], then: Callable[[], None]) -> Callable[..., None]:
    def both(*args: Any) -> None:
        work(*args)
        then()

    return both


# ---------------------------------------------------------------- the mirror


async def test_uc15_an_acknowledged_call_is_in_the_mirror(nodes: tuple[Node, Node]) -> None:
    """On the node that saved it at once, on the other when the bell has rung."""
    one, two = nodes
    call = a_call_of("Ana")
    await one.store.write(lambda tx: raise_it(tx, call))
    assert await one.mirror.read(lambda tx: tx.calls.live()) == [call]
    await two.store.poll()
    assert await two.mirror.read(lambda tx: tx.calls.live()) == [call]


async def test_what_is_said_in_a_group_is_not_copied_and_what_is_said_in_a_live_call_is(
    nodes: tuple[Node, Node],
) -> None:
    one, two = nodes
    call = a_call_of("Ana")
    await one.store.write(lambda tx: raise_it(tx, call))
    await one.store.write(lambda tx: (say(tx, "Ana", "to all"), say(tx, "Ana", "to my peers", call.room)))
    await two.store.poll()
    for node in nodes:
        assert await node.mirror.read(lambda tx: tx.chat.entries(ROOM, 0, 9, 9)) == []
        assert [e.text for e in await node.mirror.read(lambda tx: tx.chat.entries(call.room, 0, 9, 9))] == [
            "to my peers"
        ]


@pytest.mark.parametrize("seed", range(3))
async def test_uc15_after_whatever_two_nodes_did_both_mirrors_are_the_store(  # noqa: C901  a list of what is done
    nodes: tuple[Node, Node], url: str, seed: int
) -> None:
    chance = random.Random(seed)

    def something(number: int) -> Callable[[Tx], object]:
        name, other = chance.sample(NAMES, 2)
        call = a_call_of(name, chance.randrange(6))
        rolled_back = chance.random() < 0.1
        version, ends, kind = chance.randrange(2, 99), chance.random() < 0.3, chance.randrange(7)

        def work(tx: Tx) -> None:
            if kind == 0 and tx.calls.get(call.id) is None:
                raise_it(tx, call)
            elif kind in (0, 1) and tx.calls.get(call.id) is not None:
                end = Closed(NOW + 5, member_of(name), "better") if ends else None
                tx.calls.save(replace(call, version=version, end=end), None if ends else NOW + number)
            elif kind == 2:
                say(tx, name, f"{number}")
                tx.keys.remember(device_of(name), f"key-{number:08}", "digest", b"reply", NOW + number)
            elif kind == 3:
                tx.groups.change_member(replace(a_member(name, hidden=ends), name=f"{name}{number}"))
            elif kind == 4:
                tx.care.block(account_of(name), account_of(other), a_member(name).group, member_of(other), NOW)
            elif kind == 5:
                tx.care.unblock(account_of(name), account_of(other))
            else:
                tx.accounts.set_fact(f"fact {number % 5}", f"{number}")
                tx.accounts.touch_device(device_of(name), NOW + number)
            if rolled_back:
                raise ValueError

        return work

    for round_ in range(12):
        works = [(chance.choice(nodes), something(round_ * 20 + n)) for n in range(20)]
        await asyncio.gather(*(node.store.write(work) for node, work in works), return_exceptions=True)
        if chance.random() < 0.2:
            chance.choice(nodes).mirror.reload_soon()
    for node in nodes:
        await node.store.poll()
    await asyncio.to_thread(_copied_anew)
    stored = await asyncio.to_thread(once, url, _copied, read_only=True)
    assert stored["calls"]
    for node in nodes:
        assert await node.mirror.read(lambda tx: _copied(tx.db)) == stored  # type: ignore[attr-defined]


def _copied_anew() -> None:
    """Every copy that was under way is made; what reads a mirror from now on is behind it in its queue."""
    for thread in threading.enumerate():
        if thread.name == "mirror-copy":
            thread.join(BACK_WITHIN_SECONDS)


def _copied(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All that a copy of this moment would hold, by table."""
    found = rows_of(lambda query: [tuple(row) for row in db.execute(text(query))])
    return {fill.split()[4]: sorted((_plain(row) for row in rows), key=repr) for fill, rows in found}


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(int(value) if isinstance(value, bool) else value for value in row)


async def test_uc15_a_row_that_the_copy_has_is_not_put_back_to_what_it_was(nodes: tuple[Node, Node]) -> None:
    """The copy is newer than what was followed while it was made."""
    one, two = nodes
    _stop_looking(one)
    slow = threading.Event()
    take = one.mirror._take_snapshot

    class Slowly:
        def rows(self) -> Any:
            slow.wait(BACK_WITHIN_SECONDS)
            return take().rows()

    one.mirror._take_snapshot = Slowly
    one.mirror.reload_soon()
    await one.store.write(lambda tx: tx.accounts.set_fact("colour", "green"))
    await one.store.write(lambda tx: tx.accounts.set_fact("colour", "blue"))
    await two.store.write(lambda tx: tx.accounts.set_fact("colour", "red"))
    slow.set()
    await asyncio.to_thread(_copied_anew)
    assert await one.mirror.read(lambda tx: tx.accounts.fact("colour")) == "red", "though it has not looked"


# ---------------------------------------------------------------- migrations


async def test_two_nodes_that_start_on_an_empty_database_upgrade_it_once() -> None:
    server = await the_server()
    name = f"empty_{os.getpid()}_{time.monotonic_ns()}"
    await asyncio.to_thread(server.ask, "postgres", f"CREATE DATABASE {name}")
    url = server.url(name)
    await asyncio.gather(*(asyncio.to_thread(upgrade_postgres, url) for _ in range(3)))
    (found,) = await asyncio.to_thread(server.ask, name, "SELECT version_num FROM alembic_version")
    assert len(found) == 1
    await asyncio.to_thread(server.drop, url)


async def test_the_tables_are_those_that_the_statements_are_written_for(url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from server.store.tables import metadata

    def different(db: Connection) -> list[Any]:
        found = compare_metadata(MigrationContext.configure(db), metadata)
        return [d for d in found if not (d[0] == "remove_table" and d[1].name == "changes")]

    assert await asyncio.to_thread(once, url, different) == []


async def test_every_table_that_is_copied_is_followed(url: str) -> None:
    query = "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'noted'"
    followed = await asyncio.to_thread(once, url, lambda db: {row[0] for row in db.exec_driver_sql(query)})
    copied = {fill.split()[4] for fill, _ in rows_of(lambda _query: [])}
    assert followed == copied | {"reports", "join_requests"}
    assert set(ONLY) <= followed


def _scalar(tx: Tx, query: str) -> Any:
    return tx.db.execute(text(query)).scalar()  # type: ignore[attr-defined]
