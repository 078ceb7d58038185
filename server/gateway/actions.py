"""Tells people of witnessed actions: the member, the audience, the witnesses. Part of the announcer.

Rights end at once: the relay, the leases and the keys follow an action in the same turn in which its change is known.
Views are gathered for a moment, so that thirty taps of "I'm with you" cost one view a reader (WA5); and whoever was
asked and did not join is told only what changes for them, however large the group.
"""

from __future__ import annotations

from presence.ids import AccountId, ActionId
from rooms.group import Membership
from rooms.witness import Action, Ended, is_over, is_running
from server.gateway.hub import Hub
from server.handlers.services import Services
from server.handlers.witness_views import action_card, keyed, may_see, my_action
from server.ports import Tx
from server.who import Who
from server.wire.witness import ActionGone

SOON_SECONDS = 0.05
Outside = tuple[object, ...]


class ActionTeller:
    """Holds the newest state of the actions that run, so that nobody is told an older one after it."""

    def __init__(self, hub: Hub, services: Services) -> None:
        self._hub = hub
        self._s = services
        self._latest = services.latest
        self._outside: dict[ActionId, Outside] = {}
        """What those who did not join were last told."""

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
        if not is_running(action):
            return
        for who in self._hub.of_account(action.account):
            self._s.keyring.attend(action.id, who.connection)
        if self._s.keyring.follow(action.id, keyed(action)):
            self._hub.to_account(action.account, self._s.keyring.devices(action.id))

    async def tell(self, action_id: ActionId) -> None:
        """Everyone whose it is to see gets it whole; whoever may not any more hears that it is gone."""
        known = self._latest.get(action_id)
        if known is None:
            return
        group = known.group

        def read(tx: Tx) -> dict[AccountId, Membership]:
            return {m.account: m for m in tx.groups.members(group)}

        members = await self._s.store.read(read)
        action = self._latest.get(action_id)  # it may have changed while that was read
        if action is None:
            return
        if isinstance(action.stage, Ended):
            del self._latest[action_id]
        self._tell_member(action)
        self._tell_others(action, members)

    def _tell_member(self, action: Action) -> None:
        mine = my_action(action, self._s.clock.now(), self._s.witness_times)
        for who in self._hub.of_account(action.account):
            if not who.locked:
                self._hub.send_urgent(who.connection, mine)

    def _tell_others(self, action: Action, members: dict[AccountId, Membership]) -> None:
        now, times, topic = self._s.clock.now(), self._s.witness_times, f"action:{action.id}"
        outside = _outside(action)
        nothing_new = self._outside.get(action.id) == outside
        self._outside[action.id] = outside
        if is_over(action):
            del self._outside[action.id]
        seeing: dict[str, Who] = {who.connection: who for who in self._hub.watchers(topic)}
        for account, member in members.items():
            pages = [who for who in self._hub.of_account(account) if not who.locked]
            hidden = self._s.hidden_from(account)
            if not pages or account == action.account or not may_see(action, member, hidden):
                continue
            card = action_card(action, member, now, times, hidden)
            for who in pages:
                knows = seeing.pop(who.connection, None) is not None
                if knows and nothing_new and member.id not in action.witnesses:
                    continue
                self._hub.watch(who.connection, topic)
                self._hub.send_urgent(who.connection, card)
        for who in seeing.values():
            self._hub.unwatch(who.connection, topic)
            if not who.locked:
                self._hub.send_urgent(who.connection, ActionGone(action=action.id))


def _outside(action: Action) -> Outside:
    """All that a card without `joined` says, and that can change."""
    return action.stage, action.medium, action.medium_why, action.sound, action.cut, action.lost_since, action.only
