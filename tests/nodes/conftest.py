"""A deployment of two nodes, and who is there when the test begins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.nodes.world import Deployment, a_deployment
from tests.postgres import Postgres, a_postgres, must_have_postgres
from tests.worlds import Member, a_group_with


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """One that the tests of a file may stop."""
    must_have_postgres()
    with a_postgres() as server:
        yield server


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Deployment]:
    async with a_deployment(tmp_path) as there:
        yield there


@pytest.fixture
async def apart(two: Deployment) -> list[Member]:
    """Ana on the first node; Maria, who moderates, and Tom on the second, both open to calls, and Ana sees it."""
    maria, ana, tom = await a_group_with(two.nodes[0], "Maria", "Ana", "Tom")
    maria, tom = await two.move(1, maria), await two.move(1, tom)
    for peer in (maria, tom):
        await peer.be_available()
    await ana.page.until(lambda s: s.presence.get(ana.group, {}).get("can_come") == 2)
    return [ana, maria, tom]
