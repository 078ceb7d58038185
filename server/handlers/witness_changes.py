"""The one road by which a witnessed action changes: read → decide → do what is due → save, with what is new in its
record chained to what was there (WA6). Also what becomes of it when somebody no longer belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from presence.ids import AccountId, ActionId, GroupId, Instant
from rooms import record, witness_commands
from rooms.group import Membership
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, Proposed, advance, next_deadline
from server.handlers.services import Services
from server.ports import Tx

Act = Callable[[Action], Action]


def change_action(services: Services, tx: Tx, action_id: ActionId, now: Instant, act: Act) -> Action:
    """Apply `act` and everything that has become due. Unchanged actions are not written."""
    before = tx.actions.get(action_id)
    if before is None:
        raise Refused(Refusal.NOT_FOUND, "no such action")
    return save_action(services, tx, before, act(before), now)


def save_action(services: Services, tx: Tx, before: Action | None, after: Action, now: Instant) -> Action:
    if not isinstance(after.stage, Proposed):  # a plan moves on at its own deadline, where its reminder is written
        after = advance(after, now, services.witness_times)
    if before is not None and after == before:
        tx.actions.set_due(after.id, next_deadline(after, services.witness_times))
        return before
    head = after.head or record.genesis(after.id)
    entries: list[record.Entry] = []
    for fact in after.news:
        n = after.entries + len(entries) + 1
        entries.append(record.next_entry(head, n, fact.at, fact.what, fact.more, services.recorder.encode))
        head = entries[-1].hash
    after = replace(
        after,
        version=before.version + 1 if before is not None else 1,
        entries=after.entries + len(entries),
        head=head,
        news=(),
    )
    tx.actions.save(after, next_deadline(after, services.witness_times), entries)
    if before is not None and isinstance(before.stage, Proposed) and not isinstance(after.stage, Proposed):
        tx.calls.drop_pages(after.id)  # nobody is reminded of what has begun, or will not be
    return after


def change_some(services: Services, tx: Tx, some: Iterable[Action], now: Instant, act: Act) -> list[Action]:
    """Those of them that changed."""
    changed = []
    for before in some:
        after = save_action(services, tx, before, act(before), now)
        if after is not before:
            changed.append(after)
    return changed


# ---------------------------------------------------------------- who belongs has changed


def after_block(services: Services, tx: Tx, one: AccountId, other: AccountId, now: Instant) -> list[Action]:
    """Nobody witnesses across a block (CB2): in the transaction of the block, so that no frame goes in between."""

    def bar(action: Action) -> Action:
        across = {one: other, other: one}.get(action.account)
        for witness in action.witnesses.values():
            if witness.account == across:
                action = witness_commands.remove_witness(action, witness.member, now)
        return action

    both = [*tx.actions.running_of(one), *tx.actions.running_of(other)]
    return change_some(services, tx, both, now, bar)


def after_leaving(services: Services, tx: Tx, member: Membership, now: Instant) -> list[Action]:
    """Someone left the group, was removed, or only reads from now on: they witness nothing, and their own stops."""

    def act(action: Action) -> Action:
        if action.member == member.id:
            return witness_commands.stop(action, now)
        return witness_commands.remove_witness(action, member.id, now)

    theirs = [a for a in tx.actions.running_of(member.account) if a.member == member.id]
    known = {a.id for a in theirs}
    others = [a for a in tx.actions.running_in([GroupId(member.group)]) if a.id not in known]
    return change_some(services, tx, [*theirs, *others], now, act)


# ---------------------------------------------------------------- after a while


def forget_names(tx: Tx, before: Instant, limit: int) -> int:
    """Who witnessed is kept by name no longer than this; the record itself says "Witness 1"."""
    touched = tx.actions.with_names_before(before, limit)
    for action in touched:
        tx.actions.forget_names(replace(action, witnesses={}, only=None))
    return len(touched)
