"""Restore a deployment on one machine from a backup. Everything is checked before anything is touched."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from server.backup.archive import Manifest, unpack
from server.backup.draft import draft_beside, sync_folder
from server.backup.folder import DATABASE, JOURNAL, KEYS, revision_of
from server.folder import LOCK, take_folder
from server.settings import BadSetting
from server.store.migrate import SCRIPTS, upgrade

OF_A_RUN = (LOCK, "auditor.beat", "auditor.new")
"""What a folder may hold and still be empty."""
EPOCHS_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back."""

    manifest: Manifest
    accounts: int
    groups: int
    live_calls: int
    newest_word_at: datetime | None
    upgraded_from: str | None
    """The schema's revision in the backup, when it was older than this Beside's."""
    set_aside: Path | None
    """Where what was in the folder before lies now."""


def restore(file: Path, data: Path, *, replace: bool = False) -> Restored:
    """Put a backup into the folder `data`. One that holds something is refused, unless `replace`: then that is set
    aside in it, and kept. Raises :class:`BadSetting`, and then nothing has changed."""
    if not file.is_file():
        raise BadSetting(f"There is no file {file}.")
    lock = take_folder(data)
    try:
        there = [path for path in data.iterdir() if path.name not in OF_A_RUN]
        if there and not replace:
            raise BadSetting(
                f"The folder {data} is not empty; nothing was changed. Say another with --data, or --replace to set "
                "aside what is there."
            )
        with draft_beside(data / DATABASE) as draft:
            manifest = unpack(file, draft)
            upgraded_from = _make_ready(manifest, draft / DATABASE)
            found = _look(draft / DATABASE)
            set_aside = _set_aside(data, there) if there else None
            for part in sorted(manifest.parts, key=lambda part: part.name == DATABASE):  # a server needs it last
                (draft / part.name).rename(data / part.name)
            sync_folder(data)
    except OSError as error:
        raise BadSetting(f"Not restored: {error.strerror or error}.") from None
    finally:
        os.close(lock)
    return Restored(manifest, *found, upgraded_from, set_aside)


def revisions() -> list[str]:
    """Of the schema, as this Beside knows them, the newest first."""
    scripts = Config()
    scripts.set_main_option("script_location", str(SCRIPTS))
    return [script.revision for script in ScriptDirectory.from_config(scripts).walk_revisions()]


def newest_revision(manifest: Manifest, revision: str) -> str:
    """Of this Beside. Raises :class:`BadSetting` when it does not know the one of the backup."""
    known = revisions()
    if revision not in known:
        raise BadSetting(
            f"The backup was made by a newer Beside ({manifest.version}, schema {revision or 'unknown'}). Install that."
        )
    return known[0]


def new_epoch() -> int:
    """Of every room, at least: higher than that of any restore before."""
    return int((datetime.now(UTC) - EPOCHS_SINCE).total_seconds())


def _make_ready(manifest: Manifest, database: Path) -> str | None:
    """Sound, and in the form that this Beside knows. Every room's log begins a new life: what was said after the backup
    is gone, and a page that has read it must not take other words with the same numbers for those."""
    names = {part.name for part in manifest.parts}
    if manifest.store != "sqlite" or DATABASE not in names or not names <= {DATABASE, JOURNAL, *KEYS}:
        raise BadSetting(f"This is a backup of a {manifest.store} store; it does not go into a folder.")
    revision = revision_of(database)
    newest = newest_revision(manifest, revision)
    upgrade(database)
    try:
        with closing(sqlite3.connect(database)) as db, db:
            db.execute("UPDATE rooms SET epoch = max(epoch + 1, ?)", (new_epoch(),))
        with closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA journal_mode=DELETE")
            damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        damage = str(error)
    if damage != "ok":
        raise BadSetting(f"The database in the backup is damaged: {damage}. Take an older one.")
    return None if revision == newest else revision


def _look(database: Path) -> tuple[int, int, int, datetime | None]:
    with closing(sqlite3.connect(database)) as db:
        accounts, groups, calls, newest = db.execute(
            "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM groups), "
            "(SELECT count(*) FROM calls WHERE live), (SELECT max(at) FROM entries WHERE kind = 'said')"
        ).fetchone()
    return accounts, groups, calls, None if newest is None else datetime.fromtimestamp(newest / 1000, UTC)


def _set_aside(data: Path, there: list[Path]) -> Path:
    aside = data / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    aside.mkdir(mode=0o700)
    for path in there:
        shutil.move(path, aside / path.name)
    sync_folder(aside)
    return aside
