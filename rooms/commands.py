"""What people do to a call (UC1, UC4–UC12, UC16, UC17). Each function takes the call and returns the next one, or
raises :class:`Refused`. None sends anything and none looks at a clock. The caller of these functions follows up with
`escalation.advance`, which does whatever has become due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from presence.ids import AccountId, CallId, GroupId, Instant, MemberId, RoomId
from rooms.call import (
    PEERS_HERE_AT_MOST,
    PEERS_WANTED,
    PLEDGES_AT_MOST,
    Asked,
    Call,
    Cancelled,
    CantNow,
    Closed,
    Coming,
    Dismissed,
    Here,
    InRoom,
    Left,
    Parked,
    Part,
    Reached,
    Recipient,
    Silence,
    Why,
    Withdrawn,
    helpers,
    here,
    is_running,
    may_read_room,
    nearness,
    of_answer,
    peers,
    pledges,
)
from rooms.escalation import park, settle, stood_down, wait_again, with_recipient
from rooms.policy import HOUR, Policy
from rooms.refusals import Refusal, Refused

NO_BLOCKS: frozenset[MemberId] = frozenset()


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


def raise_call(press: Press, now: Instant, raised_before: Sequence[Instant], policy: Policy) -> Call:
    """A new call. `raised_before`: when this person raised calls in the last 24 h. No throttle blocks a call: the
    fourth in an hour sounds at on-call first and gives peers quiet cards; the third in a day tells a volunteer (UC9).
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
        caller_said_at=now,
        caller_waits_since=now,
        quiet_from=now,
    )


# ---------------------------------------------------------------- a responder


def card_reached(call: Call, member: MemberId, reached: Reached) -> Call:
    """A device says that the card got there. Facts only rise; a late ack never moves one back."""
    recipient = _recipient(call, member)
    if reached <= recipient.reached:
        return call
    return with_recipient(call, replace(recipient, reached=reached))


def say_coming(
    call: Call, member: MemberId, now: Instant, policy: Policy, blocks: frozenset[MemberId] = NO_BLOCKS
) -> Call:
    """A 120 s pledge (UC4). Compare-and-set: the fourth hears kindly that it was taken (UC6)."""
    recipient = _may_help(call, member, blocks)
    if isinstance(recipient.answer, Coming | InRoom | Here):
        return call
    if recipient.part is Part.PEER:
        if recipient.pledged_attempt == call.attempt:
            raise Refused(Refusal.PLEDGE_SPENT)
        if len(peers(pledges(call))) >= PLEDGES_AT_MOST or len(peers(here(call))) >= PEERS_WANTED:
            raise Refused(Refusal.TAKEN)
    reached = max(recipient.reached, Reached.SEEN)
    answer = Coming(at=now, until=now + policy.pledge_ms)
    return with_recipient(call, replace(recipient, answer=answer, pledged_attempt=call.attempt, reached=reached))


def say_cant(call: Call, member: MemberId, now: Instant) -> Call:
    """One tap, private, without penalty (UC7). Also takes a pledge back for good."""
    recipient = _recipient(call, member)
    if isinstance(recipient.answer, InRoom | Here):
        raise Refused(Refusal.ALREADY_DONE, "in the room: leave instead")
    if isinstance(recipient.answer, CantNow | Dismissed):
        return call
    return with_recipient(call, replace(recipient, answer=CantNow(at=now), reached=Reached.SEEN))


def withdraw(call: Call, member: MemberId, now: Instant) -> Call:
    recipient = _recipient(call, member)
    if not isinstance(recipient.answer, Coming):
        return call
    return with_recipient(call, replace(recipient, answer=Withdrawn(at=now)))


def enter(call: Call, member: MemberId, now: Instant, policy: Policy, blocks: frozenset[MemberId] = NO_BLOCKS) -> Call:
    """The responder is in the call room on a visible page. Entering outranks a pledge (UC6): the youngest pledge that
    is only a pledge makes room. Entering again renews (UC4) and brings back who was gone (UC5)."""
    recipient = _may_help(call, member, blocks)
    match recipient.answer:
        case Here(since=since):
            return with_recipient(call, replace(recipient, answer=Here(since=since)))
        case InRoom() as answer:
            return with_recipient(call, replace(recipient, answer=replace(answer, until=None, gone_since=None)))
        case _:
            pass
    if recipient.part is Part.PEER:
        call = _make_room(call, recipient)
    else:
        call = replace(call, wanted_since=None, wanted_rings=0)
    entered = replace(recipient, answer=InRoom(since=now), reached=Reached.SEEN, pledged_attempt=call.attempt)
    return with_recipient(call, entered)


