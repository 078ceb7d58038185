"""One press is one call (UC1): the road of the button, and of a witnessed action that turns into a call (WA7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from presence.ids import CallId, Instant, MemberId, RoomId
from rooms import caller
from rooms.call import Call
from rooms.group import Membership, calls_on_call_alone
from rooms.policy import HOUR
from server.handlers.call_changes import save_call
from server.handlers.services import Reaches, Services
from server.ports import Changes, Tx


@dataclass(frozen=True, slots=True)
class Pressed:
    """The call of a press, and the one before it, if this transaction found that over: both are news."""

    call: Call
    over: Call | None

    def announce(self, changes: Changes) -> None:
        if self.over is not None:  # whoever was in it reads no further word there (UC16)
            changes.call_changed(self.over)
        changes.call_changed(self.call)


def press_of(
    tx: Tx,
    member: Membership,
    *,
    call: CallId,
    room: RoomId,
    words: str = "",
    only: frozenset[MemberId] | None = None,
    volunteers_too: bool = True,
    by_other: bool = False,
) -> caller.Press:
    group = tx.groups.group(member.group)
    assert group is not None  # noqa: S101  a membership has a group: foreign key
    return caller.Press(
        call=call,
        room=room,
        group=member.group,
        group_name=group.name,
        caller=member.id,
        caller_account=member.account,
        caller_name=member.name,
        words=words,
        only=only,
        volunteers_too=volunteers_too,
        on_call_alone=calls_on_call_alone(member),
        by_other=by_other,
    )


def press_button(
    services: Services,
    tx: Tx,
    press: caller.Press,
    now: Instant,
    reaches: Reaches,
    then: Callable[[Call], Call] = lambda call: call,
) -> Pressed:
    """The member's running call, renewed, or a new one; `then` is done to it in the same transition."""
    running, over = tx.calls.active_of(press.caller), None
    call = None if running is None else caller.press_again(running, now)
    if call is None:
        if running is not None:  # over, and the timers have not come by yet
            over = save_call(services, tx, running, running, now, reaches)
        before = tx.calls.raised_since(press.caller_account, now - 24 * HOUR)
        call, running = caller.raise_call(press, now, before, services.policy), None
        tx.chat.add_room(call.room, call.group, call.id)
        tx.care.add_audit(press.caller, "call_raised", call.id, now)
    return Pressed(save_call(services, tx, running, then(call), now, reaches), over)
