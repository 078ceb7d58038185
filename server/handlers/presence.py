"""Presence: arriving, staying, going (PR1–PR6, UC10, UC19), and who can be here now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import structs

from presence.availability import Reach
from presence.ids import AccountId, CallId, GroupId, MemberId
from presence.roster import Seat
from rooms import caller, escalation, responder
from rooms.call import Call, Dismissed
from rooms.crowd import Crowd, seen_by
from rooms.desk import is_staff
from rooms.group import Membership, State
from rooms.witness import Action, is_running
from server.handlers import check_ins, joining
from server.handlers.blocks import note_blocks
from server.handlers.call_changes import save_call
from server.handlers.call_views import caller_view, card
from server.handlers.calls import member_in_call
from server.handlers.groups import my_group_view, person_of
from server.handlers.services import Services
from server.handlers.unreadable import mend_calls
from server.handlers.witness_time import go_on as go_on_with_actions
from server.handlers.witness_time import restart as restart_actions
from server.handlers.witness_views import action_card, keyed, may_see, my_action
from server.handlers.witness_watching import devices_changed
from server.ports import Tx
from server.records import Account, MyGroup
from server.who import Who
from server.wire import frames as f
from server.wire.witness import ActionGone

CALL = "call:"
RESTARTED_AT_ONCE = 20


async def welcome(services: Services, who: Who, hello: f.Hello) -> f.Welcome:
    """What a page needs at once. The running calls follow as a snapshot of their own."""

    def read(tx: Tx) -> tuple[Account | None, list[MyGroup]]:
        return tx.accounts.by_id(who.account), tx.groups.groups_of(who.account)

    account, groups = await services.store.read(read)
    return f.Welcome(
        re=hello.k,
        version=f.PROTOCOL_VERSION,
        now=services.clock.now(),
        volunteer=account is not None and account.volunteer,
        coordinator=account is not None and account.coordinator,
        on_shift=account is not None and account.shift != "",
        groups=[] if who.locked else [my_group_view(g) for g in groups],
        undo_seconds=services.policy.undo_ms // 1000,
    )


async def arrived(services: Services, who: Who) -> None:
    """A page is here: its person may be rung, a lost caller is back, and it gets every call that is theirs."""
    await _touch_calls(services, who.account, _someone_is_back)
    calls = await services.store.read(lambda tx: tx.calls.of_account(who.account))
    for call in calls:
        for event in views_of(services, call, who):
            services.out.send_urgent(who.connection, event)
    if not who.locked:
        await tell_actions(services, who)
        services.changes.line_changed(who.account)
        for question in await check_ins.waiting_for(services, who.account):
            services.out.send_urgent(who.connection, question)
        answers = await joining.answers_for(services, who.account)
        if answers is not None and answers.answers:
            services.out.send_urgent(who.connection, answers)
    await reach_changed(services, who.account)


async def tell_actions(services: Services, who: Who) -> None:
    """Witnessed actions of one's own, and those of one's groups that are this person's to see (WA1). What is not any
    more is taken back."""

    def read(tx: Tx) -> tuple[list[Action], list[Action], dict[GroupId, Membership]]:
        seats = {g.group.id: g.me for g in tx.groups.groups_of(who.account)}
        return tx.actions.running_of(who.account), tx.actions.of_state("running"), seats

    mine, running, seats = await services.store.read(read)
    mine, running = [services.newest(a) for a in mine], [services.newest(a) for a in running]
    now, times, hidden = services.clock.now(), services.witness_times, services.hidden_from(who.account)
    for action in mine:
        services.out.send_urgent(who.connection, my_action(action, now, times))
        if is_running(action):
            services.keyring.follow(action.id, keyed(action))
            services.keyring.attend(action.id, who.connection)
            services.out.send_urgent(who.connection, services.keyring.devices(action.id))
    for action in running:
        me, topic = seats.get(action.group), f"action:{action.id}"
        if me is not None and action.account != who.account and may_see(action, me, hidden):
            services.out.watch(who.connection, topic)
            services.out.send_urgent(who.connection, action_card(action, me, now, times, hidden))
        elif services.out.watches(who.connection, topic):
            services.out.unwatch(who.connection, topic)
            services.out.send_urgent(who.connection, ActionGone(action=action.id))


def _someone_is_back(services: Services, call: Call, account: AccountId, now: int) -> Call:
    return caller.caller_back(call, now) if call.caller_account == account else call


def views_of(services: Services, call: Call, who: Who, asked: int | None = None) -> list[f.Event]:
    """Every view of a call that this connection may have. A locked device sees its own call without words (CB4).
    `call` must hold the reader's own seats and the helpers; then `asked` is how many were, when it holds no others."""
    now = services.clock.now()
    if call.caller_account == who.account:
        view = caller_view(call, now, services.policy, saved=not services.store.is_unsaved(call.id))
        return [structs.replace(view, words="") if who.locked else view]
    if who.locked:
        return []
    member = member_in_call(call, who)
    if member is None:
        return []
    recipient = call.recipients[member]
    hidden = services.hidden_from(who.account)
    if isinstance(recipient.answer, Dismissed) or call.caller_account in hidden:
        return [f.CardGone(call=call.id)]  # a block counts from its commit, also before the call was looked at again
    theirs = card(call, recipient, now, services.policy, asked)
    if hidden:  # nor does a card say of someone blocked that they are coming (CB2)
        seen = [h for h in theirs.helpers if call.recipients[MemberId(h.person.member)].account not in hidden]
        theirs = structs.replace(theirs, helpers=seen)
    return [theirs]


