"""Who is here, on whichever node, and what follows when their node dies (PR3, UC5, UC10)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from beside_client import Client
from presence.elsewhere import HOLDS_MS
from rooms.call import InRoom
from server.registry import neighbours
from tests.nodes.world import Deployment, a_deployment, falls_silent, is_so, until
from tests.server.raw import say_hello
from tests.worlds import a_group_with


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deployment]:
    """Nodes that need not listen for long to be certain of who is here."""
    monkeypatch.setattr(neighbours, "CERTAIN_AFTER_SECONDS", 0.5)
    async with a_deployment(tmp_path) as there:
        yield there


def sees(page: Client, group: str) -> int | None:
    """How many this page says can come."""
    presence = page.state.presence.get(group)
    return None if presence is None else presence["can_come"]


async def test_a_ticket_of_one_node_opens_a_socket_at_the_other_once(two: Deployment) -> None:
    oslo, rome = two.nodes
    account = await oslo.account("maria")
    ticket = await account.ticket()
    line = await say_hello(rome.beside.port, ticket)
    assert (await line.reply_to("hello-hello"))["t"] == "welcome"
    again = await say_hello(oslo.beside.port, ticket)
    assert await again.closed() == 4004
    await line.close()


async def test_pr06_who_can_come_is_the_same_at_every_node(two: Deployment) -> None:
    oslo, _rome = two.nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    await maria.be_available()
    there = await two.at(1, ana)
    await until(lambda: sees(there, ana.group) == 1)
    await maria.page.close()
    await until(lambda: sees(there, ana.group) == 0)


async def test_uc05_a_helper_whose_page_moves_to_another_node_has_not_left(two: Deployment) -> None:
    oslo, _rome = two.nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    await maria.be_available()
    call = await ana.page.raise_call(ana.group)
    await maria.go_into(call)
    at_rome = await two.at(1, maria)
    await at_rome.enter_call(call)
    roster = oslo.beside.services.roster
    await until(roster.elsewhere.reaches)
    account = next(iter(roster.elsewhere.reaches()))
    await until(lambda: any(f"call:{call}" in here.places for here in roster.elsewhere.of(account)))
    await maria.page.close()
    await until(lambda: not roster.connections_of(account) and not oslo.beside.arrivals._tasks)
    assert roster.is_in(account, f"call:{call}")
    kept = await oslo.beside.store.read(lambda tx: tx.calls.get(call))  # type: ignore[arg-type]
    assert kept is not None
    (hers,) = [r.answer for r in kept.recipients.values() if r.account == account]
    assert isinstance(hers, InRoom)
    assert hers.gone_since is None


async def test_uc10_a_caller_whose_node_dies_is_lost_and_the_call_lives(two: Deployment) -> None:
    oslo, rome = two.nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    at_rome = await two.at(1, ana)
    call = await at_rome.raise_call(ana.group)
    await ana.page.close()
    await until(lambda: len(oslo.beside.services.roster.elsewhere.reaches()) == 1)

    await falls_silent(rome)
    rome.clock.advance(HOLDS_MS)
    assert not oslo.beside.services.roster.elsewhere.nodes(rome.clock.now())

    async def is_lost() -> bool:
        kept = await oslo.beside.store.read(lambda tx: tx.calls.get(call))  # type: ignore[arg-type]
        return kept is not None and kept.lost_since is not None and kept.end is None

    await is_so(is_lost)
    assert maria.page.state.connected
