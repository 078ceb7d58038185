"""The mirror: a copy in memory of what an urgent call needs, on which the same handlers run when the store is down.

It holds accounts, devices, groups, memberships, blocks, live calls and their rooms; of group rooms it holds no words
but those written since start, so it never answers for a group's log. It follows every commit of the real store,
statement by statement: all values are parameters, so the same statements give the same rows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Table, create_engine, delete, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.ports import Tx
from server.store.tables import calls, entries, metadata
from server.store.tx import SqlTx
from server.store.unsaved import RecordingTx, Unsaved
from server.store.writer import Statement, Worker, sqlite_engine

T = TypeVar("T")
log = structlog.get_logger("mirror")
NOT_COPIED = ("entries", "audit", "reports", "recovery_codes", "invites", "join_requests")


class Mirror:
    """One thread, one connection to a database in memory."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite_engine(path, read_only=True)
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self._engine, "connect", _no_own_transactions)
        event.listen(self._engine, "begin", _begin)
        self._worker = Worker("store-mirror", self._engine)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._follows = True
        self._reload = False

    def start(self) -> None:
        """Copy the file. Call before the real store takes its first write."""
        self._loop = asyncio.get_running_loop()
        metadata.create_all(self._engine)
        with self._engine.connect() as db, db.begin():
            _replace_all(db, self._read_file())
        self._worker.start()

    def follow(self, statements: list[Statement], others_wrote: bool) -> None:
        """Called in the writer's thread after each commit, before the next one can happen: what the file holds now is
        exactly what has been committed, so this is the moment to copy it anew when that is wanted."""
        if self._loop is None or not self._follows:
            return
        if self._reload or others_wrote:
            self._reload = False
            rows = self._read_file()
            self._worker.put_from_thread(self._loop, lambda tx: _replace_all(_connection(tx), rows))
        elif statements:
            self._worker.put_from_thread(self._loop, lambda tx: self._apply(tx, statements))

    def stop_following(self) -> None:
        """The store is down: late commits of it must not mix with what happens here."""
        self._follows = False

    def reload_soon(self) -> None:
        """Copy the file anew at its next commit, and follow it again."""
        self._reload = True
        self._follows = True

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._worker.run(work)

    async def write(self, work: Callable[[Tx], T]) -> tuple[T, Unsaved]:
        """Run a handler's transaction here; returns its result and what a later merge needs."""

        def recorded(tx: Tx) -> tuple[T, Unsaved]:
            noted = Unsaved()
            return work(RecordingTx(_connection(tx), noted)), noted

        return await self._worker.run(recorded)

    def close(self) -> None:
        self._worker.close()
        self._file.dispose()

    def _apply(self, tx: Tx, statements: list[Statement]) -> None:
        db = _connection(tx)
        try:
            for statement, parameters in statements:
                db.exec_driver_sql(statement, parameters)
        except DBAPIError:
            self._reload = True  # out of step for whatever reason: copy it anew rather than guess
            log.exception("mirror_out_of_step")
            raise

    def _read_file(self) -> Rows:
        """Every row of the tables that are copied, and the words of the rooms of live calls."""
        rows: Rows = []
        with self._file.connect() as db, db.begin():
            for table in metadata.sorted_tables:
                if table.name not in NOT_COPIED:
                    rows.append((table, [dict(r) for r in db.execute(select(table)).mappings()]))
            words = select(entries).join(calls, calls.c.room == entries.c.room).where(calls.c.live)
            rows.append((entries, [dict(r) for r in db.execute(words).mappings()]))
        return rows


Rows = list[tuple[Table, list[dict[str, Any]]]]


def _replace_all(db: Connection, rows: Rows) -> None:
    for table in reversed(metadata.sorted_tables):
        db.execute(delete(table))
    for table, found in rows:
        if found:
            db.execute(insert(table), found)


def _connection(tx: Tx) -> Connection:
    if not isinstance(tx, SqlTx):
        raise TypeError("the mirror's worker makes its own transactions")
    return tx.db


def _no_own_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
