"""SQLite behind one writer thread: group commit, `BEGIN IMMEDIATE`, WAL, `synchronous=FULL`.

Handlers hand over a function and await its durable result. The thread takes all that waits, runs each piece in a
savepoint of one transaction and commits once: 13 µs a message in a group against a commit each (evidence.md).
One writer also serialises everything that happens to a call at the same instant.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from presence.ids import CallId
from server.ports import StoreDown, Tx
from server.store.tx import SqlTx

T = TypeVar("T")
GROUP_AT_MOST = 64
BUSY_TIMEOUT_MS = 2_000
CLOSE_WITHIN_SECONDS = 10.0
log = structlog.get_logger("store")


Statement = tuple[str, Any]
"""A statement and its parameters, as the driver got them."""


OnCommit = Callable[[list[Statement], bool], None]
"""What was committed, and whether another process has written to the file besides."""


@dataclass(slots=True)
class _Job:
    work: Callable[[Tx], Any]
    future: asyncio.Future[Any] | None
    loop: asyncio.AbstractEventLoop
    abandoned: bool = False


_Outcome = tuple[_Job, Any, BaseException | None]


def sqlite_engine(path: Path, *, read_only: bool = False) -> Engine:
    """An engine of one connection. `secure_delete` overwrites what is deleted (CH3)."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
            f"query_only={'ON' if read_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that turns from reading to writing fails at once with SQLITE_BUSY_SNAPSHOT.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


class SqliteStore:
    """The file. `server.store.lifeboat` puts the limits of waiting around it. `on_commit` gets the statements of each
    commit, in order, in the writer's thread."""

    def __init__(self, path: Path, on_commit: OnCommit | None = None) -> None:
        self._path = path
        self._writer = Worker("store-writer", sqlite_engine(path), on_commit)
        self._reader = Worker("store-reader", sqlite_engine(path, read_only=True))

    def start(self) -> None:
        self._writer.start()
        self._reader.start()

    async def write(self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None) -> T:
        """One serialised, durable transaction; see `server.ports.Store`."""
        return await self._writer.run(work, late)

    def put(self, work: Callable[[Tx], object]) -> None:
        """A write that nobody waits for."""
        self._writer.put_from_thread(asyncio.get_running_loop(), work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        """A committed snapshot."""
        return await self._reader.run(work)

    async def write_call(self, work: Callable[[Tx], T]) -> T:
        """Without a lifeboat a call waits like everything else."""
        return await self.write(work)

    async def read_log(self, work: Callable[[Tx], T]) -> T:
        return await self.read(work)

    async def compact(self) -> None:
        """Move the write-ahead log into the file and empty it: with `secure_delete` no copy of a deleted word is left.
        A reader in the middle of something puts it off until the next time."""
        await asyncio.to_thread(self._empty_log)

    def _empty_log(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_MS / 1000)) as db:
            busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                log.info("compact_put_off")

    @property
    def afloat(self) -> bool:
        return False

    def is_unsaved(self, _call: CallId) -> bool:
        return False

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """Finish what was handed over. False when the disk did not let it: whoever waited was told nothing, so nothing
        that was acknowledged is lost. Blocks: call it when nobody is served any more."""
        until = time.monotonic() + within_seconds
        closed = [worker.close(max(0.0, until - time.monotonic())) for worker in (self._writer, self._reader)]
        return all(closed)


