"""UC15 at its seams: a store that is late for one and in time for another, that is copied anew, or that only reads or
only writes. Whatever was told to somebody holds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from beside_client import Refused
from presence.ids import CallId, MemberId
from server.ports import Tx
from server.records import PushTarget
from server.store import copying
from server.store.lifeboat import Lifeboat
from server.store.sqlite import FollowedDatabase, SqliteStore, Statement
from tests.by_hand import by_hand, locked, only_on_sqlite
from tests.server.test_store_down import lifeboat, saved_again
from tests.worlds import Member, World


async def test_uc15_a_call_that_was_saved_while_another_was_late_can_be_answered(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own commit is in time; but the store counts as down since another's was not, and calls live in memory."""
    ana, maria, _tom = two_peers_available
    boat = lifeboat(world)
    commit = boat._store.write

    async def while_another_is_late(work: Callable[[Tx], Any], **more: Any) -> Any:
        boat._set_afloat()
        monkeypatch.setattr(boat._store, "write", commit)
        return await commit(work, **more)

    monkeypatch.setattr(boat._store, "write", while_another_is_late)
    raised = await ana.page.ask("raise_call", group=ana.group)
    with locked(world):  # and now it is down indeed
        await maria.page.until(lambda state: state.card_of(raised["call"]))
        await maria.page.answer_call(raised["call"], "coming")
        await ana.page.until(lambda s: s.my_call_when(standing="coming"))
    await saved_again(ana)
    call = await world.beside.services.store.read(lambda tx: tx.calls.get(raised["call"]))
    assert call is not None
    assert [type(r.answer).__name__ for r in call.recipients.values() if r.member == maria.id] == ["Coming"]


