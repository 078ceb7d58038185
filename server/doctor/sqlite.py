"""The database of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from server.doctor.finding import Finding, Level
from server.offline import damage_of, unreadable_calls_of
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


def calls(settings: Settings) -> Iterator[Finding]:
    """Every running call can be read."""
    if settings.database_url or not (settings.data / "beside.db").is_file():
        return
    unreadable, begun_anew = unreadable_calls_of(settings)
    for call in unreadable:
        yield Finding(
            Level.MEND,
            f"The running call {call} cannot be read.",
            "Start the server: it rings on-call for it anew. Then look at the disk, and at the last update.",
        )
    for call in begun_anew:
        yield Finding(
            Level.LOOK,
            f"The call {call} could not be read and was begun anew, with on-call alone.",
            "Somebody of on-call should have seen to it; the audit log has the moment.",
        )
    if not unreadable and not begun_anew:
        yield Finding(Level.OK, "Every running call can be read.")
