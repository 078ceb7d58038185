"""A server that is wrong on purpose, to see the faults suite catch it: `python -m tests.faults.mutant WHICH --port …`.

The product has no switch for this. The wrong parts are put in here, before the ordinary `beside serve` runs.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from sqlalchemy import event

from server.store import calls, keys, sqlite, worker

A_MOMENT_SECONDS = 0.15
"""Between an ack and its commit, or a commit and its ack: where a kill has to hit."""


def ack_before_commit() -> None:
    """Whoever waits is answered when the work was done, and the commit comes a moment later."""
    one, engine = worker.Worker._one, sqlite.sqlite_engine

    def early(self: Any, db: Any, tx: Any, job: Any) -> Any:
        outcome = one(self, db, tx, job)
        if self._thread.name == "store-writer" and outcome[2] is None and job.future is not None:
            job.loop.call_soon_threadsafe(worker._settle, job.future, outcome[1], None)
        return outcome

    def slow(path: Any, *, read_only: bool = False) -> Any:
        made = engine(path, read_only=read_only)
        if not read_only:
            event.listen(made, "commit", lambda _connection: time.sleep(A_MOMENT_SECONDS))
        return made

    worker.Worker._one = early  # type: ignore[method-assign]
    sqlite.sqlite_engine = slow


def no_idempotency() -> None:
    """Every retry is done again: what a key was answered is never looked up."""
    write = sqlite.SqliteStore.write

    async def answered_late(self: Any, *work: Any) -> Any:
        result = await write(self, *work)
        await asyncio.sleep(A_MOMENT_SECONDS)
        return result

    keys.SqlKeys.reply_to = lambda *_args: None  # type: ignore[method-assign]
    keys.SqlKeys.remember = lambda *_args: None  # type: ignore[method-assign]
    sqlite.SqliteStore.write = answered_late  # type: ignore[method-assign,assignment]


def no_deadlines() -> None:
    """Calls are saved, and nothing will ever ring for them again."""
    calls.SqlCalls._save_deadline = lambda *_args: None  # type: ignore[method-assign]


MUTANTS = {mutant.__name__: mutant for mutant in (ack_before_commit, no_idempotency, no_deadlines)}

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    from server.cli import main

    main()
