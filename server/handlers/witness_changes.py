"""The one road by which a witnessed action changes: read → decide → do what is due → save, with what is new in its
record chained to what was there (WA6). Also what time and lines do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from presence.ids import AccountId, ActionId, GroupId, Instant, MemberId
from rooms import record, witness_commands
from rooms.group import Membership
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, advance, is_over, lapse, next_deadline
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
    return after


def _change_some(services: Services, tx: Tx, some: Iterable[Action], now: Instant, act: Act) -> list[Action]:
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
    return _change_some(services, tx, both, now, bar)


def after_leaving(services: Services, tx: Tx, member: Membership, now: Instant) -> list[Action]:
    """Someone left the group, was removed, or only reads from now on: they witness nothing, and their own stops."""

    def act(action: Action) -> Action:
        if action.member == member.id:
            return witness_commands.stop(action, now)
        return witness_commands.remove_witness(action, member.id, now)

    theirs = [a for a in tx.actions.running_of(member.account) if a.member == member.id]
    known = {a.id for a in theirs}
    others = [a for a in tx.actions.running_in([GroupId(member.group)]) if a.id not in known]
    return _change_some(services, tx, [*theirs, *others], now, act)


# ---------------------------------------------------------------- the member's line


async def line_changed(services: Services, account: AccountId) -> None:
    """The member's last page went, or one is back: the session waits, and says since when."""
    mine = await services.store.read(lambda tx: [a.id for a in tx.actions.running_of(account)])
    if not mine:
        return
    now, here = services.clock.now(), bool(services.roster.connections_of(account))

    def act(action: Action) -> Action:
        if here:
            return witness_commands.member_back(action, now)
        return witness_commands.member_lost(action, now)

    def decide(tx: Tx) -> list[Action]:
        return _change_some(services, tx, tx.actions.running_of(account), now, act)

    for action in await services.store.write(decide):
        services.changes.action_changed(action)


async def devices_changed(services: Services, action_id: ActionId) -> None:
    """A page of a witness came or went: the member's pages hear which devices there are, and wrap the session key for
    them, a new one when someone is gone (WA3)."""
    action = await services.store.read(lambda tx: tx.actions.get(action_id))
    if action is not None and not is_over(action):
        services.out.to_account(action.account, services.keyring.devices(action_id))


# ---------------------------------------------------------------- time


async def do_due(services: Services) -> int:
    """Everything whose deadline has come. Returns how many there were."""
    now = services.clock.now()
    due = await services.store.read(lambda tx: tx.actions.due(now, 50))
    for action_id, _at in due:

        def decide(tx: Tx, action_id: ActionId = action_id) -> Action | None:
            before = tx.actions.get(action_id)
            if before is None:
                tx.actions.set_due(action_id, None)
                return None
            after = save_action(services, tx, before, before, now)
            return None if after is before else after

        changed = await services.store.write(decide)
        if changed is not None:
            services.changes.action_changed(changed)
    return len(due)


async def look_at_witnesses(services: Services) -> None:
    """WA4: whoever got nothing for 10 s is not present any more."""
    now, times = services.clock.now(), services.witness_times
    for action_id, got in list(services.got.items()):
        late = [m for m, last in got.items() if now - last.at >= times.present_for_ms]
        if not late:
            continue
        last_at: dict[MemberId, Instant] = {m: last.at for m, last in got.items()}

        def act(action: Action, last_at: dict[MemberId, Instant] = last_at) -> Action:
            return lapse(action, last_at, now, times)

        def decide(tx: Tx, action_id: ActionId = action_id, act: Act = act) -> Action | None:
            before = tx.actions.get(action_id)
            return None if before is None else save_action(services, tx, before, act(before), now)

        changed = await services.store.write(decide)
        for member in late:  # only now: a store that is down must not leave somebody present for ever
            got.pop(member, None)
        if changed is not None:
            services.changes.action_changed(changed)


async def restart(services: Services) -> None:
    """UC19's way: what comes from presence starts anew. Whoever was present has 10 s to say so again; every member's
    line counts as lost until their page is back."""
    now = services.clock.now()

    def begin(tx: Tx) -> list[Action]:
        running = tx.actions.of_state("running")
        return [save_action(services, tx, a, witness_commands.member_lost(a, now), now) for a in running]

    for action in await services.store.write(begin):
        services.note_present(action, now)


def forget_names(tx: Tx, before: Instant, limit: int) -> int:
    """Who witnessed is kept by name no longer than this; the record itself says "Witness 1"."""
    touched = tx.actions.with_names_before(before, limit)
    for action in touched:
        tx.actions.forget_names(replace(action, witnesses={}, only=None))
    return len(touched)
