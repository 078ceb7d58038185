"""Several nodes of one deployment in one process: each with its data folder, on one real PostgreSQL and one real Valkey
and with one clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from beside_client import Client
from server.settings import Settings
from tests.contracts.valkey import Valkey
from tests.fakes import MovableClock
from tests.postgres import Postgres, a_database
from tests.worlds import AT_ONCE, Member, World

WITHIN_SECONDS = 20
"""A stuck test ends; nothing is measured by it."""


async def until(true: Callable[[], Any]) -> None:
    """For what tells nobody of itself."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not true():  # noqa: ASYNC110  the nodes are watched from outside
            await asyncio.sleep(0.02)


async def is_so(true: Callable[[], Awaitable[object]]) -> None:
    """The same, of what has to be asked."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await true():  # noqa: ASYNC110  the store tells nobody
            await asyncio.sleep(0.02)


async def falls_silent(world: World) -> None:
    """As by kill -9: the node says nothing any more, not even goodbye."""
    between = world.beside.between
    assert between.neighbours is not None
    for task in (between.neighbours._looking, between.neighbours._telling):
        assert task is not None
        task.cancel()
    for bus in (between.bus, between.pictures):
        await bus.close()


@dataclass(slots=True)
class Deployment:
    """`nodes[0]` is where people are made; `at` opens further pages of theirs on another."""

    nodes: list[World]
    clock: MovableClock
    valkey: Valkey
    pages: list[Client]

    async def at(self, node: int, who: Member | Client) -> Client:
        """A page of the same account and device on another node."""
        client = who.page if isinstance(who, Member) else who
        account = replace(client.account, base_url=self.nodes[node].url)
        page = Client(account, backoff=AT_ONCE)
        self.pages.append(page)
        return await page.start()

    async def move(self, node: int, member: Member) -> Member:
        """The member's only page is on this node from here on."""
        page = await self.at(node, member)
        await member.page.close()
        return Member(page, member.membership)


@asynccontextmanager
async def a_deployment(folder: Path, postgres: Postgres | None = None) -> AsyncIterator[Deployment]:
    """Two nodes. `postgres`: a server of the test's own, which it may stop."""
    async with a_database(postgres) as url:
        valkey = Valkey(folder / "valkey")
        await asyncio.to_thread(valkey.start)
        clock = MovableClock()
        there = Deployment([], clock, valkey, [])
        plain = Settings(database_url=url, redis_url=valkey.url)
        try:
            for number in range(2):
                there.nodes.append(await World.begin(folder / f"node{number}", clock, plain))
            yield there
        finally:
            for page in there.pages:
                await page.close()
            for node in there.nodes:
                await node.end()
            await asyncio.to_thread(valkey.kill)
