"""What the auditor makes of what it saw: pure, time as an argument (OC7).

Two alarms. `deadline_late`: a deadline is over 5 s late, so somebody who waits is not being carried on. `store_silent`:
for over 5 s the store has not said what the deadlines are, so nobody can know.
"""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import Instant

LATE_AFTER_MS = 5_000
SILENT_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Late:
    """One deadline that nobody met. Ids only."""

    kind: str
    subject: str
    by_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the deadlines."""

    now: Instant
    """By the clock that the deadlines follow."""
    count: int
    """How many are over 5 s late."""
    worst: tuple[Late, ...]
    """The latest of them first; not all, if there are many."""

    @property
    def worst_late_ms(self) -> int:
        return self.worst[0].by_ms if self.worst else 0


@dataclass(slots=True)
class Verdict:
    """`answered_at` and every `now` are monotonic seconds of the auditor itself: its own clock cannot be set."""

    answered_at: float
    seen: Seen | None = None

    def answered(self, seen: Seen, now: float) -> None:
        self.seen, self.answered_at = seen, now

    def silent_seconds(self, now: float) -> float:
        return now - self.answered_at

    def alarms(self, now: float) -> frozenset[str]:
        """What is wrong at this moment. What was late when the store was last heard stays late while it is silent."""
        found = set()
        if self.seen is not None and self.seen.count:
            found.add("deadline_late")
        if self.silent_seconds(now) > SILENT_AFTER_SECONDS:
            found.add("store_silent")
        return frozenset(found)

    def is_well(self, now: float) -> bool:
        """The store was heard lately, and nothing is late. Before the first look nobody knows that."""
        return self.seen is not None and not self.alarms(now)