async def test_uc15_who_joined_while_another_was_late_is_told_of_their_group(
    world: World, a_group: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store counts as down since another's commit was late, so memory does not know of this one, which is saved."""
    maria, _ana = a_group
    una = await world.person("una")
    invite = await maria.page.make_invite(maria.group)
    boat = lifeboat(world)
    commit = boat._store.write

    async def while_another_is_late(work: Callable[[Tx], Any], *late: Any, **more: Any) -> Any:
        boat._set_afloat()
        monkeypatch.setattr(boat._store, "write", commit)
        return await commit(work, *late, **more)

    monkeypatch.setattr(boat._store, "write", while_another_is_late)
    mine = await una.use_invite(invite, "Una")  # returns once the group is among hers
    assert mine["group"] == maria.group


async def test_uc15_copying_the_file_anew_makes_no_call_wait(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has written, so that memory must be copied anew; with many members that takes a while."""
    ana, maria, _tom = two_peers_available
    read = copying.rows_of

    def slowly(fetch: Callable[[str], list[tuple[Any, ...]]]) -> copying.Rows:
        rows = read(fetch)
        time.sleep(1)
        return rows

    monkeypatch.setattr(copying, "rows_of", slowly)
    await by_hand(world, "INSERT INTO facts VALUES ('other', 'process')")
    await ana.page.ask("set_availability", group=ana.group, state="quiet")  # sees it, and begins to copy
    raised = await ana.page.ask("raise_call", group=ana.group)
    assert raised["saved"] is True
    await asyncio.sleep(1.5)
    with locked(world):  # what was committed during the copy is in memory, and what the other wrote
        await maria.page.answer_call(raised["call"], "coming")
        assert await lifeboat(world)._mirror.read(lambda tx: tx.accounts.fact("other")) == "process"
    await saved_again(ana)


async def test_uc15_what_rings_while_memory_is_copied_stays_in_it(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes down in the middle of a copy: the old state of the file must not wipe out what rang since."""
    ana, maria, _tom = two_peers_available
    read, go_on = copying.rows_of, threading.Event()

    def slowly(fetch: Callable[[str], list[tuple[Any, ...]]]) -> copying.Rows:
        rows = read(fetch)
        go_on.wait(10)
        return rows

    monkeypatch.setattr(copying, "rows_of", slowly)
    boat = lifeboat(world)
    boat._mirror.reload_soon()
    await ana.page.ask("set_availability", group=ana.group, state="quiet")
    with locked(world):
        raised = await ana.page.ask("raise_call", group=ana.group)
        assert raised["saved"] is False
        go_on.set()
        await asyncio.sleep(0.3)
        await maria.page.answer_call(raised["call"], "coming")
    await saved_again(ana)


@only_on_sqlite("holds SQLite's reader; on PostgreSQL both hang: tests/contracts/test_lifeboat_on_postgres.py")
async def test_uc15_a_store_that_can_only_write_counts_as_down_until_it_reads(
    world: World, two_peers_available: list[Member]
) -> None:
    """Else it would be back twice a second, and each time somebody waits a second for a read."""
    ana, _maria, _tom = two_peers_available
    boat, gate = lifeboat(world), threading.Event()
    assert isinstance(boat._store, SqliteStore)
    stuck = asyncio.ensure_future(boat._store._reader.run(lambda _tx: gate.wait(30)))
    await asyncio.sleep(0)
    try:
        await ana.page.ask("raise_call", group=ana.group)
        await _is(boat, afloat=True)
        for _ in range(20):
            await asyncio.sleep(0.1)
            assert boat.afloat
    finally:
        gate.set()
        await stuck
    await _is(boat, afloat=False)


async def _is(boat: Lifeboat, *, afloat: bool) -> None:
    async with asyncio.timeout(15):
        while boat.afloat is not afloat:
            await boat.read(lambda tx: tx.accounts.fact("anything"))
            await asyncio.sleep(0.05)


async def test_uc15_a_notification_of_a_ring_while_down_is_not_lost_with_it(
    world: World, two_peers_available: list[Member]
) -> None:
    """Written in memory, not sent yet when the store is back."""
    ana, maria, _tom = two_peers_available
    store = world.beside.services.store
    device = (await store.read(lambda tx: tx.groups.member(maria.id))).account  # type: ignore[union-attr, arg-type]
    target = (await store.read(lambda tx: tx.accounts.devices(device)))[0].id
    await store.write(lambda tx: tx.accounts.set_push(target, PushTarget(target, "https://push.invalid/x", "p", "a")))
    await maria.page.set_visible(False)
    await world.beside.timers.stop()  # nobody has looked for what is to be sent
    with locked(world):
        raised = await ana.page.ask("raise_call", group=ana.group)
        assert raised["saved"] is False
        await asyncio.sleep(2.5)  # past the busy timeout: the late commit fails, and its notification with it
    await saved_again(ana)
    due = await store.read(lambda tx: tx.calls.due_pages(world.clock.now(), 10, per_person=9))
    assert [d.page.subject for d in due] == [raised["call"]]


async def test_uc15_an_answer_given_while_down_is_not_lost_to_a_late_commit(
    world: World, two_peers_available: list[Member]
) -> None:
    """In the store another change got through late, under the same version: the answer that was acked stays."""
    ana, maria, _tom = two_peers_available
    raised = await ana.page.ask("raise_call", group=ana.group)
    await maria.page.until(lambda state: state.card_of(raised["call"]))
    boat = lifeboat(world)
    await asyncio.sleep(0.5)  # the cards are acked
    boat._set_afloat()
    await boat._store.write(lambda tx: _named(tx, raised["call"], "changed late"))
    await maria.page.answer_call(raised["call"], "coming")
    assert boat.afloat
    await _is(boat, afloat=False)
    call = await world.beside.services.store.read(lambda tx: tx.calls.get(raised["call"]))
    assert call is not None
    assert type(call.recipients[MemberId(maria.id)].answer).__name__ == "Coming"


def _named(tx: Tx, call_id: str, words: str) -> None:
    call = tx.calls.get(CallId(call_id))
    assert call is not None
    tx.calls.save(replace(call, words=words, version=call.version + 1), call.waiting_since)


@only_on_sqlite(
    "slows SQLite's commit; what PostgreSQL commits late: a_commit_whose_answer_was_lost in test_postgres.py"
)
async def test_ch02_words_saved_after_their_sender_gave_up_reach_the_others(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk took 4 s. The sender's page tries again and gets the answer; the others have read it by then."""
    ana, maria, _tom = two_peers_available
    await maria.page.open_room(maria.room)
    store = lifeboat(world)._store
    assert isinstance(store, SqliteStore)
    database = store._writer._database
    assert isinstance(database, FollowedDatabase)
    follow = database.on_commit

    def after_a_while(statements: list[Statement], others_wrote: bool) -> None:
        time.sleep(4)
        monkeypatch.setattr(database, "on_commit", follow)
        follow(statements, others_wrote)

    monkeypatch.setattr(database, "on_commit", after_a_while)
    with pytest.raises(Refused) as refused:
        await ana.page.ask("say", key="words-000001", room=ana.room, text="Is anyone up?")
    assert refused.value.code == "not_saved"
    await maria.page.until(lambda state: "Is anyone up?" in state.logs[maria.room].texts, 5)


async def test_uc15_calls_go_back_to_the_store_while_there_is_always_somebody_under_way(world: World) -> None:
    """The store counted as down for ever: at no moment had nobody something to do (found by the faults suite)."""
    boat, going_on = lifeboat(world), True

    async def press_on() -> None:
        while going_on:
            await boat.write_call(lambda _tx: time.sleep(0.002))

    boat._set_afloat()
    people = [asyncio.create_task(press_on()) for _ in range(20)]
    async with asyncio.timeout(10):
        while boat.afloat:  # noqa: ASYNC110  it tells nobody of itself
            await asyncio.sleep(0.01)
    going_on = False
    await asyncio.gather(*people)
