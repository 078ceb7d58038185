"""Who truly watches, and whose line is lost: what pages do to a witnessed action by living, hiding and going (WA4).

A witness's lease is in memory and renewed by their own page; the action holds only when it began and ended. The
member's line is the same for everyone: the session waits, and says since when.

Every node looks, and the one with the witness's page knows best: it ends their presence after 10 s. The others hear of
it with what that node says of who is there, every 2 s at the latest (docs/decisions/0014), and wait 3 s longer before
they end it themselves: for as long a presence may be told that is over, when a node is cut off. Not to wait would tell
of an absence that is none at each hiccup of the bus, and such a witness may attest nothing. When a node is dead nobody
waits for it.
"""

from __future__ import annotations

import asyncio

from presence.ids import AccountId, ActionId, Instant, MemberId, Millis
from rooms import witness_commands
from rooms.witness import Action, Ended, Proposed, is_over, lapse, present, went_away
from server.handlers.services import LastGot, Services, TurnedBy
from server.handlers.witness_changes import Act, change_some, save_action
from server.ports import Tx

THEIR_NODE_MS: Millis = 3_000
"""How much longer a lease lasts for a node that does not have the witness's page."""
STOOD_STILL_SECONDS = 2.0
HEARS_AGAIN_SECONDS = 3.0
"""This process was paused: what the others said meanwhile is read first."""


def only_present(services: Services, action_id: ActionId) -> Act:
    """WA4, as of now: whoever got nothing for 10 s is not present, and neither is whoever has hidden every page. A
    lost line is given its 10 s: after a restart everybody's is. To be made before the transaction: it is a copy."""
    now, times = services.clock.now(), services.witness_times
    last = _last_got(services, action_id, now)
    shown = services.roster.reaches()

    def act(action: Action) -> Action:
        known = {w.member: max(w.present_since or 0, last.get(w.member, now)) for w in present(action)}
        for witness in present(action):
            if shown.get(witness.account) is False:
                action = went_away(action, witness, now, until=known[witness.member])
        return lapse(action, known, now, times)

    return act


async def look_at_witnesses(services: Services) -> None:
    """WA4: whoever is not present any more is written down as away, the moment that is known."""
    now, times, shown = services.clock.now(), services.witness_times, services.roster.reaches()
    _note_pause(services)
    for action_id, got in list(services.got.items()):
        last = _last_got(services, action_id, now)
        late: list[MemberId] = [
            member
            for member, at in last.items()
            if now - at >= times.present_for_ms or shown.get(got[member].account) is False
        ]
        if not late:
            continue
        act = only_present(services, action_id)

        def decide(tx: Tx, action_id: ActionId = action_id, act: Act = act) -> Action | None:
            before = tx.actions.get(action_id)
            return None if before is None else save_action(services, tx, before, act(before), now)

        changed = await services.store.write(decide)
        for member in late:  # only now: a store that is down must not leave somebody present for ever
            got.pop(member, None)
        if changed is not None:
            services.changes.action_changed(changed)


def _last_got(services: Services, action_id: ActionId, now: Instant) -> dict[MemberId, Instant]:
    """When something last reached each who is present, as this node or any other heard it; now, for whoever another
    node may have heard since."""
    found: dict[MemberId, Instant] = {}
    kept, elsewhere = services.got.get(action_id, {}), services.roster.elsewhere
    waits_ms = services.witness_times.present_for_ms + THEIR_NODE_MS
    hears = asyncio.get_running_loop().time() >= services.hears_others_at
    for member in list(kept):
        there = elsewhere.got(kept[member].account, action_id)
        if there is not None and there > kept[member].at:  # remembered: it counts too when their node is dead
            kept[member] = LastGot(there, kept[member].account)
        got = kept[member]
        waits = not got.here and bool(elsewhere.of(got.account)) and (now - got.at < waits_ms or not hears)
        found[member] = now if waits else got.at
    return found


def _note_pause(services: Services) -> None:
    at = asyncio.get_running_loop().time()
    if at - services.looked_at_witnesses > STOOD_STILL_SECONDS:
        services.hears_others_at = at + HEARS_AGAIN_SECONDS
    services.looked_at_witnesses = at


# ---------------------------------------------------------------- the member's line


def _has_line(services: Services, account: AccountId) -> bool:
    """A page that can show the action: one that was locked by quick exit cannot (CB4)."""
    if any(not who.locked for who in services.out.of_account(account)):
        return True
    return any(not here.locked for here in services.roster.elsewhere.of(account))


async def line_changed(services: Services, account: AccountId) -> None:
    """The member's last page went, or one is back: the session waits, and says since when. While the store is down it
    is put off until `look_at_lines`."""
    if services.store.afloat:
        return
    mine = await services.store.read(lambda tx: [a.id for a in tx.actions.running_of(account)])
    if not mine:
        return
    now, here = services.clock.now(), _has_line(services, account)

    def act(action: Action) -> Action:
        if here:
            return witness_commands.member_back(action, now)
        return witness_commands.member_lost(action, now)

    def decide(tx: Tx) -> list[Action]:
        return change_some(services, tx, tx.actions.running_of(account), now, act)

    for action in await services.store.write(decide):
        services.changes.action_changed(action)


async def look_at_lines(services: Services) -> None:
    """What was put off while the store was down: a line that was lost or came back, and actions that became a call."""
    for action in await services.store.read(lambda tx: tx.actions.of_state("running")):
        if _has_line(services, action.account) is not (action.lost_since is None):
            await line_changed(services, action.account)
    for action_id, turned in list(services.turned.items()):
        await mark_turned(services, action_id, turned)
        services.turned.pop(action_id, None)


async def mark_turned(services: Services, action_id: ActionId, turned: TurnedBy) -> None:
    """The call is there: the action says so, once (WA7). What ended meanwhile stays as it ended."""
    now = services.clock.now()

    def mark(tx: Tx) -> Action | None:
        before = tx.actions.get(action_id)
        if before is None or isinstance(before.stage, Ended | Proposed):
            return None
        after = witness_commands.turn_into_call(before, turned.call, turned.by, now)
        if after is before:
            return None
        tx.care.add_audit(before.member, "action_turned", action_id, now)
        return save_action(services, tx, before, after, now)

    after = await services.store.write(mark)
    if after is not None:
        services.changes.action_changed(after)


# ---------------------------------------------------------------- a witness's pages


async def devices_changed(services: Services, action_id: ActionId) -> None:
    """A page of a witness came or went: the member's pages hear which devices there are, and wrap the session key for
    them, a new one when someone is gone (WA3)."""
    action = await services.store.read(lambda tx: tx.actions.get(action_id))
    if action is not None and not is_over(action):
        services.out.to_account(action.account, services.keyring.devices(action_id))
