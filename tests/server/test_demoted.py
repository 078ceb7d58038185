"""Whoever becomes an observer in the middle of a call has no part in it any more (GR3)."""

from __future__ import annotations

import pytest

from beside_client import Refused
from tests.server.raw import a_line
from tests.worlds import Member, World


async def test_gr03_a_card_is_withdrawn_from_whoever_becomes_an_observer(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = (await ana.page.ask("raise_call", group=ana.group))["call"]
    await tom.page.until(lambda s: s.card_of(call))
    await ana.page.until(lambda s: s.my_call_when(asked=2))
    await maria.page.ask("set_role", member=tom.id, role="observer")
    await tom.page.until(lambda s: not s.card_of(call))
    await ana.page.until(lambda s: s.my_call_when(asked=1))
    with pytest.raises(Refused, match="enough_people"):
        await tom.page.ask("enter_call", call=call)
    async with a_line(tom.page.account) as line:  # nor does a page that comes now get it
        await line.ask("visible", visible=True)
        assert not [f for f in line.frames if f["t"] == "card"]


async def test_gr03_a_helper_who_becomes_an_observer_leaves_the_call_room(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    call = (await ana.page.ask("raise_call", group=ana.group))["call"]
    async with a_line(tom.page.account) as line:
        await line.wait_for(lambda f: f["t"] == "card")
        assert (await line.ask("answer_call", call=call, answer="coming"))["t"] == "ok"
        assert (await line.ask("enter_call", call=call))["t"] == "ok"
        room = line.last("card")["room"]
        assert (await line.ask("open_room", room=room))["t"] == "ok"
        await maria.page.ask("set_role", member=tom.id, role="observer")
        await line.wait_for(lambda f: f["t"] == "card_gone")
        await ana.page.until(lambda s: s.my_call_when(helpers=[]))
        await ana.page.open_room(room)
        await ana.page.say(room, "Are you still there?")
        assert (await line.ask("say", room=room, text="Yes"))["code"] == "not_found"
        assert not [f for f in line.frames if f["t"] == "entry_added" and f["room"] == room]


async def test_gr03_who_takes_part_again_is_quiet_until_they_choose(
    world: World, two_peers_available: list[Member]
) -> None:
    ana, maria, tom = two_peers_available
    for role in ("observer", "member"):
        await maria.page.ask("set_role", member=tom.id, role=role)
    await tom.page.until(lambda s: s.groups[tom.group]["availability"] == "quiet")
    call = (await ana.page.ask("raise_call", group=ana.group))["call"]
    await maria.page.until(lambda s: s.card_of(call))
    assert (await ana.page.until(lambda s: s.my_call_when(call=call)))["targeted"] == 1
