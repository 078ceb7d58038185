"""A witnessed action that becomes an urgent call (WA7), also while the store does not answer (UC15)."""

from __future__ import annotations

import pytest

from beside_client import Client
from tests.by_hand import locked
from tests.server.action_world import DEED, asked, begins, declares, is_over, mine, refused, witnesses
from tests.server.test_store_down import FULL, full, hanging, lifeboat, saved_again
from tests.worlds import Member, World, a_group_with


async def test_wa07_the_member_turns_it_and_everyone_who_can_come_is_rung(
    world: World, two_peers_available: list[Member], a_volunteer_on_shift: Client
) -> None:
    ana, maria, tom = two_peers_available
    action = await begins(ana, maria)
    call = await ana.page.turn_into_call(action)
    assert call is not None
    await ana.page.until(lambda s: s.my_call_when(call=call))
    await a_volunteer_on_shift.until(lambda s: s.card_of(call, as_volunteer=True))
    for peer in (maria, tom):
        card = await peer.page.until(lambda s: s.card_of(call))
        assert DEED not in str(card), "the call says no word of the action"
    assert (await mine(ana, action, stage="turned"))["call"] == call
    await asked(maria, action, turned=True)
    assert not tom.page.state.action_when(action, stage="turned"), "responders do not see it unasked"
    async with refused("not_found"):
        await tom.page.join_action(action, "A" * 87)


async def test_wa07_a_worried_witness_starts_the_members_own_call_and_learns_nothing_of_it(
    world: World, a_group: list[Member], a_volunteer_on_shift: Client
) -> None:
    """On-call is rung at once; nobody else is available. The witness is not in the call."""
    maria, ana = a_group
    action = await begins(ana, maria)
    assert await maria.page.turn_into_call(action) is None
    view = await ana.page.until(lambda s: s.my_call)
    await a_volunteer_on_shift.until(lambda s: s.card_of(view["call"], as_volunteer=True))
    await asked(maria, action, turned=True)
    assert view["call"] not in str(maria.page.state.actions)
    assert not maria.page.state.cards
    entries = await world.beside.store.read(lambda tx: tx.actions.entries(action))  # type: ignore[arg-type]
    assert [dict(e.more) for e in entries if e.what == "turned_into_call"] == [{"witness": 1}]


async def test_wa07_on_call_is_told_at_once_though_peers_are_available(
    world: World, two_peers_available: list[Member], a_volunteer_on_shift: Client
) -> None:
    ana, maria, _tom = two_peers_available
    action = await begins(ana, maria)
    await maria.page.turn_into_call(action)
    call = (await ana.page.until(lambda s: s.my_call))["call"]
    await a_volunteer_on_shift.until(lambda s: s.card_of(call, as_volunteer=True, mine="asked"))


