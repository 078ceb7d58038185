"""The mirror: a copy in memory of what an urgent call needs, on which the same handlers run when the store is down.

It holds accounts, devices, groups, memberships, blocks, live calls and their rooms, and the witnessed actions that run
(one may become a call, WA7); of group rooms it holds no words
but those written since start, so it never answers for a group's log. It follows every commit of the real store,
statement by statement: all values are parameters, so the same statements give the same rows.

When it must be copied anew (another process wrote, or the store is back), a thread of its own reads the file as it was
at one commit. Neither the writer nor the mirror waits for that: a disk that hangs then hangs nobody's call.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.ports import Tx
from server.store.sqlite import SqliteDatabase, Statement
from server.store.tables import metadata
from server.store.tx import SqlTx
from server.store.unsaved import RecordingTx, Unsaved
from server.store.worker import Worker

T = TypeVar("T")
log = structlog.get_logger("mirror")
NOT_COPIED = ("audit", "reports", "recovery_codes", "invites", "join_requests", "action_entries")
_RECENT = "(SELECT id FROM calls WHERE live OR raised_at > (SELECT max(raised_at) FROM calls) - 172800000)"
ONLY = {
    "calls": f"id IN {_RECENT}",
    "call_people": f"call IN {_RECENT}",
    "pages": f"subject IN {_RECENT}",
    "actions": "state = 'running'",
    "client_keys": "at > (SELECT max(at) FROM client_keys) - 3600000",
    "entries": "room IN (SELECT room FROM calls WHERE live)",
}
"""Of these only what a running call needs: the calls of two days, the keys of an hour, the words of live calls."""


class Mirror:
    """One thread, one connection to a database in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self._engine, "connect", _no_own_transactions)
        event.listen(self._engine, "begin", _begin)
        self._worker = Worker("store-mirror", SqliteDatabase(self._engine))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = threading.Lock()
        self._follows = True
        self._reload = False
        self._era = 0
        self._since: list[Statement] | None = None
        """What was committed since the moment that is being copied; None while nothing is."""

    def start(self) -> None:
        """Copy the file. Call before the real store takes its first write."""
        self._loop = asyncio.get_running_loop()
        metadata.create_all(self._engine)
        with closing(self._moment()) as file, self._engine.connect() as db, db.begin():
            _replace_all(db, _rows(file))
        self._worker.start()

    def follow(self, statements: list[Statement], others_wrote: bool) -> None:
        """Called in the writer's thread after each commit, before the next one can happen: what the file holds now is
        exactly what has been committed, so this is the moment to copy it anew when that is wanted."""
        with self._turn:
            if self._loop is None or not self._follows:
                return
            if statements:
                self._worker.put_from_thread(self._loop, lambda tx: self._apply(tx, statements))
            if self._since is not None:
                self._since += statements
                self._reload |= others_wrote
            elif self._reload or others_wrote:
                self._begin_copy()

    def _begin_copy(self) -> None:
        try:
            file = self._moment()
        except sqlite3.Error as error:
            self._reload = True
            log.error("mirror_not_copied", error=type(error).__name__)
            return
        self._reload = False
        self._since = []
        threading.Thread(target=self._copy, args=(file, self._era), name="mirror-copy", daemon=True).start()

    def _copy(self, file: sqlite3.Connection, era: int) -> None:
        rows: Rows | None = None
        try:
            with closing(file):
                rows = _rows(file)
        except sqlite3.Error as error:
            log.error("mirror_not_copied", error=type(error).__name__)
        with self._turn:
            if self._loop is None or era != self._era:
                return  # the store went down meanwhile: what happened here since counts
            since, self._since = self._since or [], None
            if rows is None:
                self._reload = True
                return
            found = rows

            def replace(tx: Tx) -> None:
                _replace_all(_connection(tx), found)
                self._apply(tx, since)

            self._worker.put_from_thread(self._loop, replace)

    def stop_following(self) -> None:
        """The store is down: late commits of it must not mix with what happens here. Whatever was followed before is
        ahead of it in the queue, and nothing comes after."""
        with self._turn:
            self._follows = False
            self._era += 1
            self._since = None

    def reload_soon(self) -> None:
        """Copy the file anew at its next commit, and follow it again."""
        with self._turn:
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
        self.stop_following()
        self._worker.close()

    def _apply(self, tx: Tx, statements: list[Statement]) -> None:
        db = _connection(tx)
        try:
            for statement, parameters in statements:
                db.exec_driver_sql(statement, parameters)
        except DBAPIError:
            self._reload = True  # out of step for whatever reason: copy it anew rather than guess
            log.exception("mirror_out_of_step")
            raise

    def _moment(self) -> sqlite3.Connection:
        """The file as it is at this moment, whatever is written to it afterwards."""
        file = sqlite3.connect(self._path, timeout=0.2, isolation_level=None, check_same_thread=False)
        try:
            file.execute("PRAGMA query_only=ON")
            file.execute("BEGIN")
            file.execute("SELECT 1 FROM facts LIMIT 1").fetchall()
        except BaseException:
            file.close()
            raise
        return file


Rows = list[tuple[str, list[tuple[Any, ...]]]]
"""For each table the statement that fills it, and its rows as the driver has them."""


def _rows(file: sqlite3.Connection) -> Rows:
    """Every row that is copied."""
    found: Rows = []
    for table in metadata.sorted_tables:
        if table.name not in NOT_COPIED:
            names = ", ".join(column.name for column in table.columns)
            query = f"SELECT {names} FROM {table.name} WHERE {ONLY.get(table.name, 'true')}"  # noqa: S608  our own names
            marks = ", ".join("?" for _ in table.columns)
            fill = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608
            found.append((fill, file.execute(query).fetchall()))
    return found


def _replace_all(db: Connection, rows: Rows) -> None:
    for table in reversed(metadata.sorted_tables):
        db.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608
    for fill, found in rows:
        if found:
            db.exec_driver_sql(fill, found)


def _connection(tx: Tx) -> Connection:
    if not isinstance(tx, SqlTx):
        raise TypeError("the mirror's worker makes its own transactions")
    return tx.db


def _no_own_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
