"""The member's own records: listed, exported, verified, deleted; nobody else's business (WA6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from presence.ids import MemberId
from rooms import record
from rooms.record import check_text
from server.handlers.retention import DAY, Retention, sweep
from server.record_key import encode, verify
from server.verify import HOLDS, verified
from tests.by_hand import all_that_is_kept, by_hand
from tests.server.action_world import DEED, asked, begins, gets, is_over, refused, stay
from tests.worlds import Member, World, a_group_with

STEP = "the planted step that must be gone from every file"


async def a_record(world: World, ana: Member, maria: Member) -> str:
    """Declared, watched, done, attested."""
    action = await begins(ana, maria)
    await ana.page.say_step(action, STEP)
    await gets(maria, action)
    await stay(world, 5, [maria], action)
    await ana.page.declare_done(action)
    await maria.page.attest(action, saw=True)
    await is_over(ana, action, "completed")
    return action


async def test_wa06_a_record_is_listed_exported_and_verifies_offline(
    world: World, a_group: list[Member], tmp_path: Path
) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    records = await ana.page.list_records()
    (line,) = records["records"]
    assert (line["action"], line["deed"], line["ended"], line["witnesses"]) == (action, "pour_out", "completed", 1)
    text = await ana.page.export_record(action)
    assert check_text(text, records["key"], encode, verify) is None
    file = tmp_path / "record.json"
    file.write_text(text)
    said, code = verified(str(file), records["key"])
    assert code == HOLDS
    assert "1 witness was told in text" in said
    whats = [entry["what"] for entry in json.loads(text)["entries"]]
    assert line["entries"] == len(whats)
    assert (whats[0], whats[-1]) == ("declared", "completed")


async def test_wa06_whoever_has_thousands_of_records_holds_nobody_up(world: World, a_group: list[Member]) -> None:
    """Listing them read every entry of every one, before all other reads of the server."""
    maria, ana = a_group
    seen = await a_record(world, ana, maria)
    thousand = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)"
    rows = "group_id, member, account, version, state, made_at - number.n, ended_at, forgotten, body"
    of_seen = f"SELECT 'copy' || number.n, {rows} FROM actions, number WHERE id = :seen"
    await by_hand(world, f"{thousand} INSERT INTO actions {of_seen}", seen=seen)
    of_seen = "SELECT 'copy' || number.n, e.n, at, what, more, hash FROM action_entries e, number WHERE action = :seen"
    await by_hand(world, f"{thousand} INSERT INTO action_entries {of_seen}", seen=seen)
    reads = 0

    def count(*_: object) -> None:
        nonlocal reads
        reads += 1

    event.listen(Engine, "after_cursor_execute", count)
    try:
        found = (await ana.page.list_records())["records"]
    finally:
        event.remove(Engine, "after_cursor_execute", count)
    assert found[0]["action"] == seen
    assert [line["witnesses"] for line in found] == [1] * 200
    assert reads < 20, "no question for each"


async def test_wa06_the_record_names_no_witness(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    text = await ana.page.export_record(action)
    for name in (maria.id, "Maria", ana.id, "Ana", ana.group, "Sober"):
        assert name not in text


async def test_wa06_the_same_record_is_the_same_file_also_after_a_restart(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    text = await ana.page.export_record(action)
    await world.restart()
    assert await ana.page.export_record(action) == text


SPOILT = {
    "a changed word": "UPDATE action_entries SET more = :more WHERE what = 'step'",
    "a dropped entry": "DELETE FROM action_entries WHERE what = 'step'",
    "a cut tail": "DELETE FROM action_entries WHERE n = (SELECT max(n) FROM action_entries)",
    "a changed time": "UPDATE action_entries SET at = at + 1 WHERE n = 2",
    "two changed places": "UPDATE action_entries SET n = CASE n WHEN 1 THEN -2 ELSE -1 END WHERE n IN (1, 2)",
    "everything gone": "DELETE FROM action_entries",
}


@pytest.mark.parametrize("what", SPOILT)
async def test_wa06_no_seal_is_put_on_a_chain_that_was_spoilt(world: World, a_group: list[Member], what: str) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    await ana.page.export_record(action)
    more = {"more": encode({"text": "x"})} if ":more" in SPOILT[what] else {}
    assert await by_hand(world, f"{SPOILT[what]} RETURNING n", **more)
    async with refused("record_broken"):
        await ana.page.export_record(action)


async def test_wa06_a_chain_written_anew_does_not_fit_the_head_that_was_kept(
    world: World, a_group: list[Member]
) -> None:
    """Whoever can write to the file can hash as well; the length and the last hash stand elsewhere too."""
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    old = await world.beside.store.read(lambda tx: tx.actions.entries(action))  # type: ignore[arg-type]
    head, rows = record.genesis(action), []
    for entry in old:
        more: dict[str, Any] = dict(entry.more) | ({"text": "other words"} if entry.what == "step" else {})
        new = record.next_entry(head, entry.n, entry.at, entry.what, more, encode)
        rows.append({"more": encode(more), "hash": new.hash, "action": action, "n": entry.n})
        head = new.hash
    for row in rows:
        await by_hand(
            world, "UPDATE action_entries SET more = :more, hash = :hash WHERE action = :action AND n = :n", **row
        )
    async with refused("record_broken"):
        await ana.page.export_record(action)


async def test_wa06_deleting_leaves_a_tombstone_and_nothing_in_the_live_files(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    assert STEP.encode() in await all_that_is_kept(world)
    await ana.page.delete_record(action)
    records = (await ana.page.list_records())["records"]
    assert [{**r, "at": 0} for r in records] == [
        {"action": action, "at": 0, "deleted": True, "deed": None, "words": "", "ended": "no", "entries": 0,
         "witnesses": 0},
    ]  # fmt: skip
    await sweep(world.beside.services, Retention())
    kept = await all_that_is_kept(world)
    assert STEP.encode() not in kept
    assert DEED.encode() not in kept
    for command in (ana.page.export_record, ana.page.delete_record):
        async with refused("not_found"):
            await command(action)
    await maria.page.set_visible(True)


async def test_wa06_deleting_twice_with_one_key_is_once(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    for _ in range(2):
        await ana.page.delete_record(action, key="delete-delete")


async def test_wa06_nobody_else_lists_exports_or_deletes_it(world: World) -> None:
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    coordinator = await world.page_of(await world.account("Vera", first_token=world.first_token), page="oncall")
    action = await a_record(world, ana, tom)
    for page in (maria.page, tom.page, coordinator):
        assert (await page.list_records())["records"] == []
        for command in (page.export_record, page.delete_record):
            async with refused("not_found"):
                await command(action)
    await ana.page.export_record(action)


async def test_wa06_a_running_one_is_neither_exported_nor_deleted(a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await begins(ana, maria)
    async with refused("not_found"):
        await ana.page.export_record(action)
    async with refused("not_allowed"):
        await ana.page.delete_record(action)
    assert (await ana.page.list_records())["records"] == []
    await asked(maria, action, stage="live")


async def test_wa06_a_record_of_a_group_that_was_left_is_still_its_members(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    await ana.page.leave_group(ana.group)
    key = (await ana.page.list_records())["key"]
    assert check_text(await ana.page.export_record(action), key, encode, verify) is None


async def test_cb08_after_seven_days_nobody_can_say_who_witnessed_and_the_record_holds(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    action = await a_record(world, ana, maria)
    text = await ana.page.export_record(action)

    async def in_the_store() -> bytes:
        found = await by_hand(world, "SELECT body FROM actions UNION ALL SELECT more FROM action_entries")
        return b"".join(row[0] for row in found)

    world.clock.advance(7 * DAY - 1)
    await sweep(world.beside.services, Retention())
    assert maria.id.encode() in await in_the_store()
    world.clock.advance(1)
    await sweep(world.beside.services, Retention())
    seat = await world.beside.store.read(lambda tx: tx.groups.member(MemberId(maria.id)))
    assert seat is not None
    for trace in (maria.id, seat.account, "Maria"):
        assert trace.encode() not in await in_the_store()
    assert await ana.page.export_record(action) == text
    assert (await ana.page.list_records())["records"][0]["witnesses"] == 1
