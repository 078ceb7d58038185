"""The deadlines as they are in PostgreSQL, by the clock that the nodes follow, over a connection of the auditor's own.

Nothing on the connection is ever cancelled: an answer that does not come in time ends it, and the next look makes
another.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg

from presence.ids import Instant
from server.auditor.truth import NAMED_AT_MOST
from server.auditor.verdict import LATE_AFTER_MS, Late, Seen
from server.heartbeat import FACT, Heartbeat
from server.shared_clock import SharedClock

T = TypeVar("T")
CONNECT_WITHIN_SECONDS = 2.0
ANSWER_WITHIN_SECONDS = 4.0
NOW = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
LATEST = "SELECT greatest((SELECT max(raised_at) FROM calls), (SELECT max(at) FROM audit), 0)"


class PostgresTruth:
    """Fulfils `server.auditor.truth.Truth`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._db: Any = None
        self._clock: SharedClock | None = None
        """When the database's is set back the nodes go on from where they were, and so does this: by the word of the
        database nothing would be late for as long."""

    async def look(self) -> Seen:
        return await self._within_the_limit(self._look())

    async def beat(self, beat: Heartbeat) -> None:
        await self._within_the_limit(self._beat(beat))

    async def close(self, *, hung: bool) -> None:
        """Whatever is under way fails by that; `hung` or not, nothing more is asked of the server."""
        self._cut()

    async def _look(self) -> Seen:
        db = await self._connected()
        now = await self._now(db)
        rows = await db.fetch(
            "SELECT kind, subject, due_at, count(*) OVER () AS count FROM deadlines WHERE due_at < $1 "
            "ORDER BY due_at LIMIT $2",
            now - LATE_AFTER_MS,
            NAMED_AT_MOST,
        )
        worst = tuple(Late(row["kind"], row["subject"], now - row["due_at"]) for row in rows)
        return Seen(now, rows[0]["count"] if rows else 0, worst)

    async def _now(self, db: Any) -> Instant:
        if self._clock is None:
            self._clock = SharedClock(not_before=int(await db.fetchval(LATEST)))
        before = time.monotonic_ns()
        said = int(await db.fetchval(NOW))
        self._clock.hear(said, before, time.monotonic_ns())
        return self._clock.now()

    async def _beat(self, beat: Heartbeat) -> None:
        db = await self._connected()
        await db.execute(
            "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            FACT,
            str(beat),
        )

    async def _connected(self) -> Any:
        if self._db is None:
            self._db = await asyncpg.connect(self._url, timeout=CONNECT_WITHIN_SECONDS)
            await self._db.execute("SET application_name = 'beside auditor'")
        return self._db

    async def _within_the_limit(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=ANSWER_WITHIN_SECONDS)
        if not done:
            self._cut()
        try:
            return await task
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            self._cut()
            raise OSError(type(error).__name__) from None

    def _cut(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            db.terminate()
