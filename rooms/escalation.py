"""Escalation: what time does to a call (UC3–UC5, UC9, UC10, UC12).

`upcoming` says which rings come and when; `next_deadline` when anything at all happens next; `advance` does all
that is due. A call that runs always has a next deadline: no call is silent (promise 1). Everything is absolute from
`waiting_since`, so a restart loses nothing and a late timer does at once what is overdue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from presence.ids import Instant
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
    RingSent,
    Silence,
    Standing,
    has_volunteer,
    helpers,
    here,
    pledges,
    standing,
)
from rooms.candidates import Candidate, choose, may_be_in
from rooms.policy import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """One ring to come. `at` is None while it waits for a pledge that is being renewed (UC4)."""

    ring: Ring
    at: Instant | None
    waits_for_pledge: bool = False
    wanted: bool = False
    """On-call was brought in by a person, whatever the state."""


# ---------------------------------------------------------------- rings to come


def upcoming(call: Call, policy: Policy) -> list[Step]:
    """Every ring still to come, soonest ring first; the repetition (`AGAIN`) once, at its next time."""
    if call.end is not None:
        return []
    steps = list(_wanted_steps(call, policy))
    if not here(call):
        steps += _ladder(call, policy)
    return steps


def _ladder(call: Call, policy: Policy) -> Iterator[Step]:
    sent = {r.ring: r.at for r in call.rings}
    highest = max((r for r in sent if r is not Ring.AGAIN), default=None)
    for ring in (Ring.PEERS, Ring.AWAY, Ring.VOLUNTEERS, Ring.BACKUP):
        if ring in sent:
            continue
        at = call.waiting_since + _offset(call, ring, policy)
        if highest is not None and ring == highest + 1:
            empty_at = _empty_at(call, highest, sent[highest], policy)
            if empty_at is not None:
                at = min(at, empty_at)
        yield _wait_for_pledge(call, Step(ring, at), policy)
    if Ring.BACKUP in sent:
        yield Step(Ring.AGAIN, _again_at(sent[Ring.BACKUP], sent.get(Ring.AGAIN), policy))


def _offset(call: Call, ring: Ring, policy: Policy) -> int:
    """UC3: when a ring goes, from `waiting_since`."""
    if ring is Ring.PEERS:
        return 0
    if ring is Ring.BACKUP:
        return policy.backup_after_ms if call.attempt == 1 else policy.backup_after_again_ms
    if call.attempt > 1 or call.nobody_at_press:
        return 0
    if ring is Ring.VOLUNTEERS:
        return 0 if call.quiet_cards else policy.volunteers_after_ms
    return policy.away_after_ms


def _empty_at(call: Call, ring: Ring, sent_at: Instant, policy: Policy) -> Instant | None:
    """When a ring is empty, or becomes so unless a card is delivered before (UC3). None: somebody can still answer."""
    asked = [r for r in call.recipients.values() if r.ring is ring and r.rung_at >= sent_at]
    can_answer = [r for r in asked if isinstance(r.answer, Asked | Coming | InRoom | Here)]
    if not can_answer:
        return sent_at
    if any(r.reached >= Reached.DELIVERED or not isinstance(r.answer, Asked) for r in can_answer):
        return None
    return max(r.rung_at for r in can_answer) + policy.undelivered_is_empty_after_ms


def _wait_for_pledge(call: Call, step: Step, policy: Policy) -> Step:
    """UC4: while a pledge runs the away ring waits, the volunteers' ring waits at most until 120 s, the rest never."""
    running = pledges(call)
    if not running or call.attempt > 1 or step.at is None or step.ring not in (Ring.AWAY, Ring.VOLUNTEERS):
        return step
    ends = [_pledge_until(r) for r in running]
    last = None if None in ends else max(e for e in ends if e is not None)
    if step.ring is Ring.AWAY:
        return replace(step, at=None if last is None else max(step.at, last), waits_for_pledge=True)
    at_most = max(step.at, call.waiting_since + policy.volunteers_wait_for_pledge_until_ms)
    return replace(step, at=at_most if last is None else min(at_most, max(step.at, last)), waits_for_pledge=True)


def _pledge_until(recipient: Recipient) -> Instant | None:
    return recipient.answer.until if isinstance(recipient.answer, Coming | InRoom) else None


