"""What another node committed is told to the people of this one (docs/decisions/0014). The log of changes says which
rows changed, the transaction that read it says how they are now, and the announcer tells it as if it had happened here.

The state is told, not the step: telling one thing twice is harmless, and what was missed is in the next state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from presence.ids import AccountId, ActionId, CallId, DeviceId, GroupId, MemberId, RoomId
from rooms.group import State
from server.gateway.hub import Hub
from server.handlers import check_ins
from server.ports import Changes, Tx

log = structlog.get_logger("others")
Tell = Callable[[Changes], None]
TOLD = ("calls", "actions", "entries", "memberships", "blocks", "devices", "accounts", "reports", "check_ins")
"""Tables. Other rows are of no page's interest, or, like requests to join, told with the membership they change."""
TOLD_AT_MOST = 1_000
"""In one transaction: each is two or three reads, 0.6 ms over a socket of this machine and some ms over a network, and
a transaction has 5 s. One that takes longer would be begun again, with as much to read, for minutes."""


class Changed(Protocol):
    """A row that another node wrote, or (`own`) a wall that this one put up. `key`: its primary key. `op`: I, U or D,
    as it was last."""

    @property
    def table(self) -> str: ...
    @property
    def key(self) -> tuple[str | int, ...]: ...
    @property
    def op(self) -> str: ...
    @property
    def own(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Others:
    """Fulfils `server.store.postgres.Others`. `gather` runs in the transaction that found the changes, in a thread of
    the store. `tell` runs on the main loop, before anything is told that was committed after them: who was removed
    elsewhere reads no word said here since."""

    hub: Hub
    changes: Changes
    ring: Callable[[], None]
    """Tells the other nodes that there is something to look at."""
    begin_anew: Callable[[], None]
    """Learns anew what is decided from memory, and lets every page come back and read everything anew."""
    has_pictures: Callable[[DeviceId], bool]
    """Whether this device has a media socket here: its page may be at another node."""

    def gather(self, tx: Tx, changed: Iterable[Changed]) -> list[Tell] | None:
        """None: more than can be read one by one while every writer waits."""
        to_tell = [change for change in changed if change.table in TOLD]
        if len(to_tell) > TOLD_AT_MOST:
            return None
        return [tell for change in to_tell for tell in self._of(tx, change)]

    def tell(self, tells: Iterable[Tell]) -> None:
        for tell in tells:
            try:
                tell(self.changes)
            except Exception:  # the log of changes is past them all: the next may be a removal, or an end
                log.exception("others_not_told")

    def everything(self) -> None:
        """More has changed than can be told one by one."""
        self.begin_anew()

    def wrote(self) -> None:
        """This node committed something itself."""
        self.ring()

    def _of(self, tx: Tx, change: Changed) -> list[Tell]:
        first, *rest = change.key
        match change.table:
            case "calls":
                return _call(tx, CallId(str(first)), own=change.own)
            case "actions":
                action = tx.actions.get(ActionId(str(first)))
                return [] if action is None else [lambda c: c.action_changed(action)]
            case "entries":
                return _entry(tx, RoomId(str(first)), int(rest[0]), new=change.op == "I")
            case "memberships":
                return _member(tx, MemberId(str(first)), own=change.own)
            case "blocks":
                one, other = AccountId(str(first)), AccountId(str(rest[0]))
                return [lambda c: c.block_changed(one, other)]
            case "devices":
                return self._device(tx, DeviceId(str(first)))
            case "accounts":
                return [lambda c: c.desk_changed()]
            case "reports":
                return _report(tx, str(first))
            case "check_ins":
                return self._check_in(tx, CallId(str(first)))
            case _:
                return []

    def _device(self, tx: Tx, device: DeviceId) -> list[Tell]:
        """Only what a page must notice: most changes of a device are that it was seen."""
        found = tx.accounts.device(device)
        locked = None if found is None else found.locked

        def tell(changes: Changes) -> None:
            unlike = any(who.device == device and who.locked != locked for who, _line in self.hub.everyone())
            if unlike or (locked is not False and self.has_pictures(device)):
                changes.device_changed(device)

        return [tell]

    def _check_in(self, tx: Tx, call_id: CallId) -> list[Tell]:
        call = tx.calls.get(call_id)
        if call is None or all(c.id != call_id for c in tx.calls.check_ins_of(call.caller_account, 0)):
            return []
        return [lambda _c: self.hub.to_account(call.caller_account, check_ins.view(call))]


def _call(tx: Tx, call_id: CallId, *, own: bool) -> list[Tell]:
    call = tx.calls.get(call_id)
    if call is None:
        return []
    return [lambda c: c.call_room_narrowed(call)] if own else [lambda c: c.call_changed(call)]


def _entry(tx: Tx, room_id: RoomId, seq: int, *, new: bool) -> list[Tell]:
    entry, room = tx.chat.entry(room_id, seq), tx.chat.room(room_id)
    if entry is None or room is None:
        return []
    if new:
        return [lambda c: c.entry_added(entry, room.epoch)]
    return [lambda c: c.entry_changed(entry, room.epoch)]


def _member(tx: Tx, member_id: MemberId, *, own: bool) -> list[Tell]:
    member = tx.groups.member(member_id)
    group = None if member is None else tx.groups.group(member.group)
    if member is None or group is None:
        return []
    removed: list[Tell] = [lambda c: c.member_removed(member.account, group.room)]
    tells = removed if member.state is State.REMOVED else []
    if own:
        return tells  # its handler tells the rest
    return [*tells, lambda c: c.groups_of_changed(member.account), lambda c: c.group_changed(member.group)]


def _report(tx: Tx, report_id: str) -> list[Tell]:
    report = tx.care.report(report_id)
    tells: list[Tell] = [lambda c: c.desk_changed()]
    if report is not None:
        group = GroupId(report.group)
        tells.append(lambda c: c.group_changed(group))
    return tells
