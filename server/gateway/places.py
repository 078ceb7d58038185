"""Places: how many sockets this process keeps, and whose socket goes when there is no room. Pure: it decides, the
arrivals close.

Sockets that have not said hello have a room of their own, so that no flood of strangers takes a place from a person
who is signed in. One that says hello comes from there into the room of the people, where each has so many.

Who goes:

- Before hello, the one that has waited longest. A page says hello within one round trip; what still waits when so many
  newer ones came is not a page.
- Of one person's sockets, the one from which nothing has come for longest (the answer to a beat is the page's, not the
  person's, and does not count). Never the one that comes: it may be the phone with which they are about to press.
- When the whole room is full, the idlest socket of whoever has most of them. Only when everybody has one is the
  newcomer told to come back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from presence.ids import AccountId, ConnectionId


@dataclass(slots=True)
class Places:
    """Each limit is a number of sockets of this process."""

    at_most: int
    before_hello_at_most: int
    per_account_at_most: int
    _waiting: dict[ConnectionId, None] = field(default_factory=dict)
    """In the order in which they came."""
    _of_account: dict[AccountId, dict[ConnectionId, None]] = field(default_factory=lambda: defaultdict(dict))
    """Of each person, the idlest first."""
    _owner: dict[ConnectionId, AccountId] = field(default_factory=dict)

    def came(self, connection: ConnectionId) -> ConnectionId | None:
        """A socket that has not said hello yet. Returns the one that must go for it, and which has no place now."""
        self._waiting[connection] = None
        if len(self._waiting) <= self.before_hello_at_most:
            return None
        longest = next(iter(self._waiting))
        del self._waiting[longest]
        return longest

    def said_hello(self, connection: ConnectionId, account: AccountId) -> ConnectionId | None:
        """A hello with a valid ticket. Returns who must go for it: another socket of the same person when they have too
        many, one of somebody with many when the room is full, or `connection` itself when there is none of these."""
        self._waiting.pop(connection, None)
        mine = self._of_account.get(account, {})
        goes: ConnectionId | None = None
        if len(mine) >= self.per_account_at_most:
            goes = next(iter(mine))
        elif len(self._owner) >= self.at_most:
            most = max(self._of_account.values(), key=len, default={})
            goes = next(iter(most)) if len(most) > 1 else connection
        if goes is not None:
            self.left(goes)
        if goes != connection:
            self._of_account[account][connection] = None
            self._owner[connection] = account
        return goes

    def heard(self, connection: ConnectionId) -> None:
        """Something came that a person or their page did: of their sockets this one is now the least idle."""
        account = self._owner.get(connection)
        if account is not None:
            mine = self._of_account[account]
            del mine[connection]
            mine[connection] = None

    def left(self, connection: ConnectionId) -> None:
        """Closed, or told to go. Twice is once."""
        self._waiting.pop(connection, None)
        account = self._owner.pop(connection, None)
        if account is not None:
            mine = self._of_account[account]
            del mine[connection]
            if not mine:
                del self._of_account[account]