def _again_at(backup_at: Instant, last: Instant | None, policy: Policy) -> Instant:
    """Every 2 min for 20 min, then every 10. What was missed during a stop is not made up: the next one is one."""
    after = backup_at if last is None else last
    since = after - backup_at
    if since < policy.again_soon_for_ms:
        return backup_at + (since // policy.again_every_ms + 1) * policy.again_every_ms
    late = since - policy.again_soon_for_ms
    return (
        backup_at + policy.again_soon_for_ms + (late // policy.again_later_every_ms + 1) * policy.again_later_every_ms
    )


def _wanted_steps(call: Call, policy: Policy) -> Iterator[Step]:
    """On-call brought in by a person (UC16, UC17): volunteers at once, then backup, then again, until one comes."""
    if call.wanted_since is None or has_volunteer(call):
        return
    backup_after = 0 if call.danger_at is not None else policy.wanted_backup_after_ms
    if call.wanted_rings == 0:
        yield Step(Ring.VOLUNTEERS, call.wanted_since, wanted=True)
    elif call.wanted_rings == 1:
        empty_at = _empty_at(call, Ring.VOLUNTEERS, call.wanted_since, policy)
        at = call.wanted_since + backup_after
        yield Step(Ring.BACKUP, at if empty_at is None else min(at, empty_at), wanted=True)
    else:
        at = call.wanted_since + backup_after + (call.wanted_rings - 1) * policy.again_every_ms
        yield Step(Ring.AGAIN, at, wanted=True)


# ---------------------------------------------------------------- when anything happens next


def next_deadline(call: Call, policy: Policy) -> Instant | None:
    """The next moment at which `advance` changes this call. None only for a closed call."""
    return min(_deadlines(call, policy), default=None)


def _deadlines(call: Call, policy: Policy) -> Iterator[Instant]:
    match call.end:
        case Closed():
            return
        case Cancelled(undo_until=until):
            yield until
            return
        case Parked(follow_up_at=at):
            yield at
            return
        case None:
            pass
    yield from (step.at for step in upcoming(call, policy) if step.at is not None)
    for recipient in call.recipients.values():
        until = _pledge_until(recipient)
        if until is not None:
            yield until
        gone = recipient.answer.gone_since if isinstance(recipient.answer, InRoom | Here) else None
        if gone is not None:
            yield gone + policy.gone_is_left_after_ms
    if call.held_since is not None:
        yield call.held_since + (call.offers_to_close + 1) * policy.offer_to_close_every_ms
        silent = _silence_at(call, policy)
        if silent is not None:
            yield silent[0]
    if call.lost_since is not None:
        if call.calls_back == 0:
            yield call.lost_since + policy.notify_lost_caller_after_ms
        if call.calls_back == 1:
            yield call.lost_since + policy.follow_up_lost_caller_after_ms
        park_at = _park_at(call, policy)
        if park_at is not None:
            yield park_at


def _silence_at(call: Call, policy: Policy) -> tuple[Instant, Silence | None] | None:
    """UC5: when the next silence is noticed, and what it then is (None: the helpers are not here any more)."""
    if call.caller_said_at > call.helpers_said_at:
        since = max(call.caller_said_at, call.quiet_from)
        if call.silence is Silence.HELPERS:
            return since + policy.not_here_after_ms, None
        return since + policy.nudge_helpers_after_ms, Silence.HELPERS
    if call.lost_since is not None:
        return None
    since = max(call.caller_said_at, call.quiet_from)
    match call.silence:
        case Silence.CALLER_TOLD:
            return None
        case Silence.CALLER:
            return since + policy.tell_on_call_of_silence_after_ms, Silence.CALLER_TOLD
        case _:
            return since + policy.prompt_on_caller_silence_after_ms, Silence.CALLER


def _park_at(call: Call, policy: Policy) -> Instant | None:
    """UC12: an open call whose caller is away is parked 20 min after the fail-safe; never one in danger."""
    if call.failsafe_at is None or call.lost_since is None or call.danger_at is not None:
        return None
    if standing(call) is not Standing.OPEN:
        return None
    return max(call.failsafe_at, call.lost_since) + policy.park_open_after_ms


# ---------------------------------------------------------------- doing what is due


def advance(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """Do everything that is due at `now`, and ring whoever became eligible. Idempotent at the same instant.

    `candidates` must hold every recipient of the call who may still be in it: a recipient who is not among them has
    left the group or the volunteers, and is dismissed.
    """
    match call.end:
        case Closed():
            return call
        case Cancelled(at=at, why=why, undo_until=until):
            return replace(call, end=Closed(at=at, by=call.caller, word=why)) if now >= until else call
        case Parked(follow_up_at=at) as parked:
            if now < at:
                return call
            again = replace(
                parked, follow_up_at=now + policy.follow_up_again_after_ms, followed_up=parked.followed_up + 1
            )
            return replace(call, end=again)
        case None:
            pass
    call = _dismiss_unwelcome(call, candidates)
    call = _lapse(call, now, policy)
    call = _notice_silence(call, now, policy)
    call = settle(call, now)
    call = _follow_lost_caller(call, now, policy)
    park_at = _park_at(call, policy)
    if park_at is not None and now >= park_at:
        return park(call, now, policy)
    call = _send_due_rings(call, now, candidates, policy)
    call = _ring_newcomers(call, now, candidates, policy)
    return _count_who_could_be_asked(call, candidates)


def settle(call: Call, now: Instant) -> Call:
    """UC0: when the first person is here the call is held; when the last *here* ends it waits again, as a new attempt."""
    if here(call) and call.held_since is None:
        return replace(call, held_since=now, quiet_from=now, silence=Silence.NONE, failsafe_at=None, offers_to_close=0)
    if not here(call) and call.held_since is not None:
        return wait_again(call, now)
    return call


def wait_again(call: Call, now: Instant) -> Call:
    """A new attempt: the clock of the rings starts anew (UC0, UC3)."""
    return replace(
        call,
        attempt=call.attempt + 1,
        waiting_since=now,
        rings=(),
        nobody_at_press=False,
        failsafe_at=None,
        held_since=None,
        offers_to_close=0,
        silence=Silence.NONE,
        wanted_since=None,
        wanted_rings=0,
        end=None,
    )


def park(call: Call, now: Instant, policy: Policy) -> Call:
    """UC12: no rings, not closed, always with a follow-up."""
    return replace(
        call, end=Parked(at=now, follow_up_at=now + policy.follow_up_after_ms), held_since=None, failsafe_at=None
    )


def with_recipient(call: Call, recipient: Recipient) -> Call:
    return replace(call, recipients={**call.recipients, recipient.member: recipient})


def _dismiss_unwelcome(call: Call, candidates: tuple[Candidate, ...]) -> Call:
    """A block, a removal or a narrowed audience works in the middle of a call too (CB2, UC16). Of two helpers who
    block each other the later one goes."""
    known = {c.member: c for c in candidates}
    for recipient in list(call.recipients.values()):
        candidate = known.get(recipient.member)
        if not isinstance(recipient.answer, Dismissed) and (candidate is None or not may_be_in(call, candidate)):
            call = with_recipient(call, replace(recipient, answer=Dismissed()))
    for later in sorted(helpers(call), key=_came_at, reverse=True):
        blocks = known[later.member].blocks
        if any(r.member in blocks and _came_at(r) <= _came_at(later) for r in helpers(call) if r is not later):
            call = with_recipient(call, replace(later, answer=Dismissed()))
    return call


def _came_at(recipient: Recipient) -> Instant:
    match recipient.answer:
        case Coming(at=at):
            return at
        case InRoom(since=since) | Here(since=since):
            return since
        case _:
            return 0


def _lapse(call: Call, now: Instant, policy: Policy) -> Call:
    """UC4: a pledge lapses. UC5: a member gone 30 s has left."""
    for recipient in helpers(call):
        until = _pledge_until(recipient)
        gone = recipient.answer.gone_since if isinstance(recipient.answer, InRoom | Here) else None
        if gone is not None and now >= gone + policy.gone_is_left_after_ms:
            call = with_recipient(call, replace(recipient, answer=Left(at=now)))
        elif until is not None and now >= until:
            call = with_recipient(call, replace(recipient, answer=Lapsed(at=until)))
    return call


def _notice_silence(call: Call, now: Instant, policy: Policy) -> Call:
    while call.held_since is not None and here(call):
        silent = _silence_at(call, policy)
        if silent is None or now < silent[0]:
            break
        if silent[1] is not None:
            call = replace(call, silence=silent[1])
            continue
        for recipient in here(call):
            back = InRoom(since=now, until=now + policy.pledge_ms)
            call = with_recipient(call, replace(recipient, answer=back))
    if call.held_since is not None:
        offers = (now - call.held_since) // policy.offer_to_close_every_ms
        if offers > call.offers_to_close:
            call = replace(call, offers_to_close=offers)
    return call


def _follow_lost_caller(call: Call, now: Instant, policy: Policy) -> Call:
    """UC10: at 2 min a notification, at 15 min a volunteer's follow-up."""
    if call.lost_since is None:
        return call
    if call.calls_back == 0 and now >= call.lost_since + policy.notify_lost_caller_after_ms:
        call = replace(call, calls_back=1)
    if call.calls_back == 1 and now >= call.lost_since + policy.follow_up_lost_caller_after_ms:
        call = replace(call, calls_back=2)
    return call


def _send_due_rings(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    while due := [s for s in upcoming(call, policy) if s.at is not None and s.at <= now]:
        call = _send(call, due[0], now, candidates, policy)
    return call


def _send(call: Call, step: Step, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """One ring goes out: its people become recipients (or are rung again), and the ring is written down."""
    ringing = call.ringings + 1
    recipients = dict(call.recipients)
    chosen = _to_be_rung(call, step, now, candidates, policy)
    for place, candidate in enumerate(chosen):
        recipients[candidate.member] = _rung(
            call, recipients.get(candidate.member), candidate, step.ring, now, ringing, place, policy
        )
    call = replace(call, recipients=recipients, ringings=ringing)
    if step.wanted:
        return replace(call, wanted_rings=_wanted_rings_after(call, step, now, policy))
    kept = tuple(r for r in call.rings if r.ring is not Ring.AGAIN)
    call = replace(call, rings=(*kept, RingSent(step.ring, now)))
    if step.ring is Ring.PEERS and call.attempt == 1 and not chosen:
        call = replace(call, nobody_at_press=True)
    if step.ring is Ring.BACKUP:
        call = replace(call, failsafe_at=now)
    return call


def _wanted_rings_after(call: Call, step: Step, now: Instant, policy: Policy) -> int:
    """Repeats that were missed during a stop are counted as gone, not made up one by one."""
    if step.ring is not Ring.AGAIN or step.at is None:
        return call.wanted_rings + 1
    return call.wanted_rings + 1 + (now - step.at) // policy.again_every_ms


def _to_be_rung(
    call: Call, step: Step, now: Instant, candidates: tuple[Candidate, ...], policy: Policy
) -> list[Candidate]:
    chosen = choose(call, step.ring, candidates)
    if step.ring is Ring.AGAIN and not step.wanted:
        backup_at = next(r.at for r in call.rings if r.ring is Ring.BACKUP)
        if now <= backup_at + policy.again_soon_for_ms:
            chosen = choose(call, Ring.PEERS, candidates) + choose(call, Ring.AWAY, candidates) + chosen
    unique = {c.member: c for c in chosen}
    again = step.ring is Ring.AGAIN or step.wanted
    return [c for c in unique.values() if _may_be_rung(call, c, again=again)]


def _may_be_rung(call: Call, candidate: Candidate, *, again: bool) -> bool:
    recipient = call.recipients.get(candidate.member)
    if recipient is None:
        return True
    match recipient.answer:
        case Coming() | InRoom() | Here() | Dismissed():
            return False
        case CantNow():
            # A peer's "can't" holds for the call; a volunteer who declined is asked again, because on-call is the last line.
            return again and recipient.part is not Part.PEER
        case _:
            return again or recipient.rung_at < call.waiting_since


def _rung(
    call: Call,
    before: Recipient | None,
    candidate: Candidate,
    ring: Ring,
    now: Instant,
    ringing: int,
    place: int,
    policy: Policy,
) -> Recipient:
    first = ring is Ring.PEERS and place < policy.asked_first and before is None
    sounds_at_once = ring is not Ring.PEERS or place < policy.sound_for
    sound_at: Instant | None = now if sounds_at_once else now + policy.sound_for_the_rest_after_ms
    if call.quiet_cards and candidate.part is Part.PEER:
        sound_at = None
    fresh = Recipient(
        member=candidate.member,
        account=candidate.account,
        name=candidate.name,
        part=candidate.part,
        ring=ring,
        rung_at=now,
        ringing=ringing,
        asked_first=first,
        sound_at=sound_at,
    )
    if before is None:
        return fresh
    kept = before.reached if before.rung_at >= call.waiting_since else Reached.TARGETED
    return replace(fresh, reached=kept, pledged_attempt=before.pledged_attempt, was_here=before.was_here)


def _ring_newcomers(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """UC3: whoever becomes eligible while a call is open is rung at once, in a ring that has already gone."""
    gone: list[Ring] = [] if here(call) else [r.ring for r in call.rings if r.ring is not Ring.AGAIN]
    if call.wanted_since is not None and not has_volunteer(call):
        gone += [Ring.VOLUNTEERS, Ring.BACKUP][: call.wanted_rings]
    new = [
        (ring, candidate)
        for ring in dict.fromkeys(gone)
        for candidate in choose(call, ring, candidates)
        if candidate.member not in call.recipients
    ]
    if not new:
        return call
    recipients = dict(call.recipients)
    ringing = call.ringings + 1
    for ring, candidate in new:
        if candidate.member not in recipients:
            recipients[candidate.member] = _rung(call, None, candidate, ring, now, ringing, policy.asked_first, policy)
    return replace(call, recipients=recipients, ringings=ringing)


def _count_who_could_be_asked(call: Call, candidates: tuple[Candidate, ...]) -> Call:
    """UC8: "we ring 6 more phones" is said from what is known now."""
    counts = {
        ring: sum(1 for c in choose(call, ring, candidates) if c.member not in call.recipients)
        for ring in (Ring.AWAY, Ring.VOLUNTEERS, Ring.BACKUP)
    }
    return call if dict(call.could_ask) == counts else replace(call, could_ask=counts)
