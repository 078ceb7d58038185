"""What the auditor reads and where it says that it lives, on both stores (OC7)."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import asyncpg
import pytest

from server.auditor.postgres_truth import PostgresTruth
from server.auditor.process import Auditor
from server.auditor.truth import SqliteTruth, Truth
from server.clock import MARK, SystemClock
from server.heartbeat import Heartbeat, hear_in_folder, hear_in_store
from server.store.migrate import upgrade
from server.store.postgres import PostgresStore
from tests.postgres import a_database, a_postgres, must_have_postgres

BEAT = Heartbeat(at=1, late=2, worst_late_ms=6_000)


@asynccontextmanager
async def late_deadlines(kind: str, folder: Path, *late_by_ms: int) -> AsyncIterator[Truth]:
    """A store in which these are so late by the clock of the deadlines, and who looks at it."""
    if kind == "sqlite":
        upgrade(folder / "beside.db")
        clock = SystemClock()
        with closing(sqlite3.connect(folder / "beside.db")) as db, db:
            db.execute("INSERT INTO facts VALUES (?, ?)", (MARK, clock.mark()))
            rows = [("call", f"c{ms}", clock.now() - ms) for ms in late_by_ms]
            db.executemany("INSERT INTO deadlines VALUES (?, ?, ?)", rows)
        truth: Truth = SqliteTruth(folder)
        yield truth
        await truth.close(hung=False)
        return
    async with a_database() as url:
        truth = PostgresTruth(url)
        await put_in(url, *late_by_ms)
        yield truth
        await truth.close(hung=False)


async def put_in(url: str, *late_by_ms: int) -> None:
    db = await asyncpg.connect(url)
    now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
    for ms in late_by_ms:
        await db.execute(f"INSERT INTO deadlines VALUES ('call', 'c{ms}', {now} - {ms})")
    await db.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_oc07_late_is_what_is_over_5_s_late_the_latest_first(kind: str, tmp_path: Path) -> None:
    async with late_deadlines(kind, tmp_path, 4_000, 6_000, 90_000, -60_000) as truth:
        seen = await truth.look()
        assert (seen.count, [one.subject for one in seen.worst]) == (2, ["c90000", "c6000"])
        assert abs(seen.now - time.time() * 1000) < 60_000


async def test_oc07_a_database_whose_clock_was_set_back_hides_no_late_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nodes go on from where they were; deadlines are an hour ahead of the database then."""
    async with late_deadlines("postgres", tmp_path, 6_000) as truth:
        before = await truth.look()
        monkeypatch.setattr(
            "server.auditor.postgres_truth.NOW",
            "SELECT CAST(extract(epoch FROM clock_timestamp() - interval '1 hour') * 1000 AS bigint)",
        )
        seen = await truth.look()
        assert (seen.count, seen.now >= before.now) == (1, True)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_oc07_of_many_all_are_counted_and_the_worst_named(kind: str, tmp_path: Path) -> None:
    async with late_deadlines(kind, tmp_path, *(10_000 + n for n in range(30))) as truth:
        seen = await truth.look()
        assert (seen.count, len(seen.worst), seen.worst[0].subject) == (30, 20, "c10029")


async def test_oc07_a_heartbeat_in_a_folder_is_heard(tmp_path: Path) -> None:
    async with late_deadlines("sqlite", tmp_path) as truth:
        assert await hear_in_folder(tmp_path) is None
        await truth.beat(BEAT)
        assert await hear_in_folder(tmp_path) == BEAT


async def test_oc07_a_heartbeat_in_a_shared_store_is_heard_by_its_nodes() -> None:
    async with a_database() as url:
        store = PostgresStore(url, "one")
        store.start(0)
        truth = PostgresTruth(url)
        assert await hear_in_store(store) is None
        for beat in (Heartbeat(0, 0, 0), BEAT):
            await truth.beat(beat)
        assert await hear_in_store(store) == BEAT
        await truth.close(hung=False)
        assert await asyncio.to_thread(store.close)


async def test_oc07_a_database_that_hangs_or_dies_is_an_alarm_and_is_looked_at_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    must_have_postgres()
    monkeypatch.setattr("server.auditor.postgres_truth.ANSWER_WITHIN_SECONDS", 0.3)
    monkeypatch.setattr("server.auditor.postgres_truth.CONNECT_WITHIN_SECONDS", 0.3)
    monkeypatch.setattr("server.auditor.verdict.SILENT_AFTER_SECONDS", 1.0)
    monkeypatch.setattr("server.auditor.process.LOOK_EVERY_SECONDS", 0.1)
    place = a_postgres("fsync=off")
    server = await asyncio.to_thread(place.__enter__)
    try:
        url = await asyncio.to_thread(server.fresh)
        auditor = Auditor(PostgresTruth(url))
        running = asyncio.ensure_future(auditor.run())
        await until(auditor.is_well)
        with server.hanging():
            await until(lambda: silent(auditor))
        await until(auditor.is_well)
        await asyncio.to_thread(server.stop)
        await until(lambda: silent(auditor))
        await asyncio.to_thread(server.start)
        await until(auditor.is_well)
        running.cancel()
        await auditor.close()
    finally:
        await asyncio.to_thread(place.__exit__, None, None, None)


def silent(auditor: Auditor) -> bool:
    return auditor.verdict.alarms(time.monotonic()) == {"store_silent"}


async def until(true: Callable[[], bool]) -> None:
    """Another process tells of nothing: it is asked until it is so."""
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
