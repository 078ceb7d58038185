"""What the server says no to, as a person's program meets it: a code, a sentence, and what to do."""

from __future__ import annotations

import pytest

from beside_client import Refused, sign_in, sign_up
from tests.worlds import PASSPHRASE, Member, World


async def test_every_refusal_has_a_sentence_and_what_to_do(a_group: list[Member]) -> None:
    maria, ana = a_group
    with pytest.raises(Refused) as no:
        await ana.page.remove_member(maria.id)
    assert no.value.code == "not_allowed"
    assert no.value.sentence == "You cannot do that here."
    assert no.value.do


async def test_gr01_a_stranger_learns_nothing_of_a_group_but_its_card(world: World, a_group: list[Member]) -> None:
    maria, _ana = a_group
    stranger = await world.person("stranger")
    (card,) = await stranger.find_groups("sober drink")
    assert card["group"] == maria.group
    assert card["size"] == "under 10"
    for asking in (stranger.open_room(maria.room), stranger.say(maria.room, "hi"), stranger.list_members(maria.group)):
        with pytest.raises(Refused, match="not_found"):
            await asking
    with pytest.raises(Refused, match="not_found"):
        await stranger.raise_call(maria.group)


async def test_gr02_an_invite_lets_one_person_in(world: World, a_group: list[Member]) -> None:
    maria, _ana = a_group
    invite = await maria.page.make_invite(maria.group)
    tom, eve = await world.person("tom"), await world.person("eve")
    with pytest.raises(Refused, match="pledge_needed"):
        await tom.use_invite(invite, "Tom", pledged=False)
    with pytest.raises(Refused, match="name_taken"):
        await tom.use_invite(invite, "Аna")  # a Cyrillic А
    with pytest.raises(Refused, match="name_not_allowed"):
        await tom.use_invite(invite, "Moderator")
    await tom.use_invite(invite, "Tom")
    with pytest.raises(Refused, match="invite_spent"):
        await eve.use_invite(invite, "Eve")


async def test_gr03_an_observer_reads_and_may_still_raise_a_call(world: World, a_group: list[Member]) -> None:
    maria, _ana = a_group
    invite = await maria.page.make_invite(maria.group, role="observer")
    olga = await world.person("olga")
    group = await olga.use_invite(invite, "Olga")
    await olga.open_room(group["room"])
    with pytest.raises(Refused, match="observers_read"):
        await olga.say(group["room"], "hello")
    assert await olga.raise_call(group["group"])


async def test_gr02_asking_to_join_and_being_let_in(world: World, a_group: list[Member]) -> None:
    maria, _ana = a_group
    eve = await world.person("eve")
    await eve.ask_to_join(maria.group, "Eve", [])
    await eve.until(lambda state: state.groups[maria.group]["state"] == "pending" if state.groups else None)
    with pytest.raises(Refused, match="not_found"):
        await eve.open_room(maria.room)
    (request,) = await maria.page.list_join_requests(maria.group)
    await maria.page.decide_join(request["request"], admit=True)
    await eve.until(lambda state: state.groups[maria.group]["state"] == "active")
    assert (await eve.open_room(maria.room)).last == 3
    assert [(p["name"], p["role"]) for p in await eve.list_members(maria.group)] == [
        ("Maria", "moderator"), ("Ana", "member"), ("Eve", "member")
    ]  # fmt: skip


async def test_pr01_open_to_calls_needs_the_introduction_first(a_group: list[Member]) -> None:
    _maria, ana = a_group
    with pytest.raises(Refused, match="introduction_needed"):
        await ana.page.set_availability(ana.group, "open")
    await ana.be_available()
    await ana.page.until(lambda state: state.groups[ana.group]["availability"] == "open")


async def test_accounts_refuse_kindly_and_alike(world: World) -> None:
    await world.account("ana")
    with pytest.raises(Refused, match="name_taken"):
        await world.account("Ana")
    with pytest.raises(Refused, match="under_age"):
        await sign_up(world.url, "young", PASSPHRASE, adult=False)
    with pytest.raises(Refused, match="wrong_words") as known:
        await sign_in(world.url, "ana", "not the passphrase")
    with pytest.raises(Refused, match="wrong_words") as unknown:
        await sign_in(world.url, "nobody", "not the passphrase")
    assert (known.value.sentence, known.value.status) == (unknown.value.sentence, 401)
    with pytest.raises(Refused, match="invite_spent"):
        await world.account("thief", first_token="x" * 32)
