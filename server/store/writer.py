"""SQLite behind one writer thread: group commit, `BEGIN IMMEDIATE`, WAL, `synchronous=FULL`.

Handlers hand over a function and await its durable result. The thread takes all that waits, runs each piece in a
savepoint of one transaction and commits once: 13 µs a message in a group against a commit each (evidence.md).
One writer also serialises everything that happens to a call at the same instant.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.ports import StoreDown, Tx
from server.store.tx import SqlTx

T = TypeVar("T")
GROUP_AT_MOST = 64
BUSY_TIMEOUT_MS = 2_000
log = structlog.get_logger("store")


@dataclass(slots=True)
class _Job:
    work: Callable[[Tx], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


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
    """Fulfils `server.ports.Store`. Start it before use; `close` finishes what was handed over."""

    def __init__(self, path: Path) -> None:
        self._writer = _Worker("store-writer", sqlite_engine(path))
        self._reader = _Worker("store-reader", sqlite_engine(path, read_only=True))

    def start(self) -> None:
        self._writer.start()
        self._reader.start()

    async def write(self, work: Callable[[Tx], T]) -> T:
        return await self._writer.run(work)

    async def read(self, work: Callable[[Tx], T]) -> T:
        return await self._reader.run(work)

    def close(self) -> None:
        self._writer.close()
        self._reader.close()


class _Worker:
    def __init__(self, name: str, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join()
        self._engine.dispose()

    async def run(self, work: Callable[[Tx], T]) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, future, loop))
        # Shielded: whoever waits may be cancelled, the transaction may not be (failure rule 5).
        return await asyncio.shield(future)

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
            self._commit(group)
            if closing:
                return

    def _commit(self, group: list[_Job]) -> None:
        outcomes: list[tuple[_Job, Any, BaseException | None]] = []
        try:
            with self._engine.connect() as db, db.begin():
                tx = SqlTx(db)
                outcomes.extend(self._one(db, tx, job) for job in group)
        except DBAPIError as error:
            log.error("store_failed", jobs=len(group), error=type(error.orig).__name__, code=_sqlite_code(error))
            outcomes = [(job, None, StoreDown("not committed")) for job in group]
        except Exception as error:  # whatever it was, nobody may wait for ever
            log.exception("store_broken", jobs=len(group))
            outcomes = [(job, None, error) for job in group]
        for job, result, failure in outcomes:
            job.loop.call_soon_threadsafe(_settle, job.future, result, failure)

    @staticmethod
    def _one(db: Connection, tx: Tx, job: _Job) -> tuple[_Job, Any, BaseException | None]:
        savepoint = db.begin_nested()
        try:
            result = job.work(tx)
            savepoint.commit()
        except DBAPIError as error:
            if _is_of_the_store(error):
                raise
            savepoint.rollback()
            return job, None, error
        except Exception as error:
            savepoint.rollback()
            return job, None, error
        return job, result, None


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
