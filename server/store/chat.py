"""Room logs. Seq is given in the transaction of the insert, under the room's row: dense and in commit order (CH2)."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update

from presence.ids import AccountId, CallId, DeviceId, GroupId, Instant, MemberId, RoomId
from rooms.chat import Entry, Kind
from rooms.group import Membership, Role
from server.records import Room
from server.store.tables import accounts, entries, memberships, rooms

EPOCHS_APART = 2**20
"""Of so many numbers two nodes take the same one."""


class SqlChat:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def room(self, room: RoomId) -> Room | None:
        row = self._db.execute(select(rooms).where(rooms.c.id == room)).first()
        if row is None:
            return None
        call = CallId(row.call_id) if row.call_id else None
        return Room(RoomId(row.id), GroupId(row.group_id), call, row.epoch, row.head)

    def add_room(self, room: RoomId, group: GroupId, call: CallId | None) -> None:
        self._db.execute(insert(rooms).values(id=room, group_id=group, call_id=call, epoch=1, head=0))

    def append(
        self, room: RoomId, kind: Kind, author: Membership, text: str, *,
        experience: bool, reply_to: int | None, device: DeviceId, k: str, now: Instant,
    ) -> Entry:  # fmt: skip
        head = update(rooms).where(rooms.c.id == room).values(head=rooms.c.head + 1).returning(rooms.c.head)
        seq = self._db.execute(head).scalar_one()
        entry = Entry(
            room=room,
            seq=seq,
            kind=kind,
            at=now,
            author=author.id,
            author_account=author.account,
            author_name=author.name,
            author_role=author.role,
            simulated=author.simulated,
            text=text,
            experience=experience,
            reply_to=reply_to,
            device=device,
            k=k,
        )
        self._insert(entry, seq)
        return entry

    def _insert(self, entry: Entry, seq: int) -> None:
        self._db.execute(
            insert(entries).values(
                room=entry.room,
                seq=seq,
                kind=entry.kind.value,
                at=entry.at,
                author=entry.author,
                author_account=entry.author_account,
                text=entry.text,
                experience=entry.experience,
                reply_to=entry.reply_to,
                device=entry.device,
                k=entry.k,
            )
        )

    def restore(self, entry: Entry) -> tuple[Entry, int] | None:
        """Put back an entry that was written while the store was down, at its own seq if that is the next. Else it goes
        to the end, and the room begins a new epoch: whoever read it at its old place reads the room anew. Returns the
        entry as it is now, and the epoch; None when it was there at its own seq (a late commit, or another node, has
        brought it)."""
        same = (entries.c.room == entry.room) & (entries.c.device == entry.device) & (entries.c.k == entry.k)
        there = self._db.execute(select(entries.c.seq).where(same)).scalar()
        if there == entry.seq:
            return None
        room = self._db.execute(select(rooms.c.head, rooms.c.epoch).where(rooms.c.id == entry.room)).one()
        if there is not None:
            return replace(entry, seq=there), room.epoch
        seq, epoch = room.head + 1, room.epoch
        if seq != entry.seq:
            # Not the next number: another node may do the same in its memory, in another order.
            epoch += 1 + secrets.randbelow(EPOCHS_APART)
        self._insert(entry, seq)
        self._db.execute(update(rooms).where(rooms.c.id == entry.room).values(head=seq, epoch=epoch))
        return replace(entry, seq=seq), epoch

    def entry(self, room: RoomId, seq: int) -> Entry | None:
        row = self._db.execute(_entries().where((entries.c.room == room) & (entries.c.seq == seq))).first()
        return _entry(row._mapping) if row else None

    def entries(self, room: RoomId, after: int, before: int, limit: int) -> list[Entry]:
        where = (entries.c.room == room) & (entries.c.seq > after) & (entries.c.seq < before)
        rows = self._db.execute(_entries().where(where).order_by(entries.c.seq.desc()).limit(limit)).all()
        return [_entry(row._mapping) for row in reversed(rows)]

    def blank_room(self, room: RoomId) -> None:
        spoken = entries.c.kind.in_((Kind.SAID.value, Kind.DELETED.value, Kind.HIDDEN.value))
        values = {"kind": Kind.GAP.value, "text": "", "reply_to": None, "experience": False}
        self._db.execute(update(entries).where((entries.c.room == room) & spoken).values(**values))

    def last_said_at(self, room: RoomId) -> Instant | None:
        where = (entries.c.room == room) & (entries.c.kind != Kind.GAP.value)
        return self._db.execute(select(func.max(entries.c.at)).where(where)).scalar()

    def blank(self, room: RoomId, seq: int, kind: Kind) -> None:
        where = (entries.c.room == room) & (entries.c.seq == seq)
        self._db.execute(update(entries).where(where).values(kind=kind.value, text="", reply_to=None, experience=False))


def _entries() -> Select[tuple[object, ...]]:
    return (
        select(entries, memberships.c.name, memberships.c.role, accounts.c.simulated)
        .join(memberships, memberships.c.id == entries.c.author)
        .join(accounts, accounts.c.id == memberships.c.account)
    )


def _entry(r: RowMapping) -> Entry:
    return Entry(
        room=RoomId(r[entries.c.room]),
        seq=r[entries.c.seq],
        kind=Kind(r[entries.c.kind]),
        at=r[entries.c.at],
        author=MemberId(r[entries.c.author]),
        author_account=AccountId(r[entries.c.author_account]),
        author_name=r[memberships.c.name],
        author_role=Role(r[memberships.c.role]),
        simulated=bool(r[accounts.c.simulated]),
        text=r[entries.c.text],
        experience=bool(r[entries.c.experience]),
        reply_to=r[entries.c.reply_to],
        device=DeviceId(r[entries.c.device]),
        k=r[entries.c.k],
    )
