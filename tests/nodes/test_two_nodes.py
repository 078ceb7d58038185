"""What happens on one node is told on the other (docs/decisions/0014)."""

from __future__ import annotations

import asyncio

from tests.nodes.world import Deployment
from tests.worlds import Member


async def test_ch02_words_are_in_one_order_for_everyone(two: Deployment, apart: list[Member]) -> None:
    ana, maria, _tom = apart
    for one in apart:
        await one.page.open_room(one.room)
    for number in range(5):
        await ana.page.say(ana.room, f"ana {number}")
        await maria.page.say(maria.room, f"maria {number}")
    wanted = [f"{name} {number}" for number in range(5) for name in ("ana", "maria")]
    for one in apart:
        await one.page.until(lambda s: s.said_in(ana.room) == wanted)


async def test_uc03_peers_of_every_node_are_rung_and_their_answer_comes_back(
    two: Deployment, apart: list[Member]
) -> None:
    ana, maria, tom = apart
    call = await ana.page.raise_call(ana.group)
    for peer in (maria, tom):
        await peer.page.until(lambda s: s.card_of(call))
    room = await tom.go_into(call)
    await ana.page.until(lambda s: s.my_call_when(call=call)["helpers"])
    await ana.page.open_room(room)
    await tom.page.say(room, "I am here.")
    await ana.page.until(lambda s: s.said_in(room) == ["I am here."])


async def test_pr06_who_is_connected_elsewhere_counts_before_the_press(two: Deployment, apart: list[Member]) -> None:
    ana, _maria, tom = apart
    await ana.page.until(lambda s: s.presence.get(ana.group, {}).get("can_come") == 2)
    await tom.page.close()
    await ana.page.until(lambda s: s.presence.get(ana.group, {}).get("can_come") == 1)


async def test_uc16_who_was_removed_on_one_node_reads_no_further_word_on_the_other(
    two: Deployment, apart: list[Member]
) -> None:
    """The removal is told on the second node before any word that is said there after it."""
    ana, maria, tom = apart
    for one in (ana, tom):
        await one.page.open_room(one.room)
    moderator = await two.at(0, maria)
    await moderator.remove_member(tom.id)
    await maria.page.say(maria.room, "Only for those who are still here.")
    await ana.page.until(lambda s: s.said_in(ana.room) == ["Only for those who are still here."])
    await tom.page.until(lambda s: tom.group not in s.groups)
    assert tom.page.state.said_in(tom.room) == []


async def test_cb02_a_block_made_on_one_node_holds_on_the_other(two: Deployment, apart: list[Member]) -> None:
    """Also for a page of theirs on the node of the one whom they blocked."""
    ana, maria, tom = apart
    beside_tom = await two.at(1, ana)
    for page in (ana.page, beside_tom):
        await page.open_room(ana.room)
    await ana.page.block_member(tom.id)
    await tom.page.say(tom.room, "not for Ana")
    await maria.page.say(maria.room, "for all")
    for page in (ana.page, beside_tom):
        await page.until(lambda s: s.said_in(ana.room) == ["for all"])
    call = await ana.page.raise_call(ana.group)
    await maria.page.until(lambda s: s.card_of(call))
    assert not tom.page.state.card_of(call)


async def test_a_device_that_is_signed_out_on_one_node_is_closed_on_the_other(
    two: Deployment, apart: list[Member]
) -> None:
    ana, _maria, _tom = apart
    elsewhere = await two.at(1, ana)
    await ana.page.account.sign_out()
    async with asyncio.timeout(20):
        await elsewhere.over()


async def test_uc04_each_deadline_is_done_once_by_whichever_node(two: Deployment, apart: list[Member]) -> None:
    """Both nodes look for what is due; a ring is one transition, whoever makes it."""
    ana, maria, _tom = apart
    call = await ana.page.raise_call(ana.group)
    await maria.page.until(lambda s: s.card_of(call))
    for _ in range(6):
        two.clock.advance(31_000)
        for node in two.nodes:
            await node.beside.timers.look()
    saved = await two.nodes[0].beside.store.read(lambda tx: tx.calls.get(call))  # type: ignore[arg-type]
    assert saved is not None
    await ana.page.until(lambda s: s.my_call_when(call=call).get("version", 0) >= saved.version)
    rings = [sent.ring for sent in saved.rings]
    assert len(rings) == len(set(rings)) > 1


async def test_uc15_without_the_bus_it_is_a_second_later_and_nothing_else(two: Deployment, apart: list[Member]) -> None:
    ana, maria, tom = apart
    two.valkey.kill()
    for one in apart:
        await one.page.open_room(one.room)
    await ana.page.say(ana.room, "Is anybody here?")
    await maria.page.until(lambda s: s.said_in(maria.room) == ["Is anybody here?"])
    call = await ana.page.raise_call(ana.group)
    for peer in (maria, tom):
        await peer.page.until(lambda s: s.card_of(call))


async def test_oc01_the_desk_of_one_node_sees_the_calls_of_another(two: Deployment, apart: list[Member]) -> None:
    account = await two.nodes[0].account("Vera", first_token=two.nodes[0].first_token)  # each node's link works
    vera = await two.nodes[0].page_of(account, page="oncall")
    desk = await two.at(1, vera)
    await desk.watch_desk()
    await desk.set_shift(on=True)
    ana, *_ = apart
    call = await ana.page.raise_call(ana.group)
    await desk.until(lambda s: s.desk_row(call))
