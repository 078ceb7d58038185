"""The keyring: which pages of witnesses have which public key, and what the member's page wrapped for them (WA3).

In memory alone, and gone with the action. None of it opens anything: public keys, and session keys that only the page
they were wrapped for can unwrap. It holds the pages of this node, and what other nodes say of theirs
(`server.media.keys_between`); whose pages they are follows from the action as this node knows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from presence.ids import ActionId, ConnectionId
from rooms.refusals import Refusal, Refused
from server.who import Who
from server.wire.frames import Person
from server.wire.witness import DeviceKey, DevicesNow, KeysNow, ShareKeys

PAGES_PER_WITNESS_AT_MOST = 4
"""A phone, a computer, and one of each that was just reloaded. The oldest goes for a fifth. On each node."""


class DeviceSaid(msgspec.Struct, array_like=True, frozen=True):
    """A page of a witness, to other nodes: whose it is by membership, and no name."""

    device: str
    member: str
    key: str


class Held(msgspec.Struct, array_like=True, frozen=True):
    """A device that has a share: its public key, and the session key wrapped for it alone."""

    key: str
    wrapped: str


class ShareSaid(msgspec.Struct, array_like=True, frozen=True):
    """What the member's page shared last. `turn` rises with every share, on whichever node it comes. `held` is said by
    the node that took it, of all devices; the others say only that they know of it."""

    epoch: int
    turn: int
    key: str
    held: dict[str, Held] | None = None

    @property
    def order(self) -> tuple[int, int, str]:
        """The newest counts. Two of one turn were taken by two nodes in one moment: then it is the same on all."""
        return self.epoch, self.turn, self.key


class KeysSaid(msgspec.Struct, array_like=True, frozen=True):
    """All that a node has of an action."""

    devices: list[DeviceSaid]
    share: ShareSaid


@dataclass(slots=True)
class _Ring:
    """Of one action."""

    devices: dict[ConnectionId, DeviceKey] = field(default_factory=dict)
    """Of this node's pages, in the order in which they joined."""
    pages: set[ConnectionId] = field(default_factory=set)
    """The member's, on this node."""
    people: Mapping[str, Person] = field(default_factory=dict)
    """Who joined, by membership, as this node knows the action."""
    others: list[DeviceSaid] = field(default_factory=list)
    epoch: int = 0
    turn: int = 0
    key: str = ""
    """The member's public key in this epoch."""
    held: dict[str, Held] = field(default_factory=dict)
    """By device, of this epoch."""
    here: bool = False
    """This node took the last share."""
    not_this_epoch: int = 0
    """Another node took a share of the same epoch under another key: the member's page must go on from here."""

    def known(self) -> list[DeviceKey]:
        """Every device there is. Of other nodes' pages only those of people who joined by this node's own word."""
        there = [
            DeviceKey(device=one.device, person=self.people[one.member], key=one.key)
            for one in self.others
            if one.member in self.people
        ]
        return [*self.devices.values(), *there]

    def ids(self) -> list[str]:
        return [device.device for device in self.known()]


