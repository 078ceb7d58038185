"""The urgent POST (UC1), tickets for sockets, and quick exit's beacon (CB4)."""

from __future__ import annotations

import contextlib

from aiohttp import web

from presence.ids import ConnectionId
from rooms.refusals import Refused
from server.handlers.dispatch import handle
from server.handlers.services import Services
from server.ids import new_id
from server.ports import Tickets
from server.settings import Settings
from server.site.guard import SignedIn, answer, body, signed_in
from server.who import Who
from server.wire import frames as f
from server.wire import http


class UrgentPages:
    """`/api/ticket`, `/api/urgent`, `/api/leave`."""

    def __init__(self, services: Services, settings: Settings, tickets: Tickets) -> None:
        self._s = services
        self._settings = settings
        self._tickets = tickets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/ticket", self.ticket),
            web.post("/api/urgent", self.urgent),
            web.post("/api/leave", self.leave),
        ]

    async def ticket(self, request: web.Request) -> web.Response:
        who = await signed_in(self._s, self._settings, request)
        ticket, expires_at = self._tickets.issue(who.account, who.device, self._s.clock.now())
        return answer(http.Ticket(ticket=ticket, expires_at=expires_at))

    async def urgent(self, request: web.Request) -> web.Response:
        """The same command as over the socket, with the same key: one press is one call."""
        who = await signed_in(self._s, self._settings, request)
        asked = await body(request, http.UrgentPost)
        command = f.RaiseCall(
            k=asked.k, group=asked.group, words=asked.words, only=asked.only, volunteers_too=asked.volunteers_too
        )
        reply = await handle(self._s, _without_socket(who), command)
        assert isinstance(reply, f.Ok)  # noqa: S101  raise_call answers ok or raises
        assert reply.call is not None  # noqa: S101
        return answer(http.UrgentReply(call=reply.call, saved=reply.saved))

    async def leave(self, request: web.Request) -> web.Response:
        """Quick exit: the device is locked at once; a running call goes on as "stepped away", and so does one that runs
        in another group meanwhile (UC18): this device is contacted for none of them."""
        who = await signed_in(self._s, self._settings, request)
        asked = await body(request, http.LeavePost)
        await self._s.store.write_call(lambda tx: tx.accounts.lock_device(who.device, locked=True))
        self._s.changes.device_changed(who.device)
        calls = await self._s.store.read(lambda tx: tx.calls.of_account(who.account)) if asked.call is not None else []
        for call in calls:
            if call.caller_account == who.account:
                with contextlib.suppress(Refused):  # over in the meantime: the device is locked all the same
                    await handle(self._s, _without_socket(who), f.StepAway(k=new_id(), call=call.id))
        return answer({})


def _without_socket(who: SignedIn) -> Who:
    """A command that came by POST. It has no connection to watch anything with."""
    return Who(who.account, who.device, ConnectionId(f"post-{new_id()}"), "client", who.locked)
