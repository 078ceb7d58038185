"""The log of changes that PostgreSQL keeps for the nodes (docs/decisions/0014): reading on from a position.

Triggers note each changed row by table and key, under the lock of all writers, so the order of the log is the order of
the commits, and whatever a transaction sees of it is complete up to its last line.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, Table, text

from server.store.tables import metadata

AT_MOST = 5_000
"""Lines read at once. Whoever has missed more copies everything anew, in a thread where it holds up nobody."""
AWAY_AT_MOST_SECONDS = 300.0
KEPT_MINUTES = 10
PRUNED_AT_ONCE = 100_000
ROWS_AT_ONCE = 500

Row = tuple[Any, ...]
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that changed. `row` is what it is now, its columns in the order of `server.store.tables`; None when it is
    gone. `op`: I, U or D. `own`: by the very transaction that read it, whose handler tells of it."""

    seq: int
    table: str
    key: Key
    op: str
    own: bool
    row: Row | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What changed between two positions, each row once. `everything`: too much, or too long ago, to say what."""

    position: int
    changes: tuple[Change, ...] = ()
    everything: bool = False


class ChangeLog:
    """Where one node is in the log. For one thread. A position counts once its transaction is committed: `read`,
    commit, `go_on_from`."""

    def __init__(self, position: int = 0) -> None:
        self._position = position
        self._read_at = time.monotonic()

    def go_on_from(self, position: int) -> None:
        self._position = position
        self._read_at = time.monotonic()

    def read(self, db: Connection) -> Batch:
        """Everything since the position, as this transaction sees it; its own changes among it."""
        if time.monotonic() - self._read_at > AWAY_AT_MOST_SECONDS:
            return Batch(position_of(db), everything=True)
        lines = list(db.execute(_LINES, {"position": self._position}))
        if self._position:
            if not lines or lines[0].seq != self._position:  # pruned, or another database: there is a gap
                return Batch(position_of(db), everything=True)
            del lines[0]
        if len(lines) >= AT_MOST:
            return Batch(position_of(db), everything=True)
        latest: dict[tuple[str, Key], Any] = {}
        not_own: set[tuple[str, Key]] = set()
        for line in lines:
            if line.tbl not in _KEYS:  # of a newer version: this node has nothing of it, and must go on
                continue
            named = json.loads(line.key) if isinstance(line.key, str) else line.key
            which = line.tbl, tuple(named[column] for column in _KEYS[line.tbl])
            latest[which] = line
            if not line.own:
                not_own.add(which)
        keys: dict[str, list[Key]] = defaultdict(list)
        for table, key in latest:
            keys[table].append(key)
        rows = {table: _rows(db, table, wanted) for table, wanted in keys.items()}
        changes = tuple(
            Change(line.seq, table, key, line.op, (table, key) not in not_own, rows[table].get(key))
            for (table, key), line in latest.items()
        )
        return Batch(lines[-1].seq if lines else self._position, changes)


def position_of(db: Connection) -> int:
    """The last line that this transaction sees."""
    return int(db.execute(text("SELECT coalesce(max(seq), 0) FROM changes")).scalar_one())


def prune(db: Connection) -> None:
    """Lines older than ten minutes go, but for the last of them: it is the position of a node to which nothing happened
    since."""
    db.execute(_PRUNE)


def _rows(db: Connection, table: str, keys: list[Key]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    query, places = _SELECTS[table]
    for at in range(0, len(keys), ROWS_AT_ONCE):
        columns = zip(*keys[at : at + ROWS_AT_ONCE], strict=True)
        for row in db.execute(query, {f"k{n}": list(column) for n, column in enumerate(columns)}):
            found[tuple(row[place] for place in places)] = tuple(row)
    return found


def _select(table: Table) -> tuple[Any, tuple[int, ...]]:
    """One statement for any number of keys, so that it is prepared once; and where in a row its key is."""
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    kinds = [
        "bigint" if isinstance(c.type, BigInteger) else "integer" if isinstance(c.type, Integer) else "varchar"
        for c in table.primary_key.columns
    ]
    wanted = ", ".join(f"CAST(:k{n} AS {kind}[])" for n, kind in enumerate(kinds))
    marks = ", ".join(f"k{n}" for n in range(len(keys)))
    same = " AND ".join(f't."{key}" = wanted.k{n}' for n, key in enumerate(keys))
    columns = ", ".join(f't."{name}"' for name in names)
    query = f"SELECT {columns} FROM {table.name} AS t JOIN unnest({wanted}) AS wanted({marks}) ON {same}"  # noqa: S608
    return text(query), tuple(names.index(key) for key in keys)


_KEYS = {table.name: tuple(c.name for c in table.primary_key.columns) for table in metadata.sorted_tables}
_SELECTS = {table.name: _select(table) for table in metadata.sorted_tables}
_LINES = text(
    "SELECT seq, tbl, key, op, "  # noqa: S608
    "coalesce(tx = CAST(CAST(pg_current_xact_id_if_assigned() AS text) AS bigint), false) AS own FROM changes "
    f"WHERE seq >= :position ORDER BY seq LIMIT {AT_MOST + 1}"
)
_PRUNE = text(
    "DELETE FROM changes WHERE seq < (SELECT max(seq) FROM "  # noqa: S608
    f"(SELECT seq, at FROM changes ORDER BY seq LIMIT {PRUNED_AT_ONCE}) AS oldest "
    f"WHERE at < clock_timestamp() - interval '{KEPT_MINUTES} minutes')"
)
