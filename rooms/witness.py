"""The witnessed action: its state as values, and what can be read off it (WA1–WA8).

An :class:`Action` is one small immutable object, as a call is. `rooms.witness_commands` turns it into the next one when
a person acts, `advance` here when time passes. Whether a witness is *present* is a lease in memory, renewed by their
own page (WA4); the action holds only when that began and ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from presence.ids import AccountId, ActionId, CallId, GroupId, Instant, MemberId, Millis
from rooms.policy import MINUTE, SECOND


@dataclass(frozen=True, slots=True)
class WitnessTimes:
    """Every time of a witnessed action, in milliseconds, and its limits."""

    present_for_ms: Millis = 10 * SECOND
    """WA4: a frame or step received this long ago still counts."""
    attest_ms: Millis = 120 * SECOND
    expires_after_ms: Millis = 30 * MINUTE
    remind_before_ms: Millis = 10 * MINUTE
    witnesses_at_most: int = 30
    """Ever, not at once: each has a number in the record."""
    planned_at_most: int = 10
    steps_at_most: int = 50


class Deed(StrEnum):
    """What may be witnessed (WA8)."""

    POUR_OUT = "pour_out"
    TAKE_BACK = "take_back"
    """Pills to the take-back box."""
    THROW_AWAY = "throw_away"
    DELETE = "delete"
    WALK_PAST = "walk_past"
    CONTACT = "contact"
    HAND_OVER = "hand_over"
    """Means handed to somebody: off camera, told in text."""


NOT_WITNESSED = frozenset({"ingest", "taper", "fast", "weigh", "self_harm", "other_people"})
"""Refused with care and an offer to call someone (WA8)."""


class Medium(StrEnum):
    """The ladder, best first (WA2)."""

    VIDEO = "video"
    STILLS = "stills"
    PHOTO = "photo"
    TEXT = "text"


LADDER = tuple(Medium)
FACTS_AT_MOST = 300
"""From so many on, coming and going is no longer written down, only counted: a line that flutters, or somebody who
means harm, must not make a record that nobody can export. What was done and attested is always written."""
PASSING = frozenset({
    "witness_joined", "witness_left", "witness_present", "witness_away", "connection_lost", "connection_back", "cut",
    "uncut", "medium",
})  # fmt: skip

MediumWhy = Literal["", "line", "choice", "camera", "device"]


class Ending(StrEnum):
    COMPLETED = "completed"
    UNWITNESSED = "unwitnessed"
    STOPPED = "stopped"
    TURNED = "turned"
    SAFETY = "safety"
    EXPIRED = "expired"


# ---- stages: each holds only what belongs to it


@dataclass(frozen=True, slots=True)
class Proposed:
    """Planned for later. Kept as local time and zone; `at` is the instant that follows from them."""

    at: Instant
    local: str
    zone: str
    reminded: bool = False
    due: bool = False


@dataclass(frozen=True, slots=True)
class Gathering:
    since: Instant


@dataclass(frozen=True, slots=True)
class Live:
    since: Instant


@dataclass(frozen=True, slots=True)
class Attesting:
    """Declared done. Only those present at that moment are asked (WA6)."""

    since: Instant
    until: Instant
    asked: Mapping[MemberId, Instant]
    """Each with the instant since when they had been present."""


@dataclass(frozen=True, slots=True)
class Turned:
    """It became an urgent call; the stream stays up for its witnesses (WA7)."""

    since: Instant
    call: CallId


@dataclass(frozen=True, slots=True)
class Ended:
    at: Instant
    how: Ending


Stage = Proposed | Gathering | Live | Attesting | Turned | Ended


@dataclass(frozen=True, slots=True)
class Attested:
    """What a witness says reached them (WA6)."""

    saw: bool
    """False is "I couldn't see": a valid word."""
    perceived: Medium | None
    since: Instant
    until: Instant
    at: Instant


@dataclass(frozen=True, slots=True)
class Witness:
    """Someone who accepted. `number` is who they are in the record: "Witness 1"."""

    member: MemberId
    account: AccountId
    name: str
    number: int
    joined_at: Instant
    simulated: bool = False
    looking: bool = False
    """Chose to look; before that they get no picture at all (WA3)."""
    present_since: Instant | None = None
    perceived: Medium | None = None
    """The best that reached them since then."""
    with_you: bool = False
    left: bool = False
    barred: bool = False
    """Removed, blocked, or out of the audience: not again in this action."""
    frozen: bool = False
    """Reported it: gets no more of it (WA3)."""
    attested: Attested | None = None


@dataclass(frozen=True, slots=True)
class Step:
    at: Instant
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something for the record: what happened, to whom, in plain values (WA6)."""

    at: Instant
    what: str
    more: Mapping[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """One witnessed action. `version` rises with every change; views carry it."""

    id: ActionId
    group: GroupId
    group_name: str
    member: MemberId
    account: AccountId
    name: str
    deed: Deed
    words: str
    medium: Medium
    wanted: int
    """The wished minimum of witnesses (WA4)."""
    made_at: Instant
    stage: Stage
    version: int = 1
    simulated: bool = False
    pills: bool = False
    only: frozenset[MemberId] | None = None
    sound: bool = False
    witnesses: Mapping[MemberId, Witness] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    cut: bool = False
    """The member cut the picture for all."""
    lost_since: Instant | None = None
    """The member's last page is gone since."""
    medium_why: MediumWhy = ""
    """Why the medium last changed."""
    entries: int = 0
    head: str = ""
    """Length and newest hash of its record."""
    unwritten: int = 0
    """How often somebody came or went after `FACTS_AT_MOST`."""
    news: tuple[Fact, ...] = ()
    """What is not in the record yet: the store moves it there in the same transaction."""


# ---- what can be read off an action


def is_over(action: Action) -> bool:
    return isinstance(action.stage, Ended)


def is_running(action: Action) -> bool:
    """Asked for, and not over: one per member."""
    return not isinstance(action.stage, Proposed | Ended)


def streams(action: Action) -> bool:
    """Whether the member's pictures may go out (WA3, WA7)."""
    return isinstance(action.stage, Live | Attesting | Turned) and not action.cut


def joined(action: Action) -> list[Witness]:
    return [w for w in action.witnesses.values() if not w.left and not w.barred]


def is_joined(action: Action, member: MemberId) -> bool:
    witness = action.witnesses.get(member)
    return witness is not None and not witness.left and not witness.barred


def present(action: Action) -> list[Witness]:
    """Who truly watches (WA4)."""
    return [w for w in joined(action) if w.present_since is not None]


def people_in(action: Action) -> set[AccountId]:
    """The member, and everyone who witnesses."""
    return {action.account} | {w.account for w in joined(action)}


def has_enough(action: Action) -> bool:
    return len(present(action)) >= action.wanted


def may_watch(action: Action, member: MemberId) -> bool:
    """Whether one byte of the stream may go to this person: joined, chose to look, did not report (WA3)."""
    witness = action.witnesses.get(member)
    return (
        witness is not None
        and is_joined(action, member)
        and witness.looking
        and not witness.frozen
        and isinstance(action.stage, Live | Attesting | Turned)
    )


def may_attest(action: Action, member: MemberId) -> bool:
    witness = action.witnesses.get(member)
    return (
        isinstance(action.stage, Attesting)
        and member in action.stage.asked
        and witness is not None
        and not witness.barred
        and witness.attested is None
    )


def is_for(action: Action, member: MemberId) -> bool:
    """Whether this member of the group is in the audience (GR4). Blocks and roles are checked beside it."""
    if member == action.member:
        return False
    witness = action.witnesses.get(member)
    if witness is not None and witness.barred:
        return False
    return action.only is None or member in action.only


def tells_on_call(action: Action) -> bool:
    """WA4: if pills are involved, on-call is told when it goes live; and of a turned one always (WA7)."""
    return isinstance(action.stage, Turned) or (action.pills and isinstance(action.stage, Live | Attesting))


def best(one: Medium | None, other: Medium) -> Medium:
    return other if one is None else min(one, other, key=LADDER.index)


def note(action: Action, now: Instant, what: str, **more: str | int | bool | None) -> Action:
    if what in PASSING and action.entries + len(action.news) >= FACTS_AT_MOST:
        return replace(action, unwritten=action.unwritten + 1)
    return replace(action, news=(*action.news, Fact(now, what, more)))


def with_witness(action: Action, witness: Witness) -> Action:
    return replace(action, witnesses={**action.witnesses, witness.member: witness})


# ---- what time does to it


def next_deadline(action: Action, times: WitnessTimes) -> Instant | None:
    """When `advance` would next do something; None once it is over."""
    match action.stage:
        case Proposed(at=at, reminded=reminded, due=due):
            if due:
                return at + times.expires_after_ms
            return at if reminded else at - times.remind_before_ms
        case Gathering(since=since) | Live(since=since) | Turned(since=since):
            return since + times.expires_after_ms
        case Attesting(until=until):
            return until
        case Ended():
            return None


def advance(action: Action, now: Instant, times: WitnessTimes) -> Action:
    """Everything that is due at `now`. Unchanged actions come back as they are."""
    match action.stage:
        case Proposed() as stage:
            if now >= stage.at + times.expires_after_ms:
                return end(action, now, Ending.EXPIRED)
            due, reminded = now >= stage.at, now >= stage.at - times.remind_before_ms
            after = replace(stage, due=due, reminded=reminded)
            return action if after == stage else replace(action, stage=after)
        case Gathering(since=since) | Live(since=since):
            return end(action, now, Ending.EXPIRED) if now >= since + times.expires_after_ms else action
        case Turned(since=since):
            return end(action, now, Ending.TURNED) if now >= since + times.expires_after_ms else action
        case Attesting(until=until):
            return settle_attesting(action, now) if now >= until else action
        case Ended():
            return action


def settle_attesting(action: Action, now: Instant) -> Action:
    """The time is over, or everyone asked has said their word: witnessed if at least one saw it."""
    saw = [w for w in action.witnesses.values() if w.attested is not None and w.attested.saw]
    return end(action, now, Ending.COMPLETED if saw else Ending.UNWITNESSED, witnesses=len(saw))


def end(action: Action, now: Instant, how: Ending, **more: str | int | bool | None) -> Action:
    """The last entry of the record: nothing is noted of an action that is over."""
    for witness in present(action):
        action = with_witness(action, replace(witness, present_since=None))
    if action.unwritten:
        more["unwritten"] = action.unwritten
    return note(replace(action, stage=Ended(now, how), cut=False, lost_since=None), now, how.value, **more)


def lapse(action: Action, got_at: Mapping[MemberId, Instant], now: Instant, times: WitnessTimes) -> Action:
    """WA4: whoever got nothing for 10 s is not present any more. `got_at` says when each last got something; their
    presence ended then, not when it was noticed. To be asked before whatever counts who is present."""
    for witness in present(action):
        last = got_at.get(witness.member, 0)
        if now - last >= times.present_for_ms:
            assert witness.present_since is not None  # noqa: S101  `present` has seen to it
            action = went_away(action, witness, now, until=max(witness.present_since, last))
    return action


def went_away(action: Action, witness: Witness, now: Instant, *, until: Instant) -> Action:
    action = with_witness(action, replace(witness, present_since=None))
    return note(action, now, "witness_away", witness=witness.number, until=until)
