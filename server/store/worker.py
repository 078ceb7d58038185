"""A thread that runs what it is handed in groups: one transaction of a database, a savepoint each, one commit.

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
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from server.ports import StoreDown, Tx
from server.store.tx import SqlTx

T = TypeVar("T")
GROUP_AT_MOST = 64
CLOSE_WITHIN_SECONDS = 10.0
log = structlog.get_logger("store")


class Database(Protocol):
    """One connection to a database, used by one thread."""

    def transact(self, work: Callable[[Connection], T], *, only_looks: bool = False) -> T:
        """Run `work` in one transaction, and commit. Raises :class:`StoreDown` when that cannot be, whatever the
        reason: nobody is told then that what `work` did was done. `only_looks`: it writes nothing."""
        ...

    def is_down(self, error: DBAPIError) -> bool:
        """Whether the store itself failed, so that the whole group does: disk full, locked, connection lost. Else, with
        a constraint for example, it is the fault of one piece of work."""
        ...

    def dispose(self) -> None:
        """Close the connection, in the thread that used it."""
        ...


@dataclass(slots=True)
class _Job:
    work: Callable[[Tx], Any]
    future: asyncio.Future[Any] | None
    loop: asyncio.AbstractEventLoop
    only_looks: bool = False
    abandoned: bool = False


_Outcome = tuple[_Job, Any, BaseException | None]


class Worker:
    """A thread with one connection, which runs what it is handed in groups."""

    def __init__(self, name: str, database: Database) -> None:
        self._database = database
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """False when the thread hangs in something still. Its connection is left to it then: closing it would hang in
        the same."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(timeout=within_seconds)
        return not self._thread.is_alive()

    async def run(
        self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None, *, only_looks: bool = False
    ) -> T:
        """Hand over and wait. Whoever waits may be cancelled, the transaction may not be (failure rule 5); but work
        that nobody waits for any more and that has not begun is not begun. Had it begun, `late` gets its result."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_look_at)
        job = _Job(work, future, loop, only_looks)
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

    def _live(self) -> None:
        try:
            self._work()
        finally:
            self._database.dispose()

    def _work(self) -> None:
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
            wanted = [job for job in group if not job.abandoned]
            self._commit([job for job in wanted if job.only_looks])
            self._commit([job for job in wanted if not job.only_looks])
            if closing:
                return

    def _commit(self, group: list[_Job]) -> None:
        if not group:
            return
        try:
            outcomes = self._database.transact(lambda db: self._all(db, group), only_looks=group[0].only_looks)
        except StoreDown as down:
            outcomes = [(job, None, down) for job in group]
        except Exception as error:  # whatever it was, nobody may wait for ever
            log.exception("store_broken", jobs=len(group))
            outcomes = [(job, None, error) for job in group]
        for job, result, failure in outcomes:
            if job.future is not None:
                job.loop.call_soon_threadsafe(_settle, job.future, result, failure)

    def _all(self, db: Connection, group: list[_Job]) -> list[_Outcome]:
        tx = SqlTx(db)
        return [self._one(db, tx, job) for job in group]

    def _one(self, db: Connection, tx: Tx, job: _Job) -> _Outcome:
        savepoint = db.begin_nested()
        try:
            result = job.work(tx)
            savepoint.commit()
        except DBAPIError as error:
            if self._database.is_down(error):
                raise
            savepoint.rollback()
            return job, None, error
        except Exception as error:
            savepoint.rollback()
            return job, None, error
        return job, result, None


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
