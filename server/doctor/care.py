"""What keeps a deployment safe from outside: the auditor, its switch, and backups."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

from server.backup.draft import BACKED_UP
from server.doctor.finding import Finding, Level
from server.doctor.postgresql import ask
from server.heartbeat import FACT, Heartbeat, heartbeat_file
from server.settings import Settings

SILENT_AFTER_SECONDS = 15
NEVER = None


def auditor(settings: Settings) -> Iterator[Finding]:
    """Somebody looks at the deadlines from outside the server, and is missed when they do not (OC7)."""
    ago = _heard_seconds_ago(settings)
    heard = ago is not NEVER and ago <= SILENT_AFTER_SECONDS
    if settings.auditor_expected and not heard:
        since = "was never heard" if ago is NEVER else f"was last heard {ago:.0f} s ago"
        yield Finding(Level.MEND, f"The auditor {since}: nobody sees a late deadline.", "Start it: beside auditor")
    elif not heard:
        yield Finding(
            Level.LOOK,
            "Nobody looks at the deadlines from outside the server.",
            "Run beside auditor, and set BESIDE_AUDITOR_EXPECTED=1 for the server.",
        )
    elif not settings.auditor_expected:
        yield Finding(
            Level.LOOK,
            "An auditor runs, and nobody would notice its death.",
            "Set BESIDE_AUDITOR_EXPECTED=1 for the server.",
        )
    else:
        yield Finding(Level.OK, "The auditor was heard a moment ago.")
    if heard and not settings.switch_url:
        yield Finding(
            Level.LOOK,
            "No dead-man's switch is fed (seen from here): an alarm reaches a log, and nobody's phone.",
            "Set BESIDE_SWITCH_URL for the auditor. docs/howto/deploy.md says what it may be.",
        )


def backups(settings: Settings) -> Iterator[Finding]:
    """The last backup is not too old."""
    made_at_ms = _backed_up_at(settings)
    if made_at_ms is NEVER:
        yield Finding(
            Level.LOOK,
            "No backup was made with Beside's own command.",
            "beside backup FILE, every night, and the file to another machine. docs/howto/backup.md",
        )
        return
    hours = (time.time() - made_at_ms / 1000) / 3600
    if hours > settings.backup_within_hours:
        yield Finding(
            Level.MEND,
            f"The last backup is {hours:.0f} h old; BESIDE_BACKUP_WITHIN_HOURS is {settings.backup_within_hours}.",
            "beside backup FILE; then see why nobody made one.",
        )
    else:
        yield Finding(Level.OK, f"The last backup is {hours:.0f} h old.")


def _heard_seconds_ago(settings: Settings) -> float | None:
    if not settings.database_url:
        try:
            return time.time() - heartbeat_file(settings.data).stat().st_mtime
        except FileNotFoundError:
            return NEVER
    found = ask(settings.database_url)
    beat = Heartbeat.read(found["facts"].get(FACT, ""))
    return NEVER if beat is None else (found["now_ms"] - beat.at) / 1000


def _backed_up_at(settings: Settings) -> int | None:
    if settings.database_url:
        made_at = ask(settings.database_url)["facts"].get(BACKED_UP)
        return NEVER if made_at is None else int(made_at)
    path = settings.data / "beside.db"
    if not path.is_file():
        return NEVER
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        row = db.execute("SELECT value FROM facts WHERE name = ?", (BACKED_UP,)).fetchone()
    return NEVER if row is None else int(row[0])
