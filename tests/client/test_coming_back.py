"""What survives a lost line, a restarted server, a second try and a revoked device."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from beside_client import Account, Over, Refused, new_key, sign_in
from tests.fakes import MovableClock
from tests.worlds import PASSPHRASE, Member, World


async def test_ch02_a_reader_resumes_where_they_were_after_the_server_restarted(
    world: World, a_group: list[Member]
) -> None:
    maria, ana = a_group
    opened: list[dict[str, Any]] = []
    page = await world.page_of(ana.page.account, on_event=lambda e: opened.append(e) if e["t"] == "room_now" else None)
    log = await page.open_room(ana.room)
    await maria.page.say(maria.room, "before")
    await page.until(lambda state: "before" in state.said_in(ana.room))

    await world.restart()
    await maria.page.say(maria.room, "after")
    await page.until(lambda state: state.said_in(ana.room) == ["before", "after"])

    assert page.closes == [1012]
    assert page.state.logs[ana.room] is log
    assert [room["resumed"] for room in opened] == [False, True]
    assert "before" not in [e["text"] for e in opened[1]["entries"]], "only what was missed comes again"
    assert [e["seq"] for e in log.entries] == list(range(1, log.last + 1))


async def test_uc19_a_held_call_is_still_held_after_a_restart(world: World, a_group: list[Member]) -> None:
    maria, ana = a_group
    await maria.be_available()
    call = await ana.page.raise_call(ana.group)
    room = await maria.go_into(call)
    await ana.page.confirm_here(call)
    await ana.page.until(lambda state: state.my_call_when(standing="held"))

    await world.restart()
    await maria.page.say(room, "still here")
    await ana.page.until(lambda state: state.my_call_when(standing="held"))
    await world.pass_time(60)
    held = await ana.page.until(lambda state: state.my_call_when(standing="held"))
    assert held["helpers"][0]["connected"] is True, "the client went back into the call room by itself"


async def test_the_same_key_is_done_once_and_gets_the_first_answer(a_group: list[Member]) -> None:
    maria, _ana = a_group
    key = new_key()
    first = await maria.page.ask("say", key=key, room=maria.room, text="once")
    again = await maria.page.ask("say", key=key, room=maria.room, text="once")
    assert again == first
    log = await maria.page.open_room(maria.room)
    assert log.texts == ["once"]
    with pytest.raises(Refused, match="key_reused"):
        await maria.page.ask("say", key=key, room=maria.room, text="something else")


async def test_ch02_words_cut_off_by_a_lost_line_are_said_once(a_group: list[Member]) -> None:
    """The line is cut right after each command was handed over. Whether it arrived is not known: it is sent again."""
    maria, ana = a_group
    log = await ana.page.open_room(ana.room)
    for n in range(8):
        saying = asyncio.ensure_future(maria.page.say(maria.room, f"word {n}"))
        await asyncio.sleep(0)
        await maria.page.drop()
        await saying
    await ana.page.until(lambda state: len(state.said_in(ana.room)) == 8)
    assert log.texts == [f"word {n}" for n in range(8)]


async def test_uc01_a_press_over_the_socket_and_by_post_under_one_key_is_one_call(a_group: list[Member]) -> None:
    _maria, ana = a_group
    key = new_key()
    posted = await ana.page.account.urgent_post(ana.group, "words", key=key)
    pressed = await ana.page.raise_call(ana.group, "words", key=key)
    second_press = await ana.page.raise_call(ana.group, "other words")
    assert posted["call"] == pressed == second_press


async def test_uc01_a_press_on_a_dead_line_goes_by_post(a_group: list[Member], monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket swallows everything, as a line does that has died without a word."""
    _maria, ana = a_group
    monkeypatch.setattr("beside_client.commands.POST_AFTER_SECONDS", 0.05)

    async def swallow(_frame: object) -> None:
        return

    monkeypatch.setattr(ana.page, "_write", swallow)
    call = await ana.page.raise_call(ana.group)
    assert await ana.page.until(lambda state: state.my_call_when(call=call))


async def test_a_revoked_device_is_closed_and_stays_away(world: World, a_group: list[Member]) -> None:
    _maria, ana = a_group
    second = await sign_in(world.url, "ana", PASSPHRASE)
    (other,) = [d["device"] for d in await second.devices() if not d["this"]]
    await second.revoke_device(other)
    over = await ana.page.over()
    assert isinstance(over, Over)
    assert over.code == 4001
    with pytest.raises(Over):
        await ana.page.say(ana.room, "hello?")
    with pytest.raises(Refused, match="not_signed_in"):
        await ana.page.account.ticket()


async def test_a_call_that_ended_while_away_is_not_shown_as_running(
    a_group: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    maria, ana = a_group
    await maria.be_available()
    call = await ana.page.raise_call(ana.group)
    await maria.page.until(lambda state: state.card_of(call))
    with monkeypatch.context() as no_network:
        no_network.setattr(Account, "ticket", _never)
        await maria.page.drop()
        await ana.page.close_call(call, "same")
    await maria.page.until(lambda state: state.connected and not state.card_of(call, standing="open"))


async def _never(_account: Account) -> str:
    raise OSError("no network")


async def test_cb04_quick_exit_locks_reading_and_not_pressing(a_group: list[Member]) -> None:
    _maria, ana = a_group
    await ana.page.account.leave()
    await ana.page.until(lambda state: state.connected and not state.groups)
    with pytest.raises(Refused, match="locked"):
        await ana.page.open_room(ana.room)
    call = await ana.page.raise_call(ana.group)
    assert await ana.page.until(lambda state: state.my_call_when(call=call, words=""))
    await ana.page.account.unlock(PASSPHRASE)
    await ana.page.until(lambda state: ana.group in state.groups)


async def test_ch02_a_room_full_of_long_words_can_still_be_opened_and_read(
    world: World, a_group: list[Member], clock: MovableClock
) -> None:
    """50 entries of 8 KB are more than the server keeps for one reader."""
    maria, ana = a_group
    for n in range(55):
        await maria.page.say(maria.room, f"{n} " + "é" * 3900)
        clock.advance(100)  # no faster than the 10 a second that one person may write
    log = await ana.page.open_room(ana.room)
    first = log.entries[0]["seq"]
    assert 1 < first < log.last
    while log.entries[0]["seq"] > 1:
        await ana.page.fetch_entries(ana.room, after=0, before=log.entries[0]["seq"], limit=200)
    assert [text.split()[0] for text in log.texts] == [str(n) for n in range(55)]
    assert ana.page.closes == []
