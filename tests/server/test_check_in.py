"""UC12: the next day, with consent, one question."""

from __future__ import annotations

from rooms.policy import HOUR
from tests.worlds import Member, World


async def end_a_call(ana: Member, *, check_in: bool) -> str:
    call = str((await ana.page.ask("raise_call", group=ana.group))["call"])
    await ana.page.ask("close_call", call=call, feeling="better", check_in=check_in)
    return call


async def test_uc12_a_caller_who_consented_is_asked_the_next_day_once(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, _maria, _tom = two_peers_available
    call = await end_a_call(ana, check_in=True)
    account = ana.page.account
    await ana.page.close()
    world.clock.advance(19 * HOUR)
    early = await world.page_of(account)
    assert early.state.check_ins == []
    await early.close()
    world.clock.advance(2 * HOUR)
    await world.beside.timers.chores()
    page = await world.page_of(account)
    asked = await page.until(lambda s: s.check_ins)
    assert [c["call"] for c in asked] == [call]
    await page.ask("answer_check_in", call=call)
    await page.close()
    again = await world.page_of(account)
    assert again.state.check_ins == []


async def test_uc12_without_consent_nobody_is_asked(world: World, two_peers_available: list[Member]) -> None:
    ana, _maria, _tom = two_peers_available
    await end_a_call(ana, check_in=False)
    world.clock.advance(30 * HOUR)
    await world.beside.timers.chores()
    page = await world.page_of(ana.page.account)
    assert page.state.check_ins == []
