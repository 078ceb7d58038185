"""What the caller does to their call: press, confirm, cancel, close, narrow, refuse (UC1, UC5, UC9, UC10, UC12, UC16).

Each function takes the call and returns the next one, or raises :class:`Refused`. None sends anything and none looks at
a clock. Whoever calls it follows up with `escalation.advance`, which does whatever has become due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from presence.ids import AccountId, CallId, GroupId, Instant, MemberId, RoomId
from rooms.call import (
    Call,
    Cancelled,
    Closed,
    Dismissed,
    InRoom,
    Parked,
    Why,
    here,
    is_running,
    nearness,
    of_answer,
)
from rooms.either import want_on_call
from rooms.escalation import settle, uncancel, wait_again, with_recipient
from rooms.policy import HOUR, Policy
from rooms.refusals import Refusal, Refused
from rooms.responder import become_here
from rooms.who_may import must_be_caller, must_run, recipient_of


@dataclass(frozen=True, slots=True)
class Press:
    """One press of "I need someone now" (UC1), with the ids made for it."""

    call: CallId
    room: RoomId
    group: GroupId
    group_name: str
    caller: MemberId
    caller_account: AccountId
    caller_name: str
    words: str = ""
    only: frozenset[MemberId] | None = None
    volunteers_too: bool = True
    on_call_alone: bool = False
    by_other: bool = False
    """A worried witness presses for them (WA7)."""


def raise_call(press: Press, now: Instant, raised_before: Sequence[Instant], policy: Policy) -> Call:
    """A new call. `raised_before`: when this person raised calls by themselves in the last 24 h. No throttle blocks a
    call: the fourth in an hour sounds at on-call first and gives peers quiet cards; the third in a day tells a
    volunteer (UC9).
    """
    in_hour = sum(1 for at in raised_before if now - at < HOUR) + 1
    in_day = sum(1 for at in raised_before if now - at < 24 * HOUR) + 1
    return Call(
        id=press.call,
        group=press.group,
        group_name=press.group_name,
        room=press.room,
        caller=press.caller,
        caller_account=press.caller_account,
        caller_name=press.caller_name,
        words=press.words,
        raised_at=now,
        waiting_since=now,
        only=press.only,
        volunteers_too=press.volunteers_too,
        on_call_alone=press.on_call_alone,
        quiet_cards=in_hour >= policy.repeat_in_hour,
        tell_volunteer=in_day >= policy.repeat_in_day,
        raised_by_other=press.by_other,
        caller_said_at=now,
        caller_waits_since=now,
        quiet_from=now,
    )


def press_again(running: Call, now: Instant) -> Call | None:
    """One active call per member: a press while it runs is that call, from whatever device (UC1). After a cancel it is
    the undo, from parking it is "I still need". None: that call is over, and the press makes a new one."""
    match running.end:
        case Closed():
            return None
        case Cancelled(undo_until=until):
            return None if now >= until else undo_cancel(running, running.caller, now)
        case Parked() | None:
            return still_need(running, running.caller, now, need=True)


def confirm_here(call: Call, member: MemberId, now: Instant) -> Call:
    """The caller says that someone is here; offered only while someone is in the room (UC5). It is said of those whose
    line stands, or of all when no line does: the tap may arrive while a page reconnects."""
    must_be_caller(call, member)
    if isinstance(call.end, Cancelled | Closed):
        raise Refused(Refusal.CALL_OVER)
    in_room = sorted(of_answer(call, InRoom), key=nearness)
    if not in_room and not here(call):
        raise Refused(Refusal.NOT_ALLOWED, "nobody is in the room")
    connected = [r for r in in_room if isinstance(r.answer, InRoom) and r.answer.gone_since is None]
    for recipient in connected or in_room:
        call = become_here(call, recipient, now)
    return settle(call, now)


def can_confirm_here(call: Call) -> bool:
    return not isinstance(call.end, Cancelled | Closed) and bool(of_answer(call, InRoom))


def cancel(call: Call, member: MemberId, now: Instant, why: str, policy: Policy) -> Call:
    """One tap, undone within 60 s as the same call; while held it closes (UC9)."""
    must_be_caller(call, member)
    if isinstance(call.end, Cancelled | Closed):
        return call
    if here(call):
        return replace(call, end=Closed(at=now, by=member, word=why))
    parked = isinstance(call.end, Parked)
    return replace(call, end=Cancelled(at=now, why=why, undo_until=now + policy.undo_ms, was_parked=parked))


def undo_cancel(call: Call, member: MemberId, now: Instant) -> Call:
    """The same call again: its rings keep their times, and what is overdue goes at once (UC9)."""
    must_be_caller(call, member)
    if is_running(call):
        return call
    if not isinstance(call.end, Cancelled) or now >= call.end.undo_until:
        raise Refused(Refusal.TOO_LATE)
    return uncancel(call, call.end, now)


def close(call: Call, member: MemberId, now: Instant, feeling: str, policy: Policy, *, check_in: bool = False) -> Call:
    """The caller ends the call and says how it is now. "more" does not end it: on-call is brought in at once. With
    their consent they are asked the next day how they are (UC12)."""
    must_be_caller(call, member)
    if feeling == "more":
        return want_on_call(_brought_back(call, now), member, now)
    if isinstance(call.end, Closed):
        return call
    ask_at = now + policy.check_in_after_ms if check_in else None
    return replace(call, end=Closed(at=now, by=member, word=feeling), check_in_at=ask_at)


def _brought_back(call: Call, now: Instant) -> Call:
    """A word that needs someone is never answered with a yes that does nothing (promise 1)."""
    match call.end:
        case None:
            return call
        case Parked():
            return wait_again(call, now)
        case Cancelled() as end if now < end.undo_until:
            return uncancel(call, end, now)
        case Cancelled() | Closed():
            raise Refused(Refusal.TOO_LATE)


def caller_lost(call: Call, now: Instant) -> Call:
    """The caller's last page is gone: the call lives (UC10)."""
    if call.lost_since is not None or isinstance(call.end, Closed):
        return call
    return replace(call, lost_since=now, calls_back=0)


