"""The one road by which a call changes: read → decide → follow up what is due → save with its deadline and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from presence.availability import reach_of
from presence.ids import CallId, GroupId, Instant, MemberId
from rooms.call import Call, Closed, Here
from rooms.candidates import Candidate
from rooms.escalation import advance
from rooms.ladder import next_deadline
from rooms.refusals import Refusal, Refused
from rooms.unsaved import next_version
from server.handlers.services import Reaches, Services
from server.ports import Tx
from server.records import Page

Act = Callable[[Call], Call]


def candidates_of(services: Services, tx: Tx, call: Call, now: Instant, reaches: Reaches) -> tuple[Candidate, ...]:
    """The store's candidates with the reach that only the roster knows."""
    found = tx.groups.candidates(call.group, call.id, call.recipients, services.seat_id, now)
    return tuple(replace(c, reach=reach_of(reaches.get(c.account), takes_push=c.takes_push)) for c in found)


def change_call(services: Services, tx: Tx, call_id: CallId, now: Instant, reaches: Reaches, act: Act) -> Call:
    """Apply `act` and everything that has become due. Returns the saved call; unchanged calls are not written."""
    before = tx.calls.get(call_id)
    if before is None:
        raise Refused(Refusal.NOT_FOUND, "no such call")
    return save_call(services, tx, before, act(before), now, reaches)


def save_call(services: Services, tx: Tx, before: Call | None, after: Call, now: Instant, reaches: Reaches) -> Call:
    after = advance(after, now, candidates_of(services, tx, after, now, reaches), services.policy)
    if before is not None and after == before:
        tx.calls.set_due(after.id, next_deadline(after, services.policy))
        return before
    after = replace(after, version=1) if before is None else next_version(before, after)
    tx.calls.save(after, next_deadline(after, services.policy))
    tx.calls.add_pages(_new_pages(services, tx, before, after, now, reaches))
    first = [m for m, r in after.recipients.items() if r.asked_first and _rung_now(before, after, m)]
    if first:
        tx.groups.set_asked_first(first, now)
    if before is not None and _someone_became_free(before, after):
        _look_at_other_calls(tx, after, now)
    return after


def save_all_of_group(services: Services, tx: Tx, group: GroupId, now: Instant, reaches: Reaches) -> list[Call]:
    """Who belongs, or who is blocked, has changed: the running calls of a group are looked at in this transaction, so
    that no card asks someone in between who must not be in it (CB2, UC16). Returns those that changed."""
    changed = []
    for call_id in tx.calls.live_of_group(group):
        before = tx.calls.get(call_id)
        if before is not None and (after := save_call(services, tx, before, before, now, reaches)) is not before:
            changed.append(after)
    return changed


def save_ack(services: Services, tx: Tx, before: Call, after: Call) -> Call:
    """A device's ack: nothing can be due because of it, so nobody is gathered."""
    if after == before:
        return before
    after = next_version(before, after)
    tx.calls.save(after, next_deadline(after, services.policy))
    return after


def _rung_now(before: Call | None, after: Call, member: MemberId) -> bool:
    old = before.recipients.get(member) if before is not None else None
    return old is None or old.ringing != after.recipients[member].ringing


def _new_pages(
    services: Services, tx: Tx, before: Call | None, after: Call, now: Instant, reaches: Reaches
) -> list[Page]:
    """Notifications for whoever this transition rang and has no visible page (PR4), and for a caller who was lost for
    2 min (UC10). Written with the transition: a restart loses none, the unique key doubles none."""
    pages = []
    for member, recipient in after.recipients.items():
        if _rung_now(before, after, member) and not reaches.get(recipient.account):
            for target in tx.accounts.push_targets(recipient.account):
                token = services.new_secret()
                pages.append(Page(after.id, recipient.ringing, target.device, member, "ring", token, now))
    was_called_back = before is not None and before.calls_back >= 1
    if after.calls_back >= 1 and not was_called_back and not after.stepped_away:
        for target in tx.accounts.push_targets(after.caller_account):
            # Ring numbers are positive: the negative space is the caller's own.
            token = services.new_secret()
            pages.append(Page(after.id, -after.version, target.device, after.caller, "return", token, now))
    return pages


def _someone_became_free(before: Call, after: Call) -> bool:
    ended = isinstance(after.end, Closed) and not isinstance(before.end, Closed)
    was = {m for m, r in before.recipients.items() if isinstance(r.answer, Here)}
    now_here = {m for m, r in after.recipients.items() if isinstance(r.answer, Here)}
    return ended or bool(was - now_here)


def _look_at_other_calls(tx: Tx, call: Call, now: Instant) -> None:
    """UC3: whoever becomes eligible while a call is open is rung at once: the timer looks at the others now."""
    tx.calls.look_now([other for other in tx.calls.live_of_group(call.group) if other != call.id], now)
