"""The outbox of one connection: what may wait for a slow reader, and what happens when it may not.

Two lanes. Urgent frames (calls, cards, replies) are written at once and count against a hard limit: beyond it the
connection is aborted, because a responder who does not get cards must not look reachable. Ordinary frames are
dropped while the line is behind, and what they belonged to is remembered: when the line moves again each room gets one
`resync`, and each group's presence is sent anew, as it is then. Nothing is silently missing. Pure: it decides, the
connection writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

ORDINARY_LIMIT_BYTES = 64 * 1024
URGENT_LIMIT_BYTES = 256 * 1024
STALLED_AFTER_MS = 5_000
PRESENCE = "presence:"
"""Before a group's id: what a view of its presence belongs to, where an entry belongs to its room."""


class Verdict(Enum):
    WRITE = "write"
    DROP = "drop"
    ABORT = "abort"


@dataclass(slots=True)
class Outbox:
    """`room` is a room's id, or `PRESENCE` and a group's. `buffered` is what the transport still holds for this reader,
    in bytes."""

    behind_rooms: set[str] = field(default_factory=set)
    dropped: int = 0
    full_since: int | None = None

    def ordinary(self, size: int, room: str | None, buffered: int, now: int) -> Verdict:
        if buffered + size <= ORDINARY_LIMIT_BYTES and room not in self.behind_rooms:
            return Verdict.WRITE
        if buffered == 0:
            return Verdict.WRITE
        self.dropped += 1
        if room is not None:
            self.behind_rooms.add(room)
        if self.full_since is None:
            self.full_since = now
        return Verdict.ABORT if self.is_stalled(now) else Verdict.DROP

    def urgent(self, size: int, buffered: int, now: int) -> Verdict:
        if buffered + size > URGENT_LIMIT_BYTES or self.is_stalled(now):
            return Verdict.ABORT
        return Verdict.WRITE

    def drained(self) -> set[str]:
        """The line moves again: what was missed, rooms and presence."""
        rooms, self.behind_rooms = self.behind_rooms, set()
        self.full_since = None
        return rooms

    def is_stalled(self, now: int) -> bool:
        return self.full_since is not None and now - self.full_since >= STALLED_AFTER_MS
