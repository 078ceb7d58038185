"""A server that stood still (a paused machine, no time for it) takes its own silence for nobody else's (PR3, UC19)."""

from __future__ import annotations

from server.gateway.arrivals import STOOD_STILL_SECONDS
from tests.worlds import Member, World


async def test_pr03_nobody_is_gone_because_the_server_stood_still(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    arrivals, roster = world.beside.arrivals, world.beside.services.roster
    for member in (maria, ana):  # both are in and served
        await member.page.set_visible(member.page.visible)
    pages = {seat.connection for seat in roster.seats()}
    assert len(pages) == 2
    still = STOOD_STILL_SECONDS + 50
    world.clock.advance(round(still * 1000))
    arrivals._looked_at -= still
    arrivals.watch_lines()
    assert {seat.connection for seat in roster.seats()} == pages
    for member in (maria, ana):  # answered on the line it had: a close would have gone out before the answer
        await member.page.set_visible(member.page.visible)
        assert member.page.closes == []
        assert member.page.state.connected


async def test_pr03_a_page_that_is_silent_after_it_is_gone_all_the_same(world: World, a_group: list[Member]) -> None:
    roster = world.beside.services.roster
    world.beside.arrivals._looked_at -= STOOD_STILL_SECONDS + 1
    world.beside.arrivals.watch_lines()
    assert len(roster.seats()) == len(a_group)
    world.clock.advance(60_000)
    world.beside.arrivals.watch_lines()
    assert roster.seats() == []
