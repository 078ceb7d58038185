"""One urgent call from end to end, through real sockets."""

from __future__ import annotations

from beside_client import sign_in
from tests.worlds import PASSPHRASE, Member, World


async def test_uc01_a_press_reaches_a_peer_who_comes_and_both_words_make_it_held(a_group: list[Member]) -> None:
    maria, ana = a_group
    await maria.be_available()

    call = await ana.page.raise_call(ana.group, "It is a bad evening.")
    card = await maria.page.until(lambda state: state.card_of(call))
    assert (card["caller"]["name"], card["my_name"], card["words"]) == ("Ana", "Maria", "It is a bad evening.")
    assert card["room"] is None
    await ana.page.until(lambda state: state.my_call_when(asked=1))

    await maria.page.card_seen(call)
    await maria.page.answer_call(call, "coming")
    mine = await ana.page.until(lambda state: state.my_call_when(standing="coming"))
    assert [(h["person"]["name"], h["answer"]) for h in mine["helpers"]] == [("Maria", "coming")]

    room = await maria.page.enter_call(call)
    await ana.page.open_room(room)
    await maria.page.open_room(room)
    await maria.page.say(room, "I am here. Do you want to tell me?")
    await ana.page.until(lambda state: state.said_in(room))
    assert ana.page.state.my_call["standing"] == "coming", "one side has written: in the room, not yet here (UC5)"
    await ana.page.say(room, "Yes.")
    held = await ana.page.until(lambda state: state.my_call_when(standing="held"))
    assert held["helpers"][0]["answer"] == "here"
    await maria.page.until(lambda state: state.said_in(room) == ["I am here. Do you want to tell me?", "Yes."])

    await ana.page.close_call(call, "better")
    ended = await ana.page.until(lambda state: state.my_call_when(standing="closed"))
    assert ended["ended"] == "better"
    after = await maria.page.until(lambda state: state.card_of(call, standing="closed"))
    assert after["debrief"] is True


async def test_gr07_the_first_coordinator_comes_in_by_the_printed_link_once(world: World) -> None:
    vera = await world.account("Vera", first_token=world.first_token)
    assert vera.me["coordinator"] is True
    assert vera.me["volunteer"] is True
    assert len(vera.recovery_codes) == 8
    again = await sign_in(world.url, "vera", PASSPHRASE)
    assert (await again.whoami())["coordinator"] is True
