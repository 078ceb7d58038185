"""Deletion is real (CH3), and nothing is kept longer than the page says (CB8, UC7)."""

from __future__ import annotations

from beside_client import Client
from presence.ids import CallId
from rooms.call import CantNow, Parked
from server.handlers.retention import DAY, Retention, sweep
from server.ports import Tx
from tests.by_hand import all_that_is_kept, by_hand
from tests.worlds import Member, World

PLANTED = "the sentence that must be gone from every file"


async def test_ch3_a_deleted_message_is_unreadable_at_once_and_leaves_the_live_files(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    for member in a_group:
        await member.page.open_room(member.room)
    said = await ana.page.ask("say", room=ana.room, text=PLANTED)
    await maria.page.until(lambda s: PLANTED in s.said_in(maria.room))
    assert PLANTED.encode() in await all_that_is_kept(world)
    await ana.page.ask("delete_entry", room=ana.room, seq=said["seq"])
    await maria.page.until(lambda s: PLANTED not in s.said_in(maria.room))
    await sweep(world.beside.services, Retention())
    assert PLANTED.encode() not in await all_that_is_kept(world)


async def test_cb8_a_call_forgets_who_could_not_in_a_day_and_its_words_in_a_week(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = (await ana.page.ask("raise_call", group=ana.group, words=PLANTED))["call"]
    await tom.page.until(lambda s: s.card_of(call))
    await tom.page.ask("answer_call", call=call, answer="cant")
    room = await maria.go_into(call)
    await ana.page.open_room(room)
    await maria.page.say(room, "I am here.")
    await ana.page.say(room, PLANTED)
    await ana.page.until(lambda s: s.my_call_when(standing="held"))
    await ana.page.ask("close_call", call=call, feeling="better")

    async def stored() -> object:
        return await world.beside.store.read(lambda tx: tx.calls.get(call))

    world.clock.advance(DAY // 2)
    await sweep(world.beside.services, Retention())
    before = await stored()
    assert any(isinstance(r.answer, CantNow) for r in before.recipients.values())  # type: ignore[attr-defined]

    world.clock.advance(DAY)
    await sweep(world.beside.services, Retention())
    after = await stored()
    assert {r.name for r in after.recipients.values()} == {"Maria"}, "only who was here"  # type: ignore[attr-defined]
    assert PLANTED.encode() in await all_that_is_kept(world)

    world.clock.advance(7 * DAY)
    await sweep(world.beside.services, Retention())
    assert PLANTED.encode() not in await all_that_is_kept(world)
    assert await by_hand(world, "SELECT count(*) FROM entries WHERE room = :room", room=room) == [(0,)]


async def test_cb8_a_parked_call_stays_and_its_words_go_a_week_after_the_last_of_them(
    world: World, a_volunteer_on_shift: Client, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = await ana.page.raise_call(ana.group, PLANTED)
    await tom.page.until(lambda s: s.card_of(call))
    await tom.page.ask("answer_call", call=call, answer="cant")
    await ana.page.block_member(tom.id)  # a "can't" of somebody who is kept out is private as well
    room = await maria.go_into(call)
    await ana.page.open_room(room)
    await ana.page.say(room, PLANTED)
    await maria.page.say(room, "I am here. " + PLANTED)
    await ana.page.until(lambda s: s.my_call_when(standing="held"))
    await ana.page.close()
    await world.pass_time(125)
    await maria.page.ask("leave_call", call=call, parted_well=True)
    await a_volunteer_on_shift.until(lambda s: s.desk_row(call, standing="parked"))
    await world.beside.timers.stop()  # a parked call is followed up for ever, and each time is a version

    async def swept_after(days: int) -> bytes:
        world.clock.advance(days * DAY)
        await sweep(world.beside.services, Retention())
        return await all_that_is_kept(world)

    assert PLANTED.encode() in await swept_after(6)
    assert PLANTED.encode() not in await swept_after(2)
    kept = await world.beside.store.read(lambda tx: tx.calls.get(CallId(call)))
    assert kept is not None
    assert isinstance(kept.end, Parked)
    assert {r.name for r in kept.recipients.values()} == {"Maria"}, "who could not is private (UC7)"
    version = kept.version
    await swept_after(1)
    again = await world.beside.store.read(lambda tx: tx.calls.get(CallId(call)))
    assert again is not None
    assert again.version == version, "what is forgotten is not forgotten anew each hour"

    # It is still a call, with a room whose places are all there (CH2, UC12).
    page = await world.page_of(ana.page.account)
    await page.until(lambda s: s.my_call_when(call=call, standing="parked", words=""))
    log = await page.open_room(room)
    assert [e["kind"] for e in log.entries] == ["gap", "gap"]
    await page.ask("still_need", call=call, need=True)
    await page.say(room, "I am back.")
    await page.until(lambda s: s.said_in(room) == ["I am back."])


async def test_oc2_old_audit_lines_go_and_the_chain_still_finds_an_edit(world: World) -> None:
    await world.account("Vera", first_token=world.first_token)
    store = world.beside.store
    now = world.clock.now()

    def some_old_lines(tx: Tx) -> None:
        for days in (500, 400, 3):
            tx.care.add_audit("actor", f"done_{days}", "subject", now - DAY * days)

    await store.write(some_old_lines)
    await sweep(world.beside.services, Retention())
    lines = await store.read(lambda tx: tx.care.audit(0, 100))
    assert [line.action for line in lines] == ["done_3"]
    await store.write(lambda tx: tx.care.add_audit("actor", "done_now", "subject", now))
    assert await store.read(lambda tx: tx.care.audit_is_intact())
    await by_hand(world, "UPDATE audit SET action = 'something_else' WHERE action = 'done_3'")
    assert not await store.read(lambda tx: tx.care.audit_is_intact())