async def beat(services: Services, who: Who, _command: f.Beat) -> None:
    services.roster.renew(who.connection, services.clock.now())


async def visible(services: Services, who: Who, command: f.Visible) -> f.Ok:
    """A hidden page is standby (PR4), and does not renew a pledge (UC4)."""
    if services.roster.set_visible(who.connection, visible=command.visible):
        if not command.visible:
            await _touch_calls(services, who.account, _page_hidden)
        await reach_changed(services, who.account)
    return f.Ok(re=command.k)


def _page_hidden(services: Services, call: Call, account: AccountId, now: int) -> Call:
    if services.roster.is_in(account, CALL + call.id, visible_only=True):
        return call
    for recipient in call.recipients.values():
        if recipient.account == account:
            call = responder.page_hidden(call, recipient.member, now, services.policy)
    return call


async def went(services: Services, who: Who, seat: Seat | None) -> None:
    """A socket closed or a lease lapsed. The *member* is gone only when no other page of theirs is there (UC5)."""
    await _touch_calls(services, who.account, _someone_went)
    services.changes.line_changed(who.account)
    for action_id in services.keyring.gone(who.connection):
        await devices_changed(services, action_id)
    if seat is not None:
        await reach_changed(services, who.account)
        if "desk" in seat.places:
            services.changes.desk_changed()


def _someone_went(services: Services, call: Call, account: AccountId, now: int) -> Call:
    if call.caller_account == account:
        return call if services.roster.is_connected(account) else caller.caller_lost(call, now)
    if services.roster.is_in(account, CALL + call.id):
        return _page_hidden(services, call, account, now)
    for recipient in call.recipients.values():
        if recipient.account == account:
            call = responder.member_gone(call, recipient.member, now)
    return call


async def told_elsewhere(services: Services, account: AccountId) -> None:
    """Another node says something else of this person than before: whoever sees them here is told."""
    services.changes.line_changed(account)
    await reach_changed(services, account)


async def settle_calls(services: Services, account: AccountId) -> None:
    """This person's calls follow where they are now. Their own node saw to that, unless it died; and a page that moved
    from one node to another may have been missed on the old one after it was seen on the new one (UC5, UC10)."""
    await _touch_calls(services, account, _as_they_are)


