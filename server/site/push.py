"""Web Push subscriptions: asked before they are enabled, one a device, gone when the device is."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from presence.ids import CallId, MemberId
from rooms import commands
from rooms.call import Call, Reached
from rooms.refusals import Refusal, Refused
from server.handlers.call_changes import save_ack
from server.handlers.presence import reach_changed
from server.handlers.services import Services
from server.ids import digest
from server.ports import Tx
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
        now = self._s.clock.now()

        def mark(tx: Tx) -> Call | None:
            found = tx.calls.page_shown(digest(asked.token), now)
            return None if found is None else _reached(self._s, tx, *found)

        call = await self._s.store.write_call(mark)
        if call is not None:
            self._s.changes.call_changed(call, soft=True)
        return answer({})


def _reached(services: Services, tx: Tx, call_id: CallId, member: MemberId) -> Call | None:
    call = tx.calls.get(call_id)
    if call is None or member not in call.recipients:
        return None
    return save_ack(services, tx, call, commands.card_reached(call, member, Reached.DELIVERED))


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
