"""Two nodes of one deployment, on a real PostgreSQL and a real Valkey: who is here, wherever (PR3, UC5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from beside_client import Account, Client
from presence.elsewhere import HOLDS_MS
from rooms.call import InRoom
from server.registry import neighbours
from server.settings import Settings
from tests.contracts.valkey import Valkey, a_valkey
from tests.fakes import MovableClock
from tests.postgres import MISSING, Postgres, binaries, shared
from tests.server.raw import say_hello
from tests.worlds import Member, World, a_group_with

WITHIN_SECONDS = 30


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with a_valkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def postgres() -> Postgres:
    if binaries() is None:
        pytest.skip(MISSING)
    return shared()


@pytest.fixture
async def nodes(
    valkey: Valkey, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[World]]:
    monkeypatch.setattr(neighbours, "CERTAIN_AFTER_SECONDS", 0.5)
    url = await asyncio.to_thread(postgres.fresh)
    settings, clock = Settings(database_url=url, redis_url=valkey.url, redis_namespace="0"), MovableClock()
    try:
        async with AsyncExitStack() as stack:
            both = []
            for name in ("oslo", "rome"):
                both.append(await World.begin(tmp_path / name, clock, settings))
                stack.push_async_callback(both[-1].end)
            yield both
    finally:
        await asyncio.to_thread(postgres.drop, url)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(WITHIN_SECONDS):
        while not true():  # noqa: ASYNC110  the nodes are watched from outside
            await asyncio.sleep(0.02)


async def also_at(world: World, member: Member) -> Client:
    """Another page of theirs, at this node."""
    mine = member.page.account
    return await world.page_of(Account(world.url, mine.login, mine.cookie))


def sees(page: Client, group: str) -> int | None:
    """How many this page says can come."""
    presence = page.state.presence.get(group)
    return None if presence is None else presence["can_come"]


async def test_a_ticket_of_one_node_opens_a_socket_at_the_other_once(nodes: list[World]) -> None:
    oslo, rome = nodes
    account = await oslo.account("maria")
    ticket = await account.ticket()
    line = await say_hello(rome.beside.port, ticket)
    assert (await line.reply_to("hello-hello"))["t"] == "welcome"
    again = await say_hello(oslo.beside.port, ticket)
    assert await again.closed() == 4004
    await line.close()


async def test_pr06_who_can_come_is_the_same_at_every_node(nodes: list[World]) -> None:
    oslo, rome = nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    await maria.be_available()
    there = await also_at(rome, ana)
    await until(lambda: sees(there, ana.group) == 1)
    await maria.page.close()
    await until(lambda: sees(there, ana.group) == 0)


async def test_uc05_a_helper_whose_page_moves_to_another_node_has_not_left(nodes: list[World]) -> None:
    oslo, rome = nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    await maria.be_available()
    call = await ana.page.raise_call(ana.group)
    await maria.go_into(call)
    at_rome = await also_at(rome, maria)
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


async def test_uc10_a_caller_whose_node_dies_is_lost_and_the_call_lives(nodes: list[World]) -> None:
    oslo, rome = nodes
    maria, ana = await a_group_with(oslo, "Maria", "Ana")
    at_rome = await also_at(rome, ana)
    call = await at_rome.raise_call(ana.group)
    await ana.page.close()
    await until(lambda: len(oslo.beside.services.roster.elsewhere.reaches()) == 1)

    # As by kill -9: the bus of rome is mute, and it does nothing any more.
    between = rome.beside.between
    assert between.neighbours is not None
    for task in (between.neighbours._looking, between.neighbours._telling):
        assert task is not None
        task.cancel()
    await between.bus.close()
    rome.clock.advance(HOLDS_MS)
    assert not oslo.beside.services.roster.elsewhere.nodes(rome.clock.now())

    async def is_lost() -> bool:
        kept = await oslo.beside.store.read(lambda tx: tx.calls.get(call))  # type: ignore[arg-type]
        return kept is not None and kept.lost_since is not None and kept.end is None

    async with asyncio.timeout(WITHIN_SECONDS):
        while not await is_lost():  # noqa: ASYNC110  the node is watched from outside
            await asyncio.sleep(0.02)
    assert maria.page.state.connected
