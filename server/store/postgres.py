"""PostgreSQL: the store of several nodes (docs/decisions/0014). One writer thread and one reader thread on each node,
one lock for all writers, and one log of changes from which each node follows the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import asyncpg
import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from server.ports import StoreDown, Tx
from server.store.changes import Batch, Change, ChangeLog, position_of, prune
from server.store.copying import Rows, rows_of
from server.store.doors import Doors
from server.store.postgres_database import CONNECT_WITHIN_SECONDS, COPYING, SERVING, Limits, PostgresDatabase, once
from server.store.tx import SqlTx
from server.store.worker import CLOSE_WITHIN_SECONDS

T = TypeVar("T")
POLL_EVERY_SECONDS = 1.0
PRUNE_EVERY_SECONDS = 60.0
WALLS = ("blocks", "memberships", "calls")
"""Of these this node's own changes are told here, too. A handler goes on a moment after its commit, and what another
node wrote after that may be told before: it must not go to whoever was just removed, blocked or refused."""
WITH_WORDS = ("entries", "calls", "reports", "join_requests", "actions", "action_entries")
log = structlog.get_logger("store")


class Others(Protocol):
    """Who is told what others than this node's own handlers have changed: other nodes, psql by hand, and a commit of
    this node whose answer was lost; and every wall, whoever put it up. Each row once, in the order of the commits."""

    def gather(self, tx: Tx, changed: Sequence[Change]) -> list[Any] | None:
        """In the transaction that found the changes, in the writer's thread: read what is to be told of them. When that
        is None, or it raises, `everything` is called instead."""
        ...

    def tell(self, gathered: list[Any]) -> None:
        """On the main loop, once that transaction is committed, before anybody hears of what it committed itself."""
        ...

    def everything(self) -> None:
        """On the main loop: more has changed, or longer ago, than can be said. The mirror is copied anew meanwhile."""
        ...

    def wrote(self) -> None:
        """On the main loop: this node has committed something that other nodes have to look at."""
        ...


OnTime = Callable[[int, int, int], None]
"""What the database's clock said, in ms since 1970 UTC, and this machine's monotonic clock before and after, in ns."""


class FollowingDatabase(PostgresDatabase):
    """The writer's connection: after each group's work, in its transaction, it reads what has changed since, and tells
    when that is committed. All in the writer's thread, in the order of the commits."""

    def __init__(self, url: str, node: str, tell: Callable[[Batch, list[Any] | None], None], limits: Limits) -> None:
        super().__init__(url, node, limits=limits)
        self._tell = tell
        self.changes = ChangeLog()
        self.others: Others | None = None

    def transact(self, work: Callable[[Connection], T], *, only_looks: bool = False) -> T:
        def noted(db: Connection) -> tuple[T, Batch, list[Any] | None]:
            result = work(db)
            batch = self.changes.read(db)
            return result, batch, self._gathered(db, batch)

        result, batch, gathered = super().transact(noted, only_looks=only_looks)
        self.changes.go_on_from(batch.position)
        self._tell(batch, gathered)
        return result

    def _gathered(self, db: Connection, batch: Batch) -> list[Any] | None:
        """None: everything may have changed."""
        changed = [change for change in batch.changes if not change.own or change.table in WALLS]
        if batch.everything or self.others is None or not changed:
            return None if batch.everything else []
        savepoint = db.begin_nested()
        try:
            gathered = self.others.gather(SqlTx(db), changed)
            savepoint.commit()
        except DBAPIError as error:
            if self.is_down(error):
                raise
        except Exception:
            log.exception("others_not_gathered")
        else:
            return gathered
        savepoint.rollback()
        return None


class PostgresStore(Doors):
    """`follow` gets every commit of every node, in order, in the writer's thread: what is acknowledged here is in the
    mirror."""

    def __init__(
        self,
        url: str,
        node: str,
        follow: Callable[[Batch], None] = lambda _batch: None,
        *,
        on_time: OnTime = lambda _at, _before, _after: None,
        limits: Limits = SERVING,
    ) -> None:
        self._url = url
        self._follow = follow
        self._on_time = on_time
        self._database = FollowingDatabase(url, node, self._tell, limits)
        super().__init__(self._database, PostgresDatabase(url, node, read_only=True, limits=limits))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._polls: asyncio.Task[None] | None = None

    def tell_others(self, others: Others) -> None:
        """Whom to tell what others change. Before `start`, or nothing is told until then."""
        self._database.others = others

    def start(self, position: int) -> None:
        """Follow the log from here: the position of the mirror's copy."""
        self._loop = asyncio.get_running_loop()
        self._database.changes.go_on_from(position)
        self._writer.start()
        self._reader.start()
        self._polls = self._loop.create_task(self._keep_up())

    async def poll(self) -> None:
        """Look at once whether others have written, and tell of it: the bus has rung. Otherwise the store looks once a
        second by itself. Raises :class:`StoreDown`."""
        await self._writer.run(self._look, only_looks=True, urgent=True)

    def _look(self, tx: Tx) -> None:
        if not isinstance(tx, SqlTx):
            raise TypeError("the store's worker makes its own transactions")
        before = time.monotonic_ns()
        at = tx.db.execute(_NOW).scalar_one()
        self._on_time(at, before, time.monotonic_ns())

    async def _keep_up(self) -> None:
        pruned_at = time.monotonic()
        while True:
            await asyncio.sleep(POLL_EVERY_SECONDS)
            try:
                await self.poll()
                if time.monotonic() - pruned_at > PRUNE_EVERY_SECONDS:
                    pruned_at = time.monotonic()
                    await self.write(_prune)
            except StoreDown:
                log.error("others_not_followed")
            except Exception:
                log.exception("others_not_followed")

    def _tell(self, batch: Batch, gathered: list[Any] | None) -> None:
        self._follow(batch)
        others, loop = self._database.others, self._loop
        if others is not None and loop is not None:
            if gathered is None:
                loop.call_soon_threadsafe(others.everything)
            elif gathered:
                loop.call_soon_threadsafe(others.tell, gathered)
            if any(change.own for change in batch.changes):
                loop.call_soon_threadsafe(others.wrote)

    async def compact(self) -> None:
        """Deleted words leave the pages of their tables; the write-ahead log, when the server recycles it."""
        try:
            await asyncio.wait_for(self._vacuum(), COPYING.whole_seconds)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.info("compact_put_off", error=type(error).__name__)

    async def _vacuum(self) -> None:
        db = await asyncpg.connect(self._url, timeout=CONNECT_WITHIN_SECONDS)
        try:
            await db.execute("SET lock_timeout = '1s'")
            for table in WITH_WORDS:
                await db.execute(f"VACUUM {table}")
        finally:
            db.terminate()  # of its own, used for nothing else

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        if self._polls is not None:
            self._polls.cancel()
        closed = super().close(within_seconds)
        self._loop = None
        return closed


class PostgresSnapshot:
    """Fulfils `server.store.copying.Snapshot`. The moment is when `rows` begins to read: its position says which."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self) -> tuple[Rows, int]:
        def read(db: Connection) -> tuple[Rows, int]:
            found = rows_of(lambda query: [tuple(row) for row in db.execute(text(query))])
            return found, position_of(db)

        return once(self._url, read, read_only=True, limits=COPYING)


def clock_of(db: Connection) -> int:
    """What the database's clock says, in ms since 1970 UTC."""
    return int(db.execute(_NOW).scalar_one())


def _prune(tx: Tx) -> None:
    if isinstance(tx, SqlTx):
        prune(tx.db)


_NOW = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
