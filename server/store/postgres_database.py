"""One connection to PostgreSQL for one thread: asyncpg in an event loop of that thread, through SQLAlchemy's bridge.

Work stays a plain function. Nothing on the connection is ever cancelled: an answer that does not come in time ends the
connection, and the next transaction makes another.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from server.ports import StoreDown

T = TypeVar("T")
log = structlog.get_logger("store")
CONNECT_WITHIN_SECONDS = 2.0
STATEMENTS_KEPT = 500
"""Prepared statements of one connection: more than the store has, so that each is prepared once."""
OF_ONE_PIECE = ("21", "22", "23", "25006", "42", "44", "P0")
"""SQLSTATEs, by how they begin, that are the fault of one piece of work: its data, a constraint, its statement, a read
that writes. Every other, and none at all, is the store's: connection, resources, an operator, a lock or an answer that
came too late."""
MAY_COME = ("08", "53", "57")
"""SQLSTATEs of a server that starts, stops or is full; with none at all it was not reached. Every other will be the
same in a minute: a password, a name, a right."""
NEVER_COMES = (ssl.SSLCertVerificationError, asyncpg.ClientConfigurationError)
"""Nor do these change: a certificate that is not trusted, a URL that is not understood."""
WRITERS_LOCK = 0x42657369_6465
"""Every transaction that writes holds this advisory lock: "Beside" in ASCII, so that pg_locks can be read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a transaction may take; 0 is for ever. The first three are kept by the server, the last by us, for a
    server that keeps nothing any more."""

    idle_ms: int
    """Between two statements. A node that is stopped while it holds the lock loses it after that."""
    lock_ms: int
    statement_ms: int
    whole_seconds: float


SERVING = Limits(idle_ms=1_000, lock_ms=3_000, statement_ms=4_000, whole_seconds=5.0)
COPYING = Limits(idle_ms=10_000, lock_ms=3_000, statement_ms=60_000, whole_seconds=120.0)
UPGRADING = Limits(idle_ms=0, lock_ms=0, statement_ms=0, whole_seconds=3_600.0)


class PostgresDatabase:
    """Fulfils `server.store.worker.Database`. Writes are READ COMMITTED, one after the other by the lock; reads are
    REPEATABLE READ: one snapshot. Use it in a thread whose own event loop does not run."""

    def __init__(self, url: str, node: str, *, read_only: bool = False, limits: Limits = SERVING) -> None:
        self._url = url
        self._node = node
        self._read_only = read_only
        self._limits = limits
        self._loop = asyncio.new_event_loop()
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            poolclass=NullPool,
            isolation_level="REPEATABLE READ" if read_only else "READ COMMITTED",
            connect_args={"prepared_statement_cache_size": STATEMENTS_KEPT},
        )
        self._raw: Any = None
        self._db: AsyncConnection | None = None

    def transact(self, work: Callable[[Connection], T], *, only_looks: bool = False) -> T:
        """See :class:`server.store.worker.Database`. `only_looks`: without the lock, and on one snapshot."""
        lock = not self._read_only and not only_looks

        def locked(db: Connection) -> T:
            if lock:
                take_writers_lock(db)
            elif not self._read_only:
                db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            return work(db)

        return self._loop.run_until_complete(self._within_the_limit(locked))

    def is_down(self, error: DBAPIError) -> bool:
        return not _code(error).startswith(OF_ONE_PIECE)

    def dispose(self) -> None:
        if self._loop.is_closed():
            return
        if self._db is not None:
            self._loop.run_until_complete(self._hang_up())
        self._loop.close()

    async def _within_the_limit(self, work: Callable[[Connection], T]) -> T:
        task = self._loop.create_task(self._transact(work))
        in_time, _ = await asyncio.wait({task}, timeout=self._limits.whole_seconds)
        if not in_time:
            self._cut()  # whatever it waits for fails now, by itself
        try:
            return await task
        except StoreDown:
            raise
        except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            kind = type(getattr(cause, "__cause__", None) or cause).__name__
            log.error("store_failed", error=kind, code=_code(error) if in_time else "late")
            raise StoreDown("not committed") from error

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        try:
            if self._db is None:
                self._db = await self._engine.connect()
                if self._read_only:
                    await self._db.execution_options(postgresql_readonly=True)
            transaction = await self._db.begin()
            result = await self._db.run_sync(work)
            await transaction.commit()
        except BaseException:
            self._cut()  # the server rolls back, and lets go of the lock, when its connection is gone
            await self._hang_up()
            raise
        return result

    async def _connect(self) -> Any:
        self._raw = await asyncpg.connect(self._url, timeout=CONNECT_WITHIN_SECONDS)
        limits = self._limits
        settings = {
            "idle_in_transaction_session_timeout": str(limits.idle_ms),
            "lock_timeout": str(limits.lock_ms),
            "statement_timeout": str(limits.statement_ms),
            "application_name": "beside",
            "beside.node": self._node,
        }
        for name, value in settings.items():
            await self._raw.execute(f"SET {name} = '{value}'")
        if await self._raw.fetchval("SHOW synchronous_commit") == "off":  # an acknowledged word would not be on a disk
            await self._raw.execute("SET synchronous_commit = on")
        return self._raw

    def _cut(self) -> None:
        if self._raw is not None:
            self._raw.terminate()

    async def _hang_up(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            if self._raw is not None and self._raw.is_closed():
                await db.invalidate()
            await db.close()
        self._raw = None


def take_writers_lock(db: Connection) -> None:
    db.execute(text(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})"))


def once(
    url: str, work: Callable[[Connection], T], *, read_only: bool = False, limits: Limits = SERVING, node: str = ""
) -> T:
    """One transaction on a connection and in a thread of its own, waited for here. Raises :class:`StoreDown`."""

    def run() -> T:
        database = PostgresDatabase(url, node, read_only=read_only, limits=limits)
        try:
            return database.transact(work)
        finally:
            database.dispose()

    with ThreadPoolExecutor(1, "store-once") as thread:
        return thread.submit(run).result()


def may_come(down: StoreDown) -> bool:
    """Whether it is worth waiting for the database that did not let us."""
    cause: BaseException | None = down.__cause__
    code = _code(cause) if cause is not None else ""
    while cause is not None and not isinstance(cause, NEVER_COMES):
        cause = cause.__cause__
    return cause is None and (not code or code.startswith(MAY_COME))


def _code(error: BaseException) -> str:
    """The SQLSTATE, or nothing."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlstate", None) or "")
