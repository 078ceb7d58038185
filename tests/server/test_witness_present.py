"""Who counts as a witness, and since when: leases by what reached a visible page (WA4), and who may attest (WA6)."""

from __future__ import annotations

from server.wire.codes import SILENT
from tests.server.action_world import asked, begins, declares, gets, is_over, joins, mine, refused, stay, witnesses
from tests.worlds import Member, World, a_group_with


async def test_wa04_whoever_joined_counts_only_once_something_reached_their_page(a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana)
    await joins(maria, action)
    view = await mine(ana, action, present=0)
    assert [w["state"] for w in view["witnesses"]] == ["joined"]
    async with refused("not_enough_witnesses"):
        await ana.page.go_live(action)
    await gets(maria, action)
    await mine(ana, action, present=1, enough=True)
    await ana.page.go_live(action)


async def test_wa04_below_the_wished_minimum_it_begins_only_when_the_member_says_so(world: World) -> None:
    maria, ana, _tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await declares(ana, wanted=2)
    await witnesses(maria, action)
    async with refused("not_enough_witnesses"):
        await ana.page.go_live(action)
    await mine(ana, action, stage="gathering", present=1, enough=False)
    await ana.page.go_live(action, anyway=True)
    await mine(ana, action, stage="live", present=1)


async def test_wa04_ten_seconds_without_anything_and_they_are_away(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await stay(world, 20, [maria], action)
    await mine(ana, action, present=1)
    await world.pass_time(9)
    assert ana.page.state.my_action_when(action, present=1), "nine seconds are not ten"
    await world.pass_time(1)
    view = await mine(ana, action, present=0)
    assert [w["state"] for w in view["witnesses"]] == ["joined"], "they may come back"
    await gets(maria, action)
    await mine(ana, action, present=1)


async def test_wa04_a_hidden_page_is_not_watching_whatever_it_says(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await maria.page.set_visible(False)
    await world.beside.timers.look_at_actions()
    await mine(ana, action, present=0)
    await gets(maria, action)
    await maria.page.set_visible(False)
    assert ana.page.state.my_action_when(action, present=0)
    await maria.page.set_visible(True)
    await gets(maria, action)
    await mine(ana, action, present=1)


async def test_wa06_a_page_that_was_hidden_a_moment_before_is_not_asked(world: World, a_group: list[Member]) -> None:
    """The timers have not come by: the declared moment looks for itself."""
    maria, ana = a_group
    action = await begins(ana, maria)
    await world.beside.timers.stop()
    await maria.page.set_visible(False)
    await ana.page.declare_done(action)
    await is_over(ana, action, "unwitnessed")


async def test_wa06_a_lease_that_ran_out_a_moment_before_is_not_asked(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await world.beside.timers.stop()
    world.clock.advance(10_000)
    await ana.page.declare_done(action)
    await is_over(ana, action, "unwitnessed")


async def test_wa04_going_live_counts_who_is_there_now(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await declares(ana)
    await witnesses(maria, action)
    await world.beside.timers.stop()
    world.clock.advance(10_000)
    async with refused("not_enough_witnesses"):
        await ana.page.go_live(action)


async def test_wa04_a_page_that_is_gone_stops_counting_within_ten_seconds(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await maria.page.close()
    await world.pass_time(5)
    assert ana.page.state.my_action_when(action, present=1), "a line may come back"
    await world.pass_time(5)
    await mine(ana, action, present=0)


async def test_wa04_a_page_that_hangs_stops_counting_though_its_socket_stands(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await world.pass_time(10)  # maria's page answers beats, and says nothing of what reached it
    await mine(ana, action, present=0)
    assert maria.page.state.connected


async def test_wa04_one_of_two_pages_is_enough_as_long_as_it_shows(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    phone = Member(await world.page_of(maria.page.account), maria.membership)
    await maria.page.set_visible(False)
    await stay(world, 15, [phone], action)
    await mine(ana, action, present=1)


async def test_wa06_only_those_present_at_the_declared_moment_attest(world: World) -> None:
    maria, ana, tom, eva, leo = await a_group_with(world, "Maria", "Ana", "Tom", "Eva", "Leo")
    action = await begins(ana, maria, tom, eva)
    await eva.page.leave_action(action)
    await ana.page.say_step(action, "It is in the sink.")
    for peer in (maria, tom):
        await gets(peer, action)
    await ana.page.declare_done(action)
    await mine(ana, action, stage="attesting")
    async with refused("not_found"):
        await leo.page.join_action(action, "A" * 87)
    await eva.page.join_action(action, "A" * 87)  # back again, and too late for a word
    await gets(eva, action)
    card = await asked(eva, action, joined=True)
    assert card["asked_to_attest"] is False
    async with refused("not_present"):
        await eva.page.attest(action, saw=True)
    assert (await asked(maria, action, asked_to_attest=True))["until"] == world.clock.now() + 120_000
    await maria.page.attest(action, saw=True)
    await tom.page.attest(action, saw=False)
    over = await is_over(ana, action, "completed")
    assert {w["person"]["name"]: w["word"] for w in over["witnesses"]} == {
        "Maria": "saw", "Tom": "could_not_see", "Eva": "none",
    }  # fmt: skip


async def test_wa06_a_word_after_120_s_comes_too_late(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await ana.page.declare_done(action)
    await asked(maria, action, asked_to_attest=True)
    world.clock.advance(120_000)
    async with refused("action_over"):
        await maria.page.attest(action, saw=True)
    await world.pass_time(1)
    await is_over(ana, action, "unwitnessed")


async def test_wa06_couldnt_see_is_a_word_and_makes_no_witness(a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await ana.page.declare_done(action)
    await maria.page.attest(action, saw=False)
    await is_over(ana, action, "unwitnessed")


async def test_wa06_who_was_there_but_got_nothing_cannot_have_seen(a_group: list[Member]) -> None:
    """They looked at a picture that was never sent: text would have been perceived, this was not."""
    maria, ana = a_group
    action = await declares(ana, medium="video")
    await witnesses(maria, action, looking=True, medium="video")
    await ana.page.go_live(action)
    await ana.page.declare_done(action)
    await maria.page.attest(action, saw=True)
    await is_over(ana, action, "unwitnessed")


async def test_wa06_whoever_leaves_while_all_are_asked_is_not_waited_for(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, maria, tom)
    await ana.page.say_step(action, "Done with it.")
    await gets(maria, action)
    await ana.page.declare_done(action)
    await maria.page.attest(action, saw=True)
    assert (await mine(ana, action, stage="attesting"))["ended"] == "no"
    await tom.page.leave_action(action)
    await is_over(ana, action, "completed")


async def test_wa06_the_record_says_what_was_perceived_and_how_long(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    since = world.clock.now()
    await stay(world, 10, [maria], action)
    await ana.page.declare_done(action)
    await maria.page.attest(action, saw=True)
    await is_over(ana, action, "completed")
    entries = await world.beside.store.read(lambda tx: tx.actions.entries(action))  # type: ignore[arg-type]
    (word,) = [dict(e.more) for e in entries if e.what == "attested"]
    until = world.clock.now()
    assert word == {"witness": 1, "saw": True, "perceived": "text", "since": since, "until": until}


async def test_pr03_a_witness_and_the_member_are_missed_as_soon_as_anyone_in_a_call(
    world: World, a_group: list[Member]
) -> None:
    """A phone without a network says no goodbye: in an action its lease is the short one."""
    maria, ana = a_group
    ana.page.answer_beats = False
    action = await begins(ana, maria)
    await world.beside.announcer._refresh_leases()
    await stay(world, 20, [maria], action)
    assert SILENT.code in ana.page.closes, "a calm line is given 45 s"


async def test_wa03_who_looks_the_member_sees_and_no_other_witness_does(two_peers_available: list[Member]) -> None:
    """The page says so beside the button: whoever turns away does it before nobody but the one whose picture it is."""
    ana, maria, tom = two_peers_available
    action = await begins(ana, maria, tom)
    await maria.page.look(action)
    await ana.page.until(lambda s: any(one["looking"] for one in s.my_action_when(action)["witnesses"]))
    view = ana.page.state.my_action_when(action)
    assert [one["person"]["name"] for one in view["witnesses"] if one["looking"]] == ["Maria"]
    await tom.page.until(lambda s: s.action_when(action).get("version", 0) >= view["version"])
    seen = tom.page.state.action_when(action)
    assert [one["looking"] for one in seen["witnesses"]] == [False, False]