def _as_they_are(services: Services, call: Call, account: AccountId, now: int) -> Call:
    if call.caller_account == account and services.roster.is_connected(account):
        return caller.caller_back(call, now) if call.lost_since is not None else call
    if call.caller_account != account and services.roster.is_in(account, CALL + call.id):
        for recipient in call.recipients.values():
            if recipient.account == account:
                call = responder.still_in(call, recipient.member)
    return _someone_went(services, call, account, now)


Touch = Callable[[Services, Call, AccountId, int], Call]


async def _touch_calls(services: Services, account: AccountId, act: Touch) -> None:
    """Apply a change of presence to every live call of a person."""
    mine = await services.store.read(lambda tx: [c.id for c in tx.calls.of_account(account)])
    if not mine:
        return
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> list[Call]:
        changed = []
        for call_id in mine:
            before = tx.calls.get(call_id)
            if before is None:
                continue
            after = act(services, before, account, now)
            if after != before:
                changed.append(save_call(services, tx, before, after, now, reaches))
        return changed

    for call in await services.store.write_call(decide):
        services.changes.call_changed(call)


async def reach_changed(services: Services, account: AccountId) -> None:
    """Someone can be reached differently now: their groups see it, and open calls look whether to ring them (UC3).
    Of on-call people every group sees how many there are (PR6)."""
    now = services.clock.now()

    def read(tx: Tx) -> tuple[bool, list[GroupId], list[CallId]]:
        staff = is_staff(tx.accounts.by_id(account))
        groups = [g.group.id for g in tx.groups.groups_of(account) if g.me.state is State.ACTIVE]
        live = tx.calls.live() if staff else []
        calls = [c.id for c in live] if staff else [c for g in groups for c in tx.calls.live_of_group(g)]
        return staff, groups, calls

    staff, groups, calls = await services.store.read(read)
    if staff:
        services.changes.desk_changed()
    if calls:
        await services.store.write_call(lambda tx: tx.calls.look_now(calls, now))
    for group in groups:
        services.changes.group_changed(group)


async def restart(services: Services, *, others_are_there: bool = False) -> int:
    """UC19: presence starts anew at readiness; deadlines of rings and of the fail-safe do not. Returns live calls.
    Where other nodes went on meanwhile their people are still there: then only what cannot be read is mended."""
    now = services.clock.now()
    await mend_calls(services)

    def begin(tx: Tx) -> list[CallId]:
        services.blocked.clear()
        note_blocks(services, tx.care.all_blocks())
        return [call.id for call in tx.calls.live()]

    def anew(tx: Tx, some: list[CallId]) -> None:
        for call_id in some:
            call = tx.calls.get(call_id)
            if call is not None:
                save_call(services, tx, call, escalation.after_restart(call, now), now, {})

    calls = await services.store.write(begin)
    if others_are_there:
        await go_on_with_actions(services)
        return len(calls)
    await restart_actions(services)
    for at in range(0, len(calls), RESTARTED_AT_ONCE):  # all in one would be late with many calls, at each start again
        some = calls[at : at + RESTARTED_AT_ONCE]
        await services.store.write(partial(anew, some=some))
    return len(calls)


# ---------------------------------------------------------------- who can be here now


REACHES: dict[Reach, f.ReachName] = {Reach.LIVE: "live", Reach.STANDBY: "standby", Reach.AWAY: "away"}


def presence_for(services: Services, reader: AccountId, crowd: Crowd, volunteers: int) -> f.PresenceView:
    """What one reader may see (PR2, PR5, PR6). Volunteers come as a count only."""
    now = services.clock.now()
    seen = seen_by(crowd, reader, services.hidden_from(reader))
    people = [
        f.PersonPresence(person=person_of(one.member), reach=REACHES[one.reach], open_to_calls=one.can_come)
        for one in seen.people
    ]
    return f.PresenceView(
        version=now,
        now=now,
        can_come=seen.can_come,
        quiet=seen.quiet,
        standby=seen.standby,
        volunteers=volunteers,
        away_opted_in=seen.away_opted_in,
        people=people,
    )
