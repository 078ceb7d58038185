"""Coming into a group (GR2): what a link shows before it is used, and what becomes of asking. Over real sockets."""

from __future__ import annotations

import pytest

from beside_client import Client, Refused
from rooms.policy import HOUR
from server.handlers.joining import INVITE_FOR_MS, REQUEST_FOR_MS
from server.tries import TRIES_AT_ONCE, TRIES_REFILL_MS
from tests.by_hand import by_hand
from tests.server.raw import a_line
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


# ---------------------------------------------------------------- asking, and what comes of it

REASON = "This group is for people in their first year."


async def asks(page: Client, group: str) -> None:
    await page.ask_to_join(group, "Eve", ["because"])
    await page.until(lambda s: s.groups.get(group, {}).get("state") == "pending")


async def declined(moderator: Member, reason: str = REASON) -> None:
    (request,) = await moderator.page.list_join_requests(moderator.group)
    await moderator.page.decide_join(request["request"], admit=False, reason=reason)


async def said(page: Client) -> list[tuple[str, str, str]]:
    found = await page.until(lambda s: s.join_answers)
    return [(one["group_name"], one["answer"], one["reason"]) for one in found]


async def test_gr02_whoever_is_declined_is_told_why_at_once_and_nobody_else_is(
    a_group: list[Member], eve: Client
) -> None:
    maria, ana = a_group
    await asks(eve, maria.group)
    await declined(maria)
    assert await said(eve) == [("Sober evenings", "declined", REASON)]
    await eve.until(lambda s: not s.groups)
    assert (maria.page.state.join_answers, ana.page.state.join_answers) == ([], [])
    assert await maria.page.list_join_requests(maria.group) == []


async def test_gr02_an_answer_is_in_the_snapshot_until_it_is_dismissed_on_any_page(
    world: World, a_group: list[Member], eve: Client
) -> None:
    maria = a_group[0]
    await asks(eve, maria.group)
    await eve.close()
    await declined(maria)
    first, second = [await world.page_of(eve.account) for _ in range(2)]
    assert await said(first) == await said(second) == [("Sober evenings", "declined", REASON)]
    with pytest.raises(Refused, match="not_found"):
        await maria.page.dismiss_join_answer(first.state.join_answers[0]["request"])
    await first.dismiss_join_answer(first.state.join_answers[0]["request"])
    await second.until(lambda s: not s.join_answers)
    assert REASON.encode() not in await everything_stored(world)
    third = await world.page_of(eve.account)
    await third.ask("visible", visible=True)
    assert third.state.join_answers == []


async def everything_stored(world: World) -> bytes:
    """What the tables of joining hold, as one string of bytes."""
    return repr(await by_hand(world, "SELECT * FROM join_requests")).encode()


async def test_gr02_asking_again_takes_the_answer_away(a_group: list[Member], eve: Client) -> None:
    maria = a_group[0]
    await asks(eve, maria.group)
    await declined(maria)
    await said(eve)
    await asks(eve, maria.group)
    await eve.until(lambda s: not s.join_answers)
    (request,) = await maria.page.list_join_requests(maria.group)
    await maria.page.decide_join(request["request"], admit=True)
    await eve.until(lambda s: s.groups[maria.group]["state"] == "active")
    assert eve.state.join_answers == []


async def test_gr02_coming_in_by_a_link_takes_the_answer_away(a_group: list[Member], eve: Client) -> None:
    maria = a_group[0]
    await asks(eve, maria.group)
    await declined(maria, "")
    assert await said(eve) == [("Sober evenings", "declined", "")]
    await eve.use_invite(await maria.page.make_invite(maria.group), "Eve")
    await eve.until(lambda s: not s.join_answers)


async def test_gr02_a_request_that_nobody_answers_says_so_and_can_be_made_again(
    world: World, a_group: list[Member], eve: Client
) -> None:
    maria = a_group[0]
    await asks(eve, maria.group)
    world.clock.advance(REQUEST_FOR_MS - 1)
    await world.beside.timers.chores()
    assert eve.state.join_answers == []
    world.clock.advance(HOUR)
    await world.beside.timers.chores()
    page = await world.page_of(eve.account)
    assert await said(page) == [("Sober evenings", "expired", "")]
    assert page.state.groups == {}
    await asks(page, maria.group)
    await page.until(lambda s: not s.join_answers)


async def test_gr02_a_request_that_ran_out_a_moment_ago_can_be_made_again(
    world: World, a_group: list[Member], eve: Client
) -> None:
    """The sweep comes by once an hour: nobody waits for that."""
    maria = a_group[0]
    await asks(eve, maria.group)
    world.clock.advance(REQUEST_FOR_MS)
    await eve.ask_to_join(maria.group, "Eve", ["because"])
    assert len(await maria.page.list_join_requests(maria.group)) == 1


async def test_cb04_a_locked_device_reads_no_answer(world: World, a_group: list[Member], eve: Client) -> None:
    maria = a_group[0]
    await asks(eve, maria.group)
    await eve.account.leave()
    await declined(maria)
    async with a_line(eve.account) as line:
        await line.ask("visible", visible=True)
        assert REASON not in repr(line.frames)
