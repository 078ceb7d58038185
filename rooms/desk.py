"""The on-call desk: who is on call, which calls they see and in what order, what is pinned (OC1, OC2, UC16)."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from typing import Literal, Protocol, TypeVar

from presence.ids import AccountId, Instant
from rooms.call import (
    Call,
    Cancelled,
    Closed,
    Coming,
    Here,
    InRoom,
    Lapsed,
    Parked,
    Part,
    Recipient,
    Silence,
    here,
    is_asking,
    peers,
)
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, is_running, tells_on_call

Pin = Literal["lapsed", "lost", "parked", "danger", "failsafe", "follow_up", "repeat", "silent"]
"""Why a row is marked. `repeat` is told and moves nothing to the top: many calls are no reason to jump a queue."""


class Staff(Protocol):
    """What an account is to on-call. `shift` is "" (off), "on" or "backup"."""

    @property
    def id(self) -> AccountId: ...
    @property
    def volunteer(self) -> bool: ...
    @property
    def coordinator(self) -> bool: ...
    @property
    def shift(self) -> str: ...


S = TypeVar("S", bound=Staff)


# ---- who


def is_staff(account: Staff | None) -> bool:
    return account is not None and (account.volunteer or account.coordinator)


def is_on_duty(account: Staff) -> bool:
    """On shift, as first line or backup. The coordinator always is: they are rung last of all (UC3)."""
    return account.shift != "" or account.coordinator


def must_be_staff(account: S | None) -> S:
    """Everyone else gets the answer of a page that does not exist (OC2)."""
    if account is None or not is_staff(account):
        raise Refused(Refusal.NOT_FOUND, "not on-call staff")
    return account


def must_be_on_duty(account: S | None) -> S:
    found = must_be_staff(account)
    if not is_on_duty(found):
        raise Refused(Refusal.NOT_ON_SHIFT)
    return found


def must_be_coordinator(account: S | None) -> S:
    """Who reads the audit log, and reports that no moderator may read (OC2, CB3)."""
    found = must_be_staff(account)
    if not found.coordinator:
        raise Refused(Refusal.NOT_FOUND, "not a coordinator")
    return found


# ---- which calls


def seat_of(call: Call, account: AccountId) -> Recipient | None:
    """The volunteer's own seat in a call; a peer's is another matter."""
    return next((r for r in call.recipients.values() if r.account == account and r.part is not Part.PEER), None)


def may_take(call: Call, account: AccountId, hidden: Container[AccountId]) -> bool:
    """Whether on-call work on this call is for them: no block with the caller (CB2), and where the caller keeps on-call
    out, only for those who are in it already (GR4)."""
    return call.caller_account not in hidden and (call.volunteers_too or seat_of(call, account) is not None)


def on_desk(calls: Iterable[Call], account: AccountId, hidden: Container[AccountId]) -> list[Call]:
    """The calls that this person sees, in the order of the desk: pinned first, then the longest without a human, those
    with someone last (OC1). Never their own."""
    return sorted((c for c in calls if c.caller_account != account and may_take(c, account, hidden)), key=_place)


def _place(call: Call) -> tuple[bool, bool, Instant, Instant, str]:
    since = no_human_since(call)
    return not is_pinned(call), since is None, since or 0, call.raised_at, call.id


def no_human_since(call: Call) -> Instant | None:
    """None while someone is here."""
    return None if here(call) else call.waiting_since


def pins(call: Call) -> list[Pin]:
    """What of a call must not be overlooked: lapsed pledges, lost callers, parked calls, and worse (OC1)."""
    found: list[Pin] = []
    if call.danger_at is not None:
        found.append("danger")
    if call.failsafe_at is not None and not here(call):
        found.append("failsafe")
    if any(isinstance(r.answer, Lapsed) for r in peers(call.recipients.values())) and not here(call):
        found.append("lapsed")
    if call.lost_since is not None and call.end is None:
        found.append("follow_up" if call.calls_back >= 2 else "lost")
    if isinstance(call.end, Parked):
        found.append("follow_up" if call.end.followed_up else "parked")
    if call.tell_volunteer:
        found.append("repeat")
    if call.silence is Silence.CALLER_TOLD:
        found.append("silent")
    return found


def is_pinned(call: Call) -> bool:
    return any(pin != "repeat" for pin in pins(call))


# ---- what of it


def sounds(call: Call, account: AccountId) -> bool:
    """Whether the desk rings for it, until it is answered (UC3)."""
    seat = seat_of(call, account)
    return seat is not None and is_asking(call, seat) and seat.sound_at is not None


def may_accept(call: Call, account: AccountId, *, on_duty: bool) -> bool:
    """Whether the desk offers it: to whoever is on duty and not in it, while there is something to come to."""
    seat = seat_of(call, account)
    involved = seat is not None and isinstance(seat.answer, Coming | InRoom | Here)
    return on_duty and not involved and not isinstance(call.end, Cancelled | Closed)


def actions_on_desk(actions: Iterable[Action], account: AccountId, hidden: Collection[AccountId]) -> list[Action]:
    """OC5: live witnessed actions, those on-call must know of first (WA4, WA7), then by how long they run. Not one's
    own, and none across a block."""
    mine = [a for a in actions if a.account != account and a.account not in hidden and is_running(a)]
    return sorted(mine, key=lambda a: (not tells_on_call(a), a.made_at, a.id))
