"""The mirror: a copy in memory of what an urgent call needs, on which the same handlers run when the store is down.

It holds accounts, devices, groups, memberships, blocks, live calls and their rooms, and the witnessed actions that run
(one may become a call, WA7); of group rooms it holds no words but, on SQLite, those written since start, so it never
answers for a group's log. It follows every commit of the real store: on SQLite statement by statement (all values are
parameters, so the same statements give the same rows), on PostgreSQL row by row, those of other nodes among them.

When it must be copied anew (another process wrote, or the store is back), a thread of its own reads the store as it was
at one commit. Neither the writer nor the mirror waits for that: a disk that hangs then hangs nobody's call.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.ports import StoreDown, Tx
from server.store.changes import Batch
from server.store.copying import Rows, Snapshot, put_in, replace_all
from server.store.sqlite import SqliteDatabase, Statement
from server.store.tables import metadata
from server.store.tx import SqlTx
from server.store.unsaved import RecordingTx, Unsaved
from server.store.worker import Worker

T = TypeVar("T")
log = structlog.get_logger("mirror")


class TurnLost(Exception):
    """Another node has made this very change before. What it made comes over the bus; then the work runs once more."""


MISSED_AT_MOST = 200
"""Batches of what others wrote that are kept for the moment when the store is back. Beyond, a copy has to do."""
Step = Callable[[Connection, int], None]
"""Does to the mirror what a commit did to the store. The number is the position of the copy that the mirror is now."""


class Mirror:
    """One thread, one connection to a database in memory."""

    def __init__(self, take_snapshot: Callable[[], Snapshot]) -> None:
        """`take_snapshot` is called in the thread that commits, between two commits: it must not take long."""
        self._take_snapshot = take_snapshot
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(self._engine, "connect", _no_own_transactions)
        event.listen(self._engine, "begin", _begin)
        # Nothing is turned away, and all is done in the order in which it came: what was followed, then who reads.
        self._worker = Worker("store-mirror", SqliteDatabase(self._engine), ordinary_at_most=sys.maxsize)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = threading.Lock()
        self._follows = True
        self._reload = False
        self._era = 0
        self._position = 0
        """Of the copy, in the log of changes."""
        self._since: list[Step] | None = None
        """What was committed since the moment that is being copied; None while nothing is."""
        self._missed: list[Step] = []
        """What others committed while the store was down for this node: rows, which may be put in late."""

    async def start(self) -> int:
        """Copy the store. Call before this process writes to it. Returns the position of the copy in the log of
        changes. Raises sqlite3.Error or :class:`StoreDown`."""
        self._loop = asyncio.get_running_loop()
        rows, self._position = await asyncio.to_thread(lambda: self._take_snapshot().rows())
        with self._engine.connect() as db, db.begin():
            metadata.create_all(db)
            replace_all(db, rows)
        self._worker.start()
        return self._position

    def follow(self, statements: list[Statement], others_wrote: bool) -> None:
        """On SQLite: called in the writer's thread after each commit, before the next one can happen: what the file
        holds now is exactly what has been committed, so this is the moment to copy it anew when that is wanted."""

        def run(db: Connection, _position: int) -> None:
            for statement, parameters in statements:
                db.exec_driver_sql(statement, parameters)

        self._take_step(run if statements else None, others_wrote)

    def follow_rows(self, batch: Batch) -> None:
        """On PostgreSQL: the same, with the rows that changed here and on other nodes. A row that a later copy has is
        not put back to what it was. What comes while the store is down is kept until it is back: a copy takes its time,
        and until then the store may be gone again, with calls that this node would not know."""

        def put(db: Connection, position: int) -> None:
            put_in(db, [change for change in batch.changes if change.seq > position])

        self._take_step(put if batch.changes else None, batch.everything, may_be_late=True)

    def _take_step(self, step: Step | None, copy_anew: bool, *, may_be_late: bool = False) -> None:
        with self._turn:
            if self._loop is None or not self._follows:
                if step is not None and may_be_late:
                    self._missed = [*self._missed, step][-MISSED_AT_MOST:]
                return
            if step is not None:
                self._worker.put_from_thread(self._loop, lambda tx: self._apply(tx, [step]))
            if self._since is not None:
                self._since += [step] if step is not None else []
                self._reload |= copy_anew
            elif self._reload or copy_anew:
                self._begin_copy()

    def _begin_copy(self) -> None:
        try:
            snapshot = self._take_snapshot()
        except sqlite3.Error as error:
            self._reload = True
            log.error("mirror_not_copied", error=type(error).__name__)
            return
        self._reload = False
        self._since = []
        threading.Thread(target=self._copy, args=(snapshot, self._era), name="mirror-copy", daemon=True).start()

    def _copy(self, snapshot: Snapshot, era: int) -> None:
        copied: tuple[Rows, int] | None = None
        try:
            copied = snapshot.rows()
        except (sqlite3.Error, StoreDown) as error:
            log.error("mirror_not_copied", error=type(error).__name__)
        with self._turn:
            if self._loop is None or era != self._era:
                return  # the store went down meanwhile: what happened here since counts
            since, self._since = self._since or [], None
            if copied is None:
                self._reload = True
                return
            rows, position = copied

            def replace(tx: Tx) -> None:
                self._position = position
                replace_all(_connection(tx), rows)
                self._apply(tx, since)

            self._worker.put_from_thread(self._loop, replace)

    def stop_following(self) -> None:
        """The store is down: late commits of it must not mix with what happens here. Whatever was followed before is
        ahead of it in the queue, and nothing comes after."""
        with self._turn:
            self._follows = False
            self._era += 1
            self._since = None
            self._missed = []

    def reload_soon(self) -> None:
        """All of it is in the store now: take what others wrote there meanwhile, follow it again, and copy it anew at
        its next commit."""
        with self._turn:
            self._reload = True
            self._follows = True
            missed, self._missed = self._missed, []
            if missed and self._loop is not None:
                self._worker.put_from_thread(self._loop, lambda tx: self._apply(tx, missed))

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._worker.run(work)

    async def write(
        self, work: Callable[[Tx], T], is_first: Callable[[Unsaved], bool] = lambda _noted: True
    ) -> tuple[T, Unsaved]:
        """Run a handler's transaction here; returns its result and what a later merge needs. `is_first` is asked in the
        mirror's thread when the work is done: if another node was first, nothing of it is kept, and this raises
        :class:`TurnLost`."""

        def recorded(tx: Tx) -> tuple[T, Unsaved]:
            noted = Unsaved()
            result = work(RecordingTx(_connection(tx), noted))
            if noted and not is_first(noted):
                raise TurnLost
            return result, noted

        return await self._worker.run(recorded)

    async def take(self, work: Callable[[Tx], T]) -> T:
        """Put in what another node says, of which nothing need be noted."""
        return await self._worker.run(work)

    def close(self) -> None:
        self.stop_following()
        self._worker.close()

    def _apply(self, tx: Tx, steps: list[Step]) -> None:
        db = _connection(tx)
        try:
            for step in steps:
                step(db, self._position)
        except DBAPIError:
            self._reload = True  # out of step for whatever reason: copy it anew rather than guess
            log.exception("mirror_out_of_step")
            raise


def _connection(tx: Tx) -> Connection:
    if not isinstance(tx, SqlTx):
        raise TypeError("the mirror's worker makes its own transactions")
    return tx.db


def _no_own_transactions(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
