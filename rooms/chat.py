"""Chat: the room log as one reader may see it (CH1–CH3). Seq is dense for everyone; what may not be seen is a gap."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum

from presence.ids import AccountId, DeviceId, Instant, MemberId, RoomId
from rooms.call import Call, Closed, Here, InRoom
from rooms.group import Membership, Role, must_moderate, must_write
from rooms.refusals import Refusal, Refused


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


class Shown(StrEnum):
    """How much of an entry one reader gets."""

    ALL = "all"
    PLACE = "place"
    """Its place, when it was said, and that it is gone: no author, no body."""
    GAP = "gap"
    """Its place alone."""


def shown_to(entry: Entry, reader: AccountId, hidden_authors: Container[AccountId]) -> Shown:
    """A block makes a gap of it (CH2, CB2). What was deleted or hidden nobody reads any more, the author included, and
    at once: it is decided anew at each delivery (CH3)."""
    if entry.kind is Kind.GAP:  # kept for as long as words are kept (CB8)
        return Shown.GAP
    if entry.author_account != reader and entry.author_account in hidden_authors:
        return Shown.GAP
    return Shown.PLACE if entry.kind in (Kind.DELETED, Kind.HIDDEN) else Shown.ALL


def key_for(entry: Entry, device: str) -> str | None:
    """The author's own key, for the device that said it and no other: its page joins it to the line it shows (CH1)."""
    return entry.k if entry.device == device else None


def must_be_own(entry: Entry | None, account: AccountId) -> Entry:
    """CH3: one's own words can be taken back, and nobody else's. That someone came or went is nobody's words."""
    if entry is None or entry.author_account != account or entry.kind in (Kind.JOINED, Kind.LEFT, Kind.GAP):
        raise Refused(Refusal.NOT_FOUND, "not your entry")
    return entry


def must_be_able_to_hide(me: Membership, call: Call | None) -> None:
    """A moderator hides words in the group's room; call rooms are not theirs to read (UC16, CH3)."""
    if call is not None:
        raise Refused(Refusal.NOT_ALLOWED, "a call room")
    must_moderate(me)


def must_be_able_to_say(me: Membership, call: Call | None) -> None:
    """In the group's room whoever takes part (GR3); in a call's room the caller and whoever is in it, until its end
    (UC5, UC16). Whether they may read the room at all was asked before."""
    if call is None:
        must_write(me)
        return
    if isinstance(call.end, Closed):
        raise Refused(Refusal.CALL_OVER)
    recipient = call.recipients.get(me.id)
    if recipient is not None and not isinstance(recipient.answer, InRoom | Here):
        raise Refused(Refusal.NOT_ALLOWED, "enter the room first")


def position_continues(*, reader_epoch: int, reader_seq: int, epoch: int, head: int) -> bool:
    """Whether a reader may go on from where it was. One that is ahead of the log, or of another epoch (a restored
    backup), must replace what it has."""
    return reader_epoch == epoch and reader_seq <= head
