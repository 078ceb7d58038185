"""Candidates: everyone who might be rung for a call, as they are now. The edges gather them; the core chooses."""

from __future__ import annotations

from dataclasses import dataclass

from presence.availability import Reach
from presence.ids import AccountId, Instant, MemberId
from rooms.call import Call, Part, Ring


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who might be rung. For a volunteer `member` is their seat in this group, made for the purpose.

    `blocks` are the members of this group with whom a block stands, in either direction (CB2).
    """

    member: MemberId
    account: AccountId
    name: str
    part: Part
    open_to_calls: bool
    reach: Reach
    takes_push: bool = False
    rung_when_away: bool = False
    busy: bool = False
    """Has an active call, or is here in one (UC3)."""
    on_break: bool = False
    asked_first_at: Instant = 0
    """When they were last asked first: the rotation of UC2."""
    blocks: frozenset[MemberId] = frozenset()
    simulated: bool = False


def may_be_in(call: Call, candidate: Candidate) -> bool:
    """Whether this person may have anything to do with the call at all: not the caller, no block in either
    direction, inside the narrowed audience (GR4)."""
    if candidate.account == call.caller_account or call.caller in candidate.blocks:
        return False
    if candidate.part is Part.PEER:
        return not call.on_call_alone and (call.only is None or candidate.member in call.only)
    return call.volunteers_too or call.on_call_alone  # who has on-call alone cannot narrow it to nobody (GR3)


def belongs_to(ring: Ring, candidate: Candidate) -> bool:
    """Whether a ring is meant for this person as they are now (UC3)."""
    match ring:
        case Ring.PEERS:
            return candidate.part is Part.PEER and candidate.open_to_calls and candidate.reach is not Reach.AWAY
        case Ring.AWAY:
            away = candidate.takes_push and candidate.reach is not Reach.LIVE and not candidate.on_break
            return candidate.part is Part.PEER and candidate.rung_when_away and away
        case Ring.VOLUNTEERS:
            return candidate.part is Part.VOLUNTEER
        case Ring.BACKUP:
            return candidate.part is Part.BACKUP
        case Ring.AGAIN:
            return candidate.part is not Part.PEER


def choose(call: Call, ring: Ring, candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """Whom a ring would ask now, those asked least recently first (UC2's rotation)."""
    chosen = [c for c in candidates if belongs_to(ring, c) and may_be_in(call, c) and not c.busy]
    return sorted(chosen, key=lambda c: (c.asked_first_at, c.member))
