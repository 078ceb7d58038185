"""What happened to calls while the store was down: collected, journalled, and merged when the store is back (UC15)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection

from presence.ids import AccountId, CallId, DeviceId, GroupId, Instant, MemberId, RoomId
from rooms.call import Call, Part
from rooms.chat import Entry, Kind
from rooms.group import Membership, Role
from rooms.unsaved import is_due_at_once, merged, still_rings
from server.ports import Tx
from server.records import Merged, Page
from server.store.accounts import SqlAccounts
from server.store.call_codec import decode_call, encode_call
from server.store.calls import SqlCalls
from server.store.care import SqlCare
from server.store.chat import SqlChat
from server.store.keys import SqlKeys
from server.store.tx import SqlTx

T = TypeVar("T")
CALLS_AT_ONCE = 10
FACTS_AT_ONCE = 200
Word = tuple[RoomId, DeviceId, str]
"""Where it was said, by whose device, and its key: what makes it one word."""
Key = tuple[DeviceId, str, str, bytes, Instant]
"""Whose command, its key, its digest, its reply, and when."""


@dataclass(slots=True)
class Unsaved:
    """Latest state of each call, and the words, keys and audit lines that go with them, in order."""

    calls: dict[CallId, Call] = field(default_factory=dict)
    entries: dict[Word, Entry] = field(default_factory=dict)
    keys: dict[tuple[DeviceId, str], Key] = field(default_factory=dict)
    audit: list[tuple[str, str, str, Instant]] = field(default_factory=list)
    locks: list[tuple[DeviceId, bool]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.calls or self.entries or self.keys or self.audit or self.locks or self.pages)

    def note_entries(self, entries: Iterable[Entry]) -> None:
        """A word counts once, as it was told first."""
        for entry in entries:
            self.entries.setdefault((entry.room, entry.device, entry.k), entry)

    def note_keys(self, keys: Iterable[Key]) -> None:
        """A key counts once: its first reply."""
        for key in keys:
            self.keys.setdefault(key[:2], key)

    def add(self, other: Unsaved) -> None:
        """Later facts after earlier ones; of a call the latest state counts. A node that knows a word or a key tells it
        again and again, and would be told ever more of the same."""
        self.calls.update(other.calls)
        self.note_entries(other.entries.values())
        self.note_keys(other.keys.values())
        self.audit += other.audit
        self.locks += other.locks
        self.pages += other.pages

    def without(self, known: Unsaved) -> Unsaved:
        """What of this is news to whoever knows that."""
        return Unsaved(
            {call_id: call for call_id, call in self.calls.items() if known.calls.get(call_id) != call},
            {word: entry for word, entry in self.entries.items() if word not in known.entries},
            {name: key for name, key in self.keys.items() if name not in known.keys},
            self.audit,
            self.locks,
            self.pages,
        )

    def pieces(self) -> Iterator[Unsaved]:
        """The same in pieces that are merged one by one, none of which keeps the store for long: calls with their
        words, and what rests on them after them, so that no key says `ok` to what is not there."""
        rooms: dict[RoomId, list[Entry]] = {}
        for entry in self.entries.values():
            rooms.setdefault(entry.room, []).append(entry)
        for calls in _some(self.calls.values(), CALLS_AT_ONCE):
            piece = Unsaved(calls={call.id: call for call in calls})
            for call in calls:
                piece.note_entries(rooms.pop(call.room, []))
            yield piece
        for entries in _some((entry for room in rooms.values() for entry in room), FACTS_AT_ONCE):
            piece = Unsaved()
            piece.note_entries(entries)
            yield piece
        for audit in _some(self.audit, FACTS_AT_ONCE):
            yield Unsaved(audit=audit)
        for keys in _some(self.keys.values(), FACTS_AT_ONCE):
            piece = Unsaved()
            piece.note_keys(keys)
            yield piece
        if self.locks or self.pages:
            yield Unsaved(locks=self.locks, pages=self.pages)


def together(pieces: Iterable[Unsaved]) -> Unsaved:
    """One after the other, as :meth:`Unsaved.add` has it."""
    whole = Unsaved()
    for piece in pieces:
        whole.add(piece)
    return whole


def _some(facts: Iterable[T], at_once: int) -> Iterator[list[T]]:
    left = iter(facts)
    while some := list(islice(left, at_once)):
        yield some


def encode(unsaved: Unsaved) -> bytes:
    return msgspec.msgpack.encode(
        {
            "calls": [encode_call(c) for c in unsaved.calls.values()],
            "entries": [asdict(e) for e in unsaved.entries.values()],
            "keys": list(unsaved.keys.values()),
            "audit": unsaved.audit,
            "locks": unsaved.locks,
            "pages": [asdict(p) for p in unsaved.pages],
        }
    )


def decode(record: bytes) -> Unsaved:
    raw = msgspec.msgpack.decode(record)
    calls = [decode_call(body) for body in raw["calls"]]
    unsaved = Unsaved(
        calls={c.id: c for c in calls},
        audit=[(a, b, c, at) for a, b, c, at in raw["audit"]],
        locks=[(DeviceId(d), locked) for d, locked in raw["locks"]],
        pages=[Page(**p) for p in raw.get("pages", [])],
    )
    unsaved.note_entries(_entry(e) for e in raw["entries"])
    unsaved.note_keys((DeviceId(d), k, g, r, at) for d, k, g, r, at in raw["keys"])
    return unsaved


def _entry(raw: dict[str, Any]) -> Entry:
    return Entry(**{**raw, "kind": Kind(raw["kind"]), "author_role": Role(raw["author_role"])})


def merge(
    tx: Tx,
    unsaved: Unsaved,
    next_deadline: Callable[[Call], Instant | None],
    seat_id: Callable[[AccountId, GroupId], MemberId],
    now: Instant,
) -> Merged:
    """Write it all into a store, or a mirror, whatever of it is there already: a late commit may have got through, and
    other nodes bring the same. What becomes of a call that both have, `rooms.unsaved` decides."""
    calls, changed = [], []
    for call in unsaved.calls.values():
        after, is_new = _merge_call(tx, call, next_deadline, seat_id, now)
        calls.append(after)
        changed += [after] if is_new else []
    entries = [
        (put[0], entry.seq, put[1])
        for entry in unsaved.entries.values()
        if tx.chat.room(entry.room) is not None and (put := tx.chat.restore(entry)) is not None
    ]
    if unsaved.keys:
        tx.keys.restore(unsaved.keys.values())
    for actor, action, subject, at in unsaved.audit:
        tx.care.restore_audit(actor, action, subject, at)
    for page in unsaved.pages:  # one that was sent already is sent once more: better twice than never
        if still_rings(tx.calls.get(CallId(page.subject))):
            tx.calls.restore_page(page)
    for device, locked in unsaved.locks:
        tx.accounts.lock_device(device, locked=locked)
    return Merged(calls, changed, entries)


def _merge_call(
    tx: Tx,
    call: Call,
    next_deadline: Callable[[Call], Instant | None],
    seat_id: Callable[[AccountId, GroupId], MemberId],
    now: Instant,
) -> tuple[Call, bool]:
    if tx.chat.room(call.room) is None:
        tx.chat.add_room(call.room, call.group, call.id)
    for recipient in call.recipients.values():
        account = tx.accounts.by_id(recipient.account) if recipient.part is not Part.PEER else None
        if account is not None:
            tx.groups.volunteer_seat(account, call.group, seat_id(account.id, call.group), now)
    after = merged(tx.calls.get(call.id), call)
    if after is not None:
        tx.calls.save(after, next_deadline(after))
        if is_due_at_once(after, call):
            tx.calls.look_now([after.id], now)
    return after or tx.calls.get(call.id) or call, after is not None


# ---------------------------------------------------------------- a transaction that notes what it did


class RecordingTx(SqlTx):
    """A transaction on the mirror that notes what a later merge needs."""

    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self.accounts = _Accounts(db, noted)
        self.calls = _Calls(db, noted)
        self.chat = _Chat(db, noted)
        self.keys = _Keys(db, noted)
        self.care = _Care(db, noted)


class _Accounts(SqlAccounts):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def lock_device(self, device: DeviceId, *, locked: bool) -> None:
        super().lock_device(device, locked=locked)
        self._noted.locks.append((device, locked))


class _Calls(SqlCalls):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def save(self, call: Call, next_deadline: Instant | None) -> None:
        super().save(call, next_deadline)
        self._noted.calls[call.id] = call

    def add_pages(self, new: Iterable[Page]) -> None:
        pages = list(new)
        super().add_pages(pages)
        self._noted.pages += pages


class _Chat(SqlChat):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def append(
        self, room: RoomId, kind: Kind, author: Membership, text: str, *,
        experience: bool, reply_to: int | None, device: DeviceId, k: str, now: Instant,
    ) -> Entry:  # fmt: skip
        entry = super().append(
            room, kind, author, text, experience=experience, reply_to=reply_to, device=device, k=k, now=now
        )
        self._noted.note_entries([entry])
        return entry


class _Keys(SqlKeys):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def remember(self, device: DeviceId, k: str, command_digest: str, reply: bytes, now: Instant) -> None:
        super().remember(device, k, command_digest, reply, now)
        self._noted.note_keys([(device, k, command_digest, reply, now)])


class _Care(SqlCare):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def add_audit(self, actor: str, action: str, subject: str, now: Instant) -> None:
        super().add_audit(actor, action, subject, now)
        self._noted.audit.append((actor, action, subject, now))


def all_of(records: Iterable[bytes]) -> Unsaved:
    """What a journal holds, put together."""
    return together(map(decode, records))
