"""Stores on real databases, with everyone in them: `a_store("sqlite", …)`, `a_store("postgres", …)`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.store.migrate import upgrade
from server.store.mirror import Mirror
from server.store.postgres import PostgresSnapshot, PostgresStore
from server.store.postgres_database import SERVING, Limits
from server.store.sqlite import SqliteStore
from tests.contracts.people import people_move_in
from tests.postgres import a_database

RealStore = SqliteStore | PostgresStore


@asynccontextmanager
async def a_store(kind: str, folder: Path) -> AsyncIterator[RealStore]:
    if kind == "sqlite":
        path = folder / "beside.db"
        upgrade(path)
        async with started(SqliteStore(path)) as store:
            await store.write(people_move_in)
            yield store
    else:
        async with a_database() as url, started(PostgresStore(url, "one")) as store:
            await store.write(people_move_in)
            yield store


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
