"""Availability switches and page visibility (PR1, PR2, PR4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from presence.availability import Availability, OnBreak, Open, Quiet
from presence.ids import GroupId, Instant
from rooms.group import Membership, must_be_able_to_open, must_be_active
from rooms.refusals import Refusal, Refused
from server.handlers.services import Done, Services, commit
from server.ports import Changes, Tx
from server.who import Who
from server.wire import frames as f


async def set_availability(services: Services, who: Who, command: f.SetAvailability) -> f.Ok:
    now = services.clock.now()

    def change(me: Membership) -> Membership:
        if command.state == "open":
            must_be_able_to_open(me)
        return replace(me, availability=_availability(command, now))

    return await _change_me(services, who, command, change)


def _availability(command: f.SetAvailability, now: Instant) -> Availability:
    match command.state:
        case "open":
            return Open()
        case "quiet":
            return Quiet()
        case "break":
            if command.until is None or command.until <= now:
                raise Refused(Refusal.BAD_FRAME, "a break ends in the future")
            return OnBreak(until=command.until)


async def set_rung_when_away(services: Services, who: Who, command: f.SetRungWhenAway) -> f.Ok:
    def change(me: Membership) -> Membership:
        if command.on:
            must_be_able_to_open(me)
        return replace(me, rung_when_away=command.on)

    return await _change_me(services, who, command, change)


async def hide_presence(services: Services, who: Who, command: f.HidePresence) -> f.Ok:
    return await _change_me(services, who, command, lambda me: replace(me, hidden=command.hidden))


async def _change_me(
    services: Services,
    who: Who,
    command: f.SetAvailability | f.SetRungWhenAway | f.HidePresence,
    change: Callable[[Membership], Membership],
) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        me = must_be_active(tx.groups.membership(who.account, GroupId(command.group)))
        tx.groups.change_member(change(me))
        tx.calls.look_now(tx.calls.live_of_group(me.group), now)  # whoever became available is rung at once (UC3)

        def announce(changes: Changes) -> None:
            changes.groups_of_changed(who.account)
            changes.group_changed(me.group)

        return Done(f.Ok(re=command.k), announce)

    return await commit(services, who, command, decide)
