"""What becomes of a call that went on in memory while the store was down (UC15): on several nodes, and in several
branches where nodes could not hear each other.

A call is put together from its parts. Of each part, of how each person was asked and of what each answered, the one
counts that changed at the later version; so a state and one that followed from it give the later one, and of two
branches nothing is lost that only one of them touched. What must not be lost to a later version has an order of its
own: an end by somebody's word stays an end, whoever the caller refused stays refused, danger stays danger. Every node
computes the same, in whatever order it hears of the branches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from presence.ids import MemberId
from rooms.call import (
    PEERS_HERE_AT_MOST,
    PLEDGES_AT_MOST,
    Call,
    Dismissed,
    Recipient,
    Why,
    here,
    is_over,
    is_running,
    nearness,
    peers,
    pledges,
)

PARTS: Mapping[str, tuple[str, ...]] = {
    "press": (
        "id", "group", "group_name", "room", "caller", "caller_account", "caller_name", "words", "raised_at",
        "on_call_alone", "quiet_cards", "tell_volunteer", "raised_by_other",
    ),
    "audience": ("only", "volunteers_too"),
    "rings": ("attempt", "waiting_since", "nobody_at_press", "rings", "ringings", "could_ask", "failsafe_at"),
    "talk": (
        "caller_said_at", "caller_waits_since", "helpers_wait_since", "caller_back_at", "silence", "quiet_from",
        "held_since", "offers_to_close",
    ),
    "line": ("lost_since", "stepped_away", "calls_back"),
    "wanted": ("wanted_since", "wanted_rings", "danger_at"),
    "end": ("end", "check_in_at", "reopened"),
}  # fmt: skip
"""Fields that only mean something together. The others are the version, the people, and what is kept here of both."""
ANSWER = ("answer", "pledged_attempt", "was_here")
"""Of a person in the call, what they said to it. The rest is how they were asked: a second ring, or the word that a
card was delivered, takes nobody's answer back."""
SINCE_THE_PRESS = 1


def next_version(before: Call, after: Call) -> Call:
    """`after` as the version that follows `before`, with what changed in it written down."""
    version = before.version + 1
    reopened = before.reopened + (is_over(before) and not is_over(after))
    after = replace(after, version=version, reopened=reopened)
    parts = [name for name, of in PARTS.items() if any(getattr(before, f) != getattr(after, f) for f in of)]
    asked = [m for m, r in after.recipients.items() if _how_asked(before.recipients.get(m)) != _how_asked(r)]
    answers = [_answer_of(m) for m, r in after.recipients.items() if _said(before.recipients.get(m)) != _said(r)]
    changed = {**before.changed, **dict.fromkeys([*parts, *asked, *answers], version)}
    named = {*PARTS, *after.recipients, *map(_answer_of, after.recipients)}
    return replace(after, changed={name: at for name, at in changed.items() if name in named})


def without_its_past(call: Call) -> Call:
    """An ended call of which something was forgotten: no old state of it may bring that back."""
    return replace(call, changed={})


def joined(one: Call, other: Call) -> Call:
    """Two states of one call as one. Commutative, associative, idempotent: of each part the greater counts, and the
    version is the higher. More people may have a place in it than there are: see `merged`."""
    values: dict[str, Any] = {"version": max(one.version, other.version)}
    changed: dict[str, int] = {}
    for name, parts in PARTS.items():
        winner = max((one, other), key=lambda call: _weight_of_part(call, name))
        values |= {field: getattr(winner, field) for field in parts}
        _note(changed, winner, name)
    people: dict[MemberId, Recipient] = {}
    for member in sorted({*one.recipients, *other.recipients}):
        both = [call for call in (one, other) if member in call.recipients]
        asked = max(both, key=lambda call: _weight_of_asking(call, member))
        answered = max(both, key=lambda call: _weight_of_answer(call, member))
        answer = {field: getattr(answered.recipients[member], field) for field in ANSWER}
        people[member] = replace(asked.recipients[member], **answer)
        _note(changed, asked, member)
        _note(changed, answered, _answer_of(member))
    return replace(one, **values, recipients=people, changed=changed)


def merged(saved: Call | None, unsaved: Call) -> Call | None:
    """What must be written over `saved`, or None when what the store has stands.

    A call that ended and was forgotten takes in nothing any more. What neither side had as it is now gets a version
    above both, so that every page takes it; whatever follows from it is due at once."""
    if saved is None:
        return unsaved
    if is_over(saved) and not saved.changed:
        return None
    both = _in_their_places(joined(saved, unsaved))
    if both == saved:
        return None
    return unsaved if both == unsaved else replace(both, version=both.version + 1)


def is_due_at_once(merged_call: Call, unsaved: Call) -> bool:
    """Whether the store had something of its own in it, from which something may follow."""
    return merged_call.version > unsaved.version


def still_rings(saved: Call | None) -> bool:
    """Whether a notification that was made meanwhile still goes out: a finished call is never rung again."""
    return saved is not None and is_running(saved)


def _in_their_places(call: Call) -> Call:
    """UC6 where two halves gave away the same place: who is nearest keeps it, and of those who came first; the others
    hear "enough people", and may be asked in a later attempt."""
    beyond = sorted(peers(here(call)), key=nearness)[PEERS_HERE_AT_MOST:]
    beyond += sorted(peers(pledges(call)), key=nearness)[PLEDGES_AT_MOST:]
    if not beyond:
        return call
    told = {r.member: replace(r, answer=Dismissed(Why.TAKEN)) for r in beyond}
    return replace(call, recipients={**call.recipients, **told})


def _weight_of_part(call: Call, name: str) -> tuple[Any, ...]:
    stamp = call.changed.get(name, SINCE_THE_PRESS)
    text = _text([getattr(call, field) for field in PARTS[name]])
    match name:
        case "end":
            return call.reopened, is_over(call), stamp, text
        case "wanted":
            return call.danger_at is not None, stamp, text
        case _:
            return stamp, text


def _weight_of_asking(call: Call, member: MemberId) -> tuple[int, str]:
    return call.changed.get(member, SINCE_THE_PRESS), _text(_how_asked(call.recipients[member]))


def _weight_of_answer(call: Call, member: MemberId) -> tuple[bool, int, bool, str]:
    recipient = call.recipients[member]
    why = recipient.answer.why if isinstance(recipient.answer, Dismissed) else None
    stamp = call.changed.get(_answer_of(member), SINCE_THE_PRESS)
    return why is Why.REFUSED, stamp, why is not None, _text(_said(recipient))


def _answer_of(member: MemberId) -> str:
    """Its name among what changed."""
    return f"{member} answers"


def _said(recipient: Recipient | None) -> tuple[object, ...] | None:
    return tuple(getattr(recipient, field) for field in ANSWER) if recipient else None


def _how_asked(recipient: Recipient | None) -> tuple[object, ...] | None:
    return tuple(getattr(recipient, f.name) for f in fields(recipient) if f.name not in ANSWER) if recipient else None


def _note(changed: dict[str, int], winner: Call, name: str) -> None:
    if name in winner.changed:
        changed[name] = winner.changed[name]


def _text(value: object) -> str:
    """The same on every machine for equal values: what is left to decide by when all else is equal."""
    if isinstance(value, Mapping):
        return _text(sorted((_text(k), _text(v)) for k, v in value.items()))
    if isinstance(value, frozenset):
        return _text(sorted(_text(v) for v in value))
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(v) for v in value) + "]"
    return repr(value)
