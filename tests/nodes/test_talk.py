"""What nodes say to each other of an action, over a real Valkey: whole, for a moment, and never of a past life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from presence.elsewhere import Node
from presence.ids import ActionId
from server.bus.redis import RedisBus
from server.media import talk
from server.media.talk import Talk
from tests.contracts.valkey import Valkey, a_valkey
from tests.nodes.world import until

ACTION = ActionId("one")


class Speaker:
    def __init__(self, bus: RedisBus, node: Node) -> None:
        self.bus, self.has, self.heard = bus, "", 0
        self.talk = Talk(bus, "words", str, lambda _action: self.has, self._count)
        self.talk.start(node)

    def _count(self, _action: ActionId) -> None:
        self.heard += 1

    def others(self) -> list[str]:
        return sorted(body for _node, body in self.talk.others(ACTION) if body)

    def says(self, word: str) -> None:
        self.has = word
        self.talk.follow(ACTION)
        self.talk.say(ACTION)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with a_valkey(tmp_path / "valkey") as server:
        yield server


class Hall:
    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._url, self._stack, self._buses = url, stack, 0

    async def enter(self, name: str, epoch: int = 1) -> Speaker:
        self._buses += 1
        bus = RedisBus(self._url, "0", f"{name} {self._buses}", bytes(32))
        await bus.start()
        self._stack.push_async_callback(bus.close)
        speaker = Speaker(bus, Node(name, epoch))
        self._stack.push_async_callback(speaker.talk.stop)
        await until(lambda: bus.up)
        return speaker


@pytest.fixture
async def hall(valkey: Valkey) -> AsyncIterator[Hall]:
    async with AsyncExitStack() as stack:
        yield Hall(valkey.url, stack)


async def test_who_begins_to_follow_hears_what_the_others_have(hall: Hall) -> None:
    oslo = await hall.enter("oslo")
    oslo.says("here")
    rome = await hall.enter("rome")
    rome.talk.follow(ACTION)
    await until(lambda: rome.others() == ["here"])
    assert oslo.others() == []


async def test_who_has_nothing_any_more_says_so(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "HOLDS_SECONDS", 3_600)  # not because a time is over
    oslo, rome = await hall.enter("oslo"), await hall.enter("rome")
    rome.talk.follow(ACTION)
    oslo.says("here")
    await until(lambda: rome.others() == ["here"])
    oslo.has = ""
    oslo.talk.unfollow(ACTION)
    await until(lambda: rome.others() == [])


async def test_a_new_life_ends_the_past_and_a_late_word_of_it_counts_for_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "HOLDS_SECONDS", 3_600)  # not because a time is over
    past, rome = await hall.enter("oslo", 1), await hall.enter("rome")
    other = ActionId("other")
    for action in (ACTION, other):
        rome.talk.follow(action)
    past.says("of the past")
    await until(lambda: rome.others() == ["of the past"])
    now = await hall.enter("oslo", 2)
    now.talk.follow(other)  # of ACTION it has nothing, and says nothing
    await until(lambda: rome.others() == [])
    past.says("late")
    past.has = "late in the other"
    past.talk.follow(other)
    now.has = "now"
    now.talk.say(other)
    await until(lambda: [body for _node, body in rome.talk.others(other)] == ["now"])
    assert rome.others() == []


async def test_a_node_that_says_nothing_more_is_forgotten(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "HOLDS_SECONDS", 0.5)
    monkeypatch.setattr(talk, "SAY_SECONDS", 0.1)
    oslo, rome = await hall.enter("oslo"), await hall.enter("rome")
    rome.talk.follow(ACTION)
    oslo.says("here")
    await until(lambda: rome.others() == ["here"])
    for _ in range(5):
        await asyncio.sleep(0.2)  # time itself is what is asked for: said again, it goes on
        assert rome.others() == ["here"]
    await oslo.bus.close()
    heard = rome.heard
    await until(lambda: rome.others() == [])
    assert rome.heard > heard


async def test_a_bus_that_is_down_is_nobodys_silence_and_what_changed_is_heard_when_it_is_back(
    hall: Hall, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "HOLDS_SECONDS", 0.5)
    monkeypatch.setattr(talk, "SAY_SECONDS", 0.1)
    oslo, rome = await hall.enter("oslo"), await hall.enter("rome")
    rome.talk.follow(ACTION)
    oslo.says("here")
    await until(lambda: rome.others() == ["here"])
    valkey.kill()
    await until(lambda: not rome.bus.up)
    await asyncio.sleep(1.0)  # twice as long as a word holds
    assert rome.others() == ["here"]
    oslo.says("changed")
    valkey.start()
    await until(lambda: rome.others() == ["changed"])
