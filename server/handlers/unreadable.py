"""A call whose stored body cannot be read (a broken disk, a newer version before this one) is begun anew (promise 1).

Who asked, where and when stands in the row's own columns; whom the caller let in and who could not come does not. So
it goes to on-call alone: no peer is asked whom the caller may have kept out. It stays the same call, with its room, and
its caller and the desk see it again.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from presence.ids import CallId, Instant
from rooms.call import Call, Closed
from rooms.caller import Press, raise_call
from rooms.ladder import next_deadline
from server.handlers.call_changes import save_call
from server.handlers.services import Reaches, Services
from server.ports import Tx
from server.records import UnreadableCall

log = structlog.get_logger("unreadable")


async def mend_calls(services: Services, only: CallId | None = None) -> None:
    """Begin anew what cannot be read: all of it, or this one. `/readyz` counts what cannot even be begun anew."""
    now, reaches = services.clock.now(), services.roster.reaches()

    def mend(tx: Tx) -> tuple[list[Call], int]:
        broken = tx.calls.unreadable(only)
        begun = [call for row in broken if (call := _begin_anew(services, tx, row, now, reaches)) is not None]
        return begun, len(broken) - len(begun)

    begun, left = await services.store.write_call(mend)
    services.calls_begun_anew += len(begun)
    if only is None:
        services.calls_unreadable = left
    for call in begun:
        log.error("call_begun_anew", call=call.id)
        services.changes.call_changed(call)


def _begin_anew(services: Services, tx: Tx, row: UnreadableCall, now: Instant, reaches: Reaches) -> Call | None:
    caller, group = tx.groups.member(row.caller), tx.groups.group(row.group)
    if caller is None or group is None:
        return None
    press = Press(
        call=row.id,
        room=row.room,
        group=group.id,
        group_name=group.name,
        caller=caller.id,
        caller_account=caller.account,
        caller_name=caller.name,
        on_call_alone=True,
    )
    anew = replace(raise_call(press, now, (), services.policy), raised_at=row.raised_at, version=row.version)
    if tx.calls.active_of(caller.id) is not None:  # they have pressed again since: that call carries them
        anew = replace(anew, version=row.version + 1, end=Closed(at=now, by=caller.id, word="unreadable"))
    tx.calls.begin_anew(anew, next_deadline(anew, services.policy))
    tx.care.add_audit(caller.id, "call_begun_anew", row.id, now)
    return anew if anew.end is not None else save_call(services, tx, anew, anew, now, reaches)
