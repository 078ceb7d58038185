"""UC15, embedded: the store is locked, full, hanging, or gone with the process. Calls go on, and the screen is true."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beside_client import Refused
from server.app import start
from server.store.journal import Journal
from server.store.lifeboat import Lifeboat
from tests.by_hand import by_hand, locked, only_on_sqlite
from tests.fakes import cheap_passphrases
from tests.postgres import shared
from tests.worlds import Member, World

BACK_WITHIN_SECONDS = 15
FULL = only_on_sqlite(
    "fills SQLite's own file; a PostgreSQL that takes no writes is in tests/contracts/test_lifeboat_on_postgres.py"
)


def lifeboat(world: World) -> Lifeboat:
    assert isinstance(world.beside.store, Lifeboat)
    return world.beside.store


@asynccontextmanager
async def full(world: World) -> AsyncIterator[None]:
    """SQLite may not grow the file by one page: what a full disk answers (SQLITE_FULL)."""
    file = lifeboat(world)._store
    pages: int = await file.write(lambda tx: tx.db.exec_driver_sql("PRAGMA page_count").scalar())  # type: ignore[attr-defined]
    await file.write(lambda tx: tx.db.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar())  # type: ignore[attr-defined]
    filler = sqlite3.connect(world.beside.settings.data / "beside.db", isolation_level=None)
    try:
        filler.execute(f"PRAGMA max_page_count={pages}")
        for size in (1500, 300, 60, 1):  # every free byte in the pages of the keys, which each command needs
            refused = 0
            while refused < 100:
                refused = 0 if _fits(filler, size) else refused + 1
        yield
    finally:
        filler.close()
        await file.write(lambda tx: tx.db.exec_driver_sql("PRAGMA max_page_count=1000000").scalar())  # type: ignore[attr-defined]


def _fits(filler: sqlite3.Connection, size: int) -> bool:
    row = "INSERT INTO client_keys VALUES (hex(randomblob(8)), hex(randomblob(8)), '', randomblob(?), 0)"
    try:
        filler.execute(row, (size,))
    except sqlite3.OperationalError as error:
        return "full" not in str(error)
    return True


@asynccontextmanager
async def hanging(world: World) -> AsyncIterator[None]:
    """The writer is stuck in a commit that nobody can hurry. PostgreSQL is stopped as it stands."""
    if world.beside.settings.database_url:
        with shared().hanging():
            yield
        return
    gate = threading.Event()
    stuck = asyncio.ensure_future(lifeboat(world)._store.write(lambda _tx: gate.wait(30)))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        gate.set()
        await stuck


async def talk_through_it(ana: Member, maria: Member) -> str:
    """Press, card, coming, in the room, words both ways: all of it while the store is down."""
    raised = await ana.page.ask("raise_call", group=ana.group, words="I am outside the shop.")
    call = str(raised["call"])
    assert raised["saved"] is False, "what is not committed is never shown as saved"
    await ana.page.until(lambda s: s.my_call_when(saved=False))
    room = await maria.go_into(call)
    await ana.page.open_room(room)
    await maria.page.say(room, "I am here.")
    await ana.page.say(room, "I had the money out.")
    held = await ana.page.until(lambda s: s.my_call_when(standing="held"))
    assert held["saved"] is False
    return call


async def saved_again(ana: Member) -> dict[str, Any]:
    return await ana.page.until(lambda s: s.my_call_when(saved=True), within_seconds=BACK_WITHIN_SECONDS)


async def stored_words(world: World) -> list[str]:
    found = await by_hand(world, "SELECT text FROM entries WHERE kind = 'said' ORDER BY room, seq")
    return [words for (words,) in found]


@pytest.mark.parametrize("trouble", [locked, pytest.param(full, marks=FULL), hanging])
async def test_uc15_a_call_rings_and_is_held_while_the_store_is(
    trouble: Any, world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, _tom = two_peers_available
    around = trouble(world)
    if hasattr(around, "__aenter__"):
        async with around:
            call = await talk_through_it(ana, maria)
    else:
        with around:
            call = await talk_through_it(ana, maria)
    mine = await saved_again(ana)
    assert mine["call"] == call
    assert mine["standing"] == "held"
    assert await stored_words(world) == ["I am here.", "I had the money out."]
    # And it goes on as if nothing had been: the next words take the next place.
    said = await ana.page.ask("say", room=mine["room"], text="Thank you.")
    assert said["seq"] == 3
    assert (await ana.page.ask("close_call", call=call, feeling="better"))["saved"] is True


async def test_uc15_the_same_press_while_down_is_one_call(world: World, two_peers_available: list[Member]) -> None:
    ana, _maria, _tom = two_peers_available
    with locked(world):
        first = await ana.page.ask("raise_call", key="press-000001", group=ana.group)
        again = await ana.page.account.urgent_post(ana.group, key="press-000001")
        other = await ana.page.ask("raise_call", group=ana.group)
    assert first["call"] == again["call"] == other["call"]
    await saved_again(ana)
    assert (await ana.page.ask("raise_call", key="press-000001", group=ana.group))["call"] == first["call"]


async def test_ch1_words_in_the_group_are_refused_while_down_and_kept_by_their_sender(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, _maria, _tom = two_peers_available
    with locked(world):
        await ana.page.ask("raise_call", group=ana.group)
        with pytest.raises(Refused) as refused:
            await ana.page.ask("say", key="words-000001", room=ana.room, text="Hello")
        assert refused.value.code == "not_saved"
    await saved_again(ana)
    assert (await ana.page.ask("say", key="words-000001", room=ana.room, text="Hello"))["seq"] > 0


async def test_uc15_deadlines_are_kept_in_memory(
    world: World, two_peers_available: list[Member], a_volunteer_on_shift: Any
) -> None:
    """The volunteers' ring goes at its time although nothing can be written."""
    ana, _maria, _tom = two_peers_available
    desk = a_volunteer_on_shift
    with locked(world):
        await ana.page.ask("raise_call", group=ana.group)
        await ana.page.until(lambda s: s.my_call_when(asked=2))
        await world.pass_time(95)
        row = await desk.until(lambda s: next((r for r in (s.desk or {"rows": []})["rows"] if r["sounds"]), None))
        assert row["saved"] is False
    await saved_again(ana)


