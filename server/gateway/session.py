"""The state of one connection, without any I/O: who it is, what it may send next, and how fast.

`fresh → joined → closed`. A fresh connection may send `hello` and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from presence.ids import ConnectionId, Instant
from server.bucket import Bucket
from server.who import Who
from server.wire.codes import BAD_FRAME, NO_HELLO, TOO_FAST, CloseCode
from server.wire.frames import (
    AnswerCall,
    Beat,
    CancelCall,
    CardDelivered,
    CardSeen,
    CloseAsVolunteer,
    CloseCall,
    Command,
    ConfirmHere,
    DangerNow,
    EnterCall,
    FetchOnCall,
    Hello,
    LeaveCall,
    NarrowCall,
    RaiseCall,
    RefuseHelper,
    ReopenCall,
    StepAway,
    StillNeed,
    UndoCancel,
)
from server.wire.witness import CutPicture, ReportAction, StopAction, TurnIntoCall

URGENT = (
    RaiseCall, CancelCall, UndoCancel, AnswerCall, EnterCall, LeaveCall, ConfirmHere, FetchOnCall, DangerNow, StepAway,
    CloseCall, StillNeed, NarrowCall, RefuseHelper, CloseAsVolunteer, ReopenCall, CardDelivered, CardSeen,
    CutPicture, StopAction, TurnIntoCall, ReportAction,
)  # fmt: skip
"""Never slowed by the ordinary limit: no throttle blocks a call (UC9)."""

ORDINARY_PER_SECOND = 10
ORDINARY_BURST = 60
URGENT_PER_SECOND = 20
URGENT_BURST = 200
BEATS_PER_SECOND = 1
BEATS_BURST = 20
"""The server asks for one in 6 s at most; a page that slept may answer a few at once."""
BAD_FRAMES_AT_MOST = 20
REFUSALS_BEFORE_CLOSE = 300


@dataclass(slots=True)
class Session:
    """Decides what becomes of each frame that arrives. `who` is set once `hello` was accepted."""

    connection: ConnectionId
    now: Instant
    who: Who | None = None
    bad_frames: int = 0
    too_fast: int = 0
    ordinary: Bucket = field(init=False)
    urgent: Bucket = field(init=False)
    beats: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.ordinary = Bucket.full(ORDINARY_PER_SECOND, ORDINARY_BURST, self.now)
        self.urgent = Bucket.full(URGENT_PER_SECOND, URGENT_BURST, self.now)
        self.beats = Bucket.full(BEATS_PER_SECOND, BEATS_BURST, self.now)

    def must_close(self, command: Command) -> CloseCode | None:
        """`hello` comes first and once."""
        if (self.who is None) != isinstance(command, Hello):
            return NO_HELLO
        return None

    def may_pass(self, command: Command, now: Instant) -> bool:
        """Whether the rate allows this frame. Beats are counted apart: no chat may cost a page its lease."""
        if isinstance(command, Hello):
            return True
        bucket = self.urgent if isinstance(command, URGENT) else self.ordinary
        if isinstance(command, Beat):
            bucket = self.beats
        if bucket.take(now):
            return True
        self.too_fast += 1
        return False

    def is_flooding(self) -> CloseCode | None:
        return TOO_FAST if self.too_fast > REFUSALS_BEFORE_CLOSE else None

    def got_bad_frame(self) -> CloseCode | None:
        self.bad_frames += 1
        if self.who is None:
            return NO_HELLO
        return BAD_FRAME if self.bad_frames > BAD_FRAMES_AT_MOST else None
