"""The database of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from server.doctor.finding import Finding, Level
from server.offline import damage_of
from server.settings import Settings

OLDEST_SQLITE = (3, 35, 0)
"""RETURNING, which the statements use."""


def database(settings: Settings) -> Iterator[Finding]:
    """SQLite is new enough, and the file is sound."""
    if settings.database_url:
        return
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE[:2]))
        yield Finding(
            Level.MEND,
            f"SQLite {sqlite3.sqlite_version} is older than {wanted}.",
            "Use a Python built with a newer one.",
        )
        return
    if not (settings.data / "beside.db").is_file():
        yield Finding(Level.OK, f"SQLite {sqlite3.sqlite_version}; no database yet.")
        return
    damage = damage_of(settings)
    if damage:
        yield Finding(
            Level.MEND,
            f"The database is damaged: {damage[0]}",
            "Stop the server, keep a copy, restore the last backup.",
        )
    else:
        yield Finding(Level.OK, f"SQLite {sqlite3.sqlite_version}; the database is sound.")
