"""The ladder: which rings of a call come and when, and when anything at all happens next (UC3–UC5, UC10, UC12).

Read off the call, never stored. Everything is absolute from `waiting_since`, so a restart loses nothing. A call that
runs always has a next deadline: no call is silent (promise 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from presence.ids import Instant
from rooms.call import (
    Asked,
    Call,
    Cancelled,
    Closed,
    Coming,
    Here,
    InRoom,
    Parked,
    Reached,
    Recipient,
    Ring,
    Silence,
    Standing,
    helpers,
    here,
    needs_the_backup,
    on_call_answered,
    pledges,
    standing,
)
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
    for ring in (Ring.PEERS, Ring.AWAY, Ring.VOLUNTEERS, Ring.BACKUP):
        if ring in sent:
            continue
        at = call.waiting_since + _offset(call, ring, policy)
        if ring is not Ring.PEERS and Ring(ring - 1) in sent:
            empty_at = _empty_at(call, Ring(ring - 1), call.waiting_since, policy)
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


def _empty_at(call: Call, ring: Ring, since: Instant, policy: Policy) -> Instant | None:
    """When a ring is empty, or becomes so unless a card is delivered before (UC3). None: somebody can still answer.

    `since` is when the people of this ring were asked for: whoever a person brought in early is in it too."""
    asked = [r for r in call.recipients.values() if r.ring is ring and r.rung_at >= since]
    can_answer = [r for r in asked if isinstance(r.answer, Asked | Coming | InRoom | Here)]
    if not can_answer:
        return since
    if any(r.reached >= Reached.DELIVERED or not isinstance(r.answer, Asked) for r in can_answer):
        return None
    return max(r.rung_at for r in can_answer) + policy.undelivered_is_empty_after_ms


def _wait_for_pledge(call: Call, step: Step, policy: Policy) -> Step:
    """UC4: while a pledge runs the away ring waits, the volunteers' ring waits at most until 120 s, the rest never."""
    running = pledges(call)
    if not running or call.attempt > 1 or step.at is None or step.ring not in (Ring.AWAY, Ring.VOLUNTEERS):
        return step
    last = _last_pledge_ends(running)
    if step.ring is Ring.AWAY:
        return replace(step, at=None if last is None else max(step.at, last), waits_for_pledge=True)
    at_most = max(step.at, call.waiting_since + policy.volunteers_wait_for_pledge_until_ms)
    return replace(step, at=at_most if last is None else min(at_most, max(step.at, last)), waits_for_pledge=True)


def _last_pledge_ends(running: list[Recipient]) -> Instant | None:
    """None while one of them is being renewed."""
    ends = [pledge_until(r) for r in running]
    known = [e for e in ends if e is not None]
    return max(known) if len(known) == len(ends) else None


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
    """On-call brought in by a person (UC16, UC17): volunteers at once, then backup, then again, until one comes. In
    danger the coordinator is called whoever is there."""
    if call.wanted_since is None:
        return
    if on_call_answered(call) and not (needs_the_backup(call) and call.wanted_rings < 2):
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
        case Parked(follow_up_at=at):
            yield at
            yield from _deadlines_of_helpers(call, policy)
        case None:
            yield from (step.at for step in upcoming(call, policy) if step.at is not None)
            yield from _deadlines_of_helpers(call, policy)
            yield from _deadlines_while_held(call, policy)
            yield from _deadlines_while_lost(call, policy)


def _deadlines_of_helpers(call: Call, policy: Policy) -> Iterator[Instant]:
    for recipient in helpers(call):
        until, left = pledge_until(recipient), left_at(recipient, policy)
        if until is not None:
            yield until
        if left is not None:
            yield left


def _deadlines_while_held(call: Call, policy: Policy) -> Iterator[Instant]:
    if call.held_since is not None:
        yield call.held_since + (call.offers_to_close + 1) * policy.offer_to_close_every_ms
        silent = silence_at(call, policy)
        if silent is not None:
            yield silent[0]


def _deadlines_while_lost(call: Call, policy: Policy) -> Iterator[Instant]:
    if call.lost_since is None:
        return
    if call.calls_back == 0:
        yield call.lost_since + policy.notify_lost_caller_after_ms
    if call.calls_back == 1:
        yield call.lost_since + policy.follow_up_lost_caller_after_ms
    at = park_at(call, policy)
    if at is not None:
        yield at


def pledge_until(recipient: Recipient) -> Instant | None:
    """When a pledge lapses; None while it is renewed, or for whoever gave none (UC4)."""
    return recipient.answer.until if isinstance(recipient.answer, Coming | InRoom) else None


def left_at(recipient: Recipient, policy: Policy) -> Instant | None:
    """When someone who is gone has left (UC5)."""
    gone = recipient.answer.gone_since if isinstance(recipient.answer, InRoom | Here) else None
    return None if gone is None else gone + policy.gone_is_left_after_ms


def silence_at(call: Call, policy: Policy) -> tuple[Instant, Silence | None] | None:
    """UC5: when the next silence is noticed, and what it then is (None: the helpers are not here any more)."""
    if call.caller_waits_since is not None:
        since = max(call.caller_waits_since, call.quiet_from)
        if call.silence is Silence.HELPERS:
            return since + policy.not_here_after_ms, None
        return since + policy.nudge_helpers_after_ms, Silence.HELPERS
    if call.lost_since is not None:
        return None
    since = max(call.caller_said_at, call.caller_back_at, call.quiet_from)
    match call.silence:
        case Silence.CALLER_TOLD:
            return None
        case Silence.CALLER:
            return since + policy.tell_on_call_of_silence_after_ms, Silence.CALLER_TOLD
        case _:
            return since + policy.prompt_on_caller_silence_after_ms, Silence.CALLER


def park_at(call: Call, policy: Policy) -> Instant | None:
    """UC12: an open call whose caller is away is parked 20 min after the fail-safe; never one in danger."""
    if call.failsafe_at is None or call.lost_since is None or call.danger_at is not None:
        return None
    if standing(call) is not Standing.OPEN:
        return None
    return max(call.failsafe_at, call.lost_since) + policy.park_open_after_ms
