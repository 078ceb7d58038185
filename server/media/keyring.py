"""The keyring: which pages of witnesses have which public key, and what the member's page wrapped for them (WA3).

In memory alone, and gone with the action. None of it opens anything: public keys, and session keys that only the page
they were wrapped for can unwrap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from presence.ids import ActionId, ConnectionId
from rooms.refusals import Refusal, Refused
from server.who import Who
from server.wire.frames import Person
from server.wire.witness import DeviceKey, DevicesNow, KeysNow, ShareKeys

PAGES_PER_WITNESS_AT_MOST = 4
"""A phone, a computer, and one of each that was just reloaded. The oldest goes for a fifth."""


@dataclass(slots=True)
class _Ring:
    """Of one action."""

    devices: dict[ConnectionId, DeviceKey] = field(default_factory=dict)
    """In the order in which they joined."""
    epoch: int = 0
    key: str = ""
    """The member's public key in this epoch."""
    wrapped: dict[str, str] = field(default_factory=dict)
    """Device → the session key of this epoch, for it alone."""


class LocalKeyring:
    """Fulfils `server.ports.Keyring`. `new_id` makes the ids of devices: each is of one page in one action."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._rings: dict[ActionId, _Ring] = {}
        self._of_connection: dict[ConnectionId, set[ActionId]] = defaultdict(set)

    def join(self, action: ActionId, who: Who, person: Person, key: str) -> None:
        """This page has this key from now on; an older one of the same page is forgotten. The same again is a retry."""
        ring = self._rings.setdefault(action, _Ring())
        before = ring.devices.get(who.connection)
        if before is not None and before.key == key and before.person == person:
            return
        self._drop(action, who.connection)
        theirs = [c for c, device in ring.devices.items() if device.person.member == person.member]
        for oldest in theirs[: max(0, len(theirs) + 1 - PAGES_PER_WITNESS_AT_MOST)]:
            self._drop(action, oldest)
        ring.devices[who.connection] = DeviceKey(device=self._new_id(), person=person, key=key)
        self._of_connection[who.connection].add(action)

    def gone(self, connection: ConnectionId) -> list[ActionId]:
        """A page went. Returns the actions whose devices changed by that."""
        actions = sorted(self._of_connection.get(connection, ()))
        for action in actions:
            self._drop(action, connection)
        return actions

    def leave(self, action: ActionId, member: str) -> bool:
        """Every page of a witness who left, was removed, or reported it. Whether there was one."""
        ring = self._rings.get(action, _Ring())
        theirs = [c for c, device in ring.devices.items() if device.person.member == member]
        for connection in theirs:
            self._drop(action, connection)
        return bool(theirs)

    def devices(self, action: ActionId) -> DevicesNow:
        ring = self._rings.get(action, _Ring())
        return DevicesNow(action=action, devices=list(ring.devices.values()), epoch=ring.epoch)

    def share(self, action: ActionId, command: ShareKeys) -> list[tuple[ConnectionId, KeysNow]]:
        """What each page is to hear now that the member's page has wrapped a key: its own share, and the list of all
        who have one of this epoch. Shares for unknown devices are left out. Raises `key_reused` for an epoch that is
        older than the newest, or the same with another key of the member's: two pages would seal under one counter."""
        ring = self._rings.get(action)
        if ring is None:
            return []
        if command.epoch < ring.epoch or (command.epoch == ring.epoch and command.key != ring.key):
            raise Refused(Refusal.KEY_REUSED, "epoch")
        if command.epoch > ring.epoch:
            ring.epoch, ring.key, ring.wrapped = command.epoch, command.key, {}
        known = {device.device for device in ring.devices.values()}
        ring.wrapped |= {share.device: share.wrapped for share in command.shares if share.device in known}
        holders = [(c, device) for c, device in ring.devices.items() if device.device in ring.wrapped]
        everyone = [device for _connection, device in holders]
        return [
            (
                connection,
                KeysNow(
                    action=action,
                    epoch=ring.epoch,
                    key=ring.key,
                    mine=device.device,
                    wrapped=ring.wrapped[device.device],
                    devices=everyone,
                ),
            )
            for connection, device in holders
        ]

    def forget(self, action: ActionId) -> None:
        """It is over."""
        ring = self._rings.get(action)
        if ring is not None:
            for connection in list(ring.devices):
                self._drop(action, connection)
            del self._rings[action]

    def _drop(self, action: ActionId, connection: ConnectionId) -> None:
        ring = self._rings[action]
        device = ring.devices.pop(connection, None)
        if device is not None:
            ring.wrapped.pop(device.device, None)
        of_connection = self._of_connection.get(connection)
        if of_connection is not None:
            of_connection.discard(action)
            if not of_connection:
                del self._of_connection[connection]
