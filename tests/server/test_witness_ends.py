"""How a witnessed action ends: stopped at any stage, out of time, ended for safety; and reports (WA, WA3, CB3, OC5)."""

from __future__ import annotations

import pytest

from beside_client import Client
from beside_client.wire import View
from server.names import name_key
from server.ports import Tx
from tests.server.action_world import (
    DEED,
    KEY_FRAME,
    asked,
    begins,
    declares,
    gets,
    in_local_time,
    is_over,
    mine,
    never_asked,
    pictures,
    refused,
    witnesses,
)
from tests.worlds import Member, World, a_group_with


async def in_stage(world: World, stage: str, ana: Member, maria: Member) -> str:
    if stage == "planned":
        return await declares(ana, plan=in_local_time(world, "UTC", hours=2))
    if stage == "gathering":
        action = await declares(ana)
        await witnesses(maria, action)
        return action
    action = await begins(ana, maria)
    if stage == "attesting":
        await ana.page.declare_done(action)
    if stage == "turned":
        await ana.page.turn_into_call(action)
    await mine(ana, action, stage=stage)
    return action


@pytest.mark.parametrize(
    ("stage", "how"),
    [("planned", "stopped"), ("gathering", "stopped"), ("live", "stopped"), ("attesting", "unwitnessed"),
     ("turned", "turned")],
)  # fmt: skip
async def test_wa_the_member_stops_at_any_stage_and_is_asked_no_reason(
    world: World, a_group: list[Member], stage: str, how: str
) -> None:
    maria, ana = a_group
    action = await in_stage(world, stage, ana, maria)
    await ana.page.stop_action(action)
    await is_over(ana, action, how)
    if stage != "planned":
        await asked(maria, action, stage="ended", ended=how, asked_to_attest=False)
    async with refused("action_over"):
        await ana.page.go_live(action)
    await ana.page.stop_action(action)


@pytest.mark.parametrize("stage", ["gathering", "live"])
async def test_wa_after_half_an_hour_it_runs_out_also_across_a_restart(
    world: World, a_group: list[Member], stage: str
) -> None:
    maria, ana = a_group
    action = await in_stage(world, stage, ana, maria)
    await world.pass_time(10 * 60)
    await world.restart()
    await world.pass_time(19 * 60 + 55)
    await mine(ana, action, stage=stage)
    await world.pass_time(5)
    await is_over(ana, action, "expired")
    await ana.page.set_visible(True)
    await declares(ana)  # and the next may begin


