"""A witnessed action that becomes an urgent call (WA7): the call is the member's own, whoever started it."""

from __future__ import annotations

from presence.ids import CallId, Instant, RoomId
from rooms import caller, either
from rooms.call import Call
from rooms.group import calls_on_call_alone, may_press
from rooms.policy import HOUR
from rooms.witness import Action
from server.handlers.call_changes import save_call
from server.handlers.services import Reaches, Services
from server.ports import Tx


def raise_for(
    services: Services, tx: Tx, action: Action, call_id: CallId, room_id: RoomId, now: Instant, reaches: Reaches
) -> Call:
    """The member's running call, or a new one; on-call is told either way. It keeps the action's audience for peers,
    and says no word of the action."""
    member = may_press(tx.groups.membership(action.account, action.group))
    running = tx.calls.active_of(member.id)
    again = None if running is None else caller.press_again(running, now)
    if again is None:
        if running is not None:
            save_call(services, tx, running, running, now, reaches)
        press = caller.Press(
            call=call_id,
            room=room_id,
            group=action.group,
            group_name=action.group_name,
            caller=member.id,
            caller_account=member.account,
            caller_name=member.name,
            words="",
            only=action.only,
            volunteers_too=True,
            on_call_alone=calls_on_call_alone(member),
        )
        before = tx.calls.raised_since(member.account, now - 24 * HOUR)
        again = caller.raise_call(press, now, before, services.policy)
        tx.chat.add_room(again.room, again.group, again.id)
        tx.care.add_audit(member.id, "call_raised", again.id, now)
        running = None
    return save_call(services, tx, running, either.want_on_call(again, member.id, now), now, reaches)
