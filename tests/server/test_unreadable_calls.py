"""One call that cannot be read takes no other with it, and is itself begun anew with on-call (promise 1)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from beside_client import Client
from presence.ids import CallId
from server import doctor
from server.doctor import Finding, Level
from server.settings import Settings
from tests.by_hand import by_hand
from tests.worlds import Member, World, a_group_with

BROKEN = [b"", b"\xc1", b"\x80", b"\x81\xa2id\xa1x", b"not a call at all"]


async def break_call(world: World, call: str, body: bytes) -> None:
    broken = await by_hand(world, "UPDATE calls SET body = :body WHERE id = :call RETURNING id", body=body, call=call)
    assert broken == [(call,)]


async def what_the_doctor_finds(world: World) -> Finding:
    (found,) = await asyncio.to_thread(lambda: list(doctor.calls(world.beside.settings)))
    return found


async def two_groups_with_a_call_each(world: World) -> tuple[list[Member], str, list[Member], str]:
    evenings = await a_group_with(world, "Maria", "Ana")
    grief = await a_group_with(world, "Bo", "Cem", group="Grief")
    await evenings[0].be_available()
    await grief[0].be_available()
    lost = await evenings[1].page.raise_call(evenings[1].group, "words of mine")
    other = await grief[1].page.raise_call(grief[1].group)
    await evenings[0].page.until(lambda s: s.card_of(lost))
    await grief[0].page.until(lambda s: s.card_of(other))
    return evenings, lost, grief, other


@pytest.mark.parametrize("body", BROKEN)
async def test_uc19_a_call_that_cannot_be_read_stops_no_other_at_start(
    world: World, a_volunteer_on_shift: Client, body: bytes
) -> None:
    (maria, ana), lost, (bo, cem), other = await two_groups_with_a_call_each(world)
    await world.restart(meanwhile=lambda: break_call(world, lost, body))
    # The other goes on as it was.
    await cem.page.until(lambda s: s.connected and s.my_call_when(call=other, standing="open"))
    await bo.page.ask("answer_call", call=other, answer="coming")
    await cem.page.until(lambda s: s.my_call_when(standing="coming"))
    # The lost one is still a call of Ana's, and on-call is rung for it, without a peer whom she may have kept out.
    again = await ana.page.until(lambda s: s.my_call_when(call=lost, standing="open", words=""))
    assert again["words"] == ""
    await world.beside.timers.look()
    await a_volunteer_on_shift.until(lambda s: s.connected and s.desk_row(lost, sounds=True))
    await a_volunteer_on_shift.answer_call(lost, "coming")
    await ana.page.until(lambda s: s.my_call_when(standing="coming"))
    call = await world.beside.store.read(lambda tx: tx.calls.get(CallId(lost)))
    assert call is not None
    assert maria.id not in call.recipients
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/readyz") as answer:
        report = await answer.json()
    assert (report["ready"], report["calls_begun_anew"], report["calls_unreadable"]) == (True, 1, 0)
    found = await what_the_doctor_finds(world)
    assert found.level is Level.LOOK
    assert lost in found.what


async def test_uc19_a_call_that_breaks_while_the_server_runs_is_begun_anew_when_it_is_due(
    world: World, a_volunteer_on_shift: Client
) -> None:
    (_maria, ana), lost, (_bo, cem), other = await two_groups_with_a_call_each(world)
    version = ana.page.state.my_call["version"]
    await break_call(world, lost, b"\xc1")
    found = await what_the_doctor_finds(world)
    assert found.level is Level.MEND
    assert lost in found.what
    await world.pass_time(50)
    again = await ana.page.until(lambda s: s.my_call_when(call=lost, words=""))
    assert again["version"] > version
    await a_volunteer_on_shift.until(lambda s: s.desk_row(lost, sounds=True))
    assert cem.page.state.my_call_when(call=other, standing="open")


async def test_uc01_who_presses_again_before_that_is_heard_and_has_one_call(
    world: World, a_volunteer_on_shift: Client
) -> None:
    (maria, ana), lost, _grief, _other = await two_groups_with_a_call_each(world)
    await break_call(world, lost, b"\xc1")
    newer = await ana.page.raise_call(ana.group)
    assert newer != lost
    await maria.page.until(lambda s: s.card_of(newer))
    await world.restart()
    await ana.page.until(lambda s: s.connected and s.my_call_when(call=newer, standing="open"))
    live = await world.beside.store.read(lambda tx: tx.calls.live())
    assert [c.id for c in live if c.caller == ana.id] == [newer]
    await a_volunteer_on_shift.until(lambda s: s.connected)


def test_a_server_that_never_ran_has_no_calls_to_look_at(tmp_path: Path) -> None:
    assert list(doctor.calls(Settings(data=tmp_path))) == []
