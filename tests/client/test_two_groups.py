"""UC18: one call belongs to one group and pseudonym; asking another group opens a separate room there."""

from __future__ import annotations

import pytest

from tests.worlds import Member, World, a_group_with


@pytest.fixture
async def ana_and_nell(world: World, two_peers_available: list[Member]) -> tuple[Member, Member, Member, Member]:
    """Ana in one group with Maria; the same person, as Nell, in another with Bea. Maria and Bea are open to calls."""
    ana, maria, _tom = two_peers_available
    (bea,) = await a_group_with(world, "Bea", group="After a loss")
    await bea.be_available()
    invite = await bea.page.make_invite(bea.group)
    nell = Member(ana.page, await ana.page.use_invite(invite, "Nell"))
    return ana, maria, nell, bea


async def test_uc18_each_group_gets_a_call_and_a_room_of_its_own(
    ana_and_nell: tuple[Member, Member, Member, Member],
) -> None:
    ana, maria, nell, bea = ana_and_nell
    one = await ana.page.raise_call(ana.group, "words for this group")
    other = await nell.page.raise_call(nell.group)
    assert one != other
    mine = await ana.page.until(lambda s: s.my_calls if {one, other} <= s.my_calls.keys() else {})
    assert mine[one]["room"] != mine[other]["room"]
    asks_maria = await maria.page.until(lambda s: s.card_of(one))
    asks_bea = await bea.page.until(lambda s: s.card_of(other))
    assert (asks_maria["caller"]["name"], asks_bea["caller"]["name"]) == ("Ana", "Nell")
    assert asks_maria["caller"]["member"] != asks_bea["caller"]["member"], "nothing links the two (GR6)"
    assert asks_bea["words"] == ""
    assert (maria.page.state.card_of(other), bea.page.state.card_of(one)) == ({}, {})


async def test_uc01_a_second_press_in_either_group_is_that_groups_running_call(
    ana_and_nell: tuple[Member, Member, Member, Member],
) -> None:
    ana, _maria, nell, _bea = ana_and_nell
    one = await ana.page.raise_call(ana.group)
    other = await nell.page.raise_call(nell.group)
    assert [await ana.page.raise_call(ana.group), await nell.page.raise_call(nell.group)] == [one, other]


async def test_uc18_what_becomes_of_one_call_changes_nothing_in_the_other(
    ana_and_nell: tuple[Member, Member, Member, Member],
) -> None:
    ana, maria, nell, bea = ana_and_nell
    one = await ana.page.raise_call(ana.group)
    other = await nell.page.raise_call(nell.group)
    await bea.go_into(other)
    await ana.page.cancel(one, why="ok")
    await maria.page.until(lambda s: s.card_of(one, stood_down="they_are_ok"))
    assert bea.page.state.cards[other]["mine"] == "in_room"
    assert bea.page.state.cards[other]["stood_down"] == "no"


async def test_cb04_exit_steps_away_from_both(ana_and_nell: tuple[Member, Member, Member, Member]) -> None:
    """The page names the call that it shows; the other would go on contacting the device."""
    ana, maria, nell, bea = ana_and_nell
    one = await ana.page.raise_call(ana.group)
    other = await nell.page.raise_call(nell.group)
    await maria.page.until(lambda s: s.card_of(one))
    await bea.page.until(lambda s: s.card_of(other))
    account = ana.page.account
    await ana.page.close()
    await account.leave(one)
    await maria.page.until(lambda s: s.card_of(one, caller_stepped_away=True))
    await bea.page.until(lambda s: s.card_of(other, caller_stepped_away=True))


async def test_uc03_whoever_is_in_both_groups_has_a_card_for_each(
    world: World, ana_and_nell: tuple[Member, Member, Member, Member]
) -> None:
    ana, maria, nell, bea = ana_and_nell
    there = Member(maria.page, await maria.page.use_invite(await bea.page.make_invite(bea.group), "Mo"))
    await there.be_available()
    one = await ana.page.raise_call(ana.group)
    other = await nell.page.raise_call(nell.group)
    cards = [await maria.page.until(lambda s: s.card_of(one)), await maria.page.until(lambda s: s.card_of(other))]
    assert [card["my_name"] for card in cards] == ["Maria", "Mo"]
    assert not {cards[0]["me"], cards[0]["caller"]["member"]} & {cards[1]["me"], cards[1]["caller"]["member"]}
