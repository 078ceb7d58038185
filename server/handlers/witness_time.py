"""What time does to witnessed actions: deadlines, reminders of plans, and the start of the server."""

from __future__ import annotations

import structlog

from presence.ids import ActionId, Instant
from rooms import witness_commands
from rooms.witness import Action, Proposed, advance
from server.handlers.services import Reaches, Services
from server.handlers.witness_changes import save_action
from server.ports import StoreDown, StoreLate, Tx
from server.records import Page

log = structlog.get_logger("witness")
AT_ONCE = 50
PUT_OFF_MS = 5_000
REMINDED, DUE = 1, 2


async def do_due(services: Services) -> int:
    """Everything whose deadline has come. Returns how many there were. What goes wrong with one stops no other."""
    now, reaches = services.clock.now(), services.roster.reaches()
    due = await services.store.read(lambda tx: tx.actions.due(now, AT_ONCE))
    for action_id, _at in due:
        try:
            await _do(services, action_id, now, reaches)
        except (StoreDown, StoreLate):
            raise
        except Exception:
            log.exception("action_deadline_failed", action=action_id)
            await _put_off(services, action_id, now + PUT_OFF_MS)
    return len(due)


async def _put_off(services: Services, action_id: ActionId, until: Instant) -> None:
    await services.store.write(lambda tx: tx.actions.set_due(action_id, until))


async def _do(services: Services, action_id: ActionId, now: Instant, reaches: Reaches) -> None:
    def decide(tx: Tx) -> Action | None:
        before = tx.actions.get(action_id)
        if before is None:
            tx.actions.set_due(action_id, None)
            return None
        after = save_action(services, tx, before, advance(before, now, services.witness_times), now)
        tx.calls.add_pages(_reminders(services, tx, before, after, now, reaches))
        return None if after is before else after

    changed = await services.store.write(decide)
    if changed is not None:
        services.changes.action_changed(changed)


def _reminders(services: Services, tx: Tx, before: Action, after: Action, now: Instant, reaches: Reaches) -> list[Page]:
    """At 10 minutes before and at the hour the member's phones are told, unless they look at a page (WA1). Whoever was
    not told in time hears only of the hour."""
    was, plan = before.stage, after.stage
    if not isinstance(was, Proposed) or not isinstance(plan, Proposed) or reaches.get(after.account):
        return []
    if plan.due and not was.due:
        which, kind = DUE, "plan_now"
    elif plan.reminded and not was.reminded:
        which, kind = REMINDED, "plan"
    else:
        return []
    if which == DUE:
        tx.calls.drop_pages(after.id)
    targets = tx.accounts.push_targets(after.account)
    return [Page(after.id, which, t.device, after.member, kind, services.new_secret(), now) for t in targets]


async def restart(services: Services) -> None:
    """UC19's way: what comes from presence starts anew. Whoever was present has 10 s to say so again; every member's
    line counts as lost until their page is back."""
    now = services.clock.now()

    def begin(tx: Tx) -> list[Action]:
        running = tx.actions.of_state("running")
        return [save_action(services, tx, a, witness_commands.member_lost(a, now), now) for a in running]

    for action in await services.store.write(begin):
        services.note_present(action, now)


async def go_on(services: Services) -> None:
    """Other nodes are there and went on: nothing starts anew, and from here on this node looks too who is present."""
    now = services.clock.now()
    for action in await services.store.read(lambda tx: tx.actions.of_state("running")):
        services.note_present(action, now)
