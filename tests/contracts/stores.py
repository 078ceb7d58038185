"""Stores on real databases, with everyone in them: `a_store("sqlite", …)`, `a_store("postgres", …)`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.store.migrate import upgrade
from server.store.mirror import Mirror
from server.store.postgres import PostgresSnapshot, PostgresStore
from server.store.postgres_database import SERVING, Limits
from server.store.sqlite import SqliteStore
from tests.contracts.people import people_move_in
from tests.postgres import MISSING, Postgres, binaries, shared

RealStore = SqliteStore | PostgresStore


def the_server() -> Postgres:
    """The PostgreSQL of this run. Not in a thread whose event loop runs."""
    must_have_postgres()
    return shared()


def must_have_postgres() -> None:
    """A test that needs one is skipped where there is none."""
    if binaries() is None:
        pytest.skip(MISSING)


@asynccontextmanager
async def a_store(kind: str, folder: Path) -> AsyncIterator[RealStore]:
    if kind == "sqlite":
        path = folder / "beside.db"
        upgrade(path)
        async with started(SqliteStore(path)) as store:
            await store.write(people_move_in)
            yield store
    else:
        async with a_database(await asyncio.to_thread(the_server)) as url, started(PostgresStore(url, "one")) as store:
            await store.write(people_move_in)
            yield store


@asynccontextmanager
async def a_database(server: Postgres) -> AsyncIterator[str]:
    url = await asyncio.to_thread(server.fresh)
    try:
        yield url
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.drop, url)


@asynccontextmanager
async def started(store: RealStore) -> AsyncIterator[RealStore]:
    if isinstance(store, PostgresStore):
        store.start(0)
    else:
        store.start()
    try:
        yield store
    finally:
        assert await asyncio.to_thread(store.close)


class Node:
    """One of several on a database: a store, and the mirror that follows it."""

    def __init__(self, url: str, name: str, limits: Limits = SERVING) -> None:
        self.mirror = Mirror(lambda: PostgresSnapshot(url))
        self.store = PostgresStore(url, name, self.mirror.follow_rows, limits=limits)

    async def start(self) -> Node:
        self.store.start(await self.mirror.start())
        return self

    async def stop(self) -> None:
        await asyncio.to_thread(self.store.close)
        self.mirror.close()
