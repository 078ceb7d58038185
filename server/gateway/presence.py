"""Tells the members of a group who can be here now (PR2, PR5, PR6). Part of the announcer."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from presence.ids import AccountId, ConnectionId, GroupId
from rooms.crowd import crowd_of
from rooms.group import Membership
from server.gateway.hub import Hub
from server.gateway.outbox import PRESENCE
from server.gateway.soon import Soon
from server.handlers.presence import presence_for
from server.handlers.services import Services
from server.ports import Tx
from server.records import Account
from server.wire import frames as f

SOON_SECONDS = 0.2
WHEN_BUSY_SECONDS = 3.0
"""How long presence waits when the store is busy."""


class PresenceTeller:
    def __init__(self, hub: Hub, services: Services, soon: Soon) -> None:
        self._hub, self._s, self._soon = hub, services, soon
        self._sizes: dict[GroupId, int] = {}

    def group_changed(self, group: GroupId) -> None:
        """Every page of the group's members is told, the room open or not: the truth stands before the press (PR6).
        Large groups are told less often: a join storm costs a view each a moment, not one per arrival (PR5)."""
        delay = SOON_SECONDS * (1 + self._sizes.get(group, 0) / 100)
        self._soon.once(f"group {group}", delay, lambda: self.tell_unless_busy(group))

    async def tell_unless_busy(self, group: GroupId) -> None:
        """Presence waits, so that words and calls do not; but not for ever: it must be true within 20 s."""
        if self._s.store.busy:
            self._soon.once(f"group {group}", WHEN_BUSY_SECONDS, lambda: self.tell(group))
        else:
            await self.tell(group)

    async def tell(self, group_id: GroupId, only: ConnectionId | None = None) -> None:
        """`only`: one page of a member instead of all."""

        def read(tx: Tx) -> tuple[list[Membership], list[Account], set[AccountId], set[AccountId]]:
            groups = tx.groups
            return (
                groups.members(group_id),
                tx.accounts.staff(),
                groups.accounts_with_push(),
                groups.occupied_accounts(),
            )

        members, staff, push, occupied = await self._s.store.read(read)
        self._sizes[group_id] = len(members)
        reaches = self._s.roster.reaches()
        crowd = crowd_of(members, reaches, push, occupied, self._s.clock.now())
        for account in {m.account for m in members} & reaches.keys():
            pages = [w for w in self._hub.of_account(account) if not w.locked and only in (None, w.connection)]
            if pages:
                presence = presence_for(self._s, account, crowd, self.reachable(staff, account, push))
                view = f.PresenceNow(group=group_id, presence=presence)
                for who in pages:
                    self._hub.send(who.connection, view, room=PRESENCE + group_id)

    def reachable(self, staff: list[Account], reader: AccountId, push: AbstractSet[AccountId]) -> int:
        """On-call people who would be rung for this reader: on shift, and at a live page or with a device that takes
        notifications (PR6)."""
        hidden, roster = self._s.hidden_from(reader), self._s.roster
        on = [a for a in staff if a.shift and a.id != reader and a.id not in hidden]
        return sum(1 for a in on if roster.is_connected(a.id) or a.id in push)
