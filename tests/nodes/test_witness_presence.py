"""A witness's page is on another node than the member's: who is present is the same everywhere, and true (WA4)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from presence.ids import ActionId, Instant
from rooms.record import Entry
from rooms.witness import Action, present
from server.handlers import witness_watching
from server.handlers.witness_watching import look_at_witnesses
from tests.nodes.world import Deployment, falls_silent, is_so, until
from tests.server.action_world import declares, gets, mine, witnesses
from tests.worlds import Member, World, a_group_with

GOT_EVERY_MS = 4_000


class Scene:
    """Ana is at Oslo and asked; Maria witnesses at Rome, and is present."""

    def __init__(self, two: Deployment, ana: Member, maria: Member, action: str) -> None:
        self.two, (self.oslo, self.rome) = two, two.nodes
        self.ana, self.maria, self.action = ana, maria, ActionId(action)

    @property
    def now(self) -> Instant:
        return self.oslo.clock.now()

    async def passes(self, ms: int, *, alive: tuple[World, ...] | None = None) -> None:
        """Time passes, the living nodes say who is there, and have heard each other."""
        self.oslo.clock.advance(ms)
        living = alive if alive is not None else (self.oslo, self.rome)
        for page in (self.ana.page, self.maria.page):
            if page.state.connected:
                await page.set_visible(page.visible)
        for world in living:
            assert world.beside.between.neighbours is not None
            world.beside.between.neighbours.say()
        for world in living:
            await until(partial(self._hears, world, len(living) - 1))
        for world in living:
            await look_at_witnesses(world.beside.services)

    def _hears(self, world: World, others: int) -> bool:
        told = world.beside.services.roster.elsewhere._told.values()
        return sum(one.holds_until > self.now + 5_000 for one in told) >= others

    async def kept(self) -> tuple[Action, list[Entry]]:
        """As the store has it."""
        store = self.oslo.beside.store
        action = await store.read(lambda tx: tx.actions.get(self.action))
        assert action is not None
        return action, await store.read(lambda tx: tx.actions.entries(self.action))

    async def away(self) -> list[int]:
        """Until when somebody was present whose presence ended."""
        _action, entries = await self.kept()
        return [entry.more["until"] for entry in entries if entry.what == "witness_away"]  # type: ignore[misc]


@pytest.fixture
async def scene(two: Deployment) -> Scene:
    ana, maria = await a_group_with(two.nodes[0], "Ana", "Maria")
    maria = await two.move(1, maria)
    action = await declares(ana)
    await witnesses(maria, action)
    await mine(ana, action, present=1)
    return Scene(two, ana, maria, action)


async def test_wa4_who_goes_on_getting_at_another_node_stays_present(scene: Scene) -> None:
    for _ in range(5):
        await gets(scene.maria, scene.action)
        await scene.passes(GOT_EVERY_MS)
    action, _entries = await scene.kept()
    assert len(present(action)) == 1
    assert await scene.away() == []


async def test_wa4_who_gets_nothing_is_away_by_the_word_of_their_own_node(scene: Scene) -> None:
    await gets(scene.maria, scene.action)
    last = scene.now
    for _ in range(2):
        await scene.passes(5_000)
    await is_so(scene.away)
    assert await scene.away() == [last]
    await mine(scene.ana, scene.action, present=0)


async def test_wa4_a_node_does_not_end_what_another_knows_better_for_three_seconds(scene: Scene) -> None:
    """Rome is held up: Oslo waits for it, and then does not wait any more."""
    await scene.rome.beside.timers.stop()
    await gets(scene.maria, scene.action)
    last = scene.now
    await scene.passes(5_000)
    scene.rome.beside.services.got.clear()  # nor by the look of this test
    await scene.passes(5_000)
    assert await scene.away() == []
    await scene.passes(witness_watching.THEIR_NODE_MS)
    assert await scene.away() == [last]


async def test_wa4_the_witness_of_a_node_that_died_is_away_since_they_last_got_something(scene: Scene) -> None:
    await gets(scene.maria, scene.action)
    last = scene.now
    await scene.passes(2_000)
    await scene.rome.beside.timers.stop()
    await falls_silent(scene.rome)
    for _ in range(2):
        await scene.passes(4_000, alive=(scene.oslo,))
    await is_so(scene.away)
    assert await scene.away() == [last]


async def test_wa4_a_node_that_came_later_looks_too(scene: Scene, tmp_path: Path) -> None:
    third = await World.begin(tmp_path / "lima", scene.oslo.clock, scene.oslo.beside.settings)
    try:
        assert scene.action in third.beside.services.got
    finally:
        await third.end()
