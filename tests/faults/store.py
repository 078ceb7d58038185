"""Looking into the store of a run from outside, with the product's own statements and none of its processes.

While the run goes on: what must be true at any commit, and how late deadlines are. At the end: everything that was
promised to somebody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from presence.ids import ActionId, CallId, Instant
from rooms.call import Call
from rooms.record import is_chain
from server.ports import StoreDown
from server.record_key import encode
from server.store.actions import SqlActions
from server.store.calls import SqlCalls
from server.store.care import SqlCare
from server.store.postgres_database import COPYING, PostgresDatabase
from server.store.sqlite import sqlite_engine
from server.store.tables import actions, calls, client_keys, deadlines, entries, rooms
from tests.faults.history import History

OUT_OF_SIGHT = (DBAPIError, StoreDown)


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
    h.epochs.update((row.id, row.epoch) for row in db.execute(select(rooms.c.id, rooms.c.epoch)))
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
    """A read-only connection of its own, in a thread of its own. To a file it is held all the time, so that no kill
    finds the file without a reader; to PostgreSQL it goes by no proxy."""

    def __init__(self, data: Path, url: str = "") -> None:
        """`url`: of a PostgreSQL; without one it is the file in the folder `data`."""
        self._transact: Callable[[Callable[[Connection], Any]], Any]
        if url:
            database = PostgresDatabase(url, "from-outside", read_only=True, limits=COPYING)
            self._transact, self._dispose = database.transact, database.dispose
        else:
            engine = sqlite_engine(data / "beside.db", read_only=True)
            self._transact, self._dispose = partial(_in_transaction, engine), engine.dispose
        self._thread = ThreadPoolExecutor(1, "store-from-outside")

    async def look(self) -> Look:
        """Raises what `OUT_OF_SIGHT` names when it cannot be looked into now."""
        found: Look = await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, look)
        return found

    async def read_all(self, h: History) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, lambda db: read_all(db, h))

    def close(self) -> None:
        self._thread.submit(self._dispose)
        self._thread.shutdown()


def _in_transaction(engine: Engine, work: Callable[[Connection], Any]) -> Any:
    with engine.begin() as db:
        return work(db)
