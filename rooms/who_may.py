"""Who may act in a call at all: the caller alone, whoever was rung, whoever may still come (UC6, UC9, UC16)."""

from __future__ import annotations

from presence.ids import MemberId
from rooms.call import Call, Cancelled, Closed, Dismissed, Parked, Part, Recipient, here, is_running, pledges
from rooms.refusals import Refusal, Refused

NO_BLOCKS: frozenset[MemberId] = frozenset()


def recipient_of(call: Call, member: MemberId) -> Recipient:
    recipient = call.recipients.get(member)
    if recipient is None:
        raise Refused(Refusal.NOT_FOUND, "not rung for this call")
    return recipient


def may_help(call: Call, member: MemberId, blocks: frozenset[MemberId]) -> Recipient:
    """A recipient who may still come. After a cancel they hear that the caller is OK (UC9)."""
    recipient = recipient_of(call, member)
    if isinstance(recipient.answer, Dismissed):
        raise Refused(Refusal.ENOUGH_PEOPLE)
    match call.end:
        case Cancelled():
            raise Refused(Refusal.THEY_ARE_OK)
        case Closed(word=word):
            raise Refused(Refusal.THEY_ARE_OK if word in ("ok", "mistake") else Refusal.CALL_OVER)
        case Parked():
            if recipient.part is Part.PEER:
                raise Refused(Refusal.CALL_OVER)
        case None:
            pass
    if call.caller in blocks or any(r.member in blocks for r in (*here(call), *pledges(call))):
        raise Refused(Refusal.ENOUGH_PEOPLE)
    return recipient


def must_be_caller(call: Call, member: MemberId) -> None:
    if member != call.caller:
        raise Refused(Refusal.NOT_FOUND, "not the caller")


def must_run(call: Call) -> None:
    if not is_running(call):
        raise Refused(Refusal.CALL_OVER)
