"""What only a volunteer does to a call: come unasked, close it with a reason, open it again (UC6, UC16)."""

from __future__ import annotations

from dataclasses import replace

from presence.ids import Instant, MemberId
from rooms.call import (
    Call,
    Cancelled,
    Closed,
    Coming,
    Here,
    InRoom,
    Parked,
    Part,
    Reached,
    Recipient,
    Ring,
    helpers,
    is_over,
)
from rooms.candidates import Candidate, may_be_in
from rooms.escalation import stood_down, wait_again, with_recipient
from rooms.policy import Policy
from rooms.refusals import Refusal, Refused
from rooms.who_may import recipient_of


def close_as_volunteer(call: Call, member: MemberId, now: Instant, reason: str, policy: Policy) -> Call:
    """An accepted volunteer closes with a reason, after the caller's silence (UC16). A caller to whom nobody has spoken
    is waiting, not silent: silence begins with a helper's word that stays unanswered."""
    recipient = recipient_of(call, member)
    if recipient.part is Part.PEER:
        raise Refused(Refusal.NOT_ALLOWED)
    if isinstance(call.end, Cancelled | Closed):
        raise Refused(Refusal.CALL_OVER)
    parked = isinstance(call.end, Parked)
    if not (parked or isinstance(recipient.answer, Coming | InRoom | Here)):
        raise Refused(Refusal.NOT_ALLOWED, "not accepted")
    lost = call.lost_since is not None and now - call.lost_since >= policy.park_when_away_for_ms
    if not (parked or lost or _is_silent(call, now, policy)):
        raise Refused(Refusal.NOT_ALLOWED, "the caller is not silent")
    return replace(call, end=Closed(at=now, by=member, word=reason))


def take_seat(call: Call, volunteer: Candidate | None, now: Instant) -> tuple[Call, Recipient]:
    """A volunteer on shift comes before their ring goes: volunteers are never refused (UC6). `volunteer` is who they
    are to this group now, or None when they are nobody to it. Returns the call with their seat in it, and the seat."""
    if is_over(call):
        raise Refused(Refusal.CALL_OVER)
    if volunteer is None or volunteer.part is Part.PEER or not may_be_in(call, volunteer):
        raise Refused(Refusal.NOT_FOUND, "not for this call")
    seat = Recipient(
        member=volunteer.member,
        account=volunteer.account,
        name=volunteer.name,
        part=volunteer.part,
        ring=Ring.VOLUNTEERS,
        rung_at=now,
        ringing=call.ringings,
        reached=Reached.SEEN,
        simulated=volunteer.simulated,
    )
    return with_recipient(call, seat), seat


def _is_silent(call: Call, now: Instant, policy: Policy) -> bool:
    if call.helpers_wait_since is None:
        return False
    since = max(call.helpers_wait_since, call.caller_back_at, call.quiet_from)
    return now - since >= policy.prompt_on_caller_silence_after_ms


def reopen(call: Call, now: Instant, policy: Policy, running: Call | None = None) -> Call:
    """A volunteer opens a parked or lately ended call again (UC16). `running` is the caller's active call: a member has
    one, and an old one never comes to stand beside it (UC1)."""
    if running is not None and running.id != call.id:
        raise Refused(Refusal.ALREADY_DONE, "a newer call is running")
    match call.end:
        case None:
            return call
        case Parked():
            return wait_again(call, now)
        case Cancelled(at=at) | Closed(at=at):
            if now - at > policy.reopen_within_ms:
                raise Refused(Refusal.TOO_LATE)
            return wait_again(replace(call, recipients=stood_down(call, helpers(call), now)), now)
