"""Who can be here now, as one reader may see it: counted for everyone, named in small rooms (PR2, PR5, PR6, GR3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from presence.availability import Reach, is_on_break, is_open, reach_of
from presence.ids import AccountId, Instant
from rooms.group import Membership, Role

NAMES_UP_TO = 50
"""Rooms with more members than this get counts, smaller ones names (PR5)."""

Counted = Literal["can_come", "quiet", "standby", "away_opted_in", ""]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How everyone in a group can be reached at one moment, each once. Made once for all readers (PR5)."""

    members: list[Membership]
    standing: dict[AccountId, tuple[Counted, Reach]]
    """Account → as what they count, and their reach."""
    totals: Counter[Counted]


@dataclass(frozen=True, slots=True)
class Someone:
    """One person whom the reader may see."""

    member: Membership
    reach: Reach
    can_come: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What one reader sees of a crowd. `people` is empty in a large room."""

    can_come: int
    quiet: int
    standby: int
    away_opted_in: int
    people: list[Someone]


def crowd_of(
    members: list[Membership],
    reaches: Mapping[AccountId, bool],
    push: AbstractSet[AccountId],
    occupied: AbstractSet[AccountId],
    now: Instant,
) -> Crowd:
    """`reaches`: every account with a live lease → whether one of its pages is visible. `push`: who has a device that
    takes notifications. `occupied`: who is in a call, and cannot come (UC3). An observer is not counted (GR3)."""
    standing: dict[AccountId, tuple[Counted, Reach]] = {}
    for member in members:
        if member.role is not Role.OBSERVER:
            reach = reach_of(reaches.get(member.account), takes_push=member.account in push)
            standing[member.account] = (_counts_as(member, reach, occupied, now), reach)
    return Crowd(members, standing, Counter(kind for kind, _ in standing.values()))


def _counts_as(member: Membership, reach: Reach, occupied: AbstractSet[AccountId], now: Instant) -> Counted:
    free = member.introduced and member.account not in occupied
    if is_open(member.availability) and free and reach is not Reach.AWAY:
        return "can_come"
    if reach is Reach.LIVE:
        return "quiet"
    if member.rung_when_away and not is_on_break(member.availability, now):
        return "away_opted_in"
    return "standby" if reach is Reach.STANDBY else ""


def seen_by(crowd: Crowd, reader: AccountId, hidden: AbstractSet[AccountId]) -> Seen:
    """The reader and whoever has a block with them are left out, counts included: a press would not ring them (PR6).
    Whoever hides is counted and not named (PR2)."""
    left_out = hidden | {reader}
    totals = crowd.totals.copy()
    totals.subtract(crowd.standing[account][0] for account in left_out if account in crowd.standing)
    return Seen(
        can_come=totals["can_come"],
        quiet=totals["quiet"],
        standby=totals["standby"],
        away_opted_in=totals["away_opted_in"],
        people=_named(crowd, left_out) if len(crowd.members) <= NAMES_UP_TO else [],
    )


def _named(crowd: Crowd, left_out: AbstractSet[AccountId]) -> list[Someone]:
    people = []
    for member in crowd.members:
        kind, reach = crowd.standing.get(member.account, ("", Reach.AWAY))
        if member.account not in left_out and not member.hidden and reach is not Reach.AWAY:
            people.append(Someone(member, reach, can_come=kind == "can_come"))
    return people