def caller_back(call: Call, now: Instant) -> Call:
    """The caller has a page again. A parked call asks "still need someone?" (UC12)."""
    if isinstance(call.end, Parked) and not call.end.caller_is_back:
        call = replace(call, end=replace(call.end, caller_is_back=True))
    if call.lost_since is None and not call.stepped_away:
        return call
    return replace(call, lost_since=None, stepped_away=False, calls_back=0, caller_back_at=now)


def step_away(call: Call, member: MemberId) -> Call:
    """Quick exit: the call stays alive, and the device is not contacted (CB4)."""
    must_be_caller(call, member)
    return call if isinstance(call.end, Closed) else replace(call, stepped_away=True)


def still_need(call: Call, member: MemberId, now: Instant, *, need: bool) -> Call:
    """The caller's word on a parked call. Need is never answered with an `ok` by a call that has ended."""
    must_be_caller(call, member)
    if need and isinstance(call.end, Cancelled | Closed):
        raise Refused(Refusal.CALL_OVER)
    if not isinstance(call.end, Parked):
        return call
    if need:
        return wait_again(call, now)
    return replace(call, end=Closed(at=now, by=member, word="ok"))


def narrow(call: Call, member: MemberId, only: frozenset[MemberId], *, volunteers_too: bool) -> Call:
    """The caller narrows the audience; whoever is outside is dismissed by the next `advance` (UC16)."""
    must_be_caller(call, member)
    must_run(call)
    return replace(call, only=only, volunteers_too=volunteers_too)


def refuse_helper(call: Call, member: MemberId, helper: MemberId, now: Instant) -> Call:
    """They hear "enough people" (UC16)."""
    must_be_caller(call, member)
    if isinstance(call.end, Closed):
        raise Refused(Refusal.CALL_OVER)
    recipient = recipient_of(call, helper)
    return settle(with_recipient(call, replace(recipient, answer=Dismissed(Why.REFUSED))), now)
