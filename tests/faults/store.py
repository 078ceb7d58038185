"""Looking into the store of a run from outside, with the product's own statements and none of its processes.

While the run goes on: what must be true at any commit, and how late deadlines are. At the end: everything that was
promised to somebody.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from presence.ids import ActionId, CallId, Instant
from rooms.call import Call
from rooms.record import is_chain
from server.record_key import encode
from server.store.actions import SqlActions
from server.store.calls import SqlCalls
from server.store.care import SqlCare
from server.store.sqlite import sqlite_engine
from server.store.tables import actions, calls, client_keys, deadlines, entries
from tests.faults.history import History


@dataclass(frozen=True, slots=True)
class Look:
    """One snapshot: the live calls, and the next deadline of each that has one."""

    calls: list[Call]
    due: dict[CallId, Instant]


def look(db: Connection) -> Look:
    rows = db.execute(select(deadlines.c.subject, deadlines.c.due_at).where(deadlines.c.kind == "call"))
    return Look(SqlCalls(db).live(), {CallId(row.subject): row.due_at for row in rows})


def read_all(db: Connection, h: History) -> None:
    """The final logs, calls, keys and chains into the history."""
    for row in db.execute(select(entries.c.room, entries.c.seq, entries.c.kind, entries.c.text)):
        h.log[row.room, row.seq] = row.text.partition(" ")[0] if row.kind == "said" else ""
    for id_ in db.execute(select(calls.c.id)).scalars():
        call = SqlCalls(db).get(CallId(id_))
        if call is not None:
            h.calls[call.id] = call
    h.keys.update(db.execute(select(client_keys.c.k)).scalars())
    if not SqlCare(db).audit_is_intact():
        h.broken_chains.append("the audit log")
    book = SqlActions(db)
    for id_ in db.execute(select(actions.c.id).where(actions.c.state != "deleted")).scalars():
        action = book.get(ActionId(id_))
        if action is None or not is_chain(action.id, book.entries(action.id), action.entries, action.head, encode):
            h.broken_chains.append(f"the record of {id_}")


class StoreFromOutside:
    """SQLite: a read-only connection of its own, held all the time, so that no kill finds the file without a reader."""

    def __init__(self, data: Path) -> None:
        self._engine = sqlite_engine(data / "beside.db", read_only=True)
        self._thread = ThreadPoolExecutor(1, "store-from-outside")

    async def look(self) -> Look:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._look)

    def _look(self) -> Look:
        with self._engine.begin() as db:
            return look(db)

    async def read_all(self, h: History) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._read_all, h)

    def _read_all(self, h: History) -> None:
        with self._engine.begin() as db:
            read_all(db, h)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()