async def test_wa_what_ran_out_while_the_server_was_down_is_over_when_it_is_back(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await world.restart(down_for_seconds=31 * 60)
    await ana.page.until(lambda state: state.connected)
    records = (await ana.page.list_records())["records"]
    assert [(r["action"], r["ended"]) for r in records] == [(action, "expired")]


async def test_wa06_an_attesting_one_settles_by_its_deadline_across_a_restart(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    await ana.page.declare_done(action)
    await world.restart()
    await world.pass_time(115)
    await asked(maria, action, asked_to_attest=True)
    await world.pass_time(5)
    await is_over(ana, action, "unwitnessed")


async def test_wa07_the_picture_of_a_turned_one_ends_after_half_an_hour(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await in_stage(world, "turned", ana, maria)
    await world.pass_time(30 * 60)
    await is_over(ana, action, "turned")


# ---------------------------------------------------------------- ended for safety


async def test_oc05_a_moderator_ends_it_even_one_outside_the_audience(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await declares(ana, only=[tom.id])
    await witnesses(tom, action)
    async with refused("not_found"):
        await tom.page.end_for_safety(action)
    await maria.page.end_for_safety(action)
    await is_over(ana, action, "safety")
    await asked(tom, action, ended="safety")
    await maria.page.end_for_safety(action)
    assert await audited(world, action) == ["action_ended"], "twice is once"


async def test_oc05_on_call_sees_it_live_and_ends_it(
    world: World, a_group: list[Member], a_volunteer_on_shift: Client
) -> None:
    maria, ana = a_group
    vera = a_volunteer_on_shift
    action = await begins(ana, maria, deed="take_back", words="")
    row: View = await vera.until(lambda s: next((a for a in (s.desk or {})["actions"] if a["present"] == 1), {}))
    assert (row["action"], row["pills"], row["name"], row["witnesses"]) == (action, True, "Ana", 1)
    assert DEED not in str(vera.state.desk), "no words (OC5)"
    await vera.end_for_safety(action)
    await is_over(ana, action, "safety")
    await vera.until(lambda s: not (s.desk or {})["actions"])


async def test_oc05_off_shift_it_is_seen_and_not_offered_to_end(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    vic = await world.person("vic")

    def make_volunteer(tx: Tx) -> None:
        account = tx.accounts.by_login(name_key("vic"))
        assert account is not None
        tx.accounts.set_staff(account.id, volunteer=True, coordinator=False, volunteer_name="Vic")

    await world.beside.store.write(make_volunteer)
    action = await begins(ana, maria)
    await vic.watch_desk()
    await vic.until(lambda s: [a["can_end"] for a in (s.desk or {})["actions"]] == [False])
    async with refused("not_on_shift"):
        await vic.end_for_safety(action)
    await vic.set_shift(on=True)
    await vic.until(lambda s: [a["can_end"] for a in (s.desk or {})["actions"]] == [True])
    await vic.end_for_safety(action)
    await is_over(ana, action, "safety")


async def test_cb02_on_call_across_a_block_neither_sees_nor_ends_it(
    world: World, a_group: list[Member], a_volunteer_on_shift: Client
) -> None:
    maria, ana = a_group
    vera = a_volunteer_on_shift
    seat = Member(vera, await vera.use_invite(await maria.page.make_invite(maria.group), "Vee"))
    await ana.page.block_member(seat.id)
    action = await begins(ana, maria)
    await vera.set_visible(True)
    async with refused("not_found"):
        await vera.end_for_safety(action)


async def test_oc05_the_member_does_not_end_their_own_for_safety(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(maria, ana)
    async with refused("not_allowed"):
        await maria.page.end_for_safety(action)


async def audited(world: World, action: str) -> list[str]:
    lines = await world.beside.store.read(lambda tx: tx.care.audit(0, 200))
    return [line.action for line in lines if line.subject == action]


# ---------------------------------------------------------------- reports


async def test_wa03_a_report_freezes_it_for_its_reporter_and_reaches_the_moderators(
    world: World, a_volunteer_on_shift: Client
) -> None:
    maria, ana, tom, eva = await a_group_with(world, "Maria", "Ana", "Tom", "Eva")
    action = await begins(ana, tom, eva, medium="video")
    for peer in (tom, eva):
        await peer.page.look(action)
    async with (
        pictures(world, ana, action) as camera,
        pictures(world, tom, action) as toms,
        pictures(world, eva, action) as evas,
    ):
        await camera.until(b"\x12")
        await camera.socket.send(KEY_FRAME)
        for watching in (toms, evas):
            await watching.until(KEY_FRAME)
        await tom.page.report_action(action, "unwanted", "I do not want to see this.")
        assert await toms.closed() == 4011
        await camera.socket.send(KEY_FRAME + b"after")
        await evas.until(KEY_FRAME + b"after")
        assert toms.got == [b"\x02", KEY_FRAME]
    frozen = await asked(tom, action, frozen=True, looking=False)
    assert frozen["steps"] == []
    async with refused("not_allowed"):
        await tom.page.open_media(action)
    async with refused("not_allowed"):
        await tom.page.look(action)
    (report,) = await maria.page.list_reports(maria.group)
    assert (report["about"]["name"], report["reason"]) == ("Ana", "unwanted")
    assert report["words"] == "I do not want to see this."
    assert DEED in report["entry_text"]
    await a_volunteer_on_shift.until(lambda s: [a["reports"] for a in (s.desk or {})["actions"]] == [1])
    await mine(ana, action, present=1)  # who reported is away, and nobody is told why


async def test_wa03_it_is_frozen_also_where_nobody_could_read_the_report(world: World) -> None:
    """The only one who looks after the group is the member, and the server has no coordinator: the report is refused,
    and says what can be done; the picture stops for its reporter all the same, also when they try once more."""
    maria, ana = await a_group_with(world, "Maria", "Ana")
    action = await begins(maria, ana, medium="video")
    await ana.page.look(action)
    for _ in range(2):
        async with refused("nobody_to_tell"):
            await ana.page.report_action(action, "unwanted")
        await asked(ana, action, frozen=True, looking=False)
    async with refused("not_allowed"):
        await ana.page.open_media(action)


async def test_wa03_who_reported_it_gets_no_further_step_and_is_no_witness(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, tom, maria)
    await tom.page.report_action(action, "pressuring")
    await ana.page.say_step(action, "and now the rest of it")
    await asked(maria, action, steps=[{"at": world.clock.now(), "text": "and now the rest of it"}])
    await gets(tom, action)
    await tom.page.set_visible(True)
    assert "the rest" not in str(tom.page.state.actions)
    await ana.page.declare_done(action)
    async with refused("not_present"):
        await tom.page.attest(action, saw=True)
    await tom.page.join_action(action, "A" * 87)
    assert tom.id not in str(world.beside.services.keyring.devices(action)), "nor a key for what comes"  # type: ignore[arg-type]


async def test_cb03_a_report_about_the_only_moderator_goes_to_the_coordinators(
    world: World, a_group: list[Member], a_volunteer_on_shift: Client
) -> None:
    maria, ana = a_group
    action = await begins(maria, ana)
    await ana.page.report_action(action, "judging")
    await a_volunteer_on_shift.until(lambda s: (s.desk or {})["reports"] == 1)
    assert await maria.page.list_reports(maria.group) == []
    (report,) = await a_volunteer_on_shift.list_reports()
    assert report["about"]["name"] == "Maria"


async def test_wa03_who_left_can_still_report_it_and_who_never_joined_cannot(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, tom)
    await tom.page.leave_action(action)
    await asked(maria, action)
    async with refused("not_found"):
        await maria.page.report_action(action, "unwanted")
    await ana.page.stop_action(action)
    await tom.page.report_action(action, "unwanted")
    assert len(await maria.page.list_reports(maria.group)) == 1


# ---------------------------------------------------------------- somebody no longer belongs


@pytest.mark.parametrize("what", ["removed", "leaves", "observes", "blocks", "is blocked", "is sent away"])
async def test_cb02_a_witness_who_no_longer_belongs_gets_nothing_from_the_commit_on(world: World, what: str) -> None:
    maria, ana, tom, eva = await a_group_with(world, "Maria", "Ana", "Tom", "Eva")
    action = await begins(ana, tom, eva, medium="video")
    await tom.page.look(action)
    await asked(tom, action, looking=True)
    async with pictures(world, ana, action) as camera, pictures(world, tom, action) as watching:
        await camera.until(b"\x12")
        match what:
            case "removed":
                await maria.page.remove_member(tom.id)
            case "leaves":
                await tom.page.leave_group(tom.group)
            case "observes":
                await maria.page.set_role(tom.id, "observer")
            case "blocks":
                await tom.page.block_member(ana.id)
            case "is blocked":
                await ana.page.block_member(tom.id)
            case _:
                await ana.page.remove_witness(action, tom.id)
        await camera.socket.send(KEY_FRAME)
        assert await watching.closed() == 4011
        assert watching.got == [b"\x02"], "not one byte of it"
    await tom.page.until(lambda _state: never_asked(tom, action))
    view = await mine(ana, action, present=1)
    assert [w["person"]["name"] for w in view["witnesses"]] == ["Eva"]
    await gets(tom, action)
    async with refused("not_found"):
        await tom.page.join_action(action, "A" * 87)
    await mine(ana, action, present=1)


@pytest.mark.parametrize("what", ["removed", "leaves", "observes"])
async def test_gr03_a_member_who_no_longer_belongs_has_it_stopped(world: World, what: str) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    action = await begins(ana, tom)
    if what == "removed":
        await maria.page.remove_member(ana.id)
    elif what == "leaves":
        await ana.page.leave_group(ana.group)
    else:
        await maria.page.set_role(ana.id, "observer")
    await is_over(ana, action, "stopped")
    await asked(tom, action, stage="ended")


async def test_cb02_two_witnesses_with_a_block_do_not_see_each_other(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    await maria.page.block_member(tom.id)
    action = await begins(ana, maria, tom)
    for peer, other in ((maria, tom), (tom, maria)):
        card = await asked(peer, action, present=2)
        assert other.id not in str(card)
    await ana.page.until(lambda s: len(s.devices[action]["devices"]) == 2)
    shares = [{"device": d["device"], "wrapped": "C" * 80} for d in ana.page.state.devices[action]["devices"]]
    await ana.page.ask("share_keys", more={"key": "B" * 87}, action=action, epoch=1, shares=shares)
    for peer, other in ((maria, tom), (tom, maria)):
        keys = await peer.page.until(lambda s: s.keys.get(action, {}))
        assert other.id not in str(keys), "not even with the keys"
        assert len(keys["devices"]) == 2, "the safety word is over all of them"