class Worker:
    """A thread with one connection, which runs what it is handed in groups."""

    def __init__(self, name: str, engine: Engine, on_commit: OnCommit | None = None) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._on_commit = on_commit
        self._statements: list[Statement] = []
        self._others: int | None = None
        if on_commit is not None:
            event.listen(engine, "after_cursor_execute", self._note)

    def start(self) -> None:
        self._thread.start()

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """False when the thread hangs in something still. Its connection is left to it then: closing it would hang in
        the same."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(timeout=within_seconds)
        if self._thread.is_alive():
            return False
        self._engine.dispose()
        return True

    async def run(self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None) -> T:
        """Hand over and wait. Whoever waits may be cancelled, the transaction may not be (failure rule 5); but work
        that nobody waits for any more and that has not begun is not begun. Had it begun, `late` gets its result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_look_at)
        job = _Job(work, future, loop)
        self._jobs.put(job)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            job.abandoned = True
            if late is not None:
                future.add_done_callback(lambda done: _came_late(done, late))
            raise

    def put_from_thread(self, loop: asyncio.AbstractEventLoop, work: Callable[[Tx], Any]) -> None:
        """Hand over without waiting, from another thread."""
        self._jobs.put(_Job(work, None, loop))

    def _loop(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            group = [first]
            closing = False
            while len(group) < GROUP_AT_MOST:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    closing = True
                    break
                group.append(job)
            self._commit([job for job in group if not job.abandoned])
            if closing:
                return

    def _commit(self, group: list[_Job]) -> None:
        if not group:
            return
        outcomes: list[_Outcome] = []
        self._statements = []
        try:
            with self._engine.connect() as db, db.begin():
                tx = SqlTx(db)
                outcomes.extend(self._one(db, tx, job) for job in group)
                others = db.exec_driver_sql("PRAGMA data_version").scalar() if self._on_commit is not None else None
            if self._on_commit is not None:
                # The version of a connection changes only by what other connections wrote: `beside user …`, say.
                self._on_commit(self._statements, others not in (self._others, None) and self._others is not None)
                self._others = others
        except DBAPIError as error:
            log.error("store_failed", jobs=len(group), error=type(error.orig).__name__, code=_sqlite_code(error))
            outcomes = [(job, None, StoreDown("not committed")) for job in group]
        except Exception as error:  # whatever it was, nobody may wait for ever
            log.exception("store_broken", jobs=len(group))
            outcomes = [(job, None, error) for job in group]
        for job, result, failure in outcomes:
            if job.future is not None:
                job.loop.call_soon_threadsafe(_settle, job.future, result, failure)

    def _one(self, db: Connection, tx: Tx, job: _Job) -> _Outcome:
        noted = len(self._statements)
        savepoint = db.begin_nested()
        try:
            result = job.work(tx)
            savepoint.commit()
        except DBAPIError as error:
            if _is_of_the_store(error):
                raise
            savepoint.rollback()
            del self._statements[noted:]
            return job, None, error
        except Exception as error:
            savepoint.rollback()
            del self._statements[noted:]
            return job, None, error
        return job, result, None

    def _note(self, _db: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._statements.append((statement, parameters))


def _is_of_the_store(error: DBAPIError) -> bool:
    """Disk full, locked, broken: the whole group fails. A constraint is the fault of one piece of work."""
    return type(error.orig).__name__ in ("OperationalError", "DatabaseError", "InternalError")


def _sqlite_code(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", ""))


def _settle(future: asyncio.Future[Any], result: Any, failure: BaseException | None) -> None:
    if future.done():
        return
    if failure is not None:
        future.set_exception(failure)
    else:
        future.set_result(result)


def _look_at(future: asyncio.Future[Any]) -> None:
    """A failure that nobody waits for any more was logged by the worker; it need not warn again."""
    if not future.cancelled():
        future.exception()


def _came_late(future: asyncio.Future[T], late: Callable[[T], None]) -> None:
    if not future.cancelled() and future.exception() is None:
        late(future.result())


def latest_instant(engine: Engine) -> int:
    """The latest moment the store has seen, for a clock that never runs backwards."""
    with engine.connect() as db:
        found = [
            db.execute(text(query)).scalar() or 0
            for query in (
                "SELECT max(at) FROM entries",
                "SELECT max(raised_at) FROM calls",
                "SELECT max(at) FROM audit",
            )
        ]
    return max(int(f) for f in found)