def _make_room(call: Call, recipient: Recipient) -> Call:
    """Whoever pledged may come in until three are here; whoever did not, until two are (UC6)."""
    room_for = PEERS_HERE_AT_MOST if isinstance(recipient.answer, Coming) else PEERS_WANTED
    if len(peers(here(call))) >= room_for:
        raise Refused(Refusal.TAKEN)
    others = [r for r in peers(pledges(call)) if r.member != recipient.member]
    if len(others) < PLEDGES_AT_MOST:
        return call
    youngest = max(others, key=nearness)
    if not isinstance(youngest.answer, Coming):
        raise Refused(Refusal.TAKEN)
    return with_recipient(call, replace(youngest, answer=Asked()))


def page_hidden(call: Call, member: MemberId, now: Instant, policy: Policy) -> Call:
    """The responder's page is no longer visible: the pledge is not renewed any more (UC4)."""
    recipient = call.recipients.get(member)
    if recipient is None or not isinstance(recipient.answer, InRoom) or recipient.answer.until is not None:
        return call
    return with_recipient(call, replace(recipient, answer=replace(recipient.answer, until=now + policy.pledge_ms)))


def member_gone(call: Call, member: MemberId, now: Instant) -> Call:
    """The responder's last page in the room is gone. Left in 30 s unless they return (UC5)."""
    recipient = call.recipients.get(member)
    if recipient is None or not isinstance(recipient.answer, InRoom | Here) or recipient.answer.gone_since is not None:
        return call
    return with_recipient(call, replace(recipient, answer=replace(recipient.answer, gone_since=now)))


def leave(call: Call, member: MemberId, now: Instant, policy: Policy, *, parted_well: bool) -> Call:
    """The responder leaves. A held call whose caller has been away 2 min is parked when the last helper says that
    they parted well; else it waits again (UC12)."""
    recipient = _recipient(call, member)
    if not isinstance(recipient.answer, Coming | InRoom | Here):
        return call
    call = with_recipient(call, replace(recipient, answer=Left(at=now, parted_well=parted_well)))
    if isinstance(call.end, Closed):
        return call  # whoever leaves after the end opens nothing again (UC0)
    away = call.lost_since is not None and now - call.lost_since >= policy.park_when_away_for_ms
    needed = call.danger_at is not None or call.wanted_since is not None  # on-call goes on being rung until it comes
    if parted_well and away and isinstance(recipient.answer, Here) and not here(call) and not needed:
        return park(call, now, policy)
    return settle(call, now)


def wrote(call: Call, member: MemberId, now: Instant) -> Call:
    """Words were committed in the call room. Both having written since the entry makes a responder *here* (UC5)."""
    if member == call.caller:
        waits_since = now if call.caller_waits_since is None else call.caller_waits_since
        call = replace(call, caller_said_at=now, caller_waits_since=waits_since, helpers_wait_since=None)
        if call.silence in (Silence.CALLER, Silence.CALLER_TOLD):
            call = replace(call, silence=Silence.NONE)
        for recipient in _in_room(call):
            call = _noted(call, recipient, caller_wrote=True)
    else:
        recipient = _recipient(call, member)
        if not isinstance(recipient.answer, InRoom | Here):
            raise Refused(Refusal.NOT_ALLOWED, "enter the room first")
        wait_since = now if call.helpers_wait_since is None else call.helpers_wait_since
        call = replace(call, helpers_wait_since=wait_since, caller_waits_since=None)
        if call.silence is Silence.HELPERS:
            call = replace(call, silence=Silence.NONE)
        call = _noted(call, recipient, wrote=True)
    if isinstance(call.end, Cancelled | Closed):
        return call  # words of goodbye make nobody *here*
    for recipient in sorted(_in_room(call), key=nearness):
        if isinstance(recipient.answer, InRoom) and recipient.answer.wrote and recipient.answer.caller_wrote:
            call = _become_here(call, recipient, now)
    return settle(call, now)


