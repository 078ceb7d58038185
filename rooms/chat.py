"""Chat: the room log as one reader may see it (CH1–CH3). Seq is dense for everyone; what may not be seen is a gap."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from presence.ids import AccountId, DeviceId, Instant, MemberId, RoomId
from rooms.group import Role


class Kind(StrEnum):
    SAID = "said"
    DELETED = "deleted"
    HIDDEN = "hidden"
    JOINED = "joined"
    LEFT = "left"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed place in a room's log."""

    room: RoomId
    seq: int
    kind: Kind
    at: Instant
    author: MemberId
    author_account: AccountId
    author_name: str
    author_role: Role
    simulated: bool
    text: str
    experience: bool
    reply_to: int | None
    device: DeviceId
    k: str


def visible_to(entry: Entry, reader: AccountId, hidden_authors: Container[AccountId]) -> bool:
    """Whether this reader may see author and text (CH2, CB2)."""
    return entry.author_account == reader or entry.author_account not in hidden_authors


def was_taken_away(entry: Entry) -> bool:
    """Deleted or hidden: nobody sees author or text any more, the author included (CH2, CH3)."""
    return entry.kind in (Kind.DELETED, Kind.HIDDEN)


def position_continues(*, reader_epoch: int, reader_seq: int, epoch: int, head: int) -> bool:
    """Whether a reader may go on from where it was. One that is ahead of the log, or of another epoch (a restored
    backup), must replace what it has."""
    return reader_epoch == epoch and reader_seq <= head
