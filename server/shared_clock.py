"""The clock of several nodes: the database's, followed by each machine's monotonic one (docs/decisions/0014, 0008)."""

from __future__ import annotations

import threading
import time

import structlog

BACK_AT_MOST_MS = 2_000
log = structlog.get_logger("clock")


class SharedClock:
    """Fulfils `server.clock.Clock`. `hear` tells it what the database's clock says; in between, and while the database
    is silent, it goes on with the monotonic clock. It never runs backwards: what it must lose it loses by standing
    still. If the database's clock was set back by more than 2 s it is not followed, or every deadline of a running
    call would stand still as long: all nodes go on together from where they were, and `go_on_with`
    takes along one that was started since, or did not see what the others saw.

    `not_before` is the latest instant that the store has seen, as for :class:`server.clock.SystemClock`."""

    def __init__(self, not_before: int = 0) -> None:
        self._not_before = not_before
        self._offset_ms: float | None = None
        """The database's clock less this machine's monotonic one."""
        self._last = not_before
        self._turn = threading.Lock()

    def hear(self, at: int, before_ns: int, after_ns: int) -> None:
        """The database's clock said `at` (ms since 1970 UTC), some time between these two of the monotonic clock. So
        the true offset lies between two bounds; one that lies between them already is left alone, and an answer that
        took long moves nothing that was known better."""
        least, most = at - after_ns / 1e6, at + 1 - before_ns / 1e6
        with self._turn:
            if self._offset_ms is None:
                self._offset_ms = max((least + most) / 2, self._not_before - after_ns / 1e6)
            elif self._offset_ms < least:
                self._offset_ms = least
            elif self._offset_ms - most > BACK_AT_MOST_MS:
                log.warning("database_clock_behind", late_ms=round(self._offset_ms - most))
            elif self._offset_ms > most:
                self._offset_ms = most

    def go_on_with(self, at: int) -> None:
        """Another node's clock said `at` (ms since 1970 UTC), not long ago. More than 2 s ahead is no difference of two
        that follow one database: whoever is behind would take what is over for good, and be believed nothing."""
        with self._turn:
            if self._offset_ms is None:
                return
            behind = at - (self._offset_ms + time.monotonic_ns() / 1e6)
            if behind > BACK_AT_MOST_MS:
                log.warning("clock_behind_others", late_ms=round(behind))
                self._offset_ms += behind

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        with self._turn:
            if self._offset_ms is None:
                raise RuntimeError("the clock has not heard of the database yet")
            self._last = max(self._last, int(self._offset_ms + time.monotonic_ns() / 1e6))
            return self._last
