"""Timers: take due deadlines from the store and do what they say. The rows are the truth; this only looks often.

Also the small clockwork of connections: beats out, silent pages closed (PR3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from presence.ids import CallId, Instant
from rooms.call import Call
from server.handlers.call_changes import save_call
from server.handlers.check_ins import tell_due
from server.handlers.joining import expire_requests
from server.handlers.retention import SWEEP_EVERY_MS, Retention, sweep
from server.handlers.services import Reaches, Services
from server.handlers.unreadable import mend_calls
from server.handlers.witness_time import do_due
from server.handlers.witness_watching import look_at_lines, look_at_witnesses
from server.metrics import DEADLINES, LATENESS
from server.ports import StoreDown, StoreLate, Tx

log = structlog.get_logger("timers")
LOOK_EVERY_SECONDS = 0.2
CHORES_EVERY_SECONDS = 2.0
AT_ONCE = 50
TOGETHER = 8
"""So many share a commit. More would make the first of them wait for the last."""
ROUNDS_AT_MOST = 20
PUT_OFF_MS = 5_000
LATE_MS = 2_000
"""Said in the log from then on; the auditor alarms later."""


class Timers:
    """Three loops. The first is for what a call hangs on and waits for nothing else; the second is for witnessed
    actions; the third does the chores. `looked_at` is when the first last went round."""

    def __init__(
        self, services: Services, send_pages: Callable[[], Awaitable[None]], watch_lines: Callable[[], None]
    ) -> None:
        self._services = services
        self._send_pages = send_pages
        self._watch_lines = watch_lines
        self._tasks: list[asyncio.Task[None]] = []
        self._next_sweep: Instant = 0
        self.looked_at: Instant = 0
        self.store_ok = True

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._again_and_again(self._deadlines, LOOK_EVERY_SECONDS)),
            loop.create_task(self._again_and_again(self.look_at_actions, LOOK_EVERY_SECONDS)),
            loop.create_task(self._again_and_again(self.chores, CHORES_EVERY_SECONDS)),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _again_and_again(self, work: Callable[[], Awaitable[None]], every_seconds: float) -> None:
        while True:
            try:
                await work()
            except (StoreDown, StoreLate):
                self.store_ok = False
                log.error("timers_waiting_for_store")
            except Exception:
                log.exception("timers_failed")  # the loop must go on: a call hangs on it
            await asyncio.sleep(every_seconds)

    async def _deadlines(self) -> None:
        self._watch_lines()
        for _ in range(ROUNDS_AT_MOST):  # many are due at once after a stop: they do not wait for the next look
            if await self.look() < AT_ONCE:
                break
        await self._send_pages()
        self.store_ok = not self._services.store.afloat

    async def look_at_actions(self) -> None:
        """Deadlines and leases of witnessed actions. While the store is down they wait."""
        if not self._services.store.afloat:
            await do_due(self._services)
            await look_at_witnesses(self._services)

    async def chores(self) -> None:
        """Questions of the day after, what witnessed actions put off while the store was down, and once an hour what
        has been kept long enough goes (UC12, CB8)."""
        now = self._services.clock.now()
        await tell_due(self._services)
        if not self._services.store.afloat:
            await look_at_lines(self._services)
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_EVERY_MS
            await expire_requests(self._services)
            await sweep(self._services, Retention())
            await mend_calls(self._services)

    async def look(self) -> int:
        """Do everything that is due now. Returns how many deadlines were handled."""
        services = self._services
        now = services.clock.now()
        reaches = services.roster.reaches()
        due = await services.store.read(lambda tx: tx.calls.due(now, AT_ONCE))
        for at in range(0, len(due), TOGETHER):
            await asyncio.gather(*(self._one(call, due_at, reaches) for call, due_at in due[at : at + TOGETHER]))
        self.looked_at = now
        return len(due)

    async def _one(self, call_id: CallId, due_at: Instant, reaches: Reaches) -> None:
        """What goes wrong with one call stops no other: it is put off, and tried again and again."""
        try:
            await self._do(call_id, due_at, reaches)
        except (StoreDown, StoreLate):
            raise
        except Exception:
            log.exception("deadline_failed", call=call_id)
            again = self._services.clock.now() + PUT_OFF_MS
            await self._services.store.write_call(lambda tx: tx.calls.set_due(call_id, again))

    async def _do(self, call_id: CallId, due_at: Instant, reaches: Reaches) -> None:
        services = self._services
        now = services.clock.now()

        def decide(tx: Tx) -> tuple[Call, bool] | None:
            before = tx.calls.get(call_id)
            if before is None:
                tx.calls.set_due(call_id, None)
                return None
            after = save_call(services, tx, before, before, now, reaches)
            return after, after is not before

        result = await services.store.write_call(decide)
        if result is None:
            await mend_calls(services, call_id)
        late = max(0, services.clock.now() - due_at)
        if late > LATE_MS:
            log.warning("deadline_done_late", call=call_id, late_ms=late)
        services.worst_lateness_ms = max(services.worst_lateness_ms, late)
        LATENESS.observe(late / 1000)
        DEADLINES.inc()
        if result is not None and result[1]:
            services.changes.call_changed(result[0])
