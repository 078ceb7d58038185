"""Tells the other nodes which pages of witnesses are here and what was wrapped for whom, and hears it of them (WA3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from presence.elsewhere import Node
from presence.ids import ActionId
from server.media.keyring import KeysSaid, LocalKeyring
from server.media.talk import Talk
from server.ports import Bus, StoreDown, StoreLate

log = structlog.get_logger("media")
Tell = Callable[[ActionId], Awaitable[None]]


class KeysBetween:
    """`tell_devices`: the member's pages here are to hear which devices there are. `tell_keys`: the witnesses' pages
    here are to hear what was wrapped for them."""

    def __init__(self, keyring: LocalKeyring, bus: Bus, tell_devices: Tell, tell_keys: Tell) -> None:
        self._keyring, self._tell_devices, self._tell_keys = keyring, tell_devices, tell_keys
        self._talk = Talk(bus, "keys", KeysSaid, keyring.said, self._heard)
        self._devices: dict[ActionId, None] = {}
        self._keys: dict[ActionId, None] = {}
        self._something = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        keyring.on_change = self._changed

    def start(self, me: Node) -> None:
        self._talk.start(me)
        self._telling = asyncio.get_running_loop().create_task(self._tell_on())

    async def stop(self) -> None:
        await self._talk.stop()
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    def _changed(self, action: ActionId) -> None:
        if self._keyring.concerns(action):
            self._talk.follow(action)
            self._talk.say_soon(action)
        else:
            self._talk.unfollow(action)
            self._keyring.heard(action, [])

    def _heard(self, action: ActionId) -> None:
        devices, keys = self._keyring.heard(action, [said for _node, said in self._talk.others(action)])
        if devices:
            self._devices[action] = None
        if keys:
            self._keys[action] = None
        self._something.set()

    async def _tell_on(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            await self._each(self._keys, self._tell_keys)
            await self._each(self._devices, self._tell_devices)

    @staticmethod
    async def _each(actions: dict[ActionId, None], tell: Tell) -> None:
        for action in list(actions):
            del actions[action]
            try:
                await tell(action)
            except (StoreDown, StoreLate):
                log.error("keys_not_told", subject=action)
            except Exception:
                log.exception("keys_not_told", subject=action)
