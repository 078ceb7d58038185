"""What a responder does to a call, peer or volunteer: the card arrives, they answer, come in and go (UC4–UC7, UC12).

Each function takes the call and returns the next one, or raises :class:`Refused`. None sends anything and none looks at
a clock. Whoever calls it follows up with `escalation.advance`, which does whatever has become due.
"""

from __future__ import annotations

from dataclasses import replace

from presence.ids import Instant, MemberId
from rooms.call import (
    PEERS_HERE_AT_MOST,
    PEERS_WANTED,
    PLEDGES_AT_MOST,
    Asked,
    Call,
    CantNow,
    Closed,
    Coming,
    Dismissed,
    Here,
    InRoom,
    Left,
    Part,
    Reached,
    Recipient,
    Why,
    Withdrawn,
    here,
    nearness,
    peers,
    pledges,
)
from rooms.escalation import park, settle, with_recipient
from rooms.policy import Policy
from rooms.refusals import Refusal, Refused
from rooms.who_may import NO_BLOCKS, may_help, recipient_of


def card_reached(call: Call, member: MemberId, reached: Reached) -> Call:
    """A device says that the card got there. Facts only rise; a late ack never moves one back."""
    recipient = recipient_of(call, member)
    if reached <= recipient.reached:
        return call
    return with_recipient(call, replace(recipient, reached=reached))


def say_coming(
    call: Call, member: MemberId, now: Instant, policy: Policy, blocks: frozenset[MemberId] = NO_BLOCKS
) -> Call:
    """A 120 s pledge (UC4). Compare-and-set: the fourth hears kindly that it was taken (UC6)."""
    recipient = may_help(call, member, blocks)
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
    """One tap, private, without penalty (UC7). Also takes a pledge back for good. Whoever was dismissed
    may say it too: their card was still on its way out, and they may be let back in."""
    recipient = recipient_of(call, member)
    answer: CantNow | Dismissed = CantNow(at=now)
    match recipient.answer:
        case InRoom() | Here():
            raise Refused(Refusal.ALREADY_DONE, "in the room: leave instead")
        case CantNow() | Dismissed(why=Why.REFUSED) | Dismissed(cant_at=int()):
            return call
        case Dismissed() as dismissed:
            answer = replace(dismissed, cant_at=now)
        case _:
            pass
    return with_recipient(call, replace(recipient, answer=answer, reached=Reached.SEEN))


def withdraw(call: Call, member: MemberId, now: Instant) -> Call:
    recipient = recipient_of(call, member)
    if not isinstance(recipient.answer, Coming):
        return call
    return with_recipient(call, replace(recipient, answer=Withdrawn(at=now)))


def enter(call: Call, member: MemberId, now: Instant, policy: Policy, blocks: frozenset[MemberId] = NO_BLOCKS) -> Call:
    """The responder is in the call room on a visible page. Entering outranks a pledge (UC6): the youngest pledge that
    is only a pledge makes room. Entering again renews (UC4) and brings back who was gone (UC5)."""
    recipient = may_help(call, member, blocks)
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


def still_in(call: Call, member: MemberId) -> Call:
    """A page of theirs is in the room after all: it was on another node, and whoever missed it did not know (UC5)."""
    recipient = call.recipients.get(member)
    if recipient is None or not isinstance(recipient.answer, InRoom | Here) or recipient.answer.gone_since is None:
        return call
    return with_recipient(call, replace(recipient, answer=replace(recipient.answer, gone_since=None)))


def leave(call: Call, member: MemberId, now: Instant, policy: Policy, *, parted_well: bool) -> Call:
    """The responder leaves. A held call whose caller has been away 2 min is parked when the last helper says that
    they parted well; else it waits again (UC12)."""
    recipient = recipient_of(call, member)
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


def become_here(call: Call, recipient: Recipient, now: Instant) -> Call:
    if recipient.part is Part.PEER and len(peers(here(call))) >= PEERS_HERE_AT_MOST:
        return call
    gone = recipient.answer.gone_since if isinstance(recipient.answer, InRoom) else None
    return with_recipient(call, replace(recipient, answer=Here(since=now, gone_since=gone), was_here=True))
