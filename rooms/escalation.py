"""Escalation: doing to a call what time demands (UC3–UC5, UC9, UC10, UC12).

`advance` does all that is due; `rooms.ladder` says when anything is. A late timer does at once what is overdue.
"""

from __future__ import annotations

from dataclasses import replace

from presence.ids import Instant, MemberId
from rooms.call import (
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
    Lapsed,
    Left,
    Parked,
    Part,
    Reached,
    Recipient,
    Ring,
    RingSent,
    Silence,
    Why,
    Withdrawn,
    helpers,
    here,
    nearness,
    of_answer,
    on_call_answered,
    peers,
    pledges,
)
from rooms.candidates import Candidate, choose, may_be_in
from rooms.ladder import Step, left_at, park_at, pledge_until, silence_at, upcoming
from rooms.policy import Policy


def advance(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """Do everything that is due at `now`, and ring whoever became eligible. Idempotent at the same instant.

    `candidates` must hold every recipient of the call who may still be in it: a recipient who is not among them has
    left the group or the volunteers, and is dismissed.
    """
    if not isinstance(call.end, Closed):
        call = _dismiss_unwelcome(call, candidates)
        call = _let_back_in(call, candidates)
    match call.end:
        case Closed():
            return call
        case Cancelled(at=at, why=why, undo_until=until):
            return replace(call, end=Closed(at=at, by=call.caller, word=why)) if now >= until else call
        case Parked() as parked:
            return _follow_up(_lapse(call, now, policy), parked, now, policy)
        case None:
            pass
    call = _lapse(call, now, policy)
    call = _notice_silence(call, now, policy)
    call = settle(call, now)
    call = _follow_lost_caller(call, now, policy)
    away_at = park_at(call, policy)
    if away_at is not None and now >= away_at:
        return park(call, now, policy)
    call = _send_due_rings(call, now, candidates, policy)
    call = _ring_newcomers(call, now, candidates, policy)
    return _count_who_could_be_asked(call, now, candidates, policy)


def _follow_up(call: Call, parked: Parked, now: Instant, policy: Policy) -> Call:
    """A parked call always has a next follow-up (UC12)."""
    if now < parked.follow_up_at:
        return call
    again_at = now + policy.follow_up_again_after_ms
    return replace(call, end=replace(parked, follow_up_at=again_at, followed_up=parked.followed_up + 1))


def settle(call: Call, now: Instant) -> Call:
    """UC0: when the first person is here the call is held; when the last *here* ends it waits again, a new attempt.
    A volunteer who is here in a parked call makes it a held one (UC12)."""
    if here(call) and call.held_since is None:
        return replace(
            call,
            held_since=now,
            quiet_from=now,
            silence=Silence.NONE,
            failsafe_at=None,
            offers_to_close=0,
            end=None if isinstance(call.end, Parked) else call.end,
        )
    if not here(call) and call.held_since is not None:
        return wait_again(call, now)
    return call


def wait_again(call: Call, now: Instant) -> Call:
    """A new attempt: the clock of the rings starts anew (UC0, UC3), and so do the devices' facts of everyone who is to
    be asked anew. Within an attempt no fact falls."""
    helping = {r.member for r in helpers(call)}
    anew = {m: r if m in helping else replace(r, reached=Reached.TARGETED) for m, r in call.recipients.items()}
    return replace(
        call,
        recipients=anew,
        attempt=call.attempt + 1,
        waiting_since=now,
        rings=(),
        nobody_at_press=False,
        failsafe_at=None,
        held_since=None,
        offers_to_close=0,
        caller_waits_since=now if call.caller_waits_since is None else call.caller_waits_since,
        helpers_wait_since=None,
        silence=Silence.NONE,
        # Whoever asked for on-call, or said that there is danger, still does.
        wanted_since=None if call.wanted_since is None and call.danger_at is None else now,
        wanted_rings=0,
        end=None,
    )


def uncancel(call: Call, end: Cancelled, now: Instant) -> Call:
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


def park(call: Call, now: Instant, policy: Policy) -> Call:
    """UC12: no rings, not closed, always with a follow-up. The peers are stood down; a volunteer may follow up."""
    return replace(
        call,
        recipients=stood_down(call, peers(helpers(call)), now),
        end=Parked(at=now, follow_up_at=now + policy.follow_up_after_ms),
        held_since=None,
        failsafe_at=None,
    )


def stood_down(call: Call, who: list[Recipient], now: Instant) -> dict[MemberId, Recipient]:
    """Nobody is said to be coming who was told that they need not (promise 2)."""
    return {**call.recipients, **{r.member: replace(r, answer=Left(at=now)) for r in who}}


def with_recipient(call: Call, recipient: Recipient) -> Call:
    return replace(call, recipients={**call.recipients, recipient.member: recipient})


def _dismiss_unwelcome(call: Call, candidates: tuple[Candidate, ...]) -> Call:
    """A block, a removal or a narrowed audience works in the middle of a call too, also while it is parked or
    cancelled (CB2, UC16). Of two helpers who block each other the nearer stays: nobody who is with the caller goes for
    someone who only said that they are coming."""
    known = {c.member: c for c in candidates}
    for recipient in list(call.recipients.values()):
        candidate = known.get(recipient.member)
        if not isinstance(recipient.answer, Dismissed) and (candidate is None or not may_be_in(call, candidate)):
            said = recipient.answer.at if isinstance(recipient.answer, CantNow) else None
            call = with_recipient(call, replace(recipient, answer=Dismissed(Why.OUTSIDE, cant_at=said)))
    stay: list[Recipient] = []
    for recipient in sorted(helpers(call), key=nearness):
        if any(nearer.member in known[recipient.member].blocks for nearer in stay):
            call = with_recipient(call, replace(recipient, answer=Dismissed(Why.BESIDE)))
        else:
            stay.append(recipient)
    return call


def _let_back_in(call: Call, candidates: tuple[Candidate, ...]) -> Call:
    """UC7: what stood between is gone, and a peer's "can't" is what it was: they are not asked anew, and may come. A
    volunteer who is back is rung at once, whatever they said: on-call is the last line."""
    for candidate in candidates:
        recipient = call.recipients.get(candidate.member)
        if recipient is None or recipient.part is not Part.PEER or not may_be_in(call, candidate):
            continue
        match recipient.answer:
            case Dismissed(why=Why.OUTSIDE, cant_at=int() as said):
                call = with_recipient(call, replace(recipient, answer=CantNow(at=said)))
            case _:
                pass
    return call


def _lapse(call: Call, now: Instant, policy: Policy) -> Call:
    """UC4: a pledge lapses. UC5: a member gone 30 s has left."""
    for recipient in helpers(call):
        until, left = pledge_until(recipient), left_at(recipient, policy)
        if left is not None and now >= left:
            call = with_recipient(call, replace(recipient, answer=Left(at=now)))
        elif until is not None and now >= until:
            call = with_recipient(call, replace(recipient, answer=Lapsed(at=until)))
    return call


def _notice_silence(call: Call, now: Instant, policy: Policy) -> Call:
    while call.held_since is not None and here(call):
        silent = silence_at(call, policy)
        if silent is None or now < silent[0]:
            break
        if silent[1] is not None:
            call = replace(call, silence=silent[1])
            continue
        call = _not_here(call, now, policy)
    if call.held_since is not None:
        offers = (now - call.held_since) // policy.offer_to_close_every_ms
        if offers > call.offers_to_close:
            call = replace(call, offers_to_close=offers)
    return call


def _not_here(call: Call, now: Instant, policy: Policy) -> Call:
    """UC5: whoever was here is only in the room. UC6 holds there too: of the peers, those who are in the room longest
    keep their places, whoever is only on the way is asked again, and the rest may come in again."""
    for recipient in here(call):
        gone = recipient.answer.gone_since if isinstance(recipient.answer, Here) else None
        back = InRoom(since=now, until=now + policy.pledge_ms, gone_since=gone)
        call = with_recipient(call, replace(recipient, answer=back))
    for recipient in sorted(peers(pledges(call)), key=nearness)[PLEDGES_AT_MOST:]:
        answer = Asked() if isinstance(recipient.answer, Coming) else Lapsed(at=now)
        call = with_recipient(call, replace(recipient, answer=answer))
    return call


def _follow_lost_caller(call: Call, now: Instant, policy: Policy) -> Call:
    """UC10: at 2 min a notification, at 15 min a volunteer's follow-up."""
    lost = call.lost_since
    if lost is None:
        return call
    if call.calls_back == 0 and now >= lost + policy.notify_lost_caller_after_ms:
        call = replace(call, calls_back=1)
    if call.calls_back == 1 and now >= lost + policy.follow_up_lost_caller_after_ms:
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
        if step.at is not None and step.at <= backup_at + policy.again_soon_for_ms:  # not `now`: a timer may be late
            chosen = choose(call, Ring.PEERS, candidates) + choose(call, Ring.AWAY, candidates) + chosen
    unique = {c.member: c for c in chosen}
    again = step.ring is Ring.AGAIN or step.wanted
    return [c for c in unique.values() if _may_be_rung(call, c, now, again=again)]


def _may_be_rung(call: Call, candidate: Candidate, now: Instant, *, again: bool) -> bool:
    """`again`: the ring repeats. Else it is for whoever has neither been rung nor answered in this attempt."""
    recipient = call.recipients.get(candidate.member)
    if recipient is None:
        return True
    match recipient.answer:
        case Coming() | InRoom() | Here() | Dismissed(why=Why.REFUSED):
            return False
        case CantNow() | Dismissed(cant_at=int()) if recipient.part is Part.PEER:
            # A peer's "can't" holds for the call. A volunteer who declined is asked again: on-call is the last line.
            return False
        case Dismissed(why=Why.BESIDE | Why.TAKEN):
            beside = any(helper.member in candidate.blocks for helper in helpers(call))
            return recipient.rung_at < call.waiting_since and not beside
        case Dismissed():
            return True  # `may_be_in` says that what stood between is gone
        case _ if again:
            return recipient.rung_at < now
        case Asked():
            return recipient.rung_at < call.waiting_since
        case CantNow(at=at) | Left(at=at) | Withdrawn(at=at) | Lapsed(at=at):
            return max(recipient.rung_at + 1, at) <= call.waiting_since


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
    first = ring is Ring.PEERS and place < policy.asked_first
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
        simulated=candidate.simulated,
    )
    if before is None:
        return fresh
    return replace(fresh, reached=before.reached, pledged_attempt=before.pledged_attempt, was_here=before.was_here)


