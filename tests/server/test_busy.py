"""When the store is slow for what it is asked, what is least needed goes first: hints and presence, then history, then
words; a call never (the order of load shedding). The queue itself is tried in tests/contracts/test_urgent_first.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest

from beside_client import Refused
from presence.ids import GroupId
from server.gateway import presence
from server.ports import Tx
from server.store import worker
from server.store.lifeboat import Lifeboat
from tests.worlds import Member, World

SLOW_SECONDS = 0.3
"""Less than after which a call goes on in memory."""


@asynccontextmanager
async def much_to_do(world: World, waiting: int) -> AsyncIterator[Event]:
    """The store is in the middle of a commit, and so much waits. Set the event, and it goes on."""
    boat, go_on = world.beside.store, Event()
    assert isinstance(boat, Lifeboat)
    in_it = Event()

    def wait(_tx: Tx) -> None:
        in_it.set()
        go_on.wait(5)

    def nothing(_tx: Tx) -> None:
        pass

    tasks = [asyncio.create_task(boat._store.write(wait))]
    await asyncio.to_thread(in_it.wait, 5)
    tasks += [asyncio.create_task(boat._store.write(nothing)) for _ in range(waiting)]
    await asyncio.sleep(0)
    try:
        yield go_on
    finally:
        go_on.set()
        await asyncio.gather(*tasks)


def heard_by(member: Member, kind: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The events of this kind that their page gets from here on."""
    events: list[dict[str, Any]] = []
    monkeypatch.setattr(member.page, "_on_event", lambda event: events.append(event) if event["t"] == kind else None)
    return events


async def test_pr05_hints_are_left_out(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, maria, tom = two_peers_available
    for one in two_peers_available:
        await one.page.open_room(one.room)
    hints = heard_by(ana, "typing_now", monkeypatch)
    async with much_to_do(world, worker.BUSY_FROM + 1):
        maria.page.hint("typing", room=maria.room)
        await maria.page.ask("close_room", room=maria.room)  # one after the other on her line
    tom.page.hint("typing", room=tom.room)
    await ana.page.until(lambda _s: hints)
    assert [hint["person"]["name"] for hint in hints] == ["Tom"]


async def test_pr05_presence_waits_and_comes(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, *_ = two_peers_available
    await ana.page.until(lambda s: s.presence.get(ana.group, {}).get("can_come") == 2)
    teller = world.beside.announcer._presence
    waits, looked = asyncio.Event(), teller.tell_unless_busy

    async def looks(group: GroupId) -> None:
        await looked(group)
        waits.set()

    monkeypatch.setattr(teller, "tell_unless_busy", looks)
    monkeypatch.setattr(presence, "WHEN_BUSY_SECONDS", 0.5)
    told = heard_by(ana, "presence_now", monkeypatch)
    async with much_to_do(world, worker.BUSY_FROM + 1):
        world.beside.announcer.group_changed(GroupId(ana.group))
        await waits.wait()
        await ana.page.ask("visible", visible=True)  # what was told before this was answered is here
        assert told == []
    await ana.page.until(lambda _s: told)


async def test_uc01_a_press_is_saved_while_words_are_turned_away(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, _tom = two_peers_available
    async with much_to_do(world, worker.ORDINARY_WAITING_AT_MOST) as go_on:
        with pytest.raises(Refused) as refused:
            await maria.page.ask("say", key="words-000001", room=maria.room, text="Hello")
        assert refused.value.code == "not_saved"
        assert refused.value.retry_after_ms, "nothing was lost, and the page tries again"
        pressed = asyncio.create_task(ana.page.ask("raise_call", group=ana.group))
        asyncio.get_running_loop().call_later(SLOW_SECONDS, go_on.set)
        assert (await pressed)["call"]
    assert (await maria.page.ask("say", key="words-000001", room=maria.room, text="Hello"))["seq"] > 0
