"""Forgetting: what is kept how long (CB8), and how deleted words leave the live files (CH3).

Defaults: the words of a call 7 days after its end (or, while it is parked, after its last word), who could not or only
looked 24 hours, the audit log a year. A moderator's or an author's deletion is unreadable at once; the sweep then makes
sure that no copy is left in the write-ahead log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from presence.ids import Instant, MemberId, Millis
from rooms.call import Asked, Call, CantNow, Dismissed, Parked, Recipient
from rooms.ladder import next_deadline
from rooms.policy import HOUR
from rooms.unsaved import next_version, without_its_past
from server.handlers import witness_changes
from server.handlers.services import Services
from server.ports import Tx

DAY: Millis = 24 * HOUR
SWEEP_EVERY_MS: Millis = 1 * HOUR
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept, in milliseconds."""

    call_words_ms: Millis = 7 * DAY
    call_traces_ms: Millis = 1 * DAY
    """Who was rung and could not, or only looked: private, so gone within a day (UC7)."""
    keys_ms: Millis = 1 * DAY
    settled_ms: Millis = 30 * DAY
    """Used invites, decided requests, resolved reports, revoked devices."""
    audit_ms: Millis = 365 * DAY


async def sweep(services: Services, retention: Retention) -> int:
    """Forget what is due. Returns how many calls were touched; the rest is deleted by age alone."""
    now = services.clock.now()

    def forget(tx: Tx) -> int:
        touched = 0
        for call in tx.calls.ended_before(now - retention.call_traces_ms, AT_ONCE):
            words_due = call.end is not None and call.end.at <= now - retention.call_words_ms
            tx.calls.forget_traces(_without_traces(call, words=not words_due), words_too=words_due)
            touched += 1
        witness_changes.forget_names(tx, now - retention.call_words_ms, AT_ONCE)
        tx.keys.forget_before(now - retention.keys_ms)
        tx.joining.forget_settled_before(now - retention.settled_ms)
        tx.accounts.forget_revoked_before(now - retention.settled_ms)
        tx.care.forget_before(now - retention.settled_ms, audit_before=now - retention.audit_ms)
        return touched

    touched = await services.store.write(forget)
    await _forget_parked(services, now - retention.call_words_ms)
    await services.store.compact()
    return touched


async def _forget_parked(services: Services, before: Instant) -> None:
    """A parked call may stay for ever; what was said in it does not. The call itself goes on (UC12)."""

    def forget(tx: Tx) -> list[Call]:
        silent = [c for c in tx.calls.live() if isinstance(c.end, Parked) and _last_word(tx, c, c.end) <= before]
        due = [c for c in silent if c.words or _only_asked(c) or tx.chat.last_said_at(c.room) is not None][:AT_ONCE]
        forgotten = []
        for call in due:
            tx.chat.blank_room(call.room)
            kept = {m: r for m, r in call.recipients.items() if m not in _only_asked(call)}
            after = next_version(call, replace(call, recipients=kept, words=""))
            tx.calls.begin_anew(after, next_deadline(after, services.policy))
            forgotten.append(after)
        return forgotten

    for call in await services.store.write(forget):
        services.changes.call_changed(call)


def _last_word(tx: Tx, call: Call, parked: Parked) -> Instant:
    return max(parked.at, call.caller_said_at, call.caller_back_at, tx.chat.last_said_at(call.room) or 0)


def _only_asked(call: Call) -> set[MemberId]:
    """Who was rung and did not come: private (UC7)."""
    return {m for m, r in call.recipients.items() if _came_not(r) and not r.was_here}


def _came_not(recipient: Recipient) -> bool:
    match recipient.answer:
        case Asked() | CantNow() | Dismissed(cant_at=int()):
            return True
        case _:
            return False


def _without_traces(call: Call, *, words: bool) -> Call:
    """Only those who were here remain. A call whose words are due keeps no words of its own either."""
    kept = {m: _plain(r) for m, r in call.recipients.items() if r.was_here}
    return without_its_past(replace(call, recipients=kept, words=call.words if words else ""))


def _plain(recipient: Recipient) -> Recipient:
    return replace(recipient, asked_first=False, sound_at=None)
