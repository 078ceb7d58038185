"""The urgent call: its state as values, and what can be read off it (UC0–UC19).

A :class:`Call` is one small immutable object. `rooms.caller`, `rooms.responder`, `rooms.either` and `rooms.on_call`
turn it into the next one when a person acts; `rooms.escalation` does when time passes. The call's state is never
stored: `standing` computes it (UC0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from presence.ids import AccountId, CallId, GroupId, Instant, MemberId, RoomId

PEERS_HERE_AT_MOST = 3
"""UC6: at most three peers here …"""
PLEDGES_AT_MOST = 3
"""… and, apart from them, three pledges."""
PEERS_WANTED = 2
"""UC6: with two here, the others are stood down."""


class Part(StrEnum):
    """In what part someone is rung."""

    PEER = "peer"
    VOLUNTEER = "volunteer"
    BACKUP = "backup"
    """Backup volunteers and the coordinator."""


class Ring(IntEnum):
    """One widening of a call (UC3). Higher rings go later and reach further."""

    PEERS = 1
    AWAY = 2
    VOLUNTEERS = 3
    BACKUP = 4
    AGAIN = 5


class Reached(IntEnum):
    """How far the card got on any of the person's devices: acknowledged facts, never guesses (promise 2)."""

    TARGETED = 0
    SENT = 1
    DELIVERED = 2
    SEEN = 3


# ---- answers: each holds only what belongs to it


@dataclass(frozen=True, slots=True)
class Asked:
    """Rung, and has not answered."""


@dataclass(frozen=True, slots=True)
class CantNow:
    """Private, without penalty or count (UC7)."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Coming:
    """A pledge that lapses at `until` (UC4)."""

    at: Instant
    until: Instant


@dataclass(frozen=True, slots=True)
class InRoom:
    """In the call room, not yet *here*. The pledge renews while the page is visible: `until` is None then."""

    since: Instant
    until: Instant | None = None
    wrote: bool = False
    caller_wrote: bool = False
    gone_since: Instant | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """With the caller: both have written since, or the caller said so (UC5)."""

    since: Instant
    gone_since: Instant | None = None


@dataclass(frozen=True, slots=True)
class Left:
    at: Instant
    parted_well: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    at: Instant


@dataclass(frozen=True, slots=True)
class Lapsed:
    at: Instant


class Why(StrEnum):
    """Why someone was dismissed: it decides whether they can be asked again."""

    REFUSED = "refused"
    """The caller refused them: not again in this call."""
    OUTSIDE = "outside"
    """A block with the caller, a narrower audience, not of the group or of on-call any more: again once that ends."""
    BESIDE = "beside"
    """A block with a helper who was nearer: again in a later attempt, when that helper is gone."""
    TAKEN = "taken"
    """Their place was given to someone nearer where nobody could know of it (UC15): again in a later attempt."""


@dataclass(frozen=True, slots=True)
class Dismissed:
    """Hears “enough people”, whatever the reason (UC16, CB2)."""

    why: Why
    cant_at: Instant | None = None
    """They said that they can't, before or since. A peer's word holds, whatever came between (UC7)."""


Answer = Asked | CantNow | Coming | InRoom | Here | Left | Withdrawn | Lapsed | Dismissed


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone this call was sent to."""

    member: MemberId
    account: AccountId
    name: str
    part: Part
    ring: Ring
    rung_at: Instant
    ringing: int
    """The call's ring number that last rang them: one notification per ring and device."""
    asked_first: bool = False
    sound_at: Instant | None = None
    reached: Reached = Reached.TARGETED
    answer: Answer = field(default_factory=Asked)
    pledged_attempt: int = 0
    """The attempt in which the last pledge was given: one per person and attempt (UC4)."""
    was_here: bool = False
    simulated: bool = False
    """Not a real person: every view of the call says so."""


# ---- ends


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The caller stopped it; the same call comes back when undone in time (UC9)."""

    at: Instant
    why: str
    undo_until: Instant
    was_parked: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Ended by a person's word: the caller's, or an accepted volunteer's."""

    at: Instant
    by: MemberId
    word: str


