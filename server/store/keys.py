"""Idempotency: what a device's key was answered, kept for a day."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select, text

from presence.ids import DeviceId, Instant
from server.store.tables import client_keys


class SqlKeys:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def reply_to(self, device: DeviceId, k: str) -> tuple[str, bytes] | None:
        where = (client_keys.c.device == device) & (client_keys.c.k == k)
        row = self._db.execute(select(client_keys.c.digest, client_keys.c.reply).where(where)).first()
        return (row.digest, row.reply) if row else None

    def remember(self, device: DeviceId, k: str, command_digest: str, reply: bytes, now: Instant) -> None:
        values = {"device": device, "k": k, "digest": command_digest, "reply": reply, "at": now}
        self._db.execute(insert(client_keys).values(**values))

    def restore(self, keys: Iterable[tuple[DeviceId, str, str, bytes, Instant]]) -> None:
        """Put in what was answered while the store was down, as `remember` takes it. What is there already stays: the
        first reply to a key is its reply."""
        rows = [{"device": d, "k": k, "digest": digest, "reply": r, "at": at} for d, k, digest, r, at in keys]
        self._db.execute(_RESTORE, rows)

    def forget_before(self, at: Instant) -> int:
        return self._db.execute(delete(client_keys).where(client_keys.c.at < at)).rowcount


_RESTORE = text(
    "INSERT INTO client_keys (device, k, digest, reply, at) VALUES (:device, :k, :digest, :reply, :at) "
    "ON CONFLICT DO NOTHING"
)
"""Both databases know it."""
