"""The deadline loop: no call keeps another waiting (UC3)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from presence.ids import CallId
from server.ports import Tx
from tests.by_hand import by_hand
from tests.worlds import Member, World

MANY = 120


async def test_uc03_a_call_that_cannot_be_read_stops_no_other(world: World, two_peers_available: list[Member]) -> None:
    """However it came about: what is broken is begun anew, what is sound goes on."""
    ana, _maria, tom = two_peers_available
    broken = await ana.page.ask("raise_call", group=ana.group)
    sound = await tom.page.ask("raise_call", group=tom.group)
    await ana.page.until(lambda s: s.my_call_when(asked=2))
    await tom.page.until(lambda s: s.my_call_when())
    await world.beside.timers.stop()
    broke = CallId(broken["call"])
    await by_hand(world, "UPDATE calls SET body = :body WHERE id = :call", body=b"\0", call=broke)
    world.clock.advance(10_000)
    await world.beside.services.store.write(lambda tx: tx.calls.look_now([broke, sound["call"]], world.clock.now() - 1))
    await world.beside.services.store.write(lambda tx: tx.calls.set_due(broke, 1))
    await world.beside.timers.look()
    due = await world.beside.services.store.read(lambda tx: tx.calls.due(world.clock.now(), 50))
    assert due == []
    later = await world.beside.services.store.read(lambda tx: tx.calls.due(world.clock.now() + 600_000, 50))
    assert {broke, sound["call"]} <= {call for call, _at in later}, "no call is without a next deadline"
    assert await world.beside.services.store.read(lambda tx: tx.calls.get(broke)) is not None


async def test_uc03_many_calls_due_at_once_do_not_wait_for_the_next_look(
    world: World, two_peers_available: list[Member]
) -> None:
    """As after a stop of the machine."""
    ana, _maria, _tom = two_peers_available
    raised = await ana.page.ask("raise_call", group=ana.group)
    await world.beside.timers.stop()
    store, now = world.beside.services.store, world.clock.now()

    def multiply(tx: Tx) -> None:
        call = tx.calls.get(CallId(raised["call"]))
        assert call is not None
        for number in range(MANY):
            copy = replace(call, id=CallId(f"copy{number:012}"), rings=(), ringings=0, recipients={})
            tx.calls.save(copy, now - 1)

    await store.write(multiply)
    await world.beside.timers._deadlines()
    assert await store.read(lambda tx: tx.calls.due(now, MANY)) == []
    assert not store.afloat
    await asyncio.sleep(0)
