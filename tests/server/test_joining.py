"""Coming into a group: what a link shows before it is used (GR2), over real sockets."""

from __future__ import annotations

import pytest

from beside_client import Client, Refused
from server.handlers.joining import INVITE_FOR_MS
from server.tries import TRIES_AT_ONCE, TRIES_REFILL_MS
from tests.worlds import Member, World

RULES = "What is said here stays here."
WRONG = "x" * 32


@pytest.fixture
async def eve(world: World) -> Client:
    return await world.person("eve")


async def no_of(page: Client, invite: str) -> tuple[str, str, str]:
    """The whole of the refusal that looking at this link gets."""
    with pytest.raises(Refused) as refused:
        await page.look_at_invite(invite)
    return refused.value.code, refused.value.sentence, refused.value.do


async def test_gr02_a_link_shows_the_group_and_its_rules_before_it_is_used(a_group: list[Member], eve: Client) -> None:
    maria = a_group[0]
    made = await maria.page.create_group(
        "Low days", "Mia", blurb="For low days.", rules="Ask first.", questions=["Why?"]
    )
    invite = await maria.page.make_invite(made["group"])
    seen = await eve.look_at_invite(invite)
    assert {key: value for key, value in seen.items() if key not in ("t", "re")} == {
        "name": "Low days",
        "blurb": "For low days.",
        "rules": "Ask first.",
        "questions": ["Why?"],
    }, "and nothing else of it: no id, no person, no count (GR1)"
    assert eve.state.groups == {}


async def test_gr02_looking_uses_nothing_up(a_group: list[Member], eve: Client) -> None:
    invite = await a_group[0].page.make_invite(a_group[0].group)
    for _ in range(TRIES_AT_ONCE + 1):
        assert (await eve.look_at_invite(invite))["rules"] == RULES
    assert (await eve.use_invite(invite, "Eve"))["my_name"] == "Eve"


async def test_gr02_a_wrong_a_used_and_a_run_out_link_hear_one_and_the_same(
    world: World, a_group: list[Member], eve: Client
) -> None:
    maria = a_group[0]
    used, late = [await maria.page.make_invite(maria.group) for _ in range(2)]
    await (await world.person("tom")).use_invite(used, "Tom")
    world.clock.advance(INVITE_FOR_MS)
    heard = {await no_of(eve, invite) for invite in (WRONG, used, late)}
    assert len(heard) == 1
    assert heard.pop()[0] == "invite_spent"


async def test_gr02_links_cannot_be_guessed_at_will_by_looking_and_using_together(
    world: World, a_group: list[Member], eve: Client
) -> None:
    invite = await a_group[0].page.make_invite(a_group[0].group)
    for number in range(TRIES_AT_ONCE):
        if number % 2:
            assert (await no_of(eve, WRONG))[0] == "invite_spent"
        else:
            with pytest.raises(Refused, match="invite_spent"):
                await eve.use_invite(WRONG, "Eve")
    assert (await no_of(eve, WRONG))[0] == "too_fast"
    assert (await no_of(eve, invite))[0] == "too_fast", "a right guess is not told from a wrong one"
    with pytest.raises(Refused, match="too_fast"):
        await eve.use_invite(invite, "Eve")
    tom = await world.person("tom")
    assert await tom.look_at_invite(invite), "nobody else is kept out by it"
    world.clock.advance(TRIES_REFILL_MS)
    assert (await eve.look_at_invite(invite))["rules"] == RULES
