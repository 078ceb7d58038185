"""How a call looks to each who may see it: the caller, a responder, the desk. Pure functions of the call."""

from __future__ import annotations

from presence.ids import AccountId, Instant
from rooms import desk, screens
from rooms.call import (
    Asked,
    Call,
    Cancelled,
    CantNow,
    Closed,
    Coming,
    Dismissed,
    Here,
    InRoom,
    Lapsed,
    Left,
    Parked,
    Part,
    Reached,
    Recipient,
    Ring,
    Withdrawn,
    asked,
    delivered,
    may_read_room,
    standing,
)
from rooms.caller import can_confirm_here
from rooms.ladder import Step
from rooms.policy import Policy
from server.wire.frames import (
    Answer,
    Badge,
    Card,
    DeskRow,
    Ended,
    Helper,
    MyCall,
    NextStep,
    Person,
    RingName,
)

RING_NAMES: dict[Ring, RingName] = {
    Ring.PEERS: "peers",
    Ring.AWAY: "away",
    Ring.VOLUNTEERS: "volunteers",
    Ring.BACKUP: "backup",
    Ring.AGAIN: "again",
}
ENDED: dict[str, Ended] = {"ok": "ok", "mistake": "mistake", "better": "better", "same": "same", "worse": "worse"}


def person_of(recipient: Recipient) -> Person:
    badge: Badge = "none" if recipient.part is Part.PEER else "volunteer"
    return Person(member=recipient.member, name=recipient.name, badge=badge, simulated=recipient.simulated)


def answer_of(recipient: Recipient) -> Answer:
    match recipient.answer:
        case Asked():
            return "asked"
        case CantNow():
            return "cant"
        case Coming():
            return "coming"
        case InRoom():
            return "in_room"
        case Here():
            return "here"
        case Withdrawn():
            return "withdrawn"
        case Lapsed():
            return "lapsed"
        case Left() | Dismissed():
            return "left"


def helper_of(recipient: Recipient) -> Helper:
    match recipient.answer:
        case Coming(at=at, until=until):
            return Helper(person=person_of(recipient), answer="coming", since=at, until=until)
        case InRoom(since=since, gone_since=gone):
            return Helper(person=person_of(recipient), answer="in_room", since=since, connected=gone is None)
        case Here(since=since, gone_since=gone):
            return Helper(person=person_of(recipient), answer="here", since=since, connected=gone is None)
        case _:
            return Helper(person=person_of(recipient), answer=answer_of(recipient), since=recipient.rung_at)


def helpers_of(call: Call) -> list[Helper]:
    return [helper_of(r) for r in screens.nearest_first(call)]


def _next_steps(call: Call, policy: Policy) -> list[NextStep]:
    return [_step(call, step) for step in screens.announced(call, policy)]


def _step(call: Call, step: Step) -> NextStep:
    people = call.could_ask.get(step.ring, 0)
    return NextStep(ring=RING_NAMES[step.ring], at=step.at or 0, people=people, waits_for_pledge=step.waits_for_pledge)


def caller_view(call: Call, now: Instant, policy: Policy, *, saved: bool = True) -> MyCall:
    """UC8: facts that carry; never how many looked or declined."""
    return MyCall(
        call=call.id,
        version=call.version,
        now=now,
        group=call.group,
        room=call.room,
        standing=standing(call).value,
        words=call.words,
        raised_at=call.raised_at,
        waiting_since=call.waiting_since,
        attempt=call.attempt,
        saved=saved,
        asked=delivered(call),
        targeted=len({r.account for r in asked(call)}),
        helpers=helpers_of(call),
        next=_next_steps(call, policy),
        failsafe=screens.failsafe(call),
        can_confirm_here=can_confirm_here(call),
        undo_until=call.end.undo_until if isinstance(call.end, Cancelled) else None,
        danger=call.danger_at is not None,
        offer_close=call.offers_to_close > 0,
        ask_still_need=isinstance(call.end, Parked) and call.end.caller_is_back,
        repeat=call.quiet_cards,
        ended=_ended(call),
    )


def _ended(call: Call) -> Ended:
    match call.end:
        case Cancelled(why=word) | Closed(word=word):
            return ENDED.get(word, "volunteer")
        case _:
            return "no"


def card(call: Call, recipient: Recipient, now: Instant, policy: Policy, asked: int | None = None) -> Card:
    """A responder's view. Words are shown while the card asks or the person is in it, and not after."""
    return Card(
        call=call.id,
        version=call.version,
        now=now,
        group=call.group,
        group_name=call.group_name,
        me=recipient.member,
        my_name=recipient.name,
        as_volunteer=recipient.part is not Part.PEER,
        caller=Person(member=call.caller, name=call.caller_name),
        words=call.words if screens.may_see_words(call, recipient) else "",
        raised_at=call.raised_at,
        standing=standing(call).value,
        mine=answer_of(recipient),
        ringing=recipient.ringing,
        asked_first=recipient.asked_first,
        sound_at=recipient.sound_at if screens.may_sound(call, recipient) else None,
        pledge_until=recipient.answer.until if isinstance(recipient.answer, Coming) else None,
        asked=delivered(call) if asked is None else asked,
        helpers=helpers_of(call),
        room=call.room if may_read_room(call, recipient.member) else None,
        stood_down=screens.stood_down(call, recipient),
        caller_lost_since=call.lost_since,
        caller_stepped_away=call.stepped_away,
        prompt=screens.prompt(call, recipient),
        danger=call.danger_at is not None,
        debrief=isinstance(call.end, Closed) and recipient.was_here,
    )


def desk_row(
    call: Call, account: AccountId, now: Instant, policy: Policy, *, on_duty: bool, saved: bool = True
) -> DeskRow:
    """OC1: facts, no words (OC2)."""
    mine = desk.seat_of(call, account)
    steps = _next_steps(call, policy)
    rung = [r for r in call.recipients.values() if not isinstance(r.answer, Dismissed)]
    return DeskRow(
        call=call.id,
        version=call.version,
        group_name=call.group_name,
        caller_name=call.caller_name,
        raised_at=call.raised_at,
        no_human_since=desk.no_human_since(call),
        standing=standing(call).value,
        attempt=call.attempt,
        ring=max((r.ring for r in call.rings), default=0),
        next=min(steps, key=lambda s: s.at, default=None),
        targeted=len(rung),
        delivered=delivered(call),
        seen=sum(1 for r in rung if r.reached >= Reached.SEEN),
        cant=sum(1 for r in rung if isinstance(r.answer, CantNow)),
        helpers=helpers_of(call),
        pinned=desk.pins(call),
        caller_lost_since=call.lost_since,
        follow_up_at=call.end.follow_up_at if isinstance(call.end, Parked) else None,
        mine=answer_of(mine) if mine is not None else "none",
        sounds=desk.sounds(call, account),
        can_accept=desk.may_accept(call, account, on_duty=on_duty),
        saved=saved,
    )
