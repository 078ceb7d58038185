"""The doors of a store of one writer thread and one reader thread, whatever database is behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from presence.ids import CallId
from server.ports import Tx
from server.store.worker import CLOSE_WITHIN_SECONDS, LOGS_WAITING_AT_MOST, Database, Worker

T = TypeVar("T")


class Doors:
    """With `compact`, which each database has of its own, it fulfils `server.ports.Store`: as one that knows of no
    lifeboat, so a call waits here like everything else, only at the front. `server.store.lifeboat` puts the limits of
    waiting around it."""

    def __init__(self, writes: Database, reads: Database) -> None:
        self._writer = Worker("store-writer", writes)
        self._reader = Worker("store-reader", reads, LOGS_WAITING_AT_MOST)

    async def write(
        self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None, *, urgent: bool = False
    ) -> T:
        """One serialised, durable transaction; see `server.ports.Store`. `urgent` work goes before what waits."""
        return await self._writer.run(work, late, urgent=urgent)

    def put(self, work: Callable[[Tx], object]) -> None:
        """A write that nobody waits for."""
        self._writer.put_from_thread(asyncio.get_running_loop(), work)

    async def write_call(self, work: Callable[[Tx], T]) -> T:
        return await self.write(work, urgent=True)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """A committed snapshot, before any log."""
        return await self._reader.run(work, urgent=True)

    async def read_log(self, work: Callable[[Tx], T]) -> T:
        return await self._reader.run(work)

    @property
    def afloat(self) -> bool:
        return False

    @property
    def busy(self) -> bool:
        return self._writer.busy or self._reader.busy

    def is_unsaved(self, _call: CallId) -> bool:
        return False

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """Finish what was handed over. False when the disk or the database did not let it: whoever waited was told
        nothing, so nothing that was acknowledged is lost. Blocks: call it when nobody is served any more."""
        until = time.monotonic() + within_seconds
        closed = [worker.close(max(0.0, until - time.monotonic())) for worker in (self._writer, self._reader)]
        return all(closed)
