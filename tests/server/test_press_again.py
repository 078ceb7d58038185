"""A press that finds an older call of the same member over, before the timers come by (UC1, UC8, WA7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from rooms.policy import Policy
from tests.fakes import MovableClock
from tests.server.action_world import begins
from tests.worlds import Member, World

Press = Callable[[Member, str], Awaitable[object]]


@pytest.mark.parametrize(
    "press",
    [
        pytest.param(lambda ana, _action: ana.page.raise_call(ana.group), id="the-button"),
        pytest.param(lambda ana, action: ana.page.turn_into_call(action), id="an-action-turned"),
    ],
)
async def test_uc16_whoever_was_in_the_old_call_is_told_that_it_is_over(
    world: World, clock: MovableClock, two_peers_available: list[Member], press: Press
) -> None:
    """The undo has run out: the old call closes in the transaction that opens the new one, and both are news."""
    ana, maria, tom = two_peers_available
    action = await begins(ana, tom)
    old = await ana.page.raise_call(ana.group)
    room = await maria.go_into(old)
    assert world.beside.hub.watchers(f"room:{room}")
    await ana.page.cancel(old)
    await world.beside.timers.stop()
    clock.advance(Policy().undo_ms + 1)
    new = await press(ana, action)
    assert new != old
    await ana.page.until(lambda s: s.my_call_when(call=new))
    await maria.page.until(lambda s: s.card_of(old, standing="closed"))
    assert not world.beside.hub.watchers(f"room:{room}")
