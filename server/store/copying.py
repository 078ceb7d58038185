"""What the mirror holds of the store (UC15): which rows, how they are read at one moment, and how they are put in."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from server.store.changes import Change
from server.store.tables import metadata

NOT_COPIED = ("audit", "reports", "recovery_codes", "invites", "join_requests", "action_entries", "nodes")
_RECENT = "(SELECT id FROM calls WHERE live OR raised_at > (SELECT max(raised_at) FROM calls) - 172800000)"
ONLY = {
    "calls": f"id IN {_RECENT}",
    "call_people": f"call IN {_RECENT}",
    "pages": f"subject IN {_RECENT}",
    "actions": "state = 'running'",
    "client_keys": "at > (SELECT max(at) FROM client_keys) - 3600000",
    "entries": "room IN (SELECT room FROM calls WHERE live)",
}
"""Of these only what a running call needs: the calls of two days, the keys of an hour, the words of live calls."""
KEYS_AT_ONCE = 500
"""In one statement of SQLite, which takes 32,766 parameters."""

Rows = list[tuple[str, list[tuple[Any, ...]]]]
"""For each table the statement that fills it, and its rows as the driver has them."""


class Snapshot(Protocol):
    """The store as it is at one moment, whatever is written to it afterwards."""

    def rows(self) -> tuple[Rows, int]:
        """Every row that is copied, and the position of the moment in the log of changes: 0 where there is none. May
        take long; call it once. Raises sqlite3.Error or StoreDown."""
        ...


class FileSnapshot:
    """Of an SQLite file: of the moment at which this is made. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
        try:
            self._file.execute("PRAGMA query_only=ON")
            self._file.execute("BEGIN")
            self._file.execute("SELECT 1 FROM facts LIMIT 1").fetchall()
        except BaseException:
            self._file.close()
            raise

    def rows(self) -> tuple[Rows, int]:
        with closing(self._file) as file:
            return rows_of(lambda query: file.execute(query).fetchall()), 0


def rows_of(fetch: Callable[[str], list[tuple[Any, ...]]]) -> Rows:
    """Every row that is copied. `fetch` runs a query that both databases know."""
    found: Rows = []
    for table in metadata.sorted_tables:
        if table.name not in NOT_COPIED:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            query = f"SELECT {names} FROM {table.name} WHERE {ONLY.get(table.name, 'true')}"  # noqa: S608  our own names
            found.append((_fill(table.name), fetch(query)))
    return found


def replace_all(db: Connection, rows: Rows) -> None:
    for table in reversed(metadata.sorted_tables):
        db.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608
    for fill, found in rows:
        if found:
            db.exec_driver_sql(fill, found)


def put_in(db: Connection, changes: list[Change]) -> None:
    """Bring the mirror up to date with these rows. What is not copied of a table, or no longer, does not stay in."""
    by_table: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.table not in NOT_COPIED:
            by_table[change.table].append(change)
    for table, changed in by_table.items():
        for at in range(0, len(changed), KEYS_AT_ONCE):
            keys = [change.key for change in changed[at : at + KEYS_AT_ONCE]]
            # The old rows go first: a value that must be there once may have moved from one row to another.
            db.exec_driver_sql(f"DELETE FROM {table} WHERE {_among(table, keys)}", _flat(keys))  # noqa: S608
    for table, changed in by_table.items():
        rows = [change.row for change in changed if change.row is not None]
        if rows:
            db.exec_driver_sql(_fill(table), rows)
    for table in by_table.keys() & ONLY.keys():
        for at in range(0, len(by_table[table]), KEYS_AT_ONCE):
            keys = [change.key for change in by_table[table][at : at + KEYS_AT_ONCE]]
            where = f"{_among(table, keys)} AND NOT ({ONLY[table]})"
            db.exec_driver_sql(f"DELETE FROM {table} WHERE {where}", _flat(keys))  # noqa: S608


def _fill(table: str) -> str:
    columns = metadata.tables[table].columns
    names, marks = ", ".join(f'"{c.name}"' for c in columns), ", ".join("?" for _ in columns)
    return f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608


def _among(table: str, keys: list[tuple[str | int, ...]]) -> str:
    columns = ", ".join(f'"{c.name}"' for c in metadata.tables[table].primary_key.columns)
    one = "(" + ", ".join("?" for _ in keys[0]) + ")"
    return f"({columns}) IN (VALUES {', '.join(one for _ in keys)})"


def _flat(keys: list[tuple[str | int, ...]]) -> tuple[str | int, ...]:
    return tuple(part for key in keys for part in key)
