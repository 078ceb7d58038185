"""The urgent call, frame by frame (UC0–UC19). Each handler reads, decides in the core, commits, and announces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from presence.ids import CallId, GroupId, Instant, MemberId, RoomId
from rooms import caller, either, on_call, responder
from rooms.call import Call, Part, Reached, Recipient, is_over, may_read_room
from rooms.desk import must_be_on_duty
from rooms.group import may_press
from rooms.refusals import Refusal, Refused
from server.handlers.call_changes import Act, candidates_of, change_call, save_ack, save_call
from server.handlers.call_press import press_button, press_of
from server.handlers.services import Ack, Done, Reaches, Services, commit
from server.ports import Tx
from server.who import Who
from server.wire import frames as f

ResponderCommand = f.AnswerCall | f.EnterCall | f.LeaveCall
CallerCommand = (
    f.ConfirmHere | f.CancelCall | f.UndoCancel | f.CloseCall | f.StillNeed | f.NarrowCall | f.RefuseHelper | f.StepAway
)


async def raise_call(services: Services, who: Who, command: f.RaiseCall) -> f.Ok:
    """One press is one call. A running call of the same member is the answer to a second press (UC1)."""
    now, reaches = services.clock.now(), services.roster.reaches()
    call_id, room_id = CallId(services.new_id()), RoomId(services.new_id())

    def decide(tx: Tx) -> Done:
        member = may_press(tx.groups.membership(who.account, GroupId(command.group)))
        press = press_of(
            tx,
            member,
            call=call_id,
            room=room_id,
            words=command.words,
            only=None if command.only is None else frozenset(MemberId(m) for m in command.only),
            volunteers_too=command.volunteers_too,
        )
        pressed = press_button(services, tx, press, now, reaches)
        return Done(f.Ok(re=command.k, call=pressed.call.id), pressed.announce)

    return await commit(services, who, command, decide, urgent=True)


# ---------------------------------------------------------------- acks of devices


async def card_delivered(services: Services, who: Who, command: f.CardDelivered) -> f.Ok:
    return await _ack(services, who, command.k, CallId(command.call), Reached.DELIVERED)


async def card_seen(services: Services, who: Who, command: f.CardSeen) -> f.Ok:
    return await _ack(services, who, command.k, CallId(command.call), Reached.SEEN)


async def _ack(services: Services, who: Who, key: str, call_id: CallId, reached: Reached) -> f.Ok:
    """Hundreds of devices say so within a moment. Those that wait while one commit is under way share the next: with
    one each they would keep the store from everyone else for seconds."""
    loop = asyncio.get_running_loop()
    ack = Ack(who, reached, loop.create_future())
    if call_id in services.acks:
        services.acks[call_id].append(ack)
    else:
        services.acks[call_id] = [ack]
        saving = loop.create_task(_save_all_acks(services, call_id))
        services.saving_acks.add(saving)
        saving.add_done_callback(services.saving_acks.discard)
    await ack.done
    return f.Ok(re=key)


async def _save_all_acks(services: Services, call_id: CallId) -> None:
    while batch := services.acks[call_id]:
        services.acks[call_id] = []
        await _save_acks(services, call_id, batch)
    del services.acks[call_id]


async def _save_acks(services: Services, call_id: CallId, batch: list[Ack]) -> None:
    def decide(tx: Tx) -> tuple[Call | None, bool, list[bool]]:
        call = tx.calls.get(call_id)
        if call is None:
            return None, False, [False for _ in batch]
        after, found = _all_reached(call, batch)
        saved = save_ack(services, tx, call, after)
        return saved, saved is not call, found

    try:
        call, changed, found = await services.store.write_call(decide)
    except Exception as error:
        for ack in batch:
            if not ack.done.done():
                ack.done.set_exception(error)
        return
    if call is not None and changed:
        services.changes.call_changed(call, soft=True)
    for ack, known in zip(batch, found, strict=True):
        if ack.done.done():
            continue
        if known:
            ack.done.set_result(None)
        else:
            ack.done.set_exception(Refused(Refusal.NOT_FOUND, "not rung for this call"))


def _all_reached(call: Call, batch: list[Ack]) -> tuple[Call, list[bool]]:
    """The call with all of that in it, and for each whether they are in the call."""
    after, found = call, []
    for ack in batch:
        recipient = _seat(after, ack.who)
        found.append(recipient is not None)
        if recipient is not None:
            after = responder.card_reached(after, recipient.member, ack.reached)
    return after, found


# ---------------------------------------------------------------- a responder


async def answer_call(services: Services, who: Who, command: f.AnswerCall) -> f.Ok:
    now = services.clock.now()

    def act(tx: Tx, call: Call, recipient: Recipient) -> Call:
        match command.answer:
            case "coming":
                blocks = _blocks_of(services, call, recipient)
                after = responder.say_coming(call, recipient.member, now, services.policy, blocks)
                _audit_volunteer(tx, recipient, "call_accepted", call, now)
                return after
            case "cant":
                return responder.say_cant(call, recipient.member, now)
            case "withdraw":
                return responder.withdraw(call, recipient.member, now)

    return await _as_responder(services, who, command, act)


async def enter_call(services: Services, who: Who, command: f.EnterCall) -> f.Ok:
    """Also sent again whenever the page in the room becomes visible: it renews (UC4)."""
    now = services.clock.now()

    def act(tx: Tx, call: Call, recipient: Recipient) -> Call:
        blocks = _blocks_of(services, call, recipient)
        after = responder.enter(call, recipient.member, now, services.policy, blocks)
        if after is not call:
            _audit_volunteer(tx, recipient, "call_entered", call, now)
        return after

    reply = await _as_responder(services, who, command, act)
    services.roster.enter(who.connection, f"call:{command.call}")
    return reply


async def leave_call(services: Services, who: Who, command: f.LeaveCall) -> f.Ok:
    now = services.clock.now()

    def act(_tx: Tx, call: Call, recipient: Recipient) -> Call:
        return responder.leave(call, recipient.member, now, services.policy, parted_well=command.parted_well)

    reply = await _as_responder(services, who, command, act)
    for mine in services.out.of_account(who.account):
        services.roster.exit(mine.connection, f"call:{command.call}")
    return reply


async def _as_responder(
    services: Services, who: Who, command: ResponderCommand, act: Callable[[Tx, Call, Recipient], Call]
) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        call, recipient = _as_recipient(tx, who, CallId(command.call), services=services, reaches=reaches, now=now)
        after = save_call(services, tx, tx.calls.get(call.id), act(tx, call, recipient), now, reaches)
        return Done(f.Ok(re=command.k, call=after.id), lambda changes: changes.call_changed(after))

    return await commit(services, who, command, decide, urgent=True)


# ---------------------------------------------------------------- the caller


async def confirm_here(services: Services, who: Who, command: f.ConfirmHere) -> f.Ok:
    now = services.clock.now()
    return await _as_caller(services, who, command, lambda c: caller.confirm_here(c, c.caller, now))


async def cancel_call(services: Services, who: Who, command: f.CancelCall) -> f.Ok:
    now = services.clock.now()
    return await _as_caller(
        services, who, command, lambda c: caller.cancel(c, c.caller, now, command.why, services.policy)
    )


async def undo_cancel(services: Services, who: Who, command: f.UndoCancel) -> f.Ok:
    now = services.clock.now()
    return await _as_caller(services, who, command, lambda c: caller.undo_cancel(c, c.caller, now))


async def close_call(services: Services, who: Who, command: f.CloseCall) -> f.Ok:
    now = services.clock.now()
    return await _as_caller(
        services,
        who,
        command,
        lambda c: caller.close(c, c.caller, now, command.feeling, services.policy, check_in=command.check_in),
    )


async def still_need(services: Services, who: Who, command: f.StillNeed) -> f.Ok:
    now = services.clock.now()
    return await _as_caller(services, who, command, lambda c: caller.still_need(c, c.caller, now, need=command.need))


async def narrow_call(services: Services, who: Who, command: f.NarrowCall) -> f.Ok:
    only = frozenset(MemberId(m) for m in command.only)
    return await _as_caller(
        services, who, command, lambda c: caller.narrow(c, c.caller, only, volunteers_too=command.volunteers_too)
    )


async def refuse_helper(services: Services, who: Who, command: f.RefuseHelper) -> f.Ok:
    now = services.clock.now()
    member = MemberId(command.member)
    return await _as_caller(services, who, command, lambda c: caller.refuse_helper(c, c.caller, member, now))


async def step_away(services: Services, who: Who, command: f.StepAway) -> f.Ok:
    return await _as_caller(services, who, command, lambda c: caller.step_away(c, c.caller))


async def _as_caller(services: Services, who: Who, command: CallerCommand, act: Act) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        call = tx.calls.get(CallId(command.call))
        if call is None or call.caller_account != who.account:
            raise Refused(Refusal.NOT_FOUND, "not the caller")
        after = change_call(services, tx, call.id, now, reaches, act)
        return Done(f.Ok(re=command.k, call=after.id), lambda changes: changes.call_changed(after))

    return await commit(services, who, command, decide, urgent=True)


# ---------------------------------------------------------------- either side


async def fetch_on_call(services: Services, who: Who, command: f.FetchOnCall) -> f.Ok:
    now = services.clock.now()
    return await _as_either(services, who, command, lambda c, m: either.want_on_call(c, m, now))


async def danger_now(services: Services, who: Who, command: f.DangerNow) -> f.Ok:
    now = services.clock.now()
    return await _as_either(services, who, command, lambda c, m: either.danger_now(c, m, now, services.policy))


async def _as_either(
    services: Services, who: Who, command: f.FetchOnCall | f.DangerNow, act: Callable[[Call, MemberId], Call]
) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        call = tx.calls.get(CallId(command.call))
        member = None if call is None else member_in_call(call, who)
        may = either.may_say_danger if isinstance(command, f.DangerNow) else may_read_room
        if call is None or member is None or not may(call, member):
            raise Refused(Refusal.NOT_FOUND, "not in this call")
        newer = tx.calls.active_of(call.caller) if is_over(call) else None
        if newer is not None:  # danger is said of a person: it goes to the call that runs
            call, member = newer, newer.caller
        after = change_call(services, tx, call.id, now, reaches, lambda c: act(c, member))
        return Done(f.Ok(re=command.k, call=after.id), lambda changes: changes.call_changed(after))

    return await commit(services, who, command, decide, urgent=True)


# ---------------------------------------------------------------- who is who in a call


def member_in_call(call: Call, who: Who) -> MemberId | None:
    """The id under which this person is in the call: the caller's, or the recipient's. A volunteer who is a member of
    the group too may be in it twice; the seat that helps, or else the peer's, counts."""
    if call.caller_account == who.account:
        return call.caller
    mine = [r for r in call.recipients.values() if r.account == who.account]
    reading = [r for r in mine if may_read_room(call, r.member)]
    return (reading or mine)[0].member if mine else None


