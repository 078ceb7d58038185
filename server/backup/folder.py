"""Backup of a deployment on one machine: the database at one commit, the keys, and calls that were not saved yet.

Not in it, on purpose: pictures (kept nowhere), the own plan (never leaves a device), settings, certificates, logs, and
what only this run of the server needs (its lock, the auditor's heartbeat).
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from server.backup.archive import Manifest
from server.backup.draft import BACKED_UP, Copied, write
from server.offline import database_of, offline
from server.settings import BadSetting, Settings
from server.store.journal import Journal

DATABASE = "beside.db"
JOURNAL = "unsaved.journal"
KEYS = ("secret.key", "vapid.pem", "records.pem")
READ_AGAIN_AT_MOST = 20


def save(settings: Settings, file: Path) -> Manifest:
    """Write a backup to `file` while the server runs or not. The whole file, or none. Raises :class:`BadSetting` when
    it cannot be made."""
    database_of(settings)
    try:
        manifest, made_at = write(file, "sqlite", lambda draft: _copies(settings.data, draft))
    except sqlite3.Error as error:
        raise BadSetting(f"The backup was not made: the database cannot be copied ({error}).") from None
    with offline(settings) as (tx, _now):
        tx.accounts.set_fact(BACKED_UP, str(made_at))
    return manifest


def _copies(data: Path, draft: Path) -> Copied:
    """The journal first: a call that leaves it for the database meanwhile is in both then, and settled by version."""
    files = {}
    journal = data / JOURNAL
    if journal.is_file() and _holds_calls(steady_copy(journal, draft / JOURNAL)):
        files[JOURNAL] = draft / JOURNAL
    for name in KEYS:
        if (data / name).is_file():
            files[name] = Path(shutil.copyfile(data / name, draft / name))
    files[DATABASE] = copy_database(data / DATABASE, draft / DATABASE)
    return Copied(revision_of(files[DATABASE]), files)


def copy_database(source: Path, target: Path) -> Path:
    """The database as it is at one commit. Writers go on meanwhile. Raises sqlite3.Error, also for a damaged one."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as file,
        closing(sqlite3.connect(target)) as copy,
    ):
        file.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        damage = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if damage != "ok":
            raise sqlite3.DatabaseError(f"it is damaged: {damage}")
    return target


def steady_copy(journal: Path, target: Path) -> Path:
    """The journal changes halves while it is read: it is read until it was twice the same. Raises OSError."""
    before = b""
    for _ in range(READ_AGAIN_AT_MOST):
        now = journal.read_bytes()
        if now == before:
            target.write_bytes(now)
            return target
        before = now
    raise OSError("the journal of unsaved calls does not stand still; try again when the disk of the database answers")


def _holds_calls(journal: Path) -> bool:
    opened = Journal(journal)
    try:
        return bool(opened.records)
    finally:
        opened.close()


def revision_of(database: Path) -> str:
    """Of its schema; "" when it has none."""
    with closing(sqlite3.connect(database)) as db:
        try:
            found = db.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return ""
    return str(found[0]) if found else ""