async def test_wa07_every_further_press_is_the_same_call(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    for key in ("key-key-1", "key-key-1", "key-key-2"):
        await maria.page.turn_into_call(action, key=key)
    call = await ana.page.turn_into_call(action)
    assert await ana.page.turn_into_call(action) == call
    assert await ana.page.raise_call(ana.group) == call
    assert list(ana.page.state.my_calls) == [call]
    lines = await world.beside.store.read(lambda tx: tx.care.audit(0, 200))
    assert [line.action for line in lines if line.subject == action] == ["action_turned"]


async def test_wa07_a_running_call_is_the_one_it_becomes(world: World, a_group: list[Member]) -> None:
    """And it is marked at once, not only when the chores come by."""
    maria, ana = a_group
    call = await ana.page.raise_call(ana.group)
    action = await begins(ana, maria)
    await world.beside.timers.stop()
    assert await ana.page.turn_into_call(action) == call
    assert (await mine(ana, action, stage="turned"))["call"] == call


async def test_wa07_pressed_again_after_the_call_ended_it_is_another_call(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    first = await ana.page.turn_into_call(action)
    assert first is not None
    await ana.page.close_call(first, "better")
    await maria.page.turn_into_call(action)
    await ana.page.until(lambda s: len(s.my_calls) == 2)
    second = next(call for call in ana.page.state.my_calls if call != first)
    await ana.page.until(lambda s: s.my_action_when(action, call=second))


async def test_uc09_the_worries_of_witnesses_do_not_quiet_the_members_own_call(
    world: World, two_peers_available: list[Member]
) -> None:
    """Whoever presses "I'm worried" again and again, to harm perhaps, takes no sound from the member's own call."""
    ana, maria, tom = two_peers_available
    action = await begins(ana, maria)
    over: set[str] = set()
    for _ in range(3):
        await maria.page.turn_into_call(action)
        call = await ana.page.until(lambda s: next((c for c in s.my_calls if c not in over), ""))
        await ana.page.close_call(call, "better")
        over.add(call)
    for number in range(1, 5):
        own = await ana.page.raise_call(ana.group)
        mine_ = await ana.page.until(lambda s, call=own: s.my_calls.get(call))  # type: ignore[misc]
        card = await tom.page.until(lambda s, call=own: s.card_of(call))  # type: ignore[misc]
        quiet = number == 4  # only her own fourth in an hour is
        assert (mine_["repeat"], card["sound_at"] is None) == (quiet, quiet)
        await ana.page.close_call(own, "better")


async def test_wa07_the_call_keeps_the_audience(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    for peer in (maria, tom):
        await peer.be_available()
    action = await begins(ana, tom, only=[tom.id])
    call = await ana.page.turn_into_call(action)
    assert call is not None
    await tom.page.until(lambda s: s.card_of(call))
    await maria.page.set_visible(True)
    assert not maria.page.state.card_of(call)


async def test_wa07_only_a_witness_may_and_only_while_it_runs(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, maria)
    await asked(tom, action)
    async with refused("not_found"):
        await tom.page.turn_into_call(action)
    await ana.page.stop_action(action)
    await is_over(ana, action, "stopped")
    async with refused("action_over"):
        await maria.page.turn_into_call(action)
    assert not ana.page.state.my_call


@pytest.mark.parametrize("trouble", [locked, pytest.param(full, marks=FULL), hanging])
@pytest.mark.parametrize("who", ["the member", "the witness"])
async def test_uc15_while_the_store_is_down_the_call_rings_and_the_action_is_marked_later(
    world: World, two_peers_available: list[Member], a_volunteer_on_shift: Client, trouble: object, who: str
) -> None:
    ana, maria, tom = two_peers_available
    action = await begins(ana, maria)
    presser = ana if who == "the member" else maria
    down = trouble(world)  # type: ignore[operator]
    if trouble is locked:
        with down:
            await press_while_down(presser, ana, tom, a_volunteer_on_shift, action)
    else:
        async with down:
            await press_while_down(presser, ana, tom, a_volunteer_on_shift, action)
    await saved_again(ana)
    view = await mine_late(ana, action)
    assert view["call"] == ana.page.state.my_call["call"]
    await asked(maria, action, turned=True)
    assert not lifeboat(world).afloat


async def test_uc15_what_was_declared_before_the_server_started_can_become_a_call_while_the_store_is_down(
    world: World, a_group: list[Member]
) -> None:
    """Memory is a copy from start on, not only what was written since."""
    maria, ana = a_group
    action = await begins(ana, maria)
    await world.restart()
    await maria.page.until(lambda s: s.connected and s.action_when(action, joined=True))
    with locked(world):
        await maria.page.turn_into_call(action)
        await ana.page.until(lambda s: s.my_call_when(saved=False))
    await saved_again(ana)
    await mine_late(ana, action)


async def press_while_down(presser: Member, ana: Member, tom: Member, vera: Client, action: str) -> None:
    call = await presser.page.turn_into_call(action)
    assert (call is not None) == (presser is ana)
    view = await ana.page.until(lambda s: s.my_call_when(saved=False))
    await tom.page.until(lambda s: s.card_of(view["call"]))
    await vera.until(lambda s: s.card_of(view["call"], as_volunteer=True))
    await presser.page.turn_into_call(action)
    assert list(ana.page.state.my_calls) == [view["call"]]


async def mine_late(ana: Member, action: str) -> dict[str, object]:
    return await ana.page.until(lambda s: s.my_action_when(action, stage="turned"), within_seconds=15)


async def test_uc15_while_the_store_is_down_everyone_can_come_in(world: World, a_group: list[Member]) -> None:
    """A member with a running action loses their line; that nothing of it can be written keeps nobody out."""
    maria, ana = a_group
    action = await declares(ana)
    await witnesses(maria, action)
    async with hanging(world):
        await ana.page.raise_call(ana.group)  # memory carries it from here on
        again = await world.page_of(ana.page.account)
        await again.until(lambda s: s.connected and s.my_action_when(action, stage="gathering"))
        await ana.page.close()
        async with refused("not_saved"):
            await again.go_live(action)
    await again.until(lambda s: s.my_call_when(saved=True), within_seconds=15)
    await again.go_live(action, anyway=True)
