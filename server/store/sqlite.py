"""SQLite behind one writer thread: `BEGIN IMMEDIATE`, WAL, `synchronous=FULL`."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from server.ports import StoreDown
from server.store.doors import Doors
from server.store.tx import latest_instant_in

T = TypeVar("T")
BUSY_TIMEOUT_MS = 2_000
log = structlog.get_logger("store")


Statement = tuple[str, Any]
"""A statement and its parameters, as the driver got them."""


OnCommit = Callable[[list[Statement], bool], None]
"""What was committed, and whether another process has written to the file besides."""


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


class SqliteDatabase:
    """Fulfils `server.store.worker.Database`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def transact(self, work: Callable[[Connection], T], *, only_looks: bool = False) -> T:
        try:
            with self._engine.connect() as db, db.begin():
                return work(db)
        except DBAPIError as error:
            kind, code = type(error.orig).__name__, getattr(error.orig, "sqlite_errorname", "")
            log.error("store_failed", error=kind, code=code)
            raise StoreDown("not committed") from error

    def is_down(self, error: DBAPIError) -> bool:
        return type(error.orig).__name__ in ("OperationalError", "DatabaseError", "InternalError")

    def dispose(self) -> None:
        self._engine.dispose()


class FollowedDatabase(SqliteDatabase):
    """Tells of each commit, in order, in the thread that committed: every statement, without what was rolled back."""

    def __init__(self, engine: Engine, on_commit: OnCommit) -> None:
        super().__init__(engine)
        self.on_commit = on_commit
        self._statements: list[Statement] = []
        self._noted: list[int] = []
        """How many statements there were at the savepoints that are open."""
        self._others: int | None = None
        event.listen(engine, "after_cursor_execute", self._note)
        event.listen(engine, "savepoint", self._at_savepoint)
        event.listen(engine, "release_savepoint", self._at_release)
        event.listen(engine, "rollback_savepoint", self._at_rollback)

    def transact(self, work: Callable[[Connection], T], *, only_looks: bool = False) -> T:
        self._statements, self._noted = [], []

        def noted(db: Connection) -> tuple[T, int]:
            return work(db), db.exec_driver_sql("PRAGMA data_version").scalar_one()

        result, others = super().transact(noted, only_looks=only_looks)
        # The version of a connection changes only by what other connections wrote: `beside user …`, say.
        self.on_commit(self._statements, self._others is not None and others != self._others)
        self._others = others
        return result

    def _note(self, _db: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            self._statements.append((statement, parameters))

    def _at_savepoint(self, _db: Connection, _name: str) -> None:
        self._noted.append(len(self._statements))

    def _at_release(self, _db: Connection, _name: str, _context: Any) -> None:
        self._noted.pop()

    def _at_rollback(self, _db: Connection, _name: str, _context: Any) -> None:
        del self._statements[self._noted.pop() :]


class SqliteStore(Doors):
    """The file. `on_commit` gets the statements of each commit, in order, in the writer's thread."""

    def __init__(self, path: Path, on_commit: OnCommit | None = None) -> None:
        self._path = path
        engine = sqlite_engine(path)
        super().__init__(
            SqliteDatabase(engine) if on_commit is None else FollowedDatabase(engine, on_commit),
            SqliteDatabase(sqlite_engine(path, read_only=True)),
        )

    def start(self) -> None:
        self._writer.start()
        self._reader.start()

    async def compact(self) -> None:
        """Move the write-ahead log into the file and empty it: with `secure_delete` no copy of a deleted word is left.
        A reader in the middle of something puts it off until the next time."""
        await asyncio.to_thread(self._empty_log)

    def _empty_log(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_MS / 1000)) as db:
            busy, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                log.info("compact_put_off")


def latest_instant(engine: Engine) -> int:
    """The latest moment the store has seen, for a clock that never runs backwards."""
    with engine.connect() as db:
        return latest_instant_in(db)