def _as_recipient(
    tx: Tx,
    who: Who,
    call_id: CallId,
    *,
    services: Services | None = None,
    reaches: Reaches | None = None,
    now: Instant = 0,
) -> tuple[Call, Recipient]:
    call = tx.calls.get(call_id)
    if call is None:
        raise Refused(Refusal.NOT_FOUND, "no such call")
    recipient = _seat(call, who)
    if recipient is not None:
        return call, recipient
    if call.caller_account != who.account and services is not None and reaches is not None:
        return _seat_volunteer(services, tx, who, call, now, reaches)
    raise Refused(Refusal.NOT_FOUND, "not rung for this call")


def _seat(call: Call, who: Who) -> Recipient | None:
    """As whom this page is in the call: at the on-call page the volunteer's seat comes first."""
    member = member_in_call(call, who)
    if member is None or member == call.caller:
        return None
    recipient = call.recipients[member]
    if who.page == "oncall" and recipient.part is Part.PEER:
        mine = (r for r in call.recipients.values() if r.account == who.account and r.part is not Part.PEER)
        recipient = next(mine, recipient)
    return recipient


def _seat_volunteer(
    services: Services, tx: Tx, who: Who, call: Call, now: Instant, reaches: Reaches
) -> tuple[Call, Recipient]:
    """A volunteer on shift may accept before their ring goes: volunteers are never refused (UC6)."""
    must_be_on_duty(tx.accounts.by_id(who.account))
    mine = (
        c
        for c in candidates_of(services, tx, call, now, reaches)
        if c.account == who.account and c.part is not Part.PEER
    )
    return on_call.take_seat(call, next(mine, None), now)


def _blocks_of(services: Services, call: Call, recipient: Recipient) -> frozenset[MemberId]:
    """Members of this call with whom the responder has a block, in either direction."""
    hidden = services.hidden_from(recipient.account)
    if not hidden:
        return frozenset()
    people = {r.member for r in call.recipients.values() if r.account in hidden}
    return frozenset(people | ({call.caller} if call.caller_account in hidden else set()))


def _audit_volunteer(tx: Tx, recipient: Recipient, action: str, call: Call, now: Instant) -> None:
    """OC2: every look of on-call into a call is in the audit log."""
    if recipient.part is not Part.PEER:
        tx.care.add_audit(recipient.member, action, call.id, now)
