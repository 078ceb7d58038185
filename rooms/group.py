"""Groups: who belongs, in what role, and what each role may do (GR2–GR7, PR1, UC16)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from presence.availability import Availability
from presence.ids import AccountId, GroupId, Instant, MemberId, RoomId
from rooms.refusals import Refusal, Refused


class Role(StrEnum):
    OBSERVER = "observer"
    MEMBER = "member"
    MODERATOR = "moderator"
    VOLUNTEER = "volunteer"
    """A volunteer's seat, made when a call of this group reaches them; never in the group's own lists."""


class State(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Membership:
    """One person in one group. `id` is the only id of the person that this group ever sees (GR6)."""

    id: MemberId
    account: AccountId
    group: GroupId
    name: str
    role: Role
    state: State
    availability: Availability
    introduced: bool
    rung_when_away: bool
    hidden: bool
    joined_at: Instant
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    id: GroupId
    room: RoomId
    name: str
    blurb: str
    tags: tuple[str, ...]
    rules: str
    questions: tuple[str, ...]


def must_be_active(membership: Membership | None) -> Membership:
    """A stranger, a pending and a removed member get the same answer: nothing is to be learned from it (GR1)."""
    if membership is None or membership.state is not State.ACTIVE:
        raise Refused(Refusal.NOT_FOUND, "not in this group")
    return membership


def must_write(membership: Membership | None) -> Membership:
    """GR3: an observer reads until they choose to take part."""
    member = must_be_active(membership)
    if member.role is Role.OBSERVER:
        raise Refused(Refusal.OBSERVERS_READ)
    return member


def must_moderate(membership: Membership | None) -> Membership:
    member = must_be_active(membership)
    if member.role is not Role.MODERATOR:
        raise Refused(Refusal.NOT_ALLOWED, "not a moderator")
    return member


def must_be_able_to_open(membership: Membership | None) -> Membership:
    """PR1: open to calls only as a member (GR3) who has read the peer introduction."""
    member = must_write(membership)
    if not member.introduced:
        raise Refused(Refusal.INTRODUCTION_NEEDED)
    return member


def may_press(membership: Membership | None) -> Membership:
    """GR3: an observer may raise a call, and so may whoever waits or was removed. Only who never came near may not."""
    if membership is None:
        raise Refused(Refusal.NOT_FOUND, "never in this group")
    return membership


def calls_on_call_alone(membership: Membership) -> bool:
    """GR3: a pending or removed member's press goes to on-call alone."""
    return membership.state is not State.ACTIVE


def size_band(members: int) -> Literal["under 10", "10 to 50", "over 50"]:
    """GR1: what a stranger learns of a group's size."""
    if members < 10:
        return "under 10"
    return "10 to 50" if members <= 50 else "over 50"
