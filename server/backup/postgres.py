"""Backup and restore of a deployment on PostgreSQL: each table as CSV, all of one moment, over asyncpg alone. The keys
of the deployment are rows of its facts, so they are in it.

Not in it, on purpose: the log of changes between nodes, and the journals of unsaved calls, which lie on the nodes' own
disks and are replayed by them.
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from server.backup.archive import Manifest, unpack
from server.backup.draft import BACKED_UP, Copied, write
from server.backup.restore import Restored, new_epoch, newest_revision, revisions
from server.ports import StoreDown
from server.settings import BadSetting
from server.store.migrate import upgrade_postgres
from server.store.postgres_database import WRITERS_LOCK
from server.store.tables import metadata

T = TypeVar("T")
CONNECT_WITHIN_SECONDS = 5
OF_THE_MOMENT = ("nodes",)
"""Who was connected where, when the bus was down: true for seconds, and not to be kept for as long as a backup is."""
TABLES = tuple(table.name for table in metadata.sorted_tables if table.name not in OF_THE_MOMENT)
"""Those that others hang on come first."""


def save(url: str, file: Path) -> Manifest:
    """Write a backup to `file` while nodes run or not. Raises :class:`BadSetting` when it cannot be made. Not in a
    thread whose event loop runs."""
    manifest, made_at = write(file, "postgresql", lambda draft: _run(_copy_out(url, draft), "The backup was not made"))
    _run(_note(url, made_at), "The backup was made, but that could not be noted")
    return manifest


def restore(file: Path, url: str) -> Restored:
    """Put a backup into an empty database, all of it or nothing. Raises :class:`BadSetting`."""
    if not file.is_file():
        raise BadSetting(f"There is no file {file}.")
    with tempfile.TemporaryDirectory(prefix="beside-restore-") as folder:
        manifest = unpack(file, Path(folder))
        names = {part.name for part in manifest.parts}
        if manifest.store != "postgresql" or not names <= {f"{table}.csv" for table in TABLES}:
            raise BadSetting(f"This is a backup of a {manifest.store} store; it does not go into PostgreSQL.")
        newest = newest_revision(manifest, manifest.revision)
        there = _run(_revision(url), "Not restored")
        if there not in ("", manifest.revision):
            raise BadSetting(
                f"The database has tables of schema {there} already, and the backup has {manifest.revision}. Make an "
                "empty one: createdb, and nothing more."
            )
        try:
            upgrade_postgres(url, manifest.revision)
            found = _run(_copy_in(url, Path(folder), names), "Not restored")
            upgrade_postgres(url)
        except StoreDown:
            raise BadSetting("Not restored: the database let nobody change its tables.") from None
    older = None if manifest.revision == newest else manifest.revision
    return Restored(manifest, *found, older, None)


async def _copy_out(url: str, draft: Path) -> Copied:
    db = await asyncpg.connect(url, timeout=CONNECT_WITHIN_SECONDS)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            revision = str(await db.fetchval("SELECT version_num FROM alembic_version"))
            if revision != revisions()[0]:
                raise BadSetting(f"The database has schema {revision}, not this Beside's. First: beside db upgrade")
            files = {}
            for table in TABLES:
                files[f"{table}.csv"] = draft / f"{table}.csv"
                await db.copy_from_table(table, output=draft / f"{table}.csv", format="csv", header=True)
        return Copied(revision, files)
    finally:
        db.terminate()


async def _copy_in(url: str, folder: Path, names: set[str]) -> tuple[int, int, int, datetime | None]:
    db = await asyncpg.connect(url, timeout=CONNECT_WITHIN_SECONDS)
    try:
        async with db.transaction():
            await db.execute(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")
            for table in TABLES:
                if f"{table}.csv" in names and await db.fetchval(f"SELECT EXISTS (SELECT 1 FROM {table})"):  # noqa: S608
                    raise BadSetting(f"The database is not empty (table {table}); nothing was changed. Make a new one.")
            for table in TABLES:
                if f"{table}.csv" in names:
                    await _copy_table(db, table, folder / f"{table}.csv")
            await db.execute("UPDATE rooms SET epoch = greatest(epoch + 1, $1)", new_epoch())
            return await _look(db)
    finally:
        db.terminate()


async def _copy_table(db: Any, table: str, file: Path) -> None:
    """Without a line in the log of changes for each row: no node runs yet that would read it."""
    with file.open(encoding="utf-8", newline="") as rows:
        columns = next(csv.reader(rows))
    await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    await db.copy_to_table(table, source=file, columns=columns, format="csv", header=True)
    await db.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def _look(db: Any) -> tuple[int, int, int, datetime | None]:
    row = await db.fetchrow(
        "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM groups), "
        "(SELECT count(*) FROM calls WHERE live), (SELECT max(at) FROM entries WHERE kind = 'said')"
    )
    accounts, groups, calls, newest = tuple(row)
    return accounts, groups, calls, None if newest is None else datetime.fromtimestamp(newest / 1000, UTC)


async def _revision(url: str) -> str:
    """Of the schema that is there; "" when there is none."""
    db = await asyncpg.connect(url, timeout=CONNECT_WITHIN_SECONDS)
    try:
        if await db.fetchval("SELECT to_regclass('alembic_version')") is None:
            return ""
        return str(await db.fetchval("SELECT version_num FROM alembic_version") or "")
    finally:
        db.terminate()


async def _note(url: str, made_at: int) -> None:
    db = await asyncpg.connect(url, timeout=CONNECT_WITHIN_SECONDS)
    try:
        await db.execute(
            "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            BACKED_UP,
            str(made_at),
        )
    finally:
        db.terminate()


def _run(work: Coroutine[Any, Any, T], otherwise: str) -> T:
    """What the database says of itself may quote a row, so only the kind of its error is shown."""
    try:
        return asyncio.run(work)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise BadSetting(f"{otherwise}: {type(error).__name__} of the database of DATABASE_URL.") from None
