"""An ack of a device costs a view for whom it changes something, not one for everyone who was asked (UC2, UC8)."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from presence.ids import ConnectionId
from server.gateway import announcer
from server.gateway.announcer import Announcer
from server.wire.frames import Card, Event, MyCall
from tests.server.raw import a_line
from tests.worlds import Member, World, a_group_with

PEERS = 20


@pytest.fixture
def sent(world: World, monkeypatch: pytest.MonkeyPatch) -> Counter[type]:
    """How many views of each kind went to anybody's line."""
    counted: Counter[type] = Counter()
    send = world.beside.hub.send_urgent

    def count(connection: ConnectionId, event: Event) -> None:
        counted[type(event)] += 1
        send(connection, event)

    monkeypatch.setattr(world.beside.hub, "send_urgent", count)
    return counted


async def many_peers(world: World) -> list[Member]:
    """Ana, and many who are open to calls and whose pages say nothing of cards by themselves."""
    ana, *peers = await a_group_with(world, "Ana", *(f"Peer {number}" for number in range(PEERS)))
    for peer in peers:
        await peer.be_available()
        peer.page.acks_cards = False
    return [ana, *peers]


async def test_uc08_one_ack_after_the_other_is_told_to_the_caller_and_not_to_everyone_each_time(
    world: World, sent: Counter[type], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, *peers = await many_peers(world)
    monkeypatch.setattr(announcer, "CARDS_SOON_SECONDS", 3_600)
    call = await ana.page.raise_call(ana.group)
    for peer in peers:
        await peer.page.until(lambda s: s.card_of(call))
    before = sent[Card]
    for number, peer in enumerate(peers, 1):
        await peer.page.ask("card_delivered", call=call)
        await ana.page.until(lambda s, n=number: s.my_call_when(asked=n))  # type: ignore[misc]
    print(f"{PEERS} acks of {PEERS} devices: {sent[Card] - before} cards, {sent[MyCall]} views of the caller")
    assert sent[Card] == before
    assert sent[MyCall] >= PEERS


async def test_uc08_a_moment_later_every_card_has_the_count(world: World, sent: Counter[type]) -> None:
    ana, *peers = await many_peers(world)
    call = await ana.page.raise_call(ana.group)
    await asyncio.gather(*(peer.page.until(lambda s: s.card_of(call)) for peer in peers))
    before = sent[Card]
    await asyncio.gather(*(peer.page.ask("card_delivered", call=call) for peer in peers))
    for peer in peers:
        await peer.page.until(lambda s: s.card_of(call, asked=PEERS))
    assert sent[Card] - before <= 2 * PEERS


async def test_uc08_that_someone_looked_is_told_to_nobody_but_the_desk(
    world: World, two_peers_available: list[Member], sent: Counter[type], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, maria, tom = two_peers_available
    looked = asyncio.Event()
    tell = Announcer._tell_soft

    async def noted(self: Announcer) -> None:
        await tell(self)
        looked.set()

    await maria.page.close()
    async with a_line(maria.page.account) as line:
        call = await ana.page.raise_call(ana.group)
        await line.wait_for(lambda f: f["t"] == "card")
        assert (await line.ask("card_delivered", call=call))["t"] == "ok"
        await line.wait_for(lambda f: f["t"] == "card" and f["asked"] == 2)
        await tom.page.until(lambda s: s.card_of(call, asked=2))
        monkeypatch.setattr(Announcer, "_tell_soft", noted)
        before = sent[Card], sent[MyCall]
        assert (await line.ask("card_seen", call=call))["t"] == "ok"
        async with asyncio.timeout(5):
            await looked.wait()
        assert (sent[Card], sent[MyCall]) == before
