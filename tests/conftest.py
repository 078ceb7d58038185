"""Fixtures as stories: each names who is there when the test begins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from beside_client import Client
from tests.fakes import MovableClock
from tests.worlds import Member, World, a_group_with, a_world


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock) -> AsyncIterator[World]:
    """A running server that nobody has used yet."""
    async with a_world(tmp_path / "data", clock) as world:
        yield world


@pytest.fixture
async def a_group(world: World) -> list[Member]:
    """Maria (moderator) and Ana, in one group; neither is available."""
    return await a_group_with(world, "Maria", "Ana")


@pytest.fixture
async def two_peers_available(world: World) -> list[Member]:
    """Ana, who may need someone, and Maria and Tom, who are open to calls."""
    maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
    for peer in (maria, tom):
        await peer.be_available()
    return [ana, maria, tom]


@pytest.fixture
async def a_volunteer_on_shift(world: World) -> Client:
    """The server's first coordinator, at the desk and on shift."""
    account = await world.account("Vera", first_token=world.first_token)
    desk = await world.page_of(account, page="oncall")
    await desk.watch_desk()
    await desk.set_shift(on=True)
    return desk
