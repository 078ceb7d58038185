"""The member's line drops and comes back, the server restarts, a picture is cut: the session waits and holds (WA3)."""

from __future__ import annotations

from rooms.record import is_chain
from tests.server.action_world import (
    KEY_FRAME,
    asked,
    begins,
    declares,
    gets,
    is_over,
    joins,
    mine,
    pictures,
    pictures_by,
    refused,
    stay,
    witnesses,
)
from tests.server.raw import joined
from tests.server.test_store_down import hanging
from tests.worlds import Member, World, a_group_with


async def chain_holds(world: World, action: str) -> list[str]:
    """What its record holds, after it was seen to be whole."""
    services = world.beside.services
    found, entries = await services.store.read(lambda tx: (tx.actions.get(action), tx.actions.entries(action)))  # type: ignore[arg-type]
    assert found is not None
    assert is_chain(action, entries, found.entries, found.head, services.recorder.encode)
    return [entry.what for entry in entries]


async def test_wa_witnesses_see_since_when_the_line_is_lost_and_the_session_resumes(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    lost_at = world.clock.now()
    await ana.page.close()
    card = await asked(maria, action, lost_since=lost_at)
    assert card["stage"] == "live"
    await stay(world, 8 - 8 % 5, [maria], action)
    world.clock.advance(3_000)
    again = Member(await world.page_of(ana.page.account), ana.membership)
    await asked(maria, action, lost_since=None, stage="live")
    await mine(again, action, stage="live")
    await again.page.say_step(action, "Still here.")
    await gets(maria, action)
    await again.page.declare_done(action)
    await maria.page.attest(action, saw=True)
    await is_over(again, action, "completed")
    whats = await chain_holds(world, action)
    assert [w for w in whats if w.startswith("connection")] == ["connection_lost", "connection_back"]


async def test_wa_one_page_of_several_that_goes_loses_no_line(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    other = await world.page_of(ana.page.account)
    await other.until(lambda s: s.my_action_when(action))
    await other.close()
    await ana.page.say_step(action, "One page less.")
    await asked(maria, action, lost_since=None, joined=True)
    assert "connection_lost" not in await chain_holds(world, action)


async def test_cb04_a_page_that_was_locked_by_exit_is_no_line(world: World, a_group: list[Member]) -> None:
    """The action goes on without them being seen, and the witnesses hear that nobody is there."""
    maria, ana = a_group
    action = await begins(ana, maria)
    await ana.page.account.leave()
    locked = await joined(ana.page.account)
    try:
        await asked(maria, action, lost_since=world.clock.now())
        reply = await locked.ask("turn_into_call", action=action)
        assert reply["t"] == "ok", "pressing is never locked"
        assert (await locked.ask("say_step", action=action, text="x"))["code"] == "locked"
    finally:
        await locked.close()


async def test_wa_after_a_restart_everybody_is_back_and_the_chain_goes_on(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, maria, tom)
    await ana.page.say_step(action, "Before.")
    before = await mine(ana, action, present=2)
    await world.restart()
    for member in (ana, maria, tom):
        await member.page.until(lambda s: s.connected, within_seconds=5)
    await asked(maria, action, stage="live", lost_since=None)
    await ana.page.until(
        lambda s: (
            s.my_action_when(action, stage="live", present=2) and s.my_actions[action]["version"] > before["version"]
        )
    )
    for peer in (maria, tom):
        await peer.page.join_action(action, "B" * 87)  # a page that came back has a new key
        await gets(peer, action)
    await ana.page.until(lambda s: len(s.devices[action]["devices"]) == 2)
    await ana.page.say_step(action, "After.")
    await ana.page.declare_done(action)
    for peer in (maria, tom):
        await peer.page.attest(action, saw=True)
    over = await is_over(ana, action, "completed")
    assert [s["text"] for s in over["steps"]] == ["Before.", "After."]
    whats = await chain_holds(world, action)
    assert whats.count("attested") == 2
    await ana.page.export_record(action)


async def test_wa04_after_a_restart_who_does_not_come_back_is_away_in_ten_seconds(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await maria.page.close()
    await world.restart()
    await ana.page.until(lambda s: s.connected)
    await mine(ana, action, present=1)
    await world.pass_time(5)
    assert ana.page.state.my_action_when(action, present=1)
    await world.pass_time(4)
    await world.pass_time(1)
    await mine(ana, action, present=0)


async def test_wa_a_line_that_was_lost_while_the_store_was_down_is_told_when_it_is_back(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    async with hanging(world):
        await maria.page.raise_call(maria.group)  # from here on memory carries calls
        await ana.page.close()
        await maria.page.set_visible(True)
    await maria.page.until(lambda s: s.my_call_when(saved=True), within_seconds=15)
    await world.beside.timers.chores()
    await asked(maria, action, lost_since=world.clock.now())


# ---------------------------------------------------------------- pictures, through real sockets


async def test_wa03_whoever_did_not_choose_to_look_gets_no_byte(world: World) -> None:
    maria, ana, tom, eva = await a_group_with(world, "Maria", "Ana", "Tom", "Eva")
    action = await declares(ana, medium="video")
    for peer in (tom, eva):
        await witnesses(peer, action)
    await ana.page.go_live(action)
    for peer in (maria, tom, eva):
        async with refused("not_allowed"):
            await peer.page.open_media(action)
    await tom.page.look(action)
    async with pictures(world, ana, action) as camera, pictures(world, tom, action) as watching:
        await camera.until(b"\x12")
        await camera.socket.send(KEY_FRAME)
        await watching.until(KEY_FRAME)
        ticket = await tom.page.open_media(action)
        await tom.page.look(action, looking=False)
        assert await watching.closed() == 4011
        async with pictures_by(world, ticket) as too_late:
            assert await too_late.closed() == 4011
            assert too_late.got == []


async def test_wa03_the_member_cuts_for_everyone_at_once(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, maria, tom, medium="video")
    for peer in (maria, tom):
        await peer.page.look(action)
    async with (
        pictures(world, ana, action) as camera,
        pictures(world, maria, action) as marias,
        pictures(world, tom, action) as toms,
    ):
        await camera.until(b"\x12")
        await camera.socket.send(KEY_FRAME)
        for watching in (marias, toms):
            await watching.until(KEY_FRAME)
        await ana.page.cut_picture(action)  # from its ok on nothing passes
        await camera.socket.send(KEY_FRAME + b"after the cut")
        await ana.page.cut_picture(action, cut=False)
        for peer in (maria, tom):
            await asked(peer, action, cut=False)
        await camera.socket.send(KEY_FRAME + b"on again")
        for watching in (marias, toms):
            await watching.until(KEY_FRAME + b"on again")
            assert watching.got == [b"\x02", KEY_FRAME, KEY_FRAME + b"on again"]


async def test_wa03_a_cut_from_a_locked_device_is_a_cut(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria, medium="video")
    await ana.page.account.leave()
    locked = await joined(ana.page.account)
    try:
        assert (await locked.ask("cut_picture", action=action, cut=True))["t"] == "ok"
        await asked(maria, action, cut=True)
    finally:
        await locked.close()


async def test_wa03_keys_go_to_the_pages_they_were_wrapped_for_and_to_nobody_who_is_out(world: World) -> None:
    maria, ana, tom, eva = await a_group_with(world, "Maria", "Ana", "Tom", "Eva")
    action = await declares(ana, medium="video")
    for peer in (maria, tom, eva):
        await joins(peer, action)
    await ana.page.until(lambda s: len(s.devices[action]["devices"]) == 3)
    devices = ana.page.state.devices[action]["devices"]
    shares = [{"device": d["device"], "wrapped": "C" * 80} for d in devices]
    await eva.page.leave_action(action)
    await ana.page.until(lambda s: len(s.devices[action]["devices"]) == 2)
    await ana.page.ask("share_keys", more={"key": "B" * 87}, action=action, epoch=1, shares=shares)
    for peer in (maria, tom):
        keys = await peer.page.until(lambda s: s.keys.get(action, {}))
        assert len(keys["devices"]) == 2
    await eva.page.set_visible(True)
    assert not eva.page.state.keys
    async with refused("not_found"):
        await tom.page.ask("share_keys", more={"key": "B" * 87}, action=action, epoch=2, shares=shares)
