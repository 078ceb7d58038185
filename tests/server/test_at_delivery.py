"""What somebody may not see any more does not reach them, from the commit on (CB2, CB4, UC16)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from presence.ids import AccountId, DeviceId
from presence.lease import LeaseTimes
from presence.roster import Roster
from server.gateway import arrivals
from server.ports import Tx
from server.records import Device
from server.store.postgres import PostgresStore
from server.store.sqlite import SqliteStore
from tests.server.raw import Frame, Line, a_line, say_hello
from tests.server.test_store_down import lifeboat
from tests.worlds import Member, World


@asynccontextmanager
async def slow_reads(world: World) -> AsyncIterator[None]:
    """Whatever has to be read comes late: what only holds after a read, does not hold yet."""
    loop, began, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def stick(_tx: Tx) -> None:
        loop.call_soon_threadsafe(began.set)
        gate.wait(30)

    store = lifeboat(world)._store
    assert isinstance(store, SqliteStore | PostgresStore)
    stuck = asyncio.ensure_future(store._reader.run(stick))
    await began.wait()
    try:
        yield
    finally:
        gate.set()
        await stuck


async def all_that_was_sent(line: Line) -> list[Frame]:
    """What was handed to this line before now has come: an answer that needs no store comes behind it."""
    assert (await line.ask("visible", visible=True))["t"] == "ok"
    return line.frames


async def test_uc16_a_removed_member_reads_nothing_that_is_said_after(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    services = world.beside.services
    async with a_line(ana.page.account) as line:
        assert (await line.ask("open_room", room=ana.room))["t"] == "ok"
        entries = await services.store.read(lambda tx: tx.chat.entries(maria.room, 0, 99, 1))  # type: ignore[arg-type]
        account = await services.store.read(lambda tx: tx.groups.member(ana.id))  # type: ignore[arg-type]
        assert account is not None
        async with slow_reads(world):
            services.changes.member_removed(account.account, maria.room)  # type: ignore[arg-type]
            services.changes.entry_added(entries[0], 1)
            assert not [f for f in await all_that_was_sent(line) if f["t"] == "entry_added"]
        assert not [f for f in await all_that_was_sent(line) if f["t"] == "entry_added"]


async def test_cb02_a_block_counts_from_its_commit(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    services = world.beside.services
    async with a_line(ana.page.account) as line:
        assert (await line.ask("open_room", room=ana.room))["t"] == "ok"
        async with slow_reads(world):
            await maria.page.block_member(ana.id)
            said = await services.store.write(lambda tx: tx.chat.entries(maria.room, 0, 99, 9))  # type: ignore[arg-type]
            services.changes.entry_added(next(e for e in said if e.author == maria.id), 1)
            added = [f for f in await all_that_was_sent(line) if f["t"] == "entry_added"]
        assert [f["entry"]["kind"] for f in added] == ["gap"]


async def test_cb04_a_device_that_was_left_gets_no_word_more(world: World, a_group: list[Member]) -> None:
    """From the lock on, also while nothing can be read and the socket is not closed yet."""
    maria, ana = a_group
    services = world.beside.services
    async with a_line(ana.page.account) as line:
        assert (await line.ask("open_room", room=ana.room))["t"] == "ok"
        who = services.out.watchers(f"room:{ana.room}")[0]
        entries = await services.store.read(lambda tx: tx.chat.entries(maria.room, 0, 99, 1))  # type: ignore[arg-type]
        async with slow_reads(world):
            services.changes.device_changed(who.device)
            services.changes.entry_added(entries[0], 1)
            asked = await line.ask("say", room=ana.room, text="Am I still let in?")
            assert asked.get("code") == "locked"
        assert not [f for f in line.frames if f["t"] == "entry_added"]


async def test_cb04_a_page_that_says_hello_during_quick_exit_reads_nothing(
    world: World, a_group: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device was looked up before the lock, and the page would be let in after it."""
    _maria, ana = a_group
    services, boat = world.beside.services, lifeboat(world)
    await ana.page.close()
    ticket = await ana.page.account.ticket()
    read, look, looks = boat.read, arrivals._device, list[DeviceId]()
    looked, locked = asyncio.Event(), asyncio.Event()

    def noted(tx: Tx, account: AccountId, device: DeviceId) -> Device | None:
        looks.append(device)
        return look(tx, account, device)

    async def and_think(work: Callable[[Tx], Any]) -> Any:
        found = await read(work)
        if looks:  # the device was found, unlocked; what follows from it waits
            looked.set()
            await locked.wait()
        return found

    monkeypatch.setattr(arrivals, "_device", noted)
    monkeypatch.setattr(boat, "read", and_think)
    line = await say_hello(world.beside.port, ticket)
    async with asyncio.timeout(10):
        await looked.wait()
    device = await services.store.write(_only_device)
    await services.store.write(lambda tx: tx.accounts.lock_device(device, locked=True))
    services.changes.device_changed(device)
    locked.set()
    assert await line.closed() is not None
    assert not [f for f in line.frames if f["t"] == "welcome"]


def _only_device(tx: Tx) -> DeviceId:
    query = "SELECT devices.id FROM devices JOIN accounts ON accounts.id = account WHERE login = 'ana'"
    return DeviceId(str(tx.db.exec_driver_sql(query).scalar()))  # type: ignore[attr-defined]


def test_uc05_who_is_there_can_be_asked_while_pages_come_and_go() -> None:
    """Transactions ask from their own thread; one that failed would lose that somebody went."""
    roster, stop, failed = Roster(LeaseTimes()), threading.Event(), list[Exception]()

    def ask() -> None:
        while not stop.is_set():
            try:
                roster.is_in("ana", "call:1")  # type: ignore[arg-type]
            except (RuntimeError, KeyError) as error:
                failed.append(error)
                return

    asking = threading.Thread(target=ask)
    asking.start()
    until = time.monotonic() + 1.5
    while time.monotonic() < until and not failed:
        for number in range(50):
            roster.join(str(number), "ana", "phone", visible=True, urgent=False, now=0)  # type: ignore[arg-type]
        for number in range(50):
            roster.leave(str(number))  # type: ignore[arg-type]
    stop.set()
    asking.join()
    assert failed == []
