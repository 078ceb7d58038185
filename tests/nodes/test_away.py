"""A node that has missed more than it can be told line by line: what it held in memory is learned anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection

from server.gateway import others
from server.store.changes import Batch, position_of
from server.wire.chunks import Kind
from tests.nodes.test_witnessed import Stage, stage
from tests.nodes.world import Deployment, until
from tests.worlds import Member, World

__all__ = ["stage"]


@asynccontextmanager
async def away(node: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """This node hears nothing of what the others write. When it is back it is too much to be told, and every page that
    was there comes anew."""
    log = node.beside.store._store._database.changes  # type: ignore[attr-defined]
    read, here = log.read, False

    def as_if_away(db: Connection) -> Batch:
        if not here:
            return Batch(log._position)
        monkeypatch.setattr(log, "read", read)
        return Batch(position_of(db), everything=True)

    monkeypatch.setattr(log, "read", as_if_away)
    yield
    before, here = _connections(node), True
    await until(lambda: len(_connections(node)) == len(before) and not _connections(node) & before)


def _connections(node: World) -> set[str]:
    return {who.connection for who, _line in node.beside.hub.everyone()}


async def test_cb02_a_block_that_was_made_while_a_node_was_away_holds_there_too(
    two: Deployment, apart: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, maria, tom = apart
    beside_tom = await two.at(1, ana)
    await beside_tom.open_room(ana.room)
    async with away(two.nodes[1], monkeypatch):
        await ana.page.block_member(tom.id)
    await tom.page.say(tom.room, "not for Ana")
    await maria.page.say(maria.room, "for all")
    await beside_tom.until(lambda s: "for all" in s.said_in(ana.room))
    assert beside_tom.state.said_in(ana.room) == ["for all"]


async def test_what_changed_in_one_go_is_told_as_a_whole_when_it_is_much(
    two: Deployment, apart: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read one by one in one transaction it would not be done in the time that this has, again and again."""
    ana, maria, _tom = apart
    monkeypatch.setattr(others, "TOLD_AT_MOST", 9)
    node = two.nodes[1]
    await maria.page.open_room(maria.room)
    before, log = _connections(node), node.beside.store._store._database.changes  # type: ignore[attr-defined]
    with monkeypatch.context() as at_once:
        at_once.setattr(log, "read", lambda _db: Batch(log._position))
        for number in range(10):
            await ana.page.say(ana.room, f"word {number}")
    await until(lambda: len(_connections(node)) == len(before) and not _connections(node) & before)
    await maria.page.until(lambda s: s.said_in(maria.room) == [f"word {number}" for number in range(10)])


async def test_uc16_a_removal_is_told_after_something_that_could_not_be(
    two: Deployment, apart: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One change that nobody expected keeps no other from being told."""
    ana, maria, tom = apart
    await tom.page.open_room(tom.room)
    changes, topic = two.nodes[1].beside.announcer, f"room:{tom.room}"

    def fails(*_change: object) -> None:
        raise ValueError

    monkeypatch.setattr(changes, "entry_added", fails)
    log = two.nodes[1].beside.store._store._database.changes  # type: ignore[attr-defined]
    with monkeypatch.context() as at_once:  # it hears of both in one go
        at_once.setattr(log, "read", lambda _db: Batch(log._position))
        await ana.page.say(ana.room, "a word")
        await (await two.at(0, maria)).remove_member(tom.id)
    await until(lambda: not two.nodes[1].beside.hub.watchers(topic))


async def test_wa3_who_was_removed_while_a_node_was_away_gets_not_one_byte_more_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor was the word of it heard, which goes over the bus."""
    oslo, rome = stage.two.nodes
    ana, tom = await stage.sends(), await stage.watches(stage.tom)
    elsewhere = await stage.two.at(1, stage.ana.member)
    monkeypatch.setattr(rome.beside.between.witnessed._pictures._talk, "say", lambda *_a, **_more: None)  # type: ignore[union-attr]
    async with away(oslo, monkeypatch):
        await elsewhere.remove_witness(stage.action, stage.tom.member.id)
        before = await stage.chunk(ana, Kind.KEY)
        await tom.until(before)  # so far nobody could know
    await tom.closed()
    rights = oslo.beside.services.media.rights(stage.action)  # type: ignore[attr-defined]
    assert stage.tom.member.id not in rights.watchers
    assert tom.got == [b"\x02", before]
