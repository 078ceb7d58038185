"""The web hears its auditor (OC7): whether it lives, and what it says of the deadlines.

Nobody compares two processes' clocks here: a heartbeat is new when it is another than the last, and silence is counted
on this server's own clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server.handlers.services import Audit, Services
from server.heartbeat import Heartbeat
from server.metrics import AUDITED_LATE, AUDITOR_SILENT
from server.ports import StoreDown, StoreLate

log = structlog.get_logger("audited")
LISTEN_EVERY_SECONDS = 2.0
SILENT_AFTER_MS = 15_000


class Audited:
    """`hear` gives the newest heartbeat, None when there is none. Where no auditor is expected nothing is said of its
    silence, and what it says is told all the same."""

    def __init__(self, services: Services, hear: Callable[[], Awaitable[Heartbeat | None]], *, expected: bool) -> None:
        self._s = services
        self._hear = hear
        self._expected = expected
        self._last: Heartbeat | None = None
        self._heard_at = services.clock.now()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self.listen()
            except Exception:
                log.exception("auditor_not_heard")  # it is looked at again in a moment
            await asyncio.sleep(LISTEN_EVERY_SECONDS)

    async def listen(self) -> None:
        """Once. What changed is told to the desk."""
        now = self._s.clock.now()
        try:
            beat = await self._hear()
        except (StoreDown, StoreLate):
            beat = self._last
        if self._s.store.afloat:
            self._heard_at = now  # a store that is down says nothing of the auditor
        if beat is not None and beat != self._last:
            self._last, self._heard_at = beat, now
        silent = now - self._heard_at > SILENT_AFTER_MS
        late = 0 if silent or self._last is None else self._last.late
        new = Audit(silent=silent and self._expected, late=late)
        if new != self._s.audit:
            if new.silent and not self._s.audit.silent:
                log.error("auditor_silent")
            self._s.audit = new
            self._s.changes.desk_changed()
        AUDITOR_SILENT.set(new.silent)
        AUDITED_LATE.set(new.late)
