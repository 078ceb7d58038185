"""What the nodes say of themselves while the bus is down: one row for each, its last word."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from presence.ids import Instant
from server.records import NodeSaid
from server.store.tables import nodes

FORGOTTEN_AFTER_MS = 86_400_000


class SqlNodes:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def say(self, node: str, epoch: int, number: int, holds_until: Instant, said: bytes, *, deaf: bool) -> None:
        row = self._db.execute(select(nodes.c.epoch, nodes.c.number).where(nodes.c.node == node)).first()
        if row is not None and (row.epoch, row.number) >= (epoch, number):
            return
        long_gone = nodes.c.holds_until < holds_until - FORGOTTEN_AFTER_MS
        self._db.execute(delete(nodes).where((nodes.c.node == node) | long_gone))
        values = {"node": node, "epoch": epoch, "number": number, "holds_until": holds_until}
        self._db.execute(insert(nodes).values(**values, deaf=deaf, said=said))

    def heard(self, now: Instant) -> list[NodeSaid]:
        rows = self._db.execute(select(nodes.c.node, nodes.c.deaf, nodes.c.said).where(nodes.c.holds_until > now))
        return [NodeSaid(row.node, row.deaf, row.said) for row in rows]
