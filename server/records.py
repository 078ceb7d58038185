"""What the store hands out, besides the core's own values: plain rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from presence.ids import AccountId, ActionId, CallId, DeviceId, GroupId, Instant, MemberId, RoomId
from rooms.call import Call
from rooms.care import ReportReason
from rooms.chat import Entry
from rooms.group import Group, Membership


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    login: str
    passphrase_hash: str
    volunteer_name: str
    volunteer: bool
    coordinator: bool
    shift: str
    """"" (off), "on" or "backup"."""
    shift_since: Instant
    simulated: bool


@dataclass(frozen=True, slots=True)
class Device:
    id: DeviceId
    account: AccountId
    made_at: Instant
    seen_at: Instant
    locked: bool


@dataclass(frozen=True, slots=True)
class Room:
    id: RoomId
    group: GroupId
    call: CallId | None
    epoch: int
    head: int


@dataclass(frozen=True, slots=True)
class MyGroup:
    """A group with the reader's own membership in it."""

    group: Group
    me: Membership
    head: int


@dataclass(frozen=True, slots=True)
class PushTarget:
    device: DeviceId
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Page:
    """One notification that has to go out: written in the same transaction as the ring or the deadline behind it."""

    subject: CallId | ActionId
    """What it is about: a call, or a planned action."""
    ringing: int
    """Which one of its subject: no device gets the same twice."""
    device: DeviceId
    member: MemberId
    kind: str
    """"ring" or "return" of a call; "plan" (soon) or "plan_now" of an action."""
    token: str
    made_at: Instant


@dataclass(frozen=True, slots=True)
class UnreadableCall:
    """A live call whose body this version cannot read; what is known of it stands in its row's own columns."""

    id: CallId
    group: GroupId
    room: RoomId
    caller: MemberId
    raised_at: Instant
    version: int


@dataclass(frozen=True, slots=True)
class DuePage:
    page: Page
    tries: int
    target: PushTarget


@dataclass(frozen=True, slots=True)
class JoinRequest:
    id: str
    group: GroupId
    member: MemberId
    name: str
    answers: tuple[str, ...]
    at: Instant


@dataclass(frozen=True, slots=True)
class JoinAnswer:
    """What became of a request that did not let somebody in."""

    request: str
    group: GroupId
    group_name: str
    answer: Literal["declined", "expired"]
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    id: str
    group: GroupId
    reporter: MemberId
    about: MemberId
    reason: ReportReason
    words: str
    entry_text: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A record that was deleted: that there was one, and nothing of it (WA6)."""

    action: ActionId
    at: Instant


@dataclass(frozen=True, slots=True)
class Block:
    """`blocker` wants nothing to do with `blocked`; `member` is how the blocker's group knows them."""

    blocker: AccountId
    blocked: AccountId
    group: GroupId
    member: MemberId
    name: str
    at: Instant


@dataclass(frozen=True, slots=True)
class AuditLine:
    seq: int
    at: Instant
    actor: str
    action: str
    subject: str
    hash: str


@dataclass(frozen=True, slots=True)
class NodeSaid:
    """What a node said last by the store. `deaf`: it hears nothing on the bus, so it must be answered there."""

    node: str
    deaf: bool
    said: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """How far a node knows one call: its version, how many words its room has, and a checksum of what changed when: two
    branches may have the same number."""

    version: int
    words: int
    changes: int


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of what was not saved (UC15): the calls as they now are; those of them that are not as they were
    before; and each entry that was put in, with the seq it had and the epoch of its room now."""

    calls: list[Call]
    changed: list[Call]
    entries: list[tuple[Entry, int, int]]

    @property
    def moved(self) -> list[tuple[Entry, int]]:
        """Entries that are not where whoever read them first found them, and the epoch of their room."""
        return [(entry, epoch) for entry, seq, epoch in self.entries if entry.seq != seq]
