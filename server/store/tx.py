"""One transaction, as the handlers see it."""

from __future__ import annotations

from sqlalchemy import Connection

from server.store.accounts import SqlAccounts
from server.store.actions import SqlActions
from server.store.calls import SqlCalls
from server.store.care import SqlCare
from server.store.chat import SqlChat
from server.store.groups import SqlGroups
from server.store.joining import SqlJoining
from server.store.keys import SqlKeys


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
