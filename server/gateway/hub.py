"""The hub: the connections of this node, what each has open, and the fan-out to them.

A frame is encoded once and handed to every outbox. The hub never waits for a reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from presence.ids import AccountId, ConnectionId, DeviceId
from server.who import Who
from server.wire.codec import encode_event
from server.wire.codes import CloseCode
from server.wire.frames import Event

K = TypeVar("K")
V = TypeVar("V")


class Line(Protocol):
    """One connection as the hub sees it. Neither method waits or raises."""

    def put(self, data: bytes, *, urgent: bool, room: str | None) -> None: ...
    def close_soon(self, code: CloseCode, hint_ms: int | None = None) -> None: ...


class Hub:
    """Fulfils `server.ports.Outgoing`."""

    def __init__(self) -> None:
        self._lines: dict[ConnectionId, tuple[Who, Line]] = {}
        self._of_account: dict[AccountId, set[ConnectionId]] = defaultdict(set)
        self._watching: dict[str, set[ConnectionId]] = defaultdict(set)
        self._topics: dict[ConnectionId, set[str]] = defaultdict(set)

    # ---- connections

    def add(self, who: Who, line: Line) -> None:
        self._lines[who.connection] = (who, line)
        self._of_account[who.account].add(who.connection)

    def who(self, connection: ConnectionId) -> Who | None:
        found = self._lines.get(connection)
        return found[0] if found else None

    def lock(self, device: DeviceId) -> None:
        """Not a word more goes to the pages of this device, whatever else becomes of them (CB4)."""
        for connection, (who, line) in self._lines.items():
            if who.device == device:
                self._lines[connection] = (replace(who, locked=True), line)

    def remove(self, connection: ConnectionId) -> None:
        found = self._lines.pop(connection, None)
        if found is None:
            return
        _drop(self._of_account, found[0].account, connection)
        for topic in self._topics.pop(connection, set()):
            _drop(self._watching, topic, connection)

    def __len__(self) -> int:
        return len(self._lines)

    def everyone(self) -> list[tuple[Who, Line]]:
        return list(self._lines.values())

    def line(self, connection: ConnectionId) -> Line | None:
        found = self._lines.get(connection)
        return found[1] if found else None

    def of_account(self, account: AccountId) -> list[Who]:
        return [self._lines[c][0] for c in self._of_account.get(account, ())]

    # ---- topics: "room:<id>", "group:<id>", "desk"

    def watch(self, connection: ConnectionId, topic: str) -> None:
        if connection in self._lines:
            self._watching[topic].add(connection)
            self._topics[connection].add(topic)

    def unwatch(self, connection: ConnectionId, topic: str) -> None:
        _drop(self._watching, topic, connection)
        _drop(self._topics, connection, topic)

    def watchers(self, topic: str) -> list[Who]:
        return [self._lines[c][0] for c in self._watching.get(topic, ())]

    def watches(self, connection: ConnectionId, topic: str) -> bool:
        return connection in self._watching.get(topic, ())

    # ---- sending

    def send(self, connection: ConnectionId, event: Event, *, room: str | None = None) -> None:
        found = self._lines.get(connection)
        if found:
            found[1].put(encode_event(event), urgent=False, room=room)

    def send_urgent(self, connection: ConnectionId, event: Event) -> None:
        found = self._lines.get(connection)
        if found:
            found[1].put(encode_event(event), urgent=True, room=None)

    def to_account(self, account: AccountId, event: Event, *, except_locked: bool = True) -> None:
        """Urgent, to every page of a person; locked devices read nothing (CB4)."""
        data = encode_event(event)
        for connection in list(self._of_account.get(account, ())):
            who, line = self._lines[connection]
            if not (except_locked and who.locked):
                line.put(data, urgent=True, room=None)

    def fan_out(self, topic: str, event_for: Callable[[Who], Event | None], *, room: str | None = None) -> None:
        """To everyone who watches a topic. Readers who get an equal event share its bytes."""
        encoded: dict[int, bytes] = {}
        kept: list[Event] = []  # holds the events, so that an id() is not used twice
        for connection in list(self._watching.get(topic, ())):
            who, line = self._lines[connection]
            event = event_for(who)
            if event is None:
                continue
            data = encoded.get(id(event))
            if data is None:
                data = encoded[id(event)] = encode_event(event)
                kept.append(event)
            line.put(data, urgent=False, room=room)


def _drop(index: dict[K, set[V]], key: K, value: V) -> None:
    """Nothing stays behind for what is gone: a stranger may name any number of rooms."""
    held = index.get(key)
    if held is not None:
        held.discard(value)
        if not held:
            del index[key]
