"""The auditor's own `/healthz`, `/readyz` and `/metrics`, on a port of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

from aiohttp import web

from server.auditor.metrics import REGISTRY
from server.auditor.switch import Switch
from server.auditor.verdict import Verdict
from server.site.guard import answer
from server.site.scraper import figures


class AuditPages:
    def __init__(
        self, verdict: Verdict, switch: Switch | None, metrics_token: str, measure: Callable[[], None]
    ) -> None:
        self._verdict = verdict
        self._switch = switch
        self._token = metrics_token
        self._measure = measure

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz), web.get("/metrics", self.metrics)]

    async def healthz(self, _request: web.Request) -> web.Response:
        return answer({"alive": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """200 while all is well, 503 while an alarm is on, and until the first look."""
        now, seen = time.monotonic(), self._verdict.seen
        well = self._verdict.is_well(now)
        fed_at = self._switch.fed_at if self._switch else None
        report = {
            "ready": well,
            "alarms": sorted(self._verdict.alarms(now)),
            "late": seen.count if seen else 0,
            "worst_late_ms": seen.worst_late_ms if seen else 0,
            "store_silent_seconds": round(self._verdict.silent_seconds(now), 1),
            "switch": self._switch is not None,
            "switch_fed_seconds_ago": None if fed_at is None else round(now - fed_at, 1),
        }
        return answer(report, 200 if well else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        self._measure()
        return figures(request, self._token, REGISTRY)