@dataclass(frozen=True, slots=True)
class Parked:
    """No rings, not closed, always with a follow-up (UC12)."""

    at: Instant
    follow_up_at: Instant
    followed_up: int = 0
    caller_is_back: bool = False


End = Cancelled | Closed | Parked | None


class Silence(StrEnum):
    """Who has been silent too long in a held call (UC5)."""

    NONE = "none"
    HELPERS = "helpers"
    CALLER = "caller"
    CALLER_TOLD = "caller_told"
    """On-call was told."""


@dataclass(frozen=True, slots=True)
class RingSent:
    ring: Ring
    at: Instant


@dataclass(frozen=True, slots=True)
class Call:
    """One urgent call. `version` rises with every change; views carry it."""

    id: CallId
    group: GroupId
    group_name: str
    room: RoomId
    caller: MemberId
    caller_account: AccountId
    caller_name: str
    words: str
    raised_at: Instant
    waiting_since: Instant
    version: int = 1
    attempt: int = 1
    only: frozenset[MemberId] | None = None
    volunteers_too: bool = True
    on_call_alone: bool = False
    """A pending or removed member's press goes to on-call alone (GR3)."""
    quiet_cards: bool = False
    """The fourth raise in an hour: on-call sounds first, peers get no sound (UC9)."""
    tell_volunteer: bool = False
    """The third raise in 24 h (UC9)."""
    raised_by_other: bool = False
    """A worried witness pressed (WA7): it does not count as a raise of the caller's own (UC9)."""

    nobody_at_press: bool = False
    """Nobody was available at the press: away members and on-call are rung together at once (UC3)."""
    rings: tuple[RingSent, ...] = ()
    """Rings sent in this attempt."""
    ringings: int = 0
    could_ask: Mapping[Ring, int] = field(default_factory=dict)
    """How many a later ring would ask, as known when last looked (UC8)."""
    recipients: Mapping[MemberId, Recipient] = field(default_factory=dict)
    failsafe_at: Instant | None = None

    caller_said_at: Instant = 0
    """The caller's last word; the press is one."""
    caller_waits_since: Instant | None = None
    """The caller's first word that no helper has answered. Asking again does not start the wait anew (UC5)."""
    helpers_wait_since: Instant | None = None
    """A helper's first word that the caller has not answered."""
    caller_back_at: Instant = 0
    """The caller's silence is counted from here at the earliest; a helper's is not."""
    silence: Silence = Silence.NONE
    quiet_from: Instant = 0
    """Silence is counted from here at the earliest: a restart or a new hold starts it anew (UC19)."""
    held_since: Instant | None = None
    offers_to_close: int = 0

    lost_since: Instant | None = None
    """The caller's last page is gone since (UC10)."""
    stepped_away: bool = False
    """Quick exit: do not contact the device (CB4)."""
    calls_back: int = 0
    """0: nothing sent; 1: the caller was notified at 2 min; 2: a volunteer's follow-up at 15 min (UC10)."""
    wanted_since: Instant | None = None
    """Someone brought in on-call: “I need more”, a responder, or danger now."""
    wanted_rings: int = 0
    danger_at: Instant | None = None
    check_in_at: Instant | None = None
    """When a caller who ended the call and consented is asked how they are (UC12)."""
    end: End = None
    reopened: int = 0
    """How often it went on after it was closed: an end that is older than that ends nothing."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """At which version each part changed last, and of each person how they were asked and what they answered; since the
    press where it is not said. For putting two branches together (UC15): see `rooms.unsaved`."""


# ---- what can be read off a call


class Standing(StrEnum):
    OPEN = "open"
    COMING = "coming"
    HELD = "held"
    PARKED = "parked"
    CANCELLED = "cancelled"
    CLOSED = "closed"


def standing(call: Call) -> Standing:
    """UC0: held if anyone is here; else coming if a pledge runs; else open. Only a word ends it."""
    match call.end:
        case Cancelled():
            return Standing.CANCELLED
        case Closed():
            return Standing.CLOSED
        case Parked():
            return Standing.PARKED
        case None:
            pass
    if here(call):
        return Standing.HELD
    return Standing.COMING if pledges(call) else Standing.OPEN


def is_running(call: Call) -> bool:
    """Open, coming or held: neither parked nor ended."""
    return call.end is None


def is_over(call: Call) -> bool:
    """Nothing will happen to it any more by itself. (A cancelled call may still be undone.)"""
    return isinstance(call.end, Closed)


def of_answer(call: Call, *kinds: type) -> list[Recipient]:
    return [r for r in call.recipients.values() if isinstance(r.answer, kinds)]


def here(call: Call) -> list[Recipient]:
    return of_answer(call, Here)


def pledges(call: Call) -> list[Recipient]:
    """Coming, or in the room and not yet here."""
    return of_answer(call, Coming, InRoom)


def helpers(call: Call) -> list[Recipient]:
    """Everyone whose coming carries: coming, in the room, here."""
    return of_answer(call, Coming, InRoom, Here)


def peers(recipients: Iterable[Recipient]) -> list[Recipient]:
    return [r for r in recipients if r.part is Part.PEER]


def nearness(recipient: Recipient) -> tuple[int, Instant, MemberId]:
    """A sort key: who is nearest to the caller, and of those the first who came (UC6, UC16)."""
    match recipient.answer:
        case Here(since=at):
            return 0, at, recipient.member
        case InRoom(since=at):
            return 1, at, recipient.member
        case Coming(at=at):
            return 2, at, recipient.member
        case _:
            return 3, recipient.rung_at, recipient.member


def has_volunteer(call: Call) -> bool:
    return any(r.part is not Part.PEER for r in helpers(call))


def on_call_answered(call: Call) -> bool:
    """Someone of on-call is coming, or there, since a person asked for on-call. Who was there before does not count:
    someone asked for more than them."""
    since = call.wanted_since
    return since is not None and any(r.part is not Part.PEER and nearness(r)[1] >= since for r in helpers(call))


def needs_the_backup(call: Call) -> bool:
    """UC17: in danger the coordinator is called too, though a volunteer is there."""
    return call.danger_at is not None and not any(r.part is Part.BACKUP for r in helpers(call))


def asked(call: Call) -> list[Recipient]:
    """Who was rung in this attempt, or helps in it. Whoever said can't in an earlier one is left out, not told apart
    (UC8)."""
    return [
        r
        for r in call.recipients.values()
        if not isinstance(r.answer, Dismissed)
        and (r.rung_at >= call.waiting_since or isinstance(r.answer, Coming | InRoom | Here))
    ]


def delivered(call: Call) -> int:
    """UC8: people whose device has the card, in this attempt. A volunteer who is a peer too is one person."""
    return len({r.account for r in asked(call) if r.reached >= Reached.DELIVERED})


def may_read_room(call: Call, member: MemberId) -> bool:
    """UC16: the caller, those here or in the room, the accepted volunteer. Access ends with the call."""
    if member == call.caller:
        return True
    recipient = call.recipients.get(member)
    if recipient is None or isinstance(call.end, Closed):
        return False
    if isinstance(recipient.answer, InRoom | Here):
        return True
    return recipient.part is not Part.PEER and isinstance(recipient.answer, Coming)


def is_asking(call: Call, recipient: Recipient) -> bool:
    """Whether this person's card still asks. Peers: until two peers are here (UC6: volunteers never count).
    Volunteers: until one of them answers, while nobody is here or a person brought on-call in (UC3). The backup and
    the coordinator: until someone is here, for their ring waits for no pledge, a volunteer's included (UC4); and in
    danger until one of them comes (UC17)."""
    if call.end is not None or not isinstance(recipient.answer, Asked | Lapsed | Withdrawn):
        return False
    if recipient.part is Part.PEER:
        return len(peers(here(call))) < PEERS_WANTED
    if recipient.part is Part.BACKUP and (not here(call) or needs_the_backup(call)):
        return True
    if call.wanted_since is not None:
        return not on_call_answered(call)
    return not here(call) and not has_volunteer(call)
