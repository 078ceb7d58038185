"""Web Push subscriptions: asked before they are enabled, one a device, gone when the device is."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from rooms.refusals import Refusal, Refused
from server.handlers.pages import page_shown
from server.handlers.presence import reach_changed
from server.handlers.services import Services
from server.records import PushTarget
from server.settings import Settings
from server.site.guard import answer, body, signed_in
from server.wire import http


class PushPages:
    """`/api/push` and `/api/push/shown`."""

    def __init__(self, services: Services, settings: Settings, public_key: str, *, local_endpoints: bool) -> None:
        self._s = services
        self._settings = settings
        self._public_key = public_key
        self._local_endpoints = local_endpoints

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/push", self.key),
            web.post("/api/push", self.subscribe),
            web.delete("/api/push", self.unsubscribe),
            web.post("/api/push/shown", self.shown),
        ]

    async def key(self, request: web.Request) -> web.Response:
        await signed_in(self._s, self._settings, request)
        return answer(http.PushKey(public_key=self._public_key))

    async def subscribe(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        asked = await body(request, http.PushSubscription)
        if not self._local_endpoints:
            _must_be_public(asked.endpoint)
        target = PushTarget(who.device, asked.endpoint, asked.keys.p256dh, asked.keys.auth)
        await self._s.store.write(lambda tx: tx.accounts.set_push(who.device, target))
        await reach_changed(self._s, who.account)  # standby from now on (PR4): their groups see it
        return answer({})

    async def unsubscribe(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        await self._s.store.write(lambda tx: tx.accounts.set_push(who.device, None))
        await reach_changed(self._s, who.account)
        return answer({})

    async def shown(self, request: web.Request) -> web.Response:
        """The notification is on the device: that is what "delivered" means for whoever is away."""
        asked = await body(request, http.PushShown)
        await page_shown(self._s, asked.token)
        return answer({})


def _must_be_public(endpoint: str) -> None:
    """A push endpoint is an address that this server will post to: never one of its own network."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if (
        parts.scheme != "https"
        or parts.port not in (None, 443)
        or "." not in host
        or host.endswith((".local", ".internal"))
    ):
        raise Refused(Refusal.BAD_FRAME, "push endpoint")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    raise Refused(Refusal.BAD_FRAME, "push endpoint is a bare address")
