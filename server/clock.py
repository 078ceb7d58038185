"""The server's clock. It enters every part by constructor; nothing else asks the machine for the time.

Wall time is read once, at start; after that the clock follows the monotonic one, so a jump of the machine's clock
moves no deadline of a running server. `beside serve` builds a :class:`SystemClock` and has no option that moves it.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Milliseconds since 1970 UTC. Never runs backwards."""
        ...


class SystemClock:
    """The real one. `not_before` is the latest instant that the store has seen: after the machine's clock was set
    back, Beside goes on from there, so that no deadline moves into the future (the earlier one wins)."""

    def __init__(self, not_before: int = 0) -> None:
        self._wall_at_start = max(time.time_ns() // 1_000_000, not_before)
        self._monotonic_at_start = time.monotonic_ns()

    def now(self) -> int:
        return self._wall_at_start + (time.monotonic_ns() - self._monotonic_at_start) // 1_000_000
