"""What either side does: write in the call room, bring in on-call, say that there is danger now (UC5, UC16, UC17)."""

from __future__ import annotations

from dataclasses import replace

from presence.ids import Instant, MemberId
from rooms.call import (
    Call,
    Cancelled,
    Closed,
    Dismissed,
    Here,
    InRoom,
    Parked,
    Part,
    Recipient,
    Silence,
    helpers,
    may_read_room,
    nearness,
    of_answer,
)
from rooms.escalation import settle, stood_down, uncancel, wait_again, with_recipient
from rooms.policy import Policy
from rooms.refusals import Refusal, Refused
from rooms.responder import become_here
from rooms.who_may import must_run, recipient_of


def wrote(call: Call, member: MemberId, now: Instant) -> Call:
    """Words were committed in the call room. Both having written since the entry makes a responder *here* (UC5)."""
    if member == call.caller:
        waits_since = now if call.caller_waits_since is None else call.caller_waits_since
        call = replace(call, caller_said_at=now, caller_waits_since=waits_since, helpers_wait_since=None)
        if call.silence in (Silence.CALLER, Silence.CALLER_TOLD):
            call = replace(call, silence=Silence.NONE)
        for recipient in of_answer(call, InRoom):
            call = _noted(call, recipient, caller_wrote=True)
    else:
        recipient = recipient_of(call, member)
        if not isinstance(recipient.answer, InRoom | Here):
            raise Refused(Refusal.NOT_ALLOWED, "enter the room first")
        wait_since = now if call.helpers_wait_since is None else call.helpers_wait_since
        call = replace(call, helpers_wait_since=wait_since, caller_waits_since=None)
        if call.silence is Silence.HELPERS:
            call = replace(call, silence=Silence.NONE)
        call = _noted(call, recipient, wrote=True)
    if isinstance(call.end, Cancelled | Closed):
        return call  # words of goodbye make nobody *here*
    for recipient in sorted(of_answer(call, InRoom), key=nearness):
        if isinstance(recipient.answer, InRoom) and recipient.answer.wrote and recipient.answer.caller_wrote:
            call = become_here(call, recipient, now)
    return settle(call, now)


def _noted(call: Call, recipient: Recipient, *, wrote: bool = False, caller_wrote: bool = False) -> Call:
    """Since they came in, they or the caller wrote (UC5)."""
    answer = recipient.answer
    if not isinstance(answer, InRoom):
        return call
    both = replace(answer, wrote=answer.wrote or wrote, caller_wrote=answer.caller_wrote or caller_wrote)
    return with_recipient(call, replace(recipient, answer=both))


def want_on_call(call: Call, member: MemberId, now: Instant) -> Call:
    """The caller or a responder brings in a volunteer, whatever the state (UC16). Goes on until one comes. When a
    volunteer is in the room a responder's wish is met already; the caller's “I need more” asks for another (UC12)."""
    must_run(call)
    if not may_read_room(call, member):
        raise Refused(Refusal.NOT_ALLOWED)
    met = member != call.caller and any(r.part is not Part.PEER for r in of_answer(call, InRoom, Here))
    if met or call.wanted_since is not None:
        return call
    return replace(call, wanted_since=now, wanted_rings=0, volunteers_too=True)


def danger_now(call: Call, member: MemberId, now: Instant, policy: Policy) -> Call:
    """UC17: on-call and the coordinator are called whatever the state. In a call that lately ended the caller may say
    so, and whoever was here: they may have read it in the last words."""
    if not may_say_danger(call, member):
        raise Refused(Refusal.CALL_OVER if isinstance(call.end, Closed) else Refusal.NOT_ALLOWED)
    match call.end:
        case Closed(at=at):
            if now - at > policy.reopen_within_ms:
                raise Refused(Refusal.TOO_LATE)
            call = wait_again(replace(call, recipients=stood_down(call, helpers(call), now)), now)
        case Cancelled() as end:
            call = uncancel(call, end, now)
        case Parked():
            call = wait_again(call, now)
        case None:
            pass
    if call.danger_at is not None and call.wanted_since is not None:
        return call  # is being rung for already
    danger_at = now if call.danger_at is None else call.danger_at
    return replace(call, danger_at=danger_at, wanted_since=now, wanted_rings=0, volunteers_too=True)


def may_say_danger(call: Call, member: MemberId) -> bool:
    recipient = call.recipients.get(member)
    was_here = recipient is not None and recipient.was_here and not isinstance(recipient.answer, Dismissed)
    return may_read_room(call, member) or (was_here and isinstance(call.end, Closed))
