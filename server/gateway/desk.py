"""Tells the on-call page what runs, and every group how many on-call people a press would ring (OC1, PR6). Part of the
announcer."""

from __future__ import annotations

from presence.ids import AccountId
from server.gateway.hub import Hub
from server.gateway.presence import PresenceTeller
from server.handlers.care import reports_for
from server.handlers.oncall import desk_for
from server.handlers.services import Services


class DeskTeller:
    def __init__(self, hub: Hub, services: Services, presence: PresenceTeller) -> None:
        self._hub, self._s, self._presence = hub, services, presence
        self._reachable_told = 0

    async def tell(self) -> None:
        watchers = self._hub.watchers("desk")
        staff, push = await self._s.store.read(lambda tx: (tx.accounts.staff(), tx.groups.accounts_with_push()))
        reachable = self._presence.reachable(staff, AccountId(""), push)
        if reachable != self._reachable_told:
            self._reachable_told = reachable
            await self._tell_every_group()
        if not watchers:
            return
        coordinators = [a.id for a in staff if a.coordinator]
        calls, actions, reports = await self._s.store.read(
            lambda tx: (
                tx.calls.live(),
                tx.actions.of_state("running"),
                {one: len(reports_for(tx, one)) for one in coordinators},
            )
        )
        by_id = {a.id: a for a in staff}
        for who in watchers:
            account = by_id.get(who.account)
            if account is None:
                self._hub.unwatch(who.connection, "desk")
            elif not who.locked:
                view = desk_for(self._s, account, calls, actions, reachable, reports.get(account.id, 0))
                self._hub.send_urgent(who.connection, view)

    async def _tell_every_group(self) -> None:
        """PR6: how many volunteers a press would call is shown in every group, and it has changed."""
        for group, _size in await self._s.store.read(lambda tx: tx.groups.all_groups()):
            if self._hub.watchers(f"room:{group.room}"):
                self._presence.group_changed(group.id)
