"""What a screen may say of a call: the caller's and a responder's. The edges only put it into frames (promise 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from presence.ids import Instant
from rooms.call import (
    Asked,
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
    Ring,
    Silence,
    Withdrawn,
    helpers,
    here,
    is_asking,
    nearness,
    needs_the_backup,
)
from rooms.ladder import Step, upcoming
from rooms.policy import Policy

Failsafe = Literal["none", "pledged_not_here", "nobody"]
StoodDown = Literal["no", "enough_people", "they_are_ok", "mistake", "ended"]
Prompt = Literal["none", "you_are_silent", "they_are_silent", "offer_close"]

STOPPED: dict[str, StoodDown] = {"ok": "they_are_ok", "mistake": "mistake"}
"""The caller's own word for stopping (UC9). Anything else that ended a call is nobody's business but theirs."""


# ---- the caller's


def announced(call: Call, policy: Policy) -> list[Step]:
    """What comes next and when, as far as it is known now (UC8). A ring that would reach nobody is empty, and the one
    after it goes at once (UC3): so it is not announced, and the next one is, at its time."""
    steps: list[Step] = []
    sooner: Instant | None = None
    for step in upcoming(call, policy):
        if step.at is None:
            continue
        at = step.at if sooner is None else min(step.at, sooner)
        if step.ring in (Ring.AWAY, Ring.VOLUNTEERS) and not step.wanted and call.could_ask.get(step.ring, 0) == 0:
            sooner = at
            continue
        steps.append(replace(step, at=at))
        sooner = None
    return steps


def failsafe(call: Call) -> Failsafe:
    """UC4: which is true on the fail-safe screen. Somebody who said so only after it has broken no promise: then they
    are coming, and it is not shown."""
    if call.failsafe_at is None or call.end is not None or here(call):
        return "none"
    near = helpers(call)
    if not near:
        return "nobody"
    return "pledged_not_here" if any(nearness(r)[1] <= call.failsafe_at for r in near) else "none"


def nearest_first(call: Call) -> list[Recipient]:
    """Who is here, in the room, coming; those who looked or declined are nobody's to know (UC8)."""
    return sorted(helpers(call), key=nearness)


# ---- a responder's


def may_see_words(call: Call, recipient: Recipient) -> bool:
    """Whether a card carries the caller's words. A peer's does while it asks; on-call reads none before it accepted
    (OC2). Whoever is coming or there reads them until the call ends; into a parked call only on-call comes (UC12)."""
    asked_peer = recipient.part is Part.PEER and is_asking(call, recipient)
    return asked_peer or is_involved(call, recipient)


def is_involved(call: Call, recipient: Recipient) -> bool:
    """Coming, in the room or here, in a call that goes on."""
    goes_on = call.end is None or (isinstance(call.end, Parked) and recipient.part is not Part.PEER)
    return goes_on and isinstance(recipient.answer, Coming | InRoom | Here)


def may_sound(call: Call, recipient: Recipient) -> bool:
    """Whether their card sounds, from its time on. With one here cards stay and sound stops; on-call brought in sounds
    whatever the state, and so does danger (UC6, UC17)."""
    wanted = call.wanted_since is not None or needs_the_backup(call)
    may = not here(call) or (recipient.part is not Part.PEER and wanted)
    return may and is_asking(call, recipient)


def stood_down(call: Call, recipient: Recipient) -> StoodDown:
    """Why their card asks no more, kindly (UC6, UC9, UC12)."""
    match call.end:
        case Cancelled(why=word) | Closed(word=word):
            return STOPPED.get(word, "ended")
        case Parked():
            return "no" if is_involved(call, recipient) else "ended"
        case None:
            pass
    if isinstance(recipient.answer, Asked | Lapsed | Withdrawn) and not is_asking(call, recipient):
        return "enough_people"
    return "no"


def prompt(call: Call, recipient: Recipient) -> Prompt:
    """What the one who is here is asked to look at (UC5, UC12)."""
    if not isinstance(recipient.answer, Here):
        return "none"
    match call.silence:
        case Silence.HELPERS:
            return "you_are_silent"
        case Silence.CALLER | Silence.CALLER_TOLD:
            return "they_are_silent"
        case _:
            return "offer_close" if call.offers_to_close else "none"
