"""Who hears a call and when, with real sockets and a clock that is moved."""

from __future__ import annotations

import pytest

from beside_client import Client, Refused
from tests.worlds import Member, World


async def test_uc03_with_nobody_available_on_call_is_rung_at_once(
    a_volunteer_on_shift: Client, a_group: list[Member]
) -> None:
    _maria, ana = a_group
    call = await ana.page.raise_call(ana.group, "please")
    card = await a_volunteer_on_shift.until(lambda state: state.card_of(call, as_volunteer=True))
    assert card["words"] == "", "content is hidden until accepted (OC2)"
    row = await a_volunteer_on_shift.until(lambda state: state.desk_row(call, sounds=True))
    assert row["caller_name"] == "Ana"


async def test_pr06_whoever_has_the_room_open_sees_volunteers_come_and_go(world: World, a_group: list[Member]) -> None:
    _maria, ana = a_group
    await ana.page.open_room(ana.room)
    await ana.page.until(lambda state: state.presence.get(ana.group, {}).get("volunteers") == 0)
    vera = await world.page_of(await world.account("Vera", first_token=world.first_token), page="oncall")
    await vera.set_shift(on=True)
    await ana.page.until(lambda state: state.presence[ana.group]["volunteers"] == 1)
    await vera.close()
    await ana.page.until(lambda state: state.presence[ana.group]["volunteers"] == 0)


async def test_uc03_with_nobody_to_call_away_on_call_hears_at_45_s_and_the_failsafe_comes_at_180_s(
    world: World, a_volunteer_on_shift: Client, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = await ana.page.raise_call(ana.group)
    for peer in (maria, tom):
        await peer.page.until(lambda state: state.card_of(call))
    await world.pass_time(40)
    assert not a_volunteer_on_shift.state.card_of(call)
    await world.pass_time(10)
    await a_volunteer_on_shift.until(lambda state: state.card_of(call))
    await world.pass_time(125)
    assert ana.page.state.my_call["failsafe"] == "none"
    await world.pass_time(10)
    await ana.page.until(lambda state: state.my_call_when(failsafe="nobody"))


async def test_uc05_a_volunteer_who_comes_makes_the_call_held(
    a_volunteer_on_shift: Client, a_group: list[Member]
) -> None:
    vera, (_maria, ana) = a_volunteer_on_shift, a_group
    call = await ana.page.raise_call(ana.group, "words of mine")
    await vera.until(lambda state: state.card_of(call))
    await vera.answer_call(call, "coming")
    room = await vera.enter_call(call)
    await vera.open_room(room)
    await ana.page.open_room(room)
    assert await vera.until(lambda state: state.card_of(call, words="words of mine"))
    await vera.say(room, "I am a volunteer. I am here.")
    await ana.page.say(room, "thank you")
    held = await ana.page.until(lambda state: state.my_call_when(standing="held"))
    assert held["helpers"][0]["person"]["badge"] == "volunteer"


async def test_uc06_two_are_enough_and_the_third_hears_so_kindly(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    invite = await maria.page.make_invite(maria.group)
    page = await world.person("eve")
    eve = Member(page, await page.use_invite(invite, "Eve"))
    await eve.be_available()
    call = await ana.page.raise_call(ana.group)
    for peer in (maria, tom):
        await peer.go_into(call)
    await ana.page.confirm_here(call)
    await eve.page.until(lambda state: state.card_of(call, stood_down="enough_people"))


async def test_uc09_a_cancel_can_be_undone_as_the_same_call(world: World, two_peers_available: list[Member]) -> None:
    ana, maria, _tom = two_peers_available
    call = await ana.page.raise_call(ana.group)
    await ana.page.cancel(call, why="ok")
    await maria.page.until(lambda state: state.card_of(call, stood_down="they_are_ok"))
    await world.pass_time(30)
    await ana.page.undo_cancel(call)
    await maria.page.until(lambda state: state.card_of(call, stood_down="no"))
    assert ana.page.state.my_call["call"] == call


async def test_uc09_peers_hear_that_it_was_a_mistake_and_not_that_they_are_ok(
    two_peers_available: list[Member],
) -> None:
    ana, maria, tom = two_peers_available
    call = await ana.page.raise_call(ana.group)
    await tom.page.until(lambda state: state.card_of(call))
    await tom.page.answer_call(call, "coming")
    await ana.page.cancel(call, why="mistake")
    for peer in (maria, tom):
        await peer.page.until(lambda state: state.card_of(call, stood_down="mistake"))
    with pytest.raises(Refused, match="they_are_ok") as refused:
        await maria.page.answer_call(call, "coming")
    assert "OK" not in refused.value.sentence


async def test_pr03_a_hung_page_stops_counting_within_20_s_although_its_socket_lives(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    await ana.page.open_room(ana.room)
    await ana.page.until(lambda state: state.presence.get(ana.group, {}).get("can_come") == 2)
    tom.page.answer_beats = False
    await world.pass_time(20)
    assert tom.page.closes == [4006]
    assert maria.page.closes == []


async def test_uc10_a_lost_caller_is_told_to_the_one_who_came(two_peers_available: list[Member]) -> None:
    ana, maria, _tom = two_peers_available
    call = await ana.page.raise_call(ana.group)
    await maria.go_into(call)
    await ana.page.close()
    await maria.page.until(lambda state: (state.card_of(call).get("caller_lost_since") is not None) or None)


async def test_pr04_a_hidden_page_is_standby(two_peers_available: list[Member]) -> None:
    ana, maria, _tom = two_peers_available
    await ana.page.open_room(ana.room)
    await maria.page.set_visible(False)

    def reach_of_maria(people: list[dict[str, object]]) -> object:
        return next((p["reach"] for p in people if p["person"]["name"] == "Maria"), None)  # type: ignore[index]

    await ana.page.until(lambda state: reach_of_maria(state.presence.get(ana.group, {}).get("people", [])) == "standby")
