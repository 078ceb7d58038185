"""What the pages of an action need for pictures: tickets for the media socket, and each other's keys (WA3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import structs

from presence.ids import AccountId, ActionId, ConnectionId, MemberId
from rooms.refusals import Refusal, Refused
from rooms.witness import Action, Ended, Proposed, is_over, may_watch
from server.handlers.services import Services
from server.handlers.witness import my_action, seen_by, still_reads
from server.ports import Tx
from server.who import Who
from server.wire import frames as f
from server.wire import witness as w
from server.wire.base import Person


async def share_keys(services: Services, who: Who, command: w.ShareKeys) -> f.Ok:
    """Wrapped keys are handed on and not kept: a page that comes later asks again by joining (WA3)."""
    action = await services.store.read(lambda tx: my_action(tx, who, command.action))
    if not isinstance(action.stage, Ended):
        _hand_out(services, action, services.keyring.share(action.id, command))
    return f.Ok(re=command.k, action=action.id)


async def hand_out_keys(services: Services, action_id: ActionId) -> None:
    """The member's page shared them on another node, with pages of this one."""
    action = await services.store.read(lambda tx: tx.actions.get(action_id))
    if action is not None and not is_over(action):
        _hand_out(services, action, services.keyring.keys(action_id))


def _hand_out(services: Services, action: Action, shares: Iterable[tuple[ConnectionId, w.KeysNow]]) -> None:
    for connection, keys in shares:
        seat = services.roster.seat(connection)
        if seat is not None:
            services.out.send_urgent(connection, _for_reader(action, keys, services.hidden_from(seat.account)))


def _for_reader(action: Action, keys: w.KeysNow, hidden: Collection[AccountId]) -> w.KeysNow:
    """The safety word is over every key; whose they are is not said across a block (CB2)."""
    nameless = {witness.member for witness in action.witnesses.values() if witness.account in hidden}
    if not nameless:
        return keys
    return structs.replace(
        keys,
        devices=[
            structs.replace(one, person=Person(member=one.device, name="Witness"))
            if one.person.member in nameless
            else one
            for one in keys.devices
        ],
    )


async def open_media(services: Services, who: Who, command: w.OpenMedia) -> f.Ok:
    """A ticket for the media socket: the member's to send, a witness's to watch once they chose to look (WA3)."""
    now = services.clock.now()

    def read(tx: Tx) -> tuple[Action, MemberId, bool]:
        found = tx.actions.get(ActionId(command.action))
        sends = found is not None and found.account == who.account
        action, me = (found, found.member) if found is not None and sends else _watched(services, tx, who, command)
        if isinstance(action.stage, Ended):
            raise Refused(Refusal.ACTION_OVER)
        if isinstance(action.stage, Proposed) or not (sends or may_watch(action, me)):
            raise Refused(Refusal.NOT_ALLOWED, "not begun" if sends else "did not choose to look")
        return action, me, sends

    action, member, sends = await services.store.read(read)
    if not still_reads(services, who):
        raise Refused(Refusal.LOCKED)
    return f.Ok(re=command.k, ticket=services.media.ticket(action, who, member, sends=sends, now=now))


def _watched(services: Services, tx: Tx, who: Who, command: w.OpenMedia) -> tuple[Action, MemberId]:
    action, me = seen_by(services, tx, who, command.action)
    return action, me.id
