"""How far a notification got: taken by the push service (sent), shown on the device (delivered)."""

from __future__ import annotations

from collections.abc import Callable

from presence.ids import CallId, MemberId
from rooms import responder
from rooms.call import Call, Reached
from server.handlers.call_changes import save_ack
from server.handlers.services import Services
from server.ids import digest
from server.ports import Tx
from server.records import Page


async def page_sent(services: Services, page: Page) -> None:
    """The push service took it. That is not yet delivered, and is never shown as such (promise 2)."""
    if page.kind == "ring":
        await _raise(services, lambda tx: _reached(services, tx, CallId(page.subject), page.member, Reached.SENT))


async def page_shown(services: Services, token: str) -> None:
    """The device says that the notification is shown: that is what "delivered" means for whoever is away. Of a plan
    nothing more follows than that it is not sent again."""
    now = services.clock.now()

    def mark(tx: Tx) -> Call | None:
        found = tx.calls.page_shown(digest(token), now)
        return None if found is None else _reached(services, tx, *found, Reached.DELIVERED)

    await _raise(services, mark)


async def _raise(services: Services, work: Callable[[Tx], Call | None]) -> None:
    call = await services.store.write_call(work)
    if call is not None:
        services.changes.call_changed(call, soft=True)


def _reached(services: Services, tx: Tx, call_id: CallId, member: MemberId, reached: Reached) -> Call | None:
    call = tx.calls.get(call_id)
    if call is None or member not in call.recipients:
        return None
    return save_ack(services, tx, call, responder.card_reached(call, member, reached))
