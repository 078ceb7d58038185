"""A server that is wrong on purpose, to see the faults suite catch it: `python -m tests.faults.mutant WHICH serve …`.

The product has no switch for this. The wrong parts are put in here, before the ordinary `beside serve` runs.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, event

from presence.elsewhere import Elsewhere, Node
from server.bus.doorbell import COMMITS, Doorbell
from server.gateway.announcer import Announcer
from server.store import calls, keys, postgres, worker

A_MOMENT_SECONDS = 0.05 if "DATABASE_URL" in os.environ else 0.15
"""Between an ack and its commit, or a commit and its ack: where a kill has to hit. On several nodes not longer: whoever
commits holds the lock of all, and a store that is late for calls takes nothing else."""
WRITER = "store-writer"


def put(where: type, name: str, what: Any) -> None:
    """The wrong part in the place of the right one."""
    setattr(where, name, what)


def _is_writer() -> bool:
    return threading.current_thread().name == WRITER


def ack_before_commit() -> None:
    """Whoever waits is answered when the work was done, and the commit comes a moment later. Urgent work is left alone:
    a store that is late with a call counts as down, and then nothing is said to be saved."""
    one = worker.Worker._one
    early: set[int] = set()

    def answer(self: Any, db: Any, tx: Any, job: Any) -> Any:
        outcome = one(self, db, tx, job)
        if _is_writer() and outcome[2] is None and job.future is not None and not (job.urgent or job.only_looks):
            job.loop.call_soon_threadsafe(worker._settle, job.future, outcome[1], None)
            early.add(threading.get_ident())
        return outcome

    def wait(_connection: Any) -> None:
        if threading.get_ident() in early:
            early.clear()
            time.sleep(A_MOMENT_SECONDS)

    put(worker.Worker, "_one", answer)
    event.listen(Engine, "commit", wait)


def no_idempotency() -> None:
    """Every retry is done again: what a key was answered is never looked up."""
    run = worker.Worker.run

    async def answered_late(self: Any, *work: Any, **more: Any) -> Any:
        result = await run(self, *work, **more)
        if self._thread.name == WRITER:
            await asyncio.sleep(A_MOMENT_SECONDS)
        return result

    put(keys.SqlKeys, "reply_to", lambda *_args: None)
    put(keys.SqlKeys, "remember", lambda *_args: None)
    put(worker.Worker, "run", answered_late)


def deadline_in_memory() -> None:
    """When a call is due is known to the process that saved it, and to nothing that outlives it."""
    due: dict[Any, int] = {}

    def remember(_self: Any, call: Any, at: int | None) -> None:
        if at is None:
            due.pop(call, None)
        else:
            due[call] = at

    def look_now(_self: Any, which: Any, now: int) -> None:
        due.update({call: now for call in which if due.get(call, 0) > now})

    def all_due(_self: Any, now: int, limit: int) -> list[Any]:
        return sorted([(call, at) for call, at in due.copy().items() if at <= now], key=lambda one: one[1])[:limit]

    put(calls.SqlCalls, "_save_deadline", remember)
    put(calls.SqlCalls, "look_now", look_now)
    put(calls.SqlCalls, "due", all_due)


def block_checked_on_send() -> None:
    """A block counts when a page asks for a room. What is said after that goes to everyone who watches it."""
    fan_out = Announcer._fan_out_entry

    def careless(self: Any, *what: Any) -> None:
        services = self._s
        kept, services.blocked = services.blocked, {}
        try:
            fan_out(self, *what)
        finally:
            services.blocked = kept

    put(Announcer, "_fan_out_entry", careless)


def bus_trusted_as_truth() -> None:
    """What others committed is looked at when the bus says so, and what it says is all there is: nobody looks once a
    second or when the bus is back, and a commit of one's own goes on from itself."""
    transact = postgres.FollowingDatabase.transact

    def goes_on(self: Any, work: Any, *, only_looks: bool = False) -> Any:
        kept = self.changes.read
        if not only_looks:
            self.changes.read = lambda db: _only_own(kept(db))
        try:
            return transact(self, work, only_looks=only_looks)
        finally:
            self.changes.read = kept

    async def never(_self: Any) -> None:
        await asyncio.Event().wait()

    def start(self: Any) -> None:
        self._bus.subscribe(COMMITS, lambda _nothing: self._rung.set())
        self._task = asyncio.get_running_loop().create_task(self._answer())

    put(postgres.FollowingDatabase, "transact", goes_on)
    put(postgres.PostgresStore, "_keep_up", never)
    put(Doorbell, "start", start)


def _only_own(batch: Any) -> Any:
    return replace(batch, everything=False, changes=tuple(change for change in batch.changes if change.own))


def lease_without_epoch() -> None:
    """What an earlier life of a node said counts as what this one says."""
    hear = Elsewhere.hear

    def careless(self: Any, said: Any, now: int) -> Any:
        return hear(self, replace(said, node=Node(said.node.id, 0)), now)

    put(Elsewhere, "hear", careless)


MUTANTS = {
    mutant.__name__: mutant
    for mutant in (
        ack_before_commit, no_idempotency, deadline_in_memory, block_checked_on_send, bus_trusted_as_truth,
        lease_without_epoch,
    )
}  # fmt: skip

if __name__ == "__main__":
    MUTANTS[sys.argv.pop(1)]()
    from server.cli import main

    main()