class LocalKeyring:
    """Fulfils `server.ports.Keyring`. `new_id` makes the ids of devices: each is of one page in one action."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._rings: dict[ActionId, _Ring] = {}
        self._of_connection: dict[ConnectionId, set[ActionId]] = defaultdict(set)
        self.on_change: Callable[[ActionId], None] = lambda _action: None
        """Called for what other nodes are to hear."""

    # ---- pages

    def attend(self, action: ActionId, connection: ConnectionId) -> None:
        """See `server.ports.Keyring`."""
        ring = self._rings.setdefault(action, _Ring())
        if connection not in ring.pages:
            ring.pages.add(connection)
            self._of_connection[connection].add(action)
            self.on_change(action)

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
        self.on_change(action)

    def gone(self, connection: ConnectionId) -> list[ActionId]:
        """A page went. Returns the actions whose devices changed by that."""
        actions = sorted(self._of_connection.get(connection, ()))
        changed = [action for action in actions if connection in self._rings[action].devices]
        for action in actions:
            self._rings[action].pages.discard(connection)
            self._drop(action, connection)
            self.on_change(action)
        return changed

    def follow(self, action: ActionId, people: Mapping[str, Person]) -> bool:
        """See `server.ports.Keyring`."""
        ring = self._rings.setdefault(action, _Ring())
        before, ring.people = ring.ids(), people
        out = [c for c, device in ring.devices.items() if device.person.member not in people]
        for connection in out:
            self._drop(action, connection)
        if out:
            self.on_change(action)
        return ring.ids() != before

    def forget(self, action: ActionId) -> None:
        """It is over."""
        ring = self._rings.get(action)
        if ring is not None:
            for connection in [*ring.devices, *ring.pages]:
                ring.pages.discard(connection)
                self._drop(action, connection)
            del self._rings[action]
            self.on_change(action)

    # ---- keys

    def devices(self, action: ActionId) -> DevicesNow:
        ring = self._rings.get(action, _Ring())
        return DevicesNow(action=action, devices=ring.known(), epoch=max(ring.epoch, ring.not_this_epoch))

    def share(self, action: ActionId, command: ShareKeys) -> list[tuple[ConnectionId, KeysNow]]:
        """What each page here is to hear now that the member's page has wrapped a key: its own share, and the list of
        all who have one of this epoch. Shares for unknown devices are left out. Raises `key_reused` for an epoch that
        is older than the newest, or the same with another key of the member's: two pages would seal under one
        counter."""
        ring = self._rings.get(action)
        if ring is None:
            return []
        if command.epoch < ring.epoch or (command.epoch == ring.epoch and command.key != ring.key):
            raise Refused(Refusal.KEY_REUSED, "epoch")
        if command.epoch > ring.epoch:
            ring.epoch, ring.key, ring.held = command.epoch, command.key, {}
        keys = {device.device: device.key for device in ring.known()}
        ring.held |= {s.device: Held(keys[s.device], s.wrapped) for s in command.shares if s.device in keys}
        ring.held = {device: held for device, held in ring.held.items() if device in keys}
        ring.turn, ring.here = ring.turn + 1, True
        self.on_change(action)
        return self.keys(action)

    def keys(self, action: ActionId) -> list[tuple[ConnectionId, KeysNow]]:
        """See `server.ports.Keyring`."""
        ring = self._rings.get(action, _Ring())
        known = {device.device: device for device in ring.known()}
        everyone = [device for device in known.values() if device.device in ring.held]
        # Whose page it is may not be known here yet. The safety word is over every key all the same.
        everyone += [_nameless(device, held) for device, held in ring.held.items() if device not in known]
        return [
            (
                connection,
                KeysNow(
                    action=action,
                    epoch=ring.epoch,
                    key=ring.key,
                    mine=device.device,
                    wrapped=ring.held[device.device].wrapped,
                    devices=everyone,
                ),
            )
            for connection, device in ring.devices.items()
            if device.device in ring.held
        ]

    # ---- other nodes

    def concerns(self, action: ActionId) -> bool:
        """Whether a page of this node is in it."""
        ring = self._rings.get(action, _Ring())
        return bool(ring.devices or ring.pages)

    def said(self, action: ActionId) -> KeysSaid:
        """What this node says to the others."""
        ring = self._rings.get(action, _Ring())
        devices = [DeviceSaid(one.device, one.person.member, one.key) for one in ring.devices.values()]
        return KeysSaid(devices, ShareSaid(ring.epoch, ring.turn, ring.key, ring.held if ring.here else None))

    def heard(self, action: ActionId, others: Iterable[KeysSaid]) -> tuple[bool, bool]:
        """What every other node says, all at once. Returns whether the member's pages are to hear of the devices, and
        whether the witnesses' pages here are to hear of their keys."""
        ring, keys = self._rings.get(action), False
        if ring is None:
            return False, False
        before, others = (ring.ids(), ring.not_this_epoch), list(others)
        ring.others = [device for said in others for device in said.devices]
        for share in (said.share for said in others):
            mine = (ring.epoch, ring.turn, ring.key)
            if ring.here and share.held is None and (share.epoch, share.key) == (ring.epoch, ring.key):
                if share.turn > ring.turn:  # they know of one that this node, started anew, did not know of
                    ring.turn = share.turn + 1
                    self.on_change(action)
                continue
            if share.order < mine or (share.order == mine and (ring.here or ring.held)):
                continue
            if ring.here and share.epoch == ring.epoch and share.key != ring.key:
                ring.not_this_epoch = ring.epoch + 1
            ring.epoch, ring.turn, ring.key, ring.here = share.epoch, share.turn, share.key, False
            ring.held = dict(share.held or {})
            keys = keys or bool(share.held)
        if ring.here:
            there = set(ring.ids())
            ring.held = {device: held for device, held in ring.held.items() if device in there}
        return (ring.ids(), ring.not_this_epoch) != before, keys

    def _drop(self, action: ActionId, connection: ConnectionId) -> None:
        ring = self._rings[action]
        device = ring.devices.pop(connection, None)
        if device is not None:
            ring.held.pop(device.device, None)
        of_connection = self._of_connection.get(connection)
        if of_connection is not None and connection not in ring.pages:
            of_connection.discard(action)
            if not of_connection:
                del self._of_connection[connection]


def _nameless(device: str, held: Held) -> DeviceKey:
    return DeviceKey(device=device, person=Person(member=device, name="Witness"), key=held.key)
