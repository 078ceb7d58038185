"""A thread that runs what it is handed in groups: one transaction of a database, a savepoint each, one commit.

Handlers hand over a function and await its durable result. The thread takes all that waits, runs each piece in a
savepoint of one transaction and commits once: 13 µs a message in a group against a commit each (evidence.md).
One writer also serialises everything that happens to a call at the same instant.

Urgent work, that of calls, goes first: a group of ordinary work ends early when some comes, and the thread takes it
next. Ordinary work has a limit beyond which nobody waits in vain.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from server.ports import StoreBusy, StoreDown, Tx
from server.store.tx import SqlTx

T = TypeVar("T")
GROUP_AT_MOST = 64
GROUP_WITHIN_SECONDS = 0.1
"""A group that takes longer, where the store is slow, commits what it has: it may hold the lock of all nodes."""
ORDINARY_WAITING_AT_MOST = 1_000
LOGS_WAITING_AT_MOST = 300
"""Of the reader: history is shed before words."""
BUSY_FROM = 200
"""With so much waiting, hints are left out and presence is told later."""
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
    urgent: bool = False
    abandoned: bool = False


class _Waiting:
    """What waits for the thread: urgent work before ordinary, each in its order."""

    def __init__(self, ordinary_at_most: int) -> None:
        self._ordinary_at_most = ordinary_at_most
        self._urgent: deque[_Job] = deque()
        self._ordinary: deque[_Job] = deque()
        self._closing = False
        self._something = threading.Condition()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._ordinary)

    @property
    def has_urgent(self) -> bool:
        return bool(self._urgent)

    def add(self, job: _Job, *, bounded: bool) -> None:
        """Raises :class:`StoreBusy` when `bounded` and there is no place."""
        with self._something:
            if bounded and not job.urgent and len(self._ordinary) >= self._ordinary_at_most:
                raise StoreBusy("too much waits")
            (self._urgent if job.urgent else self._ordinary).append(job)
            self._something.notify()

    def close(self) -> None:
        """No more comes; what waits is done."""
        with self._something:
            self._closing = True
            self._something.notify()

    def take(self) -> list[_Job]:
        """The next group, one piece at least; none at all when it is closed and nothing is left."""
        with self._something:
            while not (self._urgent or self._ordinary or self._closing):
                self._something.wait()
            group: list[_Job] = []
            for waiting in (self._urgent, self._ordinary):
                while waiting and len(group) < GROUP_AT_MOST:
                    group.append(waiting.popleft())
            return group

    def put_back(self, jobs: list[_Job]) -> None:
        """In front of all that waits."""
        with self._something:
            self._ordinary.extendleft(reversed([job for job in jobs if not job.urgent]))
            self._urgent.extendleft(reversed([job for job in jobs if job.urgent]))


_Outcome = tuple[_Job, Any, BaseException | None]


class Worker:
    """A thread with one connection, which runs what it is handed in groups."""

    def __init__(self, name: str, database: Database, ordinary_at_most: int = ORDINARY_WAITING_AT_MOST) -> None:
        self._database = database
        self._waiting = _Waiting(ordinary_at_most)
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    @property
    def busy(self) -> bool:
        """More waits than is done in a moment."""
        return len(self._waiting) > BUSY_FROM

    def start(self) -> None:
        self._thread.start()

    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """False when the thread hangs in something still. Its connection is left to it then: closing it would hang in
        the same."""
        if self._thread.is_alive():
            self._waiting.close()
            self._thread.join(timeout=within_seconds)
        return not self._thread.is_alive()

    async def run(
        self,
        work: Callable[[Tx], T],
        late: Callable[[T], None] | None = None,
        *,
        only_looks: bool = False,
        urgent: bool = False,
    ) -> T:
        """Hand over and wait. Whoever waits may be cancelled, the transaction may not be (failure rule 5); but work
        that nobody waits for any more and that has not begun is not begun. Had it begun, `late` gets its result.
        Raises :class:`StoreBusy` at once when too much waits before it and it is not `urgent`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_look_at)
        job = _Job(work, future, loop, only_looks, urgent)
        self._waiting.add(job, bounded=True)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            job.abandoned = True
            if late is not None:
                future.add_done_callback(lambda done: _came_late(done, late))
            raise

    def put_from_thread(self, loop: asyncio.AbstractEventLoop, work: Callable[[Tx], Any]) -> None:
        """Hand over without waiting, from another thread. There is always a place: what follows the store is bounded
        by the store."""
        self._waiting.add(_Job(work, None, loop), bounded=False)

    def _live(self) -> None:
        try:
            self._work()
        finally:
            self._database.dispose()

    def _work(self) -> None:
        while group := self._waiting.take():
            wanted = [job for job in group if not job.abandoned]
            self._commit([job for job in wanted if job.only_looks])
            self._commit([job for job in wanted if not job.only_looks])

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
        self._waiting.put_back(group[len(outcomes) :])
        for job, result, failure in outcomes:
            if job.future is not None:
                job.loop.call_soon_threadsafe(_settle, job.future, result, failure)

    def _all(self, db: Connection, group: list[_Job]) -> list[_Outcome]:
        tx, outcomes = SqlTx(db), list[_Outcome]()
        until = time.monotonic() + GROUP_WITHIN_SECONDS
        for job in group:
            if outcomes and not job.urgent and (self._waiting.has_urgent or time.monotonic() > until):
                break
            outcomes.append(self._one(db, tx, job))
        return outcomes

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