async def test_uc15_killed_while_down_the_journal_brings_the_call_back(
    world: World, two_peers_available: list[Member]
) -> None:
    """The process dies with calls that only the journal knows: the next start has the latest state of each, and a call
    that was ended stays ended."""
    ana, maria, tom = two_peers_available
    with locked(world):
        open_call = await talk_through_it(ana, maria)
        ended = await tom.page.ask("raise_call", group=tom.group)
        await tom.page.ask("close_call", call=ended["call"], feeling="same")
        boat = lifeboat(world)
        await boat._cargo.written()
        journal = (world.beside.settings.data / "unsaved.journal").read_bytes()
    await saved_again(ana)
    # What a kill -9 would have left: the database before, and the journal as it was then.
    assert open_call.encode() in journal
    await world.beside.stop()
    data = world.beside.settings.data
    for table in ("deadlines", "call_people", "calls", "entries", "client_keys"):
        await by_hand(world, f"DELETE FROM {table}")
    await by_hand(world, "DELETE FROM rooms WHERE call_id IS NOT NULL")
    (data / "unsaved.journal").write_bytes(journal)
    world.beside = await start(replace(world.beside.settings), world.clock, passphrases=cheap_passphrases())
    calls = await world.beside.services.store.read(lambda tx: {c.id: c for c in tx.calls.live()})
    assert open_call in calls
    assert ended["call"] not in calls, "a finished call never rings again"
    again = await world.beside.services.store.read(lambda tx: tx.calls.get(ended["call"]))
    assert again is not None
    assert await stored_words(world) == ["I am here.", "I had the money out."]


def test_the_journal_survives_a_torn_write_and_a_full_half(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = Journal(path, half_bytes=400)
    journal.append(b"a" * 100, lambda: b"whole")
    journal.append(b"b" * 100, lambda: b"whole")
    end = journal._end
    journal.append(b"c" * 50, lambda: b"whole")
    journal.close()
    raw = bytearray(path.read_bytes())
    raw[end + 20] ^= 0xFF  # in the middle of the third record
    path.write_bytes(raw)
    torn = Journal(path, half_bytes=400)
    assert torn.records == [b"a" * 100, b"b" * 100]
    torn.append(b"d" * 300, lambda: b"everything that is unsaved")
    torn.close()
    turned = Journal(path, half_bytes=400)
    assert turned.records == [b"everything that is unsaved"]
    turned.clear()
    turned.close()
    empty = Journal(path, half_bytes=400)
    assert empty.records == []
    empty.close()
