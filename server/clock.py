"""The server's clock. It enters every part by constructor; nothing else asks the machine for the time.

Wall time is read once, at start; after that the clock follows the monotonic one, so a jump of the machine's clock
moves no deadline of a running server. `beside serve` builds a :class:`SystemClock` and has no option that moves it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

MARK = "clock"
"""The fact in which a server says which clock it follows, for the auditor beside it."""
BOOT = Path("/proc/sys/kernel/random/boot_id")


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

    def mark(self) -> str:
        """This clock in words: `boot offset`. Now = offset + the machine's monotonic clock of that boot, in ms."""
        return f"{_boot()} {self._wall_at_start - self._monotonic_at_start // 1_000_000}"


def now_by_mark(mark: str) -> int | None:
    """The time now, by a clock that another process of this machine marked. None when the mark is none, or was made
    before the machine was started anew: then its offset means nothing."""
    boot, _, offset = mark.partition(" ")
    if not boot or boot != _boot():
        return None
    try:
        return int(offset) + time.monotonic_ns() // 1_000_000
    except ValueError:
        return None


def _boot() -> str:
    with suppress(OSError):  # only Linux says it
        return BOOT.read_text(encoding="ascii").strip()
    return ""
