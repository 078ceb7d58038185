"""What happened to calls while the store was down: collected, journalled, and merged when the store is back (UC15)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, dataclass, field
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
Key = tuple[DeviceId, str, str, bytes, Instant]
"""Whose command, its key, its digest, its reply, and when."""


@dataclass(slots=True)
class Unsaved:
    """Latest state of each call, and the words, keys and audit lines that go with them, in order."""

    calls: dict[CallId, Call] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    audit: list[tuple[str, str, str, Instant]] = field(default_factory=list)
    locks: list[tuple[DeviceId, bool]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.calls or self.entries or self.keys or self.audit or self.locks or self.pages)

    def add(self, other: Unsaved) -> None:
        """Later facts after earlier ones; of a call the latest state counts. A word and a key count once: a node that
        knows them tells them again and again, and would be told ever more of the same."""
        self.calls.update(other.calls)
        self.entries = _once([*self.entries, *other.entries], lambda e: (e.room, e.device, e.k))
        self.keys = _once([*self.keys, *other.keys], lambda key: key[:2])
        self.audit += other.audit
        self.locks += other.locks
        self.pages += other.pages


def _once(facts: Iterable[T], named: Callable[[T], Hashable]) -> list[T]:
    """The first of each name, in order."""
    kept: dict[Hashable, T] = {}
    for fact in facts:
        kept.setdefault(named(fact), fact)
    return list(kept.values())


def encode(unsaved: Unsaved) -> bytes:
    return msgspec.msgpack.encode(
        {
            "calls": [encode_call(c) for c in unsaved.calls.values()],
            "entries": [asdict(e) for e in unsaved.entries],
            "keys": unsaved.keys,
            "audit": unsaved.audit,
            "locks": unsaved.locks,
            "pages": [asdict(p) for p in unsaved.pages],
        }
    )


def decode(record: bytes) -> Unsaved:
    raw = msgspec.msgpack.decode(record)
    calls = [decode_call(body) for body in raw["calls"]]
    return Unsaved(
        calls={c.id: c for c in calls},
        entries=[_entry(e) for e in raw["entries"]],
        keys=[(DeviceId(d), k, g, r, at) for d, k, g, r, at in raw["keys"]],
        audit=[(a, b, c, at) for a, b, c, at in raw["audit"]],
        locks=[(DeviceId(d), locked) for d, locked in raw["locks"]],
        pages=[Page(**p) for p in raw.get("pages", [])],
    )


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
        for entry in unsaved.entries
        if tx.chat.room(entry.room) is not None and (put := tx.chat.restore(entry)) is not None
    ]
    for device, k, digest, reply, at in unsaved.keys:
        if tx.keys.reply_to(device, k) is None:
            tx.keys.remember(device, k, digest, reply, at)
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
        self._noted.entries.append(entry)
        return entry


class _Keys(SqlKeys):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def remember(self, device: DeviceId, k: str, command_digest: str, reply: bytes, now: Instant) -> None:
        super().remember(device, k, command_digest, reply, now)
        self._noted.keys.append((device, k, command_digest, reply, now))


class _Care(SqlCare):
    def __init__(self, db: Connection, noted: Unsaved) -> None:
        super().__init__(db)
        self._noted = noted

    def add_audit(self, actor: str, action: str, subject: str, now: Instant) -> None:
        super().add_audit(actor, action, subject, now)
        self._noted.audit.append((actor, action, subject, now))


def all_of(records: Iterable[bytes]) -> Unsaved:
    """What a journal holds, put together."""
    whole = Unsaved()
    for record in records:
        whole.add(decode(record))
    return whole
