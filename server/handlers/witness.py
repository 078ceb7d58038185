"""The witnessed action, frame by frame (WA1–WA8). Each handler reads, decides in the core, commits, and announces."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from presence.ids import ActionId, CallId, GroupId, Instant, MemberId, RoomId
from rooms import care, desk, either
from rooms import witness_commands as commands
from rooms.group import Membership, Role, State, may_press, must_write
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, Ended, Medium, Proposed, Witness, is_joined
from server.handlers.call_press import press_button, press_of
from server.handlers.services import Done, LastGot, Services, TurnedBy, commit
from server.handlers.witness_changes import change_action, save_action
from server.handlers.witness_views import may_see, person_of
from server.handlers.witness_watching import devices_changed, mark_turned, only_present
from server.ports import Changes, StoreDown, StoreLate, Tx
from server.records import Report
from server.wall_time import planned_at
from server.who import Who
from server.wire import frames as f
from server.wire import witness as w

MemberCommand = (
    w.AskWitnesses | w.GoLive | w.SetMedium | w.CutPicture | w.SayStep | w.DeclareDone | w.StopAction | w.RemoveWitness
)
WitnessesCommand = w.JoinAction | w.LeaveAction | w.Look | w.WithYou | w.Attest
log = structlog.get_logger("witness")


# ---------------------------------------------------------------- the member


async def declare_action(services: Services, who: Who, command: w.DeclareAction) -> f.Ok:
    now, times = services.clock.now(), services.witness_times
    action_id = ActionId(services.new_id())
    plan = None if command.plan is None else planned_at(command.plan.local, command.plan.zone)

    def decide(tx: Tx) -> Done:
        member = must_write(tx.groups.membership(who.account, GroupId(command.group)))
        mine = tx.actions.running_of(who.account)
        if plan is None and any(not isinstance(a.stage, Proposed) for a in mine):
            raise Refused(Refusal.ONE_AT_A_TIME)
        if plan is not None and len(mine) >= times.planned_at_most:
            raise Refused(Refusal.TOO_FAST, "planned too many")
        action = save_action(
            services, tx, None, commands.declare(_said(tx, member, command, action_id), now, plan), now
        )
        return Done(f.Ok(re=command.k, action=action.id), lambda changes: changes.action_changed(action))

    return await commit(services, who, command, decide)


def _said(tx: Tx, member: Membership, command: w.DeclareAction, action: ActionId) -> commands.Declaration:
    group = tx.groups.group(member.group)
    assert group is not None  # noqa: S101  a membership has a group: foreign key
    return commands.Declaration(
        action=action,
        group=member.group,
        group_name=group.name,
        member=member.id,
        account=member.account,
        name=member.name,
        deed=command.deed,
        words=command.words,
        medium=Medium(command.medium),
        wanted=command.wanted,
        pills=command.pills,
        sound=command.sound,
        only=None if command.only is None else frozenset(MemberId(m) for m in command.only),
        simulated=member.simulated,
    )


async def ask_witnesses(services: Services, who: Who, command: w.AskWitnesses) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        if any(
            not isinstance(a.stage, Proposed) and a.id != command.action for a in tx.actions.running_of(who.account)
        ):
            raise Refused(Refusal.ONE_AT_A_TIME)
        return _changed(services, tx, who, command, now, lambda a: commands.ask_now(a, now))

    return await commit(services, who, command, decide)


async def go_live(services: Services, who: Who, command: w.GoLive) -> f.Ok:
    """Counted are those who are present now, not those who were when somebody last looked (WA4)."""
    now, counted = services.clock.now(), only_present(services, ActionId(command.action))
    return await _as_member(services, who, command, lambda a: commands.go_live(counted(a), now, anyway=command.anyway))


async def set_medium(services: Services, who: Who, command: w.SetMedium) -> f.Ok:
    now, medium = services.clock.now(), Medium(command.medium)
    return await _as_member(services, who, command, lambda a: commands.set_medium(a, medium, command.why, now))


async def cut_picture(services: Services, who: Who, command: w.CutPicture) -> f.Ok:
    now = services.clock.now()
    return await _as_member(services, who, command, lambda a: commands.set_cut(a, now, cut=command.cut))


async def say_step(services: Services, who: Who, command: w.SayStep) -> f.Ok:
    now, times = services.clock.now(), services.witness_times
    return await _as_member(services, who, command, lambda a: commands.say_step(a, command.text, now, times))


async def declare_done(services: Services, who: Who, command: w.DeclareDone) -> f.Ok:
    """The declared moment: whoever is present at it is asked (WA6)."""
    now, times = services.clock.now(), services.witness_times
    counted = only_present(services, ActionId(command.action))
    return await _as_member(services, who, command, lambda a: commands.declare_done(counted(a), now, times))


async def stop_action(services: Services, who: Who, command: w.StopAction) -> f.Ok:
    now = services.clock.now()
    return await _as_member(services, who, command, lambda a: commands.stop(a, now))


async def remove_witness(services: Services, who: Who, command: w.RemoveWitness) -> f.Ok:
    now, member = services.clock.now(), MemberId(command.member)
    return await _as_member(services, who, command, lambda a: commands.remove_witness(a, member, now))


async def _as_member(services: Services, who: Who, command: MemberCommand, act: Callable[[Action], Action]) -> f.Ok:
    now = services.clock.now()
    return await commit(services, who, command, lambda tx: _changed(services, tx, who, command, now, act))


def _changed(
    services: Services, tx: Tx, who: Who, command: MemberCommand, now: Instant, act: Callable[[Action], Action]
) -> Done:
    my_action(tx, who, command.action)
    after = change_action(services, tx, ActionId(command.action), now, act)
    return Done(f.Ok(re=command.k, action=after.id), lambda changes: changes.action_changed(after))


def my_action(tx: Tx, who: Who, action_id: str) -> Action:
    action = tx.actions.get(ActionId(action_id))
    if action is None or action.account != who.account:
        raise Refused(Refusal.NOT_FOUND, "not their action")
    return action


# ---------------------------------------------------------------- a witness


async def join_action(services: Services, who: Who, command: w.JoinAction) -> f.Ok:
    """Also sent again by a page that was loaded anew or came back: it has a new key then."""
    now, times = services.clock.now(), services.witness_times

    def act(action: Action, me: Membership) -> Action:
        return commands.join(action, me.id, me.account, me.name, now, times, simulated=me.simulated)

    reply = await _as_witness(services, who, command, act)
    action = await services.store.read(lambda tx: tx.actions.get(ActionId(command.action)))
    witness = None if action is None else _witness_of(action, who)
    may = action is not None and witness is not None and is_joined(action, witness.member) and not witness.frozen
    if action is not None and witness is not None and may and still_reads(services, who):
        services.keyring.join(action.id, who, person_of(witness), command.key)
        await devices_changed(services, action.id)
    return reply


async def leave_action(services: Services, who: Who, command: w.LeaveAction) -> f.Ok:
    now = services.clock.now()
    return await _as_witness(services, who, command, lambda a, me: commands.leave(a, me.id, now))


async def look(services: Services, who: Who, command: w.Look) -> f.Ok:
    return await _as_witness(services, who, command, lambda a, me: commands.look(a, me.id, looking=command.looking))


async def with_you(services: Services, who: Who, command: w.WithYou) -> f.Ok:
    now = services.clock.now()
    return await _as_witness(services, who, command, lambda a, me: commands.with_you(a, me.id, now))


async def attest(services: Services, who: Who, command: w.Attest) -> f.Ok:
    now = services.clock.now()
    return await _as_witness(services, who, command, lambda a, me: commands.attest(a, me.id, now, saw=command.saw))


async def _as_witness(
    services: Services, who: Who, command: WitnessesCommand, act: Callable[[Action, Membership], Action]
) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        action, me = seen_by(services, tx, who, command.action)
        after = change_action(services, tx, action.id, now, lambda a: act(a, me))
        return Done(f.Ok(re=command.k, action=after.id), lambda changes: changes.action_changed(after))

    return await commit(services, who, command, decide)


def seen_by(services: Services, tx: Tx, who: Who, action_id: str) -> tuple[Action, Membership]:
    """The action and the reader's membership; the same refusal for what is not there and for what is not theirs. One's
    own seat of witness stays after the end, so that a late word hears why."""
    action = tx.actions.get(ActionId(action_id))
    me = None if action is None else tx.groups.membership(who.account, action.group)
    if action is None or me is None:
        raise Refused(Refusal.NOT_FOUND, "no such action")
    if not may_see(action, me, services.hidden_from(who.account)) and not _was_witness(action, me):
        raise Refused(Refusal.NOT_FOUND, "not for this member")
    return action, me


def still_reads(services: Services, who: Who) -> bool:
    """Whether this page is there, and not locked while something was waited for (CB4). To be asked before it is given
    what a lock or its end takes away, for that has happened already and does not come again."""
    return any(page.connection == who.connection and not page.locked for page in services.out.of_account(who.account))


def _was_witness(action: Action, me: Membership) -> bool:
    witness = action.witnesses.get(me.id)
    return witness is not None and not witness.barred and me.state is State.ACTIVE and me.role is not Role.OBSERVER


def _witness_of(action: Action, who: Who) -> Witness | None:
    return next((one for one in action.witnesses.values() if one.account == who.account), None)


async def got(services: Services, who: Who, command: w.Got) -> None:
    """Renews a lease in memory (WA4). Only what is news is written: that someone is present now, or a better medium.
    While the store is down nothing is: the lease alone is kept."""
    seat, now = services.roster.seat(who.connection), services.clock.now()
    if seat is None or not seat.visible:
        return
    action_id, medium = ActionId(command.action), Medium(command.medium)
    action = await services.store.read(lambda tx: tx.actions.get(action_id))
    witness = None if action is None else _witness_of(action, who)
    if action is None or witness is None:
        return
    if action.account in services.hidden_from(who.account):
        return
    services.roster.got(who.connection, action_id, now)
    if witness.present_since is not None:
        services.got.setdefault(action_id, {})[witness.member] = LastGot(now, who.account, here=True)
    if services.store.afloat or commands.got(action, witness.member, medium, now) is action:
        return

    def decide(tx: Tx) -> Action:
        return change_action(services, tx, action_id, now, lambda a: commands.got(a, witness.member, medium, now))

    services.changes.action_changed(await services.store.write(decide))


async def report_action(services: Services, who: Who, command: w.ReportAction) -> f.Ok:
    """WA3: the stream stops for the reporter, at once. It is filed as a report about the member (CB3, OC5)."""
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        action, me = seen_by(services, tx, who, command.action)
        about = tx.groups.member(action.member)
        assert about is not None  # noqa: S101  memberships are never deleted
        coordinators = [a.id for a in tx.accounts.staff() if a.coordinator]
        told = care.reaches_somebody(about, tx.groups.members(about.group), coordinators)
        if told:
            text = f"[{action.deed.value}] {action.words}".strip()
            report = Report(services.new_id(), about.group, me.id, about.id, command.reason, command.words, text, now)
            tx.care.add_report(report)
        tx.care.add_audit(me.id, "action_reported", action.id, now)
        after = change_action(services, tx, action.id, now, lambda a: commands.freeze(a, me.id, now))

        def announce(changes: Changes) -> None:
            changes.action_changed(after)
            changes.group_changed(about.group)
            changes.desk_changed()

        return Done(f.Ok(re=command.k, action=after.id if told else None), announce)

    reply = await commit(services, who, command, decide)
    if reply.action is None:  # the picture has stopped for them all the same
        raise Refused(Refusal.NOBODY_TO_TELL)
    return reply


# ---------------------------------------------------------------- either side


async def turn_into_call(services: Services, who: Who, command: w.TurnIntoCall) -> f.Ok:
    """WA7: the call comes first and waits for nothing; then the action is marked with it, once the store can. A second
    press, by whomever, is the same call. A witness who is worried starts the call, and learns nothing of it."""
    now, reaches = services.clock.now(), services.roster.reaches()
    call_id, room_id = CallId(services.new_id()), RoomId(services.new_id())
    action_id = ActionId(command.action)

    def decide(tx: Tx) -> Done:
        action, by = _turned_by(services, tx, who, command.action)
        member = may_press(tx.groups.membership(action.account, action.group))
        # It keeps the action's audience for peers, and says no word of the action.
        press = press_of(tx, member, call=call_id, room=room_id, only=action.only, by_other=by is not None)
        pressed = press_button(
            services, tx, press, now, reaches, lambda call: either.want_on_call(call, member.id, now)
        )
        raised.append(TurnedBy(pressed.call.id, by))
        reply = f.Ok(re=command.k, call=pressed.call.id if by is None else None)
        return Done(reply, pressed.announce)

    raised: list[TurnedBy] = []  # empty for a retry: its call was raised then, and marked or still to be marked
    reply = await commit(services, who, command, decide, urgent=True)
    if raised:
        services.turned[action_id] = raised[-1]
        await _mark_if_it_can(services, action_id, raised[-1])
    return reply


def _turned_by(services: Services, tx: Tx, who: Who, action_id: str) -> tuple[Action, int | None]:
    """The action, and the number of the witness who turns it; None for the member."""
    action, by = tx.actions.get(ActionId(action_id)), None
    if action is None:
        raise Refused(Refusal.NOT_FOUND, "no such action")
    if action.account != who.account:
        action, me = seen_by(services, tx, who, action_id)
        if not is_joined(action, me.id):
            raise Refused(Refusal.NOT_FOUND, "not a witness")
        by = action.witnesses[me.id].number
    if isinstance(action.stage, Ended):
        raise Refused(Refusal.ACTION_OVER)
    if isinstance(action.stage, Proposed):
        raise Refused(Refusal.NOT_ALLOWED, "not begun")
    return action, by


async def _mark_if_it_can(services: Services, action_id: ActionId, turned: TurnedBy) -> None:
    """The call rings; that the store is too slow for the rest is no reason to say otherwise."""
    if services.store.afloat:
        return
    try:
        await mark_turned(services, action_id, turned)
        services.turned.pop(action_id, None)
    except (StoreDown, StoreLate):
        log.error("action_marked_late", action=action_id)


async def end_for_safety(services: Services, who: Who, command: w.EndForSafety) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        before, actor = _may_end(services, tx, who, command.action)
        after = change_action(services, tx, before.id, now, lambda a: commands.end_for_safety(a, now))
        if after.version != before.version:
            tx.care.add_audit(actor, "action_ended", after.id, now)
        return Done(f.Ok(re=command.k, action=after.id), lambda changes: changes.action_changed(after))

    return await commit(services, who, command, decide)


def _may_end(services: Services, tx: Tx, who: Who, action_id: str) -> tuple[Action, str]:
    """The action, and as whom they end it: a moderator of its group, or on-call on duty who sees it on the desk. Never
    their own: that one they stop."""
    action = tx.actions.get(ActionId(action_id))
    if action is None or isinstance(action.stage, Proposed):
        raise Refused(Refusal.NOT_FOUND, "no such action")
    me = tx.groups.membership(who.account, action.group)
    if me is not None and me.role is Role.MODERATOR and me.state is State.ACTIVE:
        actor: str = me.id
    else:
        actor = desk.must_be_on_duty(tx.accounts.by_id(who.account)).id
        if action.account in services.hidden_from(who.account):
            raise Refused(Refusal.NOT_FOUND, "a block stands between them")
    if action.account == who.account:
        raise Refused(Refusal.NOT_ALLOWED, "their own: they stop it")
    return action, actor