def _ring_newcomers(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """UC3: whoever becomes eligible while a call is open is rung at once, in a ring that has already gone."""
    gone: list[Ring] = [] if here(call) else [r.ring for r in call.rings if r.ring is not Ring.AGAIN]
    if call.wanted_since is not None and not on_call_answered(call):
        gone += [Ring.VOLUNTEERS, Ring.BACKUP][: call.wanted_rings]
    new = [
        (ring, candidate)
        for ring in dict.fromkeys(gone)
        for candidate in choose(call, ring, candidates)
        if _may_be_rung(call, candidate, now, again=False)
    ]
    if not new:
        return call
    recipients = dict(call.recipients)
    ringing = call.ringings + 1
    for ring, candidate in reversed(new):  # the first ring that is meant for them counts
        before = call.recipients.get(candidate.member)
        rung = _rung(call, before, candidate, ring, now, ringing, policy.asked_first, policy)
        recipients[candidate.member] = rung
    return replace(call, recipients=recipients, ringings=ringing)


def _count_who_could_be_asked(call: Call, now: Instant, candidates: tuple[Candidate, ...], policy: Policy) -> Call:
    """UC8: "we ring 6 more phones" is said from what is known now."""
    counts: dict[Ring, int] = {}
    for step in upcoming(call, policy):
        at = now + 1 if step.at is None else step.at
        counts[step.ring] = max(counts.get(step.ring, 0), len(_to_be_rung(call, step, at, candidates, policy)))
    return call if dict(call.could_ask) == counts else replace(call, could_ask=counts)
