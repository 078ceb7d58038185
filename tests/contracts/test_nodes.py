"""What nodes say of themselves by the store (PR3), on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.ports import Tx
from server.records import NodeSaid
from tests.contracts.stores import RealStore, a_store


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RealStore]:
    async with a_store(request.param, tmp_path) as store:
        yield store


async def says(
    store: RealStore, node: str, epoch: int, number: int, word: str, *, until: int = 99, deaf: bool = False
) -> None:
    await store.write(lambda tx: tx.nodes.say(node, epoch, number, until, word.encode(), deaf=deaf))


async def heard(store: RealStore, now: int = 0) -> dict[str, str]:
    def read(tx: Tx) -> list[NodeSaid]:
        return tx.nodes.heard(now)

    return {one.node: one.said.decode() for one in await store.read_log(read)}


async def test_pr03_the_last_word_of_each_node_is_heard_while_it_holds(store: RealStore) -> None:
    await says(store, "oslo", 1, 1, "first")
    await says(store, "oslo", 1, 2, "second")
    await says(store, "rome", 1, 1, "here", until=50, deaf=True)
    assert await heard(store) == {"oslo": "second", "rome": "here"}
    assert await heard(store, 50) == {"oslo": "second"}
    assert await heard(store, 99) == {}
    deaf = await store.read_log(lambda tx: {one.node: one.deaf for one in tx.nodes.heard(0)})
    assert deaf == {"oslo": False, "rome": True}


async def test_pr03_a_late_word_replaces_nothing(store: RealStore) -> None:
    await says(store, "oslo", 2, 5, "now")
    for epoch, number in ((2, 5), (2, 4), (1, 99)):
        await says(store, "oslo", epoch, number, "late")
    assert await heard(store) == {"oslo": "now"}
    await says(store, "oslo", 3, 1, "a new life")
    assert await heard(store) == {"oslo": "a new life"}


async def test_nothing_stays_of_a_node_that_is_long_gone(store: RealStore) -> None:
    day = 86_400_000
    await says(store, "rome", 1, 1, "gone", until=1_000)
    await says(store, "oslo", 1, 1, "here", until=1_000 + day)
    assert await heard(store) == {"oslo": "here", "rome": "gone"}
    await says(store, "oslo", 1, 2, "here", until=1_001 + day)
    assert await heard(store) == {"oslo": "here"}