def _noted(call: Call, recipient: Recipient, *, wrote: bool = False, caller_wrote: bool = False) -> Call:
    """Since they came in, they or the caller wrote (UC5)."""
    answer = recipient.answer
    if not isinstance(answer, InRoom):
        return call
    both = replace(answer, wrote=answer.wrote or wrote, caller_wrote=answer.caller_wrote or caller_wrote)
    return with_recipient(call, replace(recipient, answer=both))


def _become_here(call: Call, recipient: Recipient, now: Instant) -> Call:
    if recipient.part is Part.PEER and len(peers(here(call))) >= PEERS_HERE_AT_MOST:
        return call
    gone = recipient.answer.gone_since if isinstance(recipient.answer, InRoom) else None
    return with_recipient(call, replace(recipient, answer=Here(since=now, gone_since=gone), was_here=True))


# ---------------------------------------------------------------- the caller


def confirm_here(call: Call, member: MemberId, now: Instant) -> Call:
    """The caller says that someone is here; offered only while someone is in the room (UC5). It is said of those whose
    line stands, or of all when no line does: the tap may arrive while a page reconnects."""
    _must_be_caller(call, member)
    if isinstance(call.end, Cancelled | Closed):
        raise Refused(Refusal.CALL_OVER)
    in_room = sorted(_in_room(call), key=nearness)
    if not in_room and not here(call):
        raise Refused(Refusal.NOT_ALLOWED, "nobody is in the room")
    connected = [r for r in in_room if isinstance(r.answer, InRoom) and r.answer.gone_since is None]
    for recipient in connected or in_room:
        call = _become_here(call, recipient, now)
    return settle(call, now)


def can_confirm_here(call: Call) -> bool:
    return not isinstance(call.end, Cancelled | Closed) and bool(_in_room(call))


def _in_room(call: Call) -> list[Recipient]:
    return of_answer(call, InRoom)


def cancel(call: Call, member: MemberId, now: Instant, why: str, policy: Policy) -> Call:
    """One tap, undone within 60 s as the same call; while held it closes (UC9)."""
    _must_be_caller(call, member)
    if isinstance(call.end, Cancelled | Closed):
        return call
    if here(call):
        return replace(call, end=Closed(at=now, by=member, word=why))
    parked = isinstance(call.end, Parked)
    return replace(call, end=Cancelled(at=now, why=why, undo_until=now + policy.undo_ms, was_parked=parked))


def undo_cancel(call: Call, member: MemberId, now: Instant) -> Call:
    """The same call again: its rings keep their times, and what is overdue goes at once (UC9)."""
    _must_be_caller(call, member)
    if is_running(call):
        return call
    if not isinstance(call.end, Cancelled) or now >= call.end.undo_until:
        raise Refused(Refusal.TOO_LATE)
    return _uncancel(call, call.end, now)


def _uncancel(call: Call, end: Cancelled, now: Instant) -> Call:
    """Whoever was coming had been told that the caller is OK: they are asked anew, not said to be coming (promise 2).
    Whoever is in the room still is. A call that was parked waits anew: its old rings are long gone."""
    if end.was_parked:
        return wait_again(call, now)
    call = replace(call, end=None, ringings=call.ringings + 1)
    for recipient in of_answer(call, Coming):
        quiet = call.quiet_cards and recipient.part is Part.PEER
        again = replace(recipient, answer=Asked(), rung_at=now, ringing=call.ringings, pledged_attempt=0)
        call = with_recipient(call, replace(again, sound_at=None if quiet else now))
    return call


def close(call: Call, member: MemberId, now: Instant, feeling: str, policy: Policy, *, check_in: bool = False) -> Call:
    """The caller ends the call and says how it is now. "more" does not end it: on-call is brought in at once. With
    their consent they are asked the next day how they are (UC12)."""
    _must_be_caller(call, member)
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
            return _uncancel(call, end, now)
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
    _must_be_caller(call, member)
    return call if isinstance(call.end, Closed) else replace(call, stepped_away=True)


