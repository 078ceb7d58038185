"""The operator's way to the store without the server: one transaction, whether or not a server runs on it. SQLite's WAL
and `BEGIN IMMEDIATE` make the two take turns, PostgreSQL's lock of all writers does; each waits at most some seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from server.clock import SystemClock
from server.ports import StoreDown, Tx
from server.settings import BadSetting, Settings
from server.store.postgres import clock_of
from server.store.postgres_database import once
from server.store.sqlite import latest_instant, sqlite_engine
from server.store.tx import SqlTx, latest_instant_in

T = TypeVar("T")


def database_of(settings: Settings) -> Path:
    """The database file, or :class:`BadSetting` when there is none."""
    path = settings.data / "beside.db"
    if not path.is_file():
        raise BadSetting(f"There is no database in {settings.data}. Say where with --data, or start the server once.")
    return path


def by_hand(settings: Settings, work: Callable[[Tx, int], T]) -> T:
    """Run `work(transaction, now in ms)` on the database of these settings, whichever it is, and commit. What `work`
    raises undoes it. Raises :class:`BadSetting` when the database cannot be used."""
    if not settings.database_url:
        with offline(settings) as (tx, now):
            return work(tx, now)

    def run(db: Connection) -> T:
        return work(SqlTx(db), max(clock_of(db), latest_instant_in(db)))

    try:
        return once(settings.database_url, run)
    except StoreDown as down:
        raise BadSetting(
            f"The database of DATABASE_URL cannot be used ({type(down.__cause__).__name__}). See what this says: "
            "beside doctor. If it was made by an older Beside, run: beside db upgrade"
        ) from None


@contextmanager
def offline(settings: Settings) -> Iterator[tuple[Tx, int]]:
    """On the file in the data folder: `(transaction, now in ms)`, committed at the end of the block and rolled back by
    an exception. `now` is never before what the store has seen, as for the server itself."""
    engine = sqlite_engine(database_of(settings))
    try:
        now = SystemClock(not_before=latest_instant(engine)).now()
        with engine.connect() as db, db.begin():
            yield SqlTx(db), now
    except DBAPIError as error:
        raise BadSetting(
            f"The database in {settings.data} cannot be used ({error.orig}). "
            "If it was made by an older Beside, run: beside db upgrade"
        ) from None
    finally:
        engine.dispose()


def latest_instant_of(settings: Settings) -> int:
    """The latest moment the store has seen, in ms since 1970; 0 when it has seen nothing."""
    engine = sqlite_engine(database_of(settings), read_only=True)
    try:
        return latest_instant(engine)
    finally:
        engine.dispose()


def damage_of(settings: Settings) -> list[str]:
    """What SQLite's quick_check finds wrong; nothing when the file is sound."""
    engine = sqlite_engine(database_of(settings), read_only=True)
    try:
        with engine.connect() as db:
            found = [str(row[0]) for row in db.execute(text("PRAGMA quick_check(5)"))]
    except DBAPIError as error:
        return [str(error.orig)]
    finally:
        engine.dispose()
    return [line for line in found if line != "ok"]


def unreadable_calls_of(settings: Settings) -> tuple[list[str], list[str]]:
    """`(ids of running calls whose body cannot be read, ids of those that were begun anew because of that)`. Raises
    :class:`StoreDown` where PostgreSQL does not answer."""

    def look(db: Connection) -> tuple[list[str], list[str]]:
        begun = db.execute(text("SELECT subject FROM audit WHERE action = 'call_begun_anew' ORDER BY seq"))
        return [call.id for call in SqlTx(db).calls.unreadable()], [str(row[0]) for row in begun]

    if settings.database_url:
        return once(settings.database_url, look, read_only=True)
    engine = sqlite_engine(database_of(settings), read_only=True)
    try:
        with engine.connect() as db:
            return look(db)
    finally:
        engine.dispose()
