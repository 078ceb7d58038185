"""The auditor's one loop: look once a second, judge, say so, and say that it lives."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import web

from server.auditor.metrics import ALARMS, LATE, LOOKS, SILENT, WORST
from server.auditor.pages import AuditPages
from server.auditor.switch import Switch
from server.auditor.truth import Truth
from server.auditor.verdict import Seen, Verdict
from server.heartbeat import Heartbeat
from server.settings import Settings

log = structlog.get_logger("auditor")
LOOK_EVERY_SECONDS = 1.0
BEAT_EVERY_SECONDS = 3.0
SAY_AGAIN_EVERY_SECONDS = 60.0
"""An alarm that stays on is in the log once a minute."""


class Auditor:
    """`hung` once its loop has ended with a look that did not."""

    def __init__(self, truth: Truth) -> None:
        self.verdict = Verdict(answered_at=time.monotonic())
        self._truth = truth
        self._round: asyncio.Task[Seen] | None = None
        self._beat_at = float("-inf")
        self._on: frozenset[str] = frozenset()
        self._said_at = 0.0

    def is_well(self) -> bool:
        return self.verdict.is_well(time.monotonic())

    @property
    def hung(self) -> bool:
        return self._round is not None and not self._round.done()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            next_at = time.monotonic() + LOOK_EVERY_SECONDS
            await self._look()
            self._judge()
            await asyncio.sleep(max(0.0, next_at - time.monotonic()))

    async def close(self) -> None:
        await self._truth.close(hung=self.hung)
        if self._round is not None:
            await asyncio.wait({self._round}, timeout=LOOK_EVERY_SECONDS)
            if self._round.done():
                self._round.exception()  # how it ended is nobody's business any more

    def measure(self) -> None:
        now, seen = time.monotonic(), self.verdict.seen
        LATE.set(seen.count if seen else 0)
        WORST.set(seen.worst_late_ms / 1000 if seen else 0)
        SILENT.set(self.verdict.silent_seconds(now))

    async def _look(self) -> None:
        """One look at a time: a second one would only wait behind a first that hangs."""
        if self._round is None:
            self._round = asyncio.get_running_loop().create_task(self._go_round())
        done, _ = await asyncio.wait({self._round}, timeout=LOOK_EVERY_SECONDS)
        if not done:
            return
        ended, self._round = self._round, None
        try:
            seen = ended.result()
        except OSError as error:
            log.warning("store_not_read", error=str(error) or type(error).__name__)
        except Exception:
            log.exception("audit_failed")  # the loop goes on; the silence becomes an alarm
        else:
            LOOKS.inc()
            self.verdict.answered(seen, time.monotonic())

    async def _go_round(self) -> Seen:
        seen = await self._truth.look()
        if time.monotonic() - self._beat_at >= BEAT_EVERY_SECONDS:
            await self._truth.beat(Heartbeat(seen.now, seen.count, seen.worst_late_ms))
            self._beat_at = time.monotonic()
        return seen

    def _judge(self) -> None:
        now = time.monotonic()
        on = self.verdict.alarms(now)
        for alarm in sorted(on - self._on):
            ALARMS.labels(alarm).inc()
        for alarm in sorted(self._on - on):
            log.info("healed", outcome=alarm)
        if on and (on - self._on or now - self._said_at >= SAY_AGAIN_EVERY_SECONDS):
            self._said_at = now
            self._say(on, now)
        self._on = on

    def _say(self, on: frozenset[str], now: float) -> None:
        if "store_silent" in on:
            log.error("store_silent", seconds=round(self.verdict.silent_seconds(now), 1))
        if "deadline_late" in on and self.verdict.seen is not None:
            for late in self.verdict.seen.worst:
                log.error(
                    "deadline_late",
                    kind=late.kind,
                    subject=late.subject,
                    late_ms=late.by_ms,
                    count=self.verdict.seen.count,
                )


@dataclass(frozen=True, slots=True)
class Running:
    """An auditor at work, and the port of its pages."""

    auditor: Auditor
    port: int


@asynccontextmanager
async def an_auditor(truth: Truth, settings: Settings) -> AsyncIterator[Running]:
    """It looks until the block ends. Raises OSError when its port cannot be listened on."""
    auditor = Auditor(truth)
    switch = (
        Switch(settings.switch_url, settings.switch_every_seconds, auditor.is_well) if settings.switch_url else None
    )
    app = web.Application(client_max_size=1024)
    app.router.add_routes(AuditPages(auditor.verdict, switch, settings.metrics_token, auditor.measure).routes())
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    tasks: list[asyncio.Task[None]] = []
    try:
        await web.TCPSite(runner, settings.auditor_host, settings.auditor_port).start()
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(auditor.run()), *([loop.create_task(switch.run())] if switch else [])]
        yield Running(auditor, int(runner.addresses[0][1]))
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(Exception):
            await asyncio.gather(*tasks, return_exceptions=True)
        await auditor.close()
        await runner.cleanup()
