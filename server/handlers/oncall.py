"""The on-call dashboard (OC1, OC2) and what only volunteers may do to a call (UC16)."""

from __future__ import annotations

from presence.ids import CallId
from rooms import desk, on_call
from rooms.call import Call
from rooms.refusals import Refusal, Refused
from rooms.witness import Action
from server.handlers.call_changes import change_call
from server.handlers.call_views import desk_row
from server.handlers.services import Done, Services, commit
from server.handlers.witness_views import desk_action
from server.ports import Tx
from server.records import Account, AuditLine
from server.who import Who
from server.wire import frames as f

AUDIT_PAGE = 200
ROWS_AT_MOST = 200


def must_be_staff(tx: Tx, who: Who) -> Account:
    return desk.must_be_staff(tx.accounts.by_id(who.account))


async def watch_desk(services: Services, who: Who, command: f.WatchDesk) -> f.Ok:
    await services.store.read(lambda tx: must_be_staff(tx, who))
    services.out.watch(who.connection, "desk")
    services.roster.enter(who.connection, "desk")
    services.changes.desk_changed()
    return f.Ok(re=command.k)


async def set_shift(services: Services, who: Who, command: f.SetShift) -> f.Ok:
    """On shift, as first line or as backup. Whoever comes on shift is rung for what is open, at once (UC3)."""
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        account = must_be_staff(tx, who)
        shift = ("backup" if command.backup else "on") if command.on else ""
        tx.accounts.set_shift(account.id, shift, now)
        tx.care.add_audit(account.id, f"shift_{shift or 'off'}", account.id, now)
        tx.calls.look_now([call.id for call in tx.calls.live()], now)
        return Done(f.Ok(re=command.k), lambda changes: changes.desk_changed())

    return await commit(services, who, command, decide)


def desk_for(
    services: Services, account: Account, calls: list[Call], actions: list[Action], reachable: int, reports: int = 0
) -> f.DeskNow:
    """The whole dashboard of one volunteer (OC1)."""
    now, store = services.clock.now(), services.store
    on_duty = desk.is_on_duty(account)
    mine = desk.on_desk(calls, account.id, services.hidden_from(account.id))[:ROWS_AT_MOST]
    rows = [
        desk_row(call, account.id, now, services.policy, on_duty=on_duty, saved=not store.is_unsaved(call.id))
        for call in mine
    ]
    return f.DeskNow(
        version=now,
        now=now,
        on_shift=account.shift == "on",
        backup=account.shift == "backup",
        shift_since=account.shift_since if account.shift else None,
        actions=[
            desk_action(a, on_duty=on_duty)
            for a in desk.actions_on_desk(actions, account.id, services.hidden_from(account.id))
        ],
        rows=rows,
        volunteers_reachable=reachable,
        worst_lateness_ms=services.worst_lateness_ms,
        reports=reports,
        deadlines_late=services.audit.late,
        auditor_silent=services.audit.silent,
    )


async def close_as_volunteer(services: Services, who: Who, command: f.CloseAsVolunteer) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        must_be_staff(tx, who)
        call = tx.calls.get(CallId(command.call))
        seat = None if call is None else desk.seat_of(call, who.account)
        if call is None or seat is None:
            raise Refused(Refusal.NOT_FOUND, "not accepted by this volunteer")
        tx.care.add_audit(seat.member, f"closed_{command.reason}", call.id, now)
        after = change_call(
            services, tx, call.id, now, reaches,
            lambda c: on_call.close_as_volunteer(c, seat.member, now, command.reason, services.policy),
        )  # fmt: skip
        return Done(f.Ok(re=command.k, call=after.id), lambda changes: changes.call_changed(after))

    return await commit(services, who, command, decide, urgent=True)


async def reopen_call(services: Services, who: Who, command: f.ReopenCall) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        account = desk.must_be_on_duty(tx.accounts.by_id(who.account))
        call = tx.calls.get(CallId(command.call))
        if call is None or not desk.may_take(call, account.id, services.hidden_from(account.id)):
            raise Refused(Refusal.NOT_FOUND, "no such call")
        running = tx.calls.active_of(call.caller)
        tx.care.add_audit(account.id, "call_reopened", call.id, now)
        after = change_call(
            services, tx, call.id, now, reaches, lambda c: on_call.reopen(c, now, services.policy, running)
        )
        return Done(f.Ok(re=command.k, call=after.id), lambda changes: changes.call_changed(after))

    return await commit(services, who, command, decide, urgent=True)


async def read_audit(services: Services, who: Who, command: f.ReadAudit) -> f.Ok:
    """Coordinators only. The look itself is a line of the log (OC2)."""
    now = services.clock.now()

    def look(tx: Tx) -> tuple[list[AuditLine], bool]:
        account = desk.must_be_coordinator(tx.accounts.by_id(who.account))
        tx.care.add_audit(account.id, "audit_read", account.id, now)
        return tx.care.audit(command.after, AUDIT_PAGE), tx.care.audit_is_intact()

    lines, intact = await services.store.write(look)
    views = [f.AuditView(seq=a.seq, at=a.at, actor=a.actor, action=a.action, subject=a.subject) for a in lines]
    services.out.send_urgent(who.connection, f.Audit(re=command.k, lines=views, intact=intact))
    return f.Ok(re=command.k)
