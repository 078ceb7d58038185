"""One transaction, as the handlers see it."""

from __future__ import annotations

from sqlalchemy import Connection, text

from server.store.accounts import SqlAccounts
from server.store.actions import SqlActions
from server.store.calls import SqlCalls
from server.store.care import SqlCare
from server.store.chat import SqlChat
from server.store.groups import SqlGroups
from server.store.joining import SqlJoining
from server.store.keys import SqlKeys
from server.store.nodes import SqlNodes


class SqlTx:
    """Fulfils `server.ports.Tx` on any SQLAlchemy connection."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.accounts: SqlAccounts = SqlAccounts(db)
        self.groups: SqlGroups = SqlGroups(db)
        self.joining: SqlJoining = SqlJoining(db)
        self.chat: SqlChat = SqlChat(db)
        self.calls: SqlCalls = SqlCalls(db)
        self.actions: SqlActions = SqlActions(db)
        self.care: SqlCare = SqlCare(db)
        self.keys: SqlKeys = SqlKeys(db)
        self.nodes: SqlNodes = SqlNodes(db)


def latest_instant_in(db: Connection) -> int:
    """The latest moment the store has seen, in ms since 1970 UTC, for a clock that never runs backwards; 0 when it has
    seen nothing."""
    found = [
        db.execute(text(query)).scalar() or 0
        for query in (
            "SELECT max(at) FROM entries",
            "SELECT max(raised_at) FROM calls",
            "SELECT max(at) FROM audit",
        )
    ]
    return max(int(f) for f in found)