def still_need(call: Call, member: MemberId, now: Instant, *, need: bool) -> Call:
    """The caller's word on a parked call. Need is never answered with an `ok` by a call that has ended."""
    _must_be_caller(call, member)
    if need and isinstance(call.end, Cancelled | Closed):
        raise Refused(Refusal.CALL_OVER)
    if not isinstance(call.end, Parked):
        return call
    if need:
        return wait_again(call, now)
    return replace(call, end=Closed(at=now, by=member, word="ok"))


def narrow(call: Call, member: MemberId, only: frozenset[MemberId], *, volunteers_too: bool) -> Call:
    """The caller narrows the audience; whoever is outside is dismissed by the next `advance` (UC16)."""
    _must_be_caller(call, member)
    _must_run(call)
    return replace(call, only=only, volunteers_too=volunteers_too)


def refuse_helper(call: Call, member: MemberId, helper: MemberId, now: Instant) -> Call:
    """They hear "enough people" (UC16)."""
    _must_be_caller(call, member)
    if isinstance(call.end, Closed):
        raise Refused(Refusal.CALL_OVER)
    recipient = _recipient(call, helper)
    return settle(with_recipient(call, replace(recipient, answer=Dismissed(Why.REFUSED))), now)


# ---------------------------------------------------------------- either side, and volunteers


def want_on_call(call: Call, member: MemberId, now: Instant) -> Call:
    """The caller or a responder brings in a volunteer, whatever the state (UC16). Goes on until one comes. When a
    volunteer is in the room a responder's wish is met already; the caller's “I need more” asks for another (UC12)."""
    _must_run(call)
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
            call = _uncancel(call, end, now)
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


def close_as_volunteer(call: Call, member: MemberId, now: Instant, reason: str, policy: Policy) -> Call:
    """An accepted volunteer closes with a reason, after the caller's silence (UC16). A caller to whom nobody has spoken
    is waiting, not silent: silence begins with a helper's word that stays unanswered."""
    recipient = _recipient(call, member)
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


def _is_silent(call: Call, now: Instant, policy: Policy) -> bool:
    if call.helpers_wait_since is None:
        return False
    since = max(call.helpers_wait_since, call.caller_back_at, call.quiet_from)
    return now - since >= policy.prompt_on_caller_silence_after_ms


def reopen(call: Call, now: Instant, policy: Policy) -> Call:
    """A volunteer opens a parked or lately ended call again (UC16)."""
    match call.end:
        case None:
            return call
        case Parked():
            return wait_again(call, now)
        case Cancelled(at=at) | Closed(at=at):
            if now - at > policy.reopen_within_ms:
                raise Refused(Refusal.TOO_LATE)
            return wait_again(replace(call, recipients=stood_down(call, helpers(call), now)), now)


def after_restart(call: Call, now: Instant) -> Call:
    """UC19: presence starts anew at readiness, for the caller and for everyone in the room. Deadlines of rings and of
    the fail-safe stay as they were."""
    if isinstance(call.end, Closed):
        return call
    for recipient in call.recipients.values():
        if isinstance(recipient.answer, InRoom | Here):
            call = with_recipient(call, replace(recipient, answer=replace(recipient.answer, gone_since=now)))
    silence = Silence.NONE if call.silence is not Silence.CALLER_TOLD else call.silence
    return replace(call, lost_since=now, calls_back=0, quiet_from=now, silence=silence)


# ---------------------------------------------------------------- who may


def _recipient(call: Call, member: MemberId) -> Recipient:
    recipient = call.recipients.get(member)
    if recipient is None:
        raise Refused(Refusal.NOT_FOUND, "not rung for this call")
    return recipient


def _may_help(call: Call, member: MemberId, blocks: frozenset[MemberId]) -> Recipient:
    """A recipient who may still come. After a cancel they hear that the caller is OK (UC9)."""
    recipient = _recipient(call, member)
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


def _must_be_caller(call: Call, member: MemberId) -> None:
    if member != call.caller:
        raise Refused(Refusal.NOT_FOUND, "not the caller")


def _must_run(call: Call) -> None:
    if not is_running(call):
        raise Refused(Refusal.CALL_OVER)
