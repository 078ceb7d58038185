"""Tickets for sockets: single use, 30 s, taken by every node, and cheap however many are asked for."""

from __future__ import annotations

import asyncio

import pytest

from presence.ids import AccountId, DeviceId, Millis
from server.bus.local import LocalBus
from server.ids import new_id
from server.registry.tickets import TICKET_FOR_MS, SealedTickets

KEY = bytes(range(32))
WHO = (AccountId(new_id()), DeviceId(new_id()))


class SharedBus(LocalBus):
    """What the nodes ask each other. `answers` False: for now they cannot."""

    def __init__(self, asked: set[str]) -> None:
        super().__init__()
        self._asked, self.answers = asked, True

    async def first(self, name: str, for_ms: Millis) -> bool | None:
        await asyncio.sleep(0)
        if not self.answers:
            return None
        was = name in self._asked
        self._asked.add(name)
        return not was


@pytest.fixture
def nodes() -> list[SealedTickets]:
    """Two nodes of one deployment."""
    asked: set[str] = set()
    return [SealedTickets(KEY, SharedBus(asked)) for _ in range(2)]


async def test_a_ticket_of_one_node_is_taken_by_another_once(nodes: list[SealedTickets]) -> None:
    one, other = nodes
    ticket, expires_at = one.issue(*WHO, 0)
    assert expires_at == TICKET_FOR_MS
    assert await other.spend(ticket, TICKET_FOR_MS - 1) == WHO
    assert await other.spend(ticket, TICKET_FOR_MS - 1) is None
    assert await one.spend(ticket, TICKET_FOR_MS - 1) is None


async def test_two_who_bring_one_ticket_at_once_are_one_person_and_one_other(nodes: list[SealedTickets]) -> None:
    ticket, _ = nodes[0].issue(*WHO, 0)
    came = await asyncio.gather(*(node.spend(ticket, 1) for node in (*nodes, *nodes)))
    assert sorted(came, key=str) == [WHO, None, None, None]


async def test_while_the_nodes_cannot_ask_each_other_a_ticket_is_used_once_on_each() -> None:
    bus = SharedBus(set())
    bus.answers = False
    tickets = SealedTickets(KEY, bus)
    ticket, _ = tickets.issue(*WHO, 0)
    assert await tickets.spend(ticket, 1) == WHO
    assert await tickets.spend(ticket, 1) is None


async def test_a_ticket_that_is_too_old_opens_nothing(nodes: list[SealedTickets]) -> None:
    ticket, _ = nodes[0].issue(*WHO, 0)
    assert await nodes[0].spend(ticket, TICKET_FOR_MS) is None


async def test_a_ticket_of_another_deployment_or_with_one_letter_changed_opens_nothing() -> None:
    tickets, foreign = SealedTickets(KEY, LocalBus()), SealedTickets(bytes(32), LocalBus())
    ticket, _ = tickets.issue(*WHO, 0)
    assert await foreign.spend(ticket, 1) is None
    for at, letter in enumerate(ticket):
        other = ticket[:at] + ("A" if letter != "A" else "B") + ticket[at + 1 :]
        assert await tickets.spend(other, 1) is None
    for made_up in ("", "A", "A" * 32, "A" * 64, "ÿ" * 64, ticket[:-4], ticket + "AAAA"):
        assert await tickets.spend(made_up, 1) is None
    assert await tickets.spend(ticket, 1) == WHO


def test_a_ticket_says_nobody_who_it_is_for() -> None:
    tickets = SealedTickets(KEY, LocalBus())
    made = [tickets.issue(*WHO, 0)[0] for _ in range(1_000)]
    assert len(set(made)) == 1_000
    assert len({ticket[n : n + 16] for ticket in made for n in range(0, 64, 16)}) == 4_000
    assert {len(ticket) for ticket in made} == {64}
    assert not any(who in ticket for ticket in made for who in WHO)


async def test_spent_ones_are_forgotten_when_they_would_be_too_old() -> None:
    tickets = SealedTickets(KEY, LocalBus())
    for now in (0, TICKET_FOR_MS // 2, TICKET_FOR_MS):
        ticket, _ = tickets.issue(*WHO, now)
        assert await tickets.spend(ticket, now) == WHO
        assert await tickets.spend(ticket, now) is None
    assert len(tickets._spent) == 2
