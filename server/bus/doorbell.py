"""The doorbell of commits: whoever committed rings, and every other node looks at the store (docs/decisions/0014)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server.ports import Bus, StoreDown

log = structlog.get_logger("doorbell")
COMMITS = "commits"


class Doorbell:
    """`look` asks the store what others have changed. Rings while it looks are one more look, however many they are. A
    ring that is lost costs a second: the store looks that often by itself."""

    def __init__(self, bus: Bus, look: Callable[[], Awaitable[None]]) -> None:
        self._bus, self._look = bus, look
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._bus.subscribe(COMMITS, lambda _nothing: self._rung.set())
        self._bus.when_up(self._rung.set)
        self._task = asyncio.get_running_loop().create_task(self._answer())

    def ring(self) -> None:
        self._bus.publish(COMMITS, b"")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _answer(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            try:
                await self._look()
            except StoreDown:
                log.error("others_not_followed")
            except Exception:
                log.exception("others_not_followed")
