"""`/healthz` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus)."""

from __future__ import annotations

from aiohttp import web

from server.gateway.hub import Hub
from server.handlers.services import Services
from server.metrics import CONNECTIONS, REGISTRY
from server.ports import Bus
from server.site.guard import answer
from server.site.scraper import figures
from server.timers import Timers

STUCK_AFTER_MS = 5_000


class HealthPages:
    def __init__(self, services: Services, timers: Timers, hub: Hub, bus: Bus, metrics_token: str) -> None:
        self._s = services
        self._token = metrics_token
        self._timers = timers
        self._hub = hub
        self._bus = bus
        self.draining = False

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz), web.get("/metrics", self.metrics)]

    async def healthz(self, _request: web.Request) -> web.Response:
        return answer({"alive": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Ready while the deadline loop goes round and the store answers it. The lateness is of the worst deadline
        since start. A call that cannot be read does not make it unready: the others go on. Neither does what the
        auditor says (OC7): a proxy that keeps people out for it would help nobody who needs someone; nor a bus that is
        down, for then the nodes hear of each other by the store."""
        now = self._s.clock.now()
        behind_ms = now - self._timers.looked_at if self._timers.looked_at else None
        ready = not self.draining and self._timers.store_ok and behind_ms is not None and behind_ms < STUCK_AFTER_MS
        report = {
            "ready": ready,
            "draining": self.draining,
            "store": self._timers.store_ok,
            "bus": self._bus.up,
            "deadline_loop_behind_ms": behind_ms,
            "worst_lateness_ms": self._s.worst_lateness_ms,
            "deadlines_late": self._s.audit.late,
            "auditor_silent": self._s.audit.silent,
            "calls_begun_anew": self._s.calls_begun_anew,
            "calls_unreadable": self._s.calls_unreadable,
        }
        return answer(report, 200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        CONNECTIONS.set(len(self._hub))
        return figures(request, self._token, REGISTRY)
