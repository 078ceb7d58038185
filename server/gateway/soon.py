"""What is told a moment from now, once however often it changed until then, and what is being told. Part of the
announcer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server.ports import StoreDown, StoreLate

log = structlog.get_logger("announcer")
CLOSE_WITHIN_SECONDS = 5


class Soon:
    def __init__(self) -> None:
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def once(self, name: str, delay_seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` once, a moment from now, however often this is called before."""
        if name in self._timers or self._closing:
            return

        def start() -> None:
            self._timers.pop(name, None)
            self.spawn(work())

        self._timers[name] = asyncio.get_running_loop().call_later(delay_seconds, start)

    def spawn(self, work: Awaitable[None]) -> None:
        """Now, and nobody waits for it."""

        async def guarded() -> None:
            try:
                await work
            except (StoreDown, StoreLate):
                log.error("announcement_late")  # clients resume from the store
            except Exception:
                log.exception("announcement_failed")

        task = asyncio.get_running_loop().create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def idle(self) -> bool:
        """Nothing is left to tell."""
        return not self._timers and not self._tasks

    async def close(self) -> None:
        """Finish what is under way. Nobody is left to be told anything that comes of it."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_WITHIN_SECONDS)
