"""A node that comes up while the database is not there waits for it; and does not, where waiting changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import Postgres
from tests.server.child import Child, free_port


@pytest.fixture
async def child(tmp_path: Path, own_postgres: Postgres) -> AsyncIterator[Child]:
    url = await asyncio.to_thread(own_postgres.fresh)
    child = Child(tmp_path / "data", free_port(), environment={"DATABASE_URL": url})
    yield child
    if child.process is not None:
        await child.stop()
    if own_postgres.process is not None:
        await asyncio.to_thread(own_postgres.drop, url)


async def says(child: Child, words: str) -> None:
    async with asyncio.timeout(20):
        while not child.log_path.exists() or words not in child.log():  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.05)


async def test_uc15_a_node_waits_for_the_store_and_starts_when_it_is_there(
    child: Child, own_postgres: Postgres
) -> None:
    own_postgres.stop()
    ready = asyncio.ensure_future(child.start())
    try:
        await says(child, "waiting_for_store")
        with pytest.raises(ConnectionRefusedError):  # whoever asks for /readyz hears that it is not
            await asyncio.open_connection("127.0.0.1", child.port)
    finally:
        await asyncio.to_thread(own_postgres.start)
    await ready


async def test_uc15_a_node_waits_for_a_store_that_is_too_slow_to_commit(child: Child, own_postgres: Postgres) -> None:
    await child.start()
    await child.stop()
    db = await asyncpg.connect(child.environment["DATABASE_URL"])
    try:
        held = db.transaction()
        await held.start()
        await db.execute("LOCK TABLE facts IN SHARE MODE")  # it can be read; every start writes there
        ready = asyncio.ensure_future(child.start())
        await says(child, "waiting_for_store")
        assert not ready.done()
        await held.rollback()
        await ready
    finally:
        await db.close()


async def test_a_node_that_waits_stops_when_it_is_told_to(child: Child, own_postgres: Postgres) -> None:
    own_postgres.stop()
    ready = asyncio.ensure_future(child.start())
    try:
        await says(child, "waiting_for_store")
        assert await child.stop() == 0
        with pytest.raises(AssertionError, match="ended before it was ready"):
            await ready
    finally:
        await asyncio.to_thread(own_postgres.start)


@pytest.mark.parametrize(
    ("database", "says"),
    [
        ("not_there", "InvalidCatalogNameError"),
        ("postgres&sslmode=verify-full", "ClientConfigurationError"),  # whose CA is nowhere
    ],
)
async def test_what_no_waiting_changes_is_said_at_once(
    database: str, says: str, tmp_path: Path, own_postgres: Postgres
) -> None:
    name, _, options = database.partition("&")
    url = f"{own_postgres.url(name)}&{options}"
    child = Child(tmp_path / "data", free_port(), environment={"DATABASE_URL": url, "HOME": str(tmp_path)})
    with pytest.raises(AssertionError, match="ended before it was ready"):
        await child.start()
    assert child.process is not None
    assert await child.process.wait() == 2
    await child.stop()
    assert says in child.log()
    assert "does a database of that name exist" in " ".join(child.log().split())
