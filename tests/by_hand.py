"""The store by hand, as an operator has it: beside whatever Beside itself holds in memory, and on whichever store the
world lives."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from server import offline
from server.ports import Tx
from server.store.postgres_database import WRITERS_LOCK
from tests.worlds import STORE, World

Row = tuple[Any, ...]


async def by_hand(world: World, statement: str, **values: Any) -> list[Row]:
    """What a statement of SQL finds, in a transaction of its own that is committed on return. `:name` stands for a
    value. To see which rows were changed say `RETURNING`."""

    def run(tx: Tx, _now: int) -> list[Row]:
        found = tx.db.execute(text(statement), values)  # type: ignore[attr-defined]
        return [tuple(row) for row in found] if found.returns_rows else []

    return await asyncio.to_thread(offline.by_hand, world.beside.settings, run)


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Another process holds the lock of all writers, and does not let go: nothing can be written."""
    held, let_go = threading.Event(), threading.Event()
    hold = _lock_postgres if world.beside.settings.database_url else _lock_sqlite
    other = threading.Thread(target=hold, args=(world, held, let_go), name="another-process")
    other.start()
    try:
        assert held.wait(10), "nobody else got the lock"
        yield
    finally:
        let_go.set()
        other.join()


def _lock_sqlite(world: World, held: threading.Event, let_go: threading.Event) -> None:
    with closing(sqlite3.connect(world.beside.settings.data / "beside.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        held.set()
        let_go.wait()
        db.execute("ROLLBACK")


def _lock_postgres(world: World, held: threading.Event, let_go: threading.Event) -> None:
    async def hold() -> None:
        db = await asyncpg.connect(world.beside.settings.database_url)
        await db.execute(f"SELECT pg_advisory_lock({WRITERS_LOCK})")  # of the session: no timeout of Beside's ends it
        held.set()
        await asyncio.to_thread(let_go.wait)
        await db.close()

    asyncio.run(hold())


async def all_that_is_kept(world: World) -> bytes:
    """On SQLite all bytes of the data folder. PostgreSQL's files are its own (docs/what-we-hold.md): there it is what
    anybody can still ask for, every row of every table."""
    if not world.beside.settings.database_url:
        return b"".join(p.read_bytes() for p in sorted(world.beside.settings.data.iterdir()) if p.is_file())
    tables = await by_hand(world, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [row for (table,) in tables for row in await by_hand(world, f'SELECT * FROM "{table}"')]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


def only_on_sqlite(why: str) -> pytest.MarkDecorator:
    """For a test that is about SQLite's own file. `why` names what holds the rule on PostgreSQL."""
    return pytest.mark.skipif(STORE != "sqlite", reason=why)
