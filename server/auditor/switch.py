"""The dead-man's switch (OC7): an address outside, asked again and again while all is well. When it is not, or when the
auditor, its machine or its line is gone, nothing comes there any more, and that silence is the alarm: whoever keeps the
switch calls the operator. Nothing of anybody is in the question.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp
import structlog

from server.auditor.metrics import SWITCH

log = structlog.get_logger("auditor")
ANSWER_WITHIN_SECONDS = 10


class Switch:
    """`url` may be a secret, as such services give it out: it is never logged."""

    def __init__(self, url: str, every_seconds: float, is_well: Callable[[], bool]) -> None:
        self._url = url
        self._every_seconds = every_seconds
        self._is_well = is_well
        self.fed_at: float | None = None
        """Monotonic seconds."""

    async def run(self) -> None:
        """Until cancelled."""
        limit = aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS)
        async with aiohttp.ClientSession(timeout=limit, trust_env=True) as line:
            while True:
                if not self._is_well():
                    await asyncio.sleep(min(1.0, self._every_seconds))  # once it is well again, say so soon
                    continue
                await self._feed(line)
                await asyncio.sleep(self._every_seconds)

    async def _feed(self, line: aiohttp.ClientSession) -> None:
        try:
            async with line.get(self._url, allow_redirects=False) as answer:
                outcome = "ok" if answer.status < 300 else "refused"
        except (aiohttp.ClientError, TimeoutError, OSError):
            outcome = "unreachable"
        SWITCH.labels(outcome).inc()
        if outcome == "ok":
            self.fed_at = time.monotonic()
        else:
            log.error("switch_not_fed", outcome=outcome)
