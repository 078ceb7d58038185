"""Tells people of witnessed actions: the member, the audience, the witnesses. Part of the announcer.

Rights end at once: the relay, the leases and the keys follow an action in the same turn in which its change is known.
Views are gathered for a moment, so that thirty taps of "I'm with you" cost one view a reader (WA5).
"""

from __future__ import annotations

from presence.ids import AccountId, ActionId
from rooms.group import Membership
from rooms.witness import Action, is_joined, is_over
from server.gateway.hub import Hub
from server.handlers.services import Services
from server.handlers.witness_views import action_card, may_see, my_action
from server.ports import Tx
from server.wire.witness import ActionGone

SOON_SECONDS = 0.05


class ActionTeller:
    """Holds the newest state of the actions that have something to tell."""

    def __init__(self, hub: Hub, services: Services) -> None:
        self._hub = hub
        self._s = services
        self._latest: dict[ActionId, Action] = {}

    def follow(self, action: Action) -> None:
        """What must not wait: not one byte more to whoever lost the right to it (WA3)."""
        before = self._latest.get(action.id)
        if before is not None and before.version > action.version:
            return
        self._latest[action.id] = action
        self._s.media.follow(action)
        self._s.note_present(action, self._s.clock.now())
        self._follow_keys(action)

    def _follow_keys(self, action: Action) -> None:
        if is_over(action):
            self._s.keyring.forget(action.id)
            return
        gone = [w.member for w in action.witnesses.values() if w.frozen or not is_joined(action, w.member)]
        left = [self._s.keyring.leave(action.id, member) for member in gone]
        if any(left):
            self._hub.to_account(action.account, self._s.keyring.devices(action.id))

    async def tell(self, action_id: ActionId) -> None:
        """Everyone whose it is to see gets it whole; whoever may not any more hears that it is gone."""
        action = self._latest.pop(action_id, None)
        if action is None:
            return

        def read(tx: Tx) -> dict[AccountId, Membership]:
            return {m.account: m for m in tx.groups.members(action.group)}

        members = await self._s.store.read(read)
        now, times = self._s.clock.now(), self._s.witness_times
        mine = my_action(action, now, times)
        for who in self._hub.of_account(action.account):
            if not who.locked:
                self._hub.send_urgent(who.connection, mine)
        topic = f"action:{action.id}"
        seeing = {who.connection for who in self._hub.watchers(topic)}
        for account, member in members.items():
            hidden = self._s.hidden_from(account)
            may = account != action.account and may_see(action, member, hidden)
            card = action_card(action, member, now, times, hidden) if may else None
            for who in self._hub.of_account(account):
                if card is not None and not who.locked:
                    self._hub.watch(who.connection, topic)
                    self._hub.send_urgent(who.connection, card)
                    seeing.discard(who.connection)
        for connection in seeing:
            self._hub.unwatch(connection, topic)
            self._hub.send_urgent(connection, ActionGone(action=action.id))
