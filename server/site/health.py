"""`/healthz` (the process answers), `/readyz` (it can do its work), `/metrics` (Prometheus)."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web
from prometheus_client import generate_latest

from server.gateway.hub import Hub
from server.handlers.services import Services
from server.metrics import CONNECTIONS, REGISTRY
from server.site.guard import answer
from server.timers import Timers

STUCK_AFTER_MS = 5_000
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto")
"""What proxies say of those they speak for."""


class HealthPages:
    def __init__(self, services: Services, timers: Timers, hub: Hub, metrics_token: str) -> None:
        self._s = services
        self._token = metrics_token
        self._timers = timers
        self._hub = hub
        self.draining = False

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz), web.get("/metrics", self.metrics)]

    async def healthz(self, _request: web.Request) -> web.Response:
        return answer({"alive": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Ready while the deadline loop goes round and the store answers it. The lateness is of the worst deadline
        since start. A call that cannot be read does not make it unready: the others go on."""
        now = self._s.clock.now()
        behind_ms = now - self._timers.looked_at if self._timers.looked_at else None
        ready = not self.draining and self._timers.store_ok and behind_ms is not None and behind_ms < STUCK_AFTER_MS
        report = {
            "ready": ready,
            "draining": self.draining,
            "store": self._timers.store_ok,
            "deadline_loop_behind_ms": behind_ms,
            "worst_lateness_ms": self._s.worst_lateness_ms,
            "calls_begun_anew": self._s.calls_begun_anew,
            "calls_unreadable": self._s.calls_unreadable,
        }
        return answer(report, 200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """For the machine's own scraper, not for the world: everyone else gets the answer of a page that is not there.
        With a token set, only who shows it, wherever they are; without, only who comes straight from this machine."""
        if not (self._shows_token(request) if self._token else _is_of_this_machine(request)):
            raise web.HTTPNotFound
        CONNECTIONS.set(len(self._hub))
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": "text/plain; version=0.0.4"})

    def _shows_token(self, request: web.Request) -> bool:
        shown = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(shown, f"Bearer {self._token}".encode())


def _is_of_this_machine(request: web.Request) -> bool:
    """A proxy on this machine is of it too, so whoever it speaks for is not."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
