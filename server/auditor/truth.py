"""The deadlines as they are in the store, read by the auditor's own connection and its own statements.

None of the server's own store is used: what makes the server late must not make its auditor blind.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from presence.ids import Instant
from server.auditor.verdict import LATE_AFTER_MS, Late, Seen
from server.clock import MARK, now_by_mark
from server.heartbeat import Heartbeat, write_heartbeat

NAMED_AT_MOST = 20
WAIT_SECONDS = 2.0


class Truth(Protocol):
    async def look(self) -> Seen:
        """The deadlines that are over 5 s late. May take for ever: whoever waits gives up by itself. Raises OSError
        when the store cannot be read."""
        ...

    async def beat(self, beat: Heartbeat) -> None:
        """Say to the server that the auditor lives. The same may happen."""
        ...

    async def close(self, *, hung: bool) -> None:
        """`hung`: a look is still under way."""
        ...


class SqliteTruth:
    """The file, opened anew for each look: one that was restored meanwhile is another file. A thread of its own,
    because a disk that hangs holds whoever reads it."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._thread = ThreadPoolExecutor(1, "auditor-looks")

    async def look(self) -> Seen:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    async def beat(self, beat: Heartbeat) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, write_heartbeat, self._data, beat)

    async def close(self, *, hung: bool) -> None:
        self._thread.shutdown(wait=not hung)

    def _look(self) -> Seen:
        path = (self._data / "beside.db").absolute()
        try:
            with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as db:
                found = db.execute("SELECT value FROM facts WHERE name = ?", (MARK,)).fetchone()
                now = _now(db, "" if found is None else str(found[0]))
                rows = db.execute(
                    "SELECT kind, subject, due_at, count(*) OVER () FROM deadlines WHERE due_at < ? "
                    "ORDER BY due_at LIMIT ?",
                    (now - LATE_AFTER_MS, NAMED_AT_MOST),
                ).fetchall()
        except sqlite3.Error as error:
            raise OSError(type(error).__name__) from None
        return Seen(now, rows[0][3] if rows else 0, tuple(Late(k, s, now - due) for k, s, due, _ in rows))


def _now(db: sqlite3.Connection, mark: str) -> Instant:
    """The clock that the server follows: its own words at its start, carried on by the machine's monotonic clock, which
    all processes share. Without them (another boot, or no server yet) the machine's time, never before the store's."""
    carried_on = now_by_mark(mark)
    if carried_on is not None:
        return carried_on
    latest = db.execute("SELECT max(coalesce((SELECT max(raised_at) FROM calls), 0), "
                        "coalesce((SELECT max(at) FROM audit), 0))").fetchone()[0]  # fmt: skip
    return max(time.time_ns() // 1_000_000, int(latest))
