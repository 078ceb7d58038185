"""What the nodes say to each other of each witnessed action, over the bus (docs/decisions/0014).

Each says all that it has of an action, whole: when that changes, when another asks, and every 2 s. So a message that is
lost makes something later, and what a node does not say again for 6 s is over: the node is dead, or cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec
import structlog

from presence.elsewhere import HOLDS_MS, Node
from presence.ids import ActionId
from server.ports import Bus

log = structlog.get_logger("media")
T = TypeVar("T")
SAY_SECONDS = 2.0
HOLDS_SECONDS = HOLDS_MS / 1000
LOOK_SECONDS = 0.2
STOOD_STILL_SECONDS = 2.0
SOON_SECONDS = 0.02
"""Thirty who join in one moment are a few words, not thirty."""
ASK_AT_SECONDS = (0.0, 0.1, 0.5)
"""A node that begins to listen asks more than once: nobody tells when it is truly subscribed."""


class _Word(msgspec.Struct, array_like=True, frozen=True):
    node: str
    epoch: int
    number: int
    asks: bool
    body: msgspec.Raw


@dataclass(frozen=True, slots=True)
class _Heard(Generic[T]):
    node: Node
    number: int
    body: T
    at: float


class Talk(Generic[T]):
    """One kind of word, `name`, on a topic per action. `mine` is all that this node has of an action; `heard` is called
    when another says something else, or is not heard any more. Until `start` nothing is said and nobody listens: so it
    stays on a node that has no others."""

    def __init__(
        self, bus: Bus, name: str, body: type[T], mine: Callable[[ActionId], T], heard: Callable[[ActionId], None]
    ) -> None:
        self._bus, self._name, self._mine, self._heard = bus, name, mine, heard
        self._encode = msgspec.msgpack.Encoder().encode
        self._word = msgspec.msgpack.Decoder(_Word).decode
        self._body = msgspec.msgpack.Decoder(body).decode
        self._me: Node | None = None
        self._number = 0
        self._said_at: dict[ActionId, float] = {}
        """Of each action that this node follows."""
        self._told: dict[ActionId, dict[str, _Heard[T]]] = {}
        self._epochs: dict[str, int] = {}
        self._soon: dict[ActionId, asyncio.TimerHandle] = {}
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = 0.0

    def start(self, me: Node) -> None:
        self._me = me
        self._bus.when_up(self._came_up)
        self._looking = asyncio.get_running_loop().create_task(self._look_on())

    async def stop(self) -> None:
        """To be called before the bus closes."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for action in list(self._said_at):
            self.unfollow(action)

    # ---- saying

    def follow(self, action: ActionId) -> None:
        """This node has something of the action from now on, or wants to know of it. Twice is once."""
        if self._me is None or action in self._said_at:
            return
        self._said_at[action] = self._now()
        self._bus.subscribe(self._topic(action), lambda data: self._hear(action, data))
        for seconds in ASK_AT_SECONDS:
            asyncio.get_running_loop().call_later(seconds, self._ask, action)

    def unfollow(self, action: ActionId) -> None:
        """Nothing of it is here any more: it is said once, and the next word of it is not heard."""
        if self._said_at.pop(action, None) is None:
            return
        waiting = self._soon.pop(action, None)
        if waiting is not None:
            waiting.cancel()
        self._bus.unsubscribe(self._topic(action))
        self._told.pop(action, None)
        self.say(action)

    def say(self, action: ActionId, *, asks: bool = False) -> None:
        """At once. Also of an action that this node does not follow, to those who do."""
        if self._me is None:
            return
        self._number += 1
        if action in self._said_at:
            self._said_at[action] = self._now()
        word = _Word(self._me.id, self._me.epoch, self._number, asks, msgspec.Raw(self._encode(self._mine(action))))
        self._bus.publish(self._topic(action), self._encode(word))

    def say_soon(self, action: ActionId) -> None:
        """With all that changes in the next moment."""
        if action not in self._said_at or action in self._soon:
            return

        def now() -> None:
            del self._soon[action]
            self.say(action)

        self._soon[action] = asyncio.get_running_loop().call_later(SOON_SECONDS, now)

    def _ask(self, action: ActionId) -> None:
        if action in self._said_at:
            self.say(action, asks=True)

    def _came_up(self) -> None:
        for action in list(self._said_at):
            self.say(action, asks=True)

    # ---- hearing

    def others(self, action: ActionId) -> list[tuple[Node, T]]:
        """What every other node says of it."""
        return [(told.node, told.body) for told in self._told.get(action, {}).values()]

    def _hear(self, action: ActionId, data: bytes) -> None:
        word = self._word(data)
        if self._me is None or action not in self._said_at or word.node == self._me.id:
            return
        node, newest = Node(word.node, word.epoch), self._epochs.get(word.node, 0)
        if node.epoch < newest:
            return
        if node.epoch > newest:
            self._epochs[node.id] = node.epoch
            self._forget(lambda told: told.node.id == node.id and told.node.epoch < node.epoch)
        if word.asks:  # first of all: a picture that is asked for must not come before who sends it is known
            self.say(action)
        told = self._told.setdefault(action, {})
        before = told.get(node.id)
        if before is None or word.number > before.number:
            told[node.id] = _Heard(node, word.number, self._body(word.body), self._now())
            if before is None or before.body != told[node.id].body:
                self._heard(action)

    def _forget(self, over: Callable[[_Heard[T]], bool]) -> None:
        for action, told in list(self._told.items()):
            gone = [node for node, one in told.items() if over(one)]
            for node in gone:
                del told[node]
            if gone:
                self._heard(action)

    # ---- the rounds

    async def _look_on(self) -> None:
        self._looked_at = self._now()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.look()
            except Exception:
                log.exception("media_talk_failed")

    def look(self) -> None:
        """One round: what was said long ago is said again, and what was not is over. While this node could not hear, or
        stood still, nobody's silence counts."""
        now = self._now()
        deaf = not self._bus.up or now - self._looked_at > STOOD_STILL_SECONDS
        self._looked_at = now
        if deaf:
            for action, told in self._told.items():
                self._told[action] = {node: replace(one, at=now) for node, one in told.items()}
        self._forget(lambda one: now - one.at >= HOLDS_SECONDS)
        for action, said_at in list(self._said_at.items()):
            if now - said_at >= SAY_SECONDS:
                self.say(action)

    def _topic(self, action: ActionId) -> str:
        return f"{self._name}:{action}"

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
