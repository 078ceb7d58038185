"""Blocks and reports, through real sockets (CB2, CB3, CH2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from beside_client import Client, Refused
from server.handlers.blocks import learn_blocks
from tests.worlds import Member, World, a_group_with

REASONS = ("fixing", "dumping", "pressuring", "judging", "unwanted")


async def all_in_the_room(members: list[Member]) -> None:
    for member in members:
        await member.page.open_room(member.room)


async def test_cb2_a_block_is_a_wall_in_chat_in_both_directions_and_leaves_a_gap(world: World) -> None:
    maria, ana, tom = members = await a_group_with(world, "Maria", "Ana", "Tom")
    await all_in_the_room(members)
    await ana.page.ask("block_member", member=tom.id)
    await tom.page.say(tom.room, "from Tom")
    await ana.page.say(ana.room, "from Ana")
    last = (await maria.page.ask("say", room=maria.room, text="from Maria"))["seq"]
    await ana.page.until(lambda s: s.logs[ana.room].last == last)
    await tom.page.until(lambda s: s.logs[tom.room].last == last)
    assert ana.page.state.said_in(ana.room) == ["from Ana", "from Maria"]
    assert tom.page.state.said_in(tom.room) == ["from Tom", "from Maria"]
    gaps = [e for e in ana.page.state.logs[ana.room].entries if e["kind"] == "gap"]
    # Dense, and a gap says nothing of whom or what: also not on a line that comes back later.
    assert gaps
    assert all(not e.get("author") and not e.get("text") for e in gaps)
    again = await world.page_of(ana.page.account)
    await again.open_room(ana.room)
    assert "from Tom" not in again.state.said_in(ana.room)


async def test_cb2_a_block_in_the_middle_of_a_call_takes_the_card_away(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = (await ana.page.ask("raise_call", group=ana.group, words="Only for those I trust."))["call"]
    await tom.page.until(lambda s: s.card_of(call))
    await ana.page.ask("block_member", member=tom.id)
    await world.beside.timers.look()
    await tom.page.until(lambda s: not s.card_of(call))
    assert maria.page.state.card_of(call)
    with pytest.raises(Refused) as refused:
        await tom.page.answer_call(call, "coming")
    assert refused.value.code in ("enough_people", "not_found")


async def test_cb2_a_block_hides_people_in_the_list_of_members_too(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")

    async def seen_by(member: Member) -> set[str]:
        people = (await member.page.read("list_members", group=member.group))["people"]
        return {person["name"] for person in people}

    await ana.page.ask("block_member", member=tom.id)
    assert await seen_by(ana) == {"Maria", "Ana"}
    assert await seen_by(tom) == {"Maria", "Tom"}
    assert await seen_by(maria) == {"Maria", "Ana", "Tom"}, "a moderator must be able to act"


async def test_cb2_an_unblock_opens_the_wall_again(world: World) -> None:
    _maria, ana, tom = members = await a_group_with(world, "Maria", "Ana", "Tom")
    await ana.page.ask("block_member", member=tom.id)
    await ana.page.ask("unblock_member", member=tom.id)
    await all_in_the_room(members)
    await tom.page.say(tom.room, "hello again")
    await ana.page.until(lambda s: "hello again" in s.said_in(ana.room))


@pytest.mark.parametrize("reason", REASONS)
async def test_cb3_a_report_reaches_the_moderators_with_the_words_as_they_were(world: World, reason: str) -> None:
    maria, ana, tom = members = await a_group_with(world, "Maria", "Ana", "Tom")
    await all_in_the_room(members)
    said = await tom.page.ask("say", room=tom.room, text="You should stop your meds.")
    await ana.page.ask(
        "report_member", member=tom.id, reason=reason, room=ana.room, seq=said["seq"], words="Please look."
    )
    await tom.page.ask("delete_entry", room=tom.room, seq=said["seq"])
    reports = (await maria.page.read("list_reports", group=maria.group))["reports"]
    assert [(r["reason"], r["entry_text"], r["words"], r["about"]["name"]) for r in reports] == [
        (reason, "You should stop your meds.", "Please look.", "Tom")
    ]
    with pytest.raises(Refused):
        await ana.page.read("list_reports", group=ana.group)
    await maria.page.ask("resolve_report", report=reports[0]["report"])
    assert (await maria.page.read("list_reports", group=maria.group))["reports"] == []


async def test_cb3_an_unknown_reason_is_refused(world: World) -> None:
    _maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    with pytest.raises(Refused) as refused:
        await ana.page.ask("report_member", member=tom.id, reason="because")
    assert refused.value.code == "bad_frame"


# ---- a report about whom the group itself could not look at


async def a_coordinator(world: World) -> Client:
    account = await world.account("cora the coordinator", first_token=world.first_token)
    return await world.page_of(account, page="oncall")


async def test_cb3_a_report_about_the_only_moderator_reaches_the_coordinator_not_them(
    world: World,
) -> None:
    maria, ana, _tom = members = await a_group_with(world, "Maria", "Ana", "Tom")
    cora = await a_coordinator(world)
    await cora.watch_desk()
    await all_in_the_room(members)
    said = await maria.page.ask("say", room=maria.room, text="You should stop your meds.")
    await ana.page.report_member(maria.id, "fixing", room=ana.room, seq=said["seq"], words="They lead the group.")
    await cora.until(lambda s: s.desk is not None and s.desk["reports"] == 1)  # the desk says so by itself
    (report,) = await cora.list_reports()
    assert (report["about"]["name"], report["reason"], report["entry_text"], report["words"]) == (
        "Maria", "fixing", "You should stop your meds.", "They lead the group.",
    )  # fmt: skip
    assert report["group_name"]
    assert await maria.page.list_reports(maria.group) == []
    for someone in (maria, ana):
        with pytest.raises(Refused) as refused:
            await someone.page.resolve_report(report["report"])
        assert refused.value.code in ("not_found", "not_allowed")
    await cora.resolve_report(report["report"])
    assert await cora.list_reports() == []
    await cora.until(lambda s: s.desk is not None and s.desk["reports"] == 0)


async def test_cb3_with_a_second_moderator_it_stays_in_the_group(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    cora = await a_coordinator(world)
    await maria.page.set_role(tom.id, "moderator")
    await ana.page.report_member(maria.id, "judging")
    assert [r["about"]["name"] for r in await tom.page.list_reports(tom.group)] == ["Maria"]
    assert await cora.list_reports() == []


async def test_cb3_a_report_that_nobody_could_read_is_refused_and_says_what_else_there_is(world: World) -> None:
    maria, ana, _tom = await a_group_with(world, "Maria", "Ana", "Tom")
    with pytest.raises(Refused) as refused:
        await ana.page.report_member(maria.id, "judging")
    assert refused.value.code == "nobody_to_tell"


async def test_cb3_nobody_but_a_coordinator_asks_for_the_reports_of_no_group(world: World) -> None:
    maria, ana, _tom = await a_group_with(world, "Maria", "Ana", "Tom")
    for someone in (maria, ana):
        with pytest.raises(Refused) as refused:
            await someone.page.list_reports()
        assert refused.value.code == "not_found"


async def test_cb2_a_block_that_is_told_while_all_are_read_is_not_lost_over_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana's block ended, so all are read again, and in that moment Tom makes one: here, or at another node."""
    _maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    services = world.beside.services
    anas, toms = await services.store.read(lambda tx: [tx.groups.member(one.id).account for one in (ana, tom)])  # type: ignore[arg-type,union-attr]
    read = services.store.read

    async def read_just_before(work: Callable[[Any], Any]) -> Any:
        monkeypatch.setattr(services.store, "read", read)
        found = await read(work)
        await services.store.write(lambda tx: tx.care.block(toms, anas, ana.group, ana.id, 1))  # type: ignore[arg-type]
        services.changes.block_changed(toms, anas)
        return found

    monkeypatch.setattr(services.store, "read", read_just_before)
    await learn_blocks(services)
    assert services.hidden_from(anas) == {toms}
