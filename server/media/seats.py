"""Who takes part in a stream: one who sends, and those who watch, each over a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from presence.ids import ActionId, MemberId
from server.bucket import Bucket
from server.media.lane import Lane
from server.who import Who
from server.wire.codes import CloseCode

BYTES_PER_SECOND = 1024 * 1024
BYTES_BURST = 3 * 1024 * 1024
COUNTS_AT_LEAST_BYTES = 4 * 1024
"""Handing a tiny chunk to 30 watchers is as much work as a large one: 24 pictures and 50 of sound a second pass."""
WILD_AFTER_DROPS = 2_000
WILD_FORGIVEN_PER_SECOND = 20
"""A camera gone wild is told to go; one that sent in a moment all that its line had held back is only dropped. The
smallest chunks come at 80,000 a second from one sender, and each costs the calls of everyone a little."""


class Line(Protocol):
    """One media socket, or the road to other nodes. Nothing here waits or raises."""

    def unsent(self) -> int:
        """Bytes that wait in this process for the reader."""
        ...

    def write(self, frame: bytes) -> None: ...
    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None: ...
    def throw_away(self) -> None:
        """Close it and send nothing of what waits."""
        ...


@dataclass(slots=True, eq=False)
class Sender:
    """`who`: None for the page of another node; what is written to its line is not framed."""

    action: ActionId
    who: Who | None
    line: Line
    bucket: Bucket
    drops: Bucket
    """What it may have dropped before it is told to go."""


@dataclass(slots=True, eq=False)
class Watcher:
    """`who` and `member`: None for all other nodes together, which see to it themselves who may. What is written to
    their line is not framed."""

    action: ActionId
    who: Who | None
    member: MemberId | None
    line: Line
    lane: Lane = field(default_factory=Lane)


Seat = Sender | Watcher
