"""Backup of a deployment on one machine: the database at one commit, the keys, and calls that were not saved yet.

Not in it, on purpose: pictures (kept nowhere), the own plan (never leaves a device), settings, certificates, logs, and
what only this run of the server needs (its lock, the auditor's heartbeat).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from server.backup.archive import Contents, Manifest, pack
from server.offline import database_of, offline
from server.settings import BadSetting, Settings
from server.store.journal import Journal

DATABASE = "beside.db"
JOURNAL = "unsaved.journal"
KEYS = ("secret.key", "vapid.pem", "records.pem")
BACKED_UP = "backed_up_at"
"""The fact that says when the last backup was made, in ms, for `beside doctor`."""
READ_AGAIN_AT_MOST = 20


def save(settings: Settings, file: Path) -> Manifest:
    """Write a backup to `file` while the server runs or not. The whole file, or none. Raises :class:`BadSetting` when
    it cannot be made."""
    database_of(settings)
    if file.exists():
        raise BadSetting(f"{file} is there already. Choose another name; nothing was written.")
    if not file.parent.is_dir():
        raise BadSetting(f"There is no folder {file.parent}.")
    made_at = datetime.now(UTC)
    try:
        with draft_beside(file) as draft:
            files = _copies(settings.data, draft)
            contents = Contents(_version(), "sqlite", revision_of(files[DATABASE]), made_at.isoformat(), files)
            whole = draft / "whole"
            with os.fdopen(os.open(whole, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as target:
                manifest = pack(contents, target)
                target.flush()
                os.fsync(target.fileno())
            whole.rename(file)
            sync_folder(file.parent)
    except OSError as error:
        raise BadSetting(f"The backup was not made: {error.strerror or error}.") from None
    except sqlite3.Error as error:
        raise BadSetting(f"The backup was not made: the database cannot be copied ({error}).") from None
    with offline(settings) as (tx, _now):
        tx.accounts.set_fact(BACKED_UP, str(int(made_at.timestamp() * 1000)))
    return manifest


def _copies(data: Path, draft: Path) -> dict[str, Path]:
    """The journal first: a call that leaves it for the database meanwhile is in both then, and settled by version."""
    files = {}
    journal = data / JOURNAL
    if journal.is_file() and _holds_calls(steady_copy(journal, draft / JOURNAL)):
        files[JOURNAL] = draft / JOURNAL
    for name in KEYS:
        if (data / name).is_file():
            files[name] = Path(shutil.copyfile(data / name, draft / name))
    files[DATABASE] = copy_database(data / DATABASE, draft / DATABASE)
    return files


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


def _version() -> str:
    try:
        return version("beside")
    except PackageNotFoundError:  # run from its folder, not installed
        return "unknown"


@contextmanager
def draft_beside(file: Path) -> Iterator[Path]:
    """A folder on the same disk, closed to others, and gone at the end whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=f".{file.name}.", dir=file.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """The names in it outlive a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
