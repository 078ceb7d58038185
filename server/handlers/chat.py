"""Rooms and chat (CH1–CH3): open, resume, fetch, say, take back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from presence.ids import AccountId, RoomId
from rooms import either
from rooms.call import Call, may_read_room
from rooms.chat import (
    Entry,
    Kind,
    Shown,
    key_for,
    must_be_able_to_hide,
    must_be_able_to_say,
    must_be_own,
    position_continues,
    shown_to,
)
from rooms.group import Membership, Role, must_be_active
from rooms.refusals import Refusal, Refused
from server.handlers.call_changes import save_call
from server.handlers.calls import member_in_call
from server.handlers.groups import BADGES
from server.handlers.services import Done, Services, commit
from server.ports import Changes, Tx
from server.records import Room
from server.who import Who
from server.wire import frames as f
from server.wire.codec import that_fit

T = TypeVar("T")
LAST_ENTRIES = 50
BACKFILL_AT_MOST = 500
FAR = 2**53


@dataclass(frozen=True, slots=True)
class Seat:
    """What this person is in a room: their membership, and the call when it is a call room."""

    room: Room
    me: Membership
    call: Call | None


def seat_in(tx: Tx, who: Who, room_id: str) -> Seat:
    """The reader's place in a room, or `not_found`: the same for a room that is not theirs and one that is not."""
    room = tx.chat.room(RoomId(room_id))
    if room is None:
        raise Refused(Refusal.NOT_FOUND, "no such room")
    if room.call is None:
        return Seat(room, must_be_active(tx.groups.membership(who.account, room.group)), None)
    call = tx.calls.get(room.call)
    member = None if call is None else member_in_call(call, who)
    me = None if member is None else tx.groups.member(member)
    if call is None or me is None or not may_read_room(call, me.id):
        raise Refused(Refusal.NOT_FOUND, "not in this call")
    return Seat(room, me, call)


async def open_room(services: Services, who: Who, command: f.OpenRoom) -> f.Ok:
    """Watch first, then read: an entry committed in between arrives twice at most, and never not at all."""
    first = await services.store.read(lambda tx: seat_in(tx, who, command.room))
    services.out.watch(who.connection, f"room:{command.room}")
    services.roster.enter(who.connection, f"room:{command.room}")

    def read(tx: Tx) -> tuple[Seat, bool, list[Entry]]:
        seat = seat_in(tx, who, command.room)
        after = command.after
        resumed = after is not None and position_continues(
            reader_epoch=after.epoch, reader_seq=after.seq, epoch=seat.room.epoch, head=seat.room.head
        )
        if after is not None and resumed and seat.room.head - after.seq <= BACKFILL_AT_MOST:
            return seat, True, tx.chat.entries(seat.room.id, after.seq, FAR, BACKFILL_AT_MOST)
        return seat, False, tx.chat.entries(seat.room.id, 0, FAR, LAST_ENTRIES)

    try:
        seat, resumed, entries = await _reading(services, first)(read)
    except Refused:  # removed or refused in between: whoever may not read must not go on watching
        services.out.unwatch(who.connection, f"room:{command.room}")
        services.roster.exit(who.connection, f"room:{command.room}")
        raise
    views = _newest_that_fit(services, who, entries)
    services.out.send_urgent(
        who.connection,
        f.RoomNow(
            room=seat.room.id,
            group=seat.room.group,
            epoch=seat.room.epoch,
            head=seat.room.head,
            resumed=resumed and len(views) == len(entries),
            entries=views,
        ),
    )
    if seat.call is None:
        services.changes.group_changed(seat.room.group)
    return f.Ok(re=command.k, epoch=seat.room.epoch, seq=seat.room.head)


def _reading(services: Services, seat: Seat) -> Callable[[Callable[[Tx], T]], Awaitable[T]]:
    """A call's room can be read from memory while the store is down; a group's log cannot (UC15)."""
    return services.store.read if seat.call is not None else services.store.read_log


async def close_room(services: Services, who: Who, command: f.CloseRoom) -> f.Ok:
    services.out.unwatch(who.connection, f"room:{command.room}")
    services.roster.exit(who.connection, f"room:{command.room}")
    return f.Ok(re=command.k)


async def fetch_entries(services: Services, who: Who, command: f.FetchEntries) -> f.Ok:
    def read(tx: Tx) -> tuple[Room, list[Entry]]:
        seat = seat_in(tx, who, command.room)
        return seat.room, tx.chat.entries(seat.room.id, command.after, command.before, command.limit)

    first = await services.store.read(lambda tx: seat_in(tx, who, command.room))
    room, entries = await _reading(services, first)(read)
    views = _newest_that_fit(services, who, entries)
    services.out.send_urgent(who.connection, f.Entries(re=command.k, room=room.id, epoch=room.epoch, entries=views))
    return f.Ok(re=command.k)


def _newest_that_fit(services: Services, who: Who, entries: list[Entry]) -> list[f.Entry]:
    """The newest of these that go into one reply; the reader fetches what is missing before them."""
    return that_fit(entry_view(services, who, e) for e in reversed(entries))[::-1]


async def say(services: Services, who: Who, command: f.Say) -> f.Ok:
    """`ok` means committed (CH1). In a call room, words also move the call: both having written makes *here* (UC5)."""
    now, reaches = services.clock.now(), services.roster.reaches()
    first = await services.store.read(lambda tx: seat_in(tx, who, command.room))

    def decide(tx: Tx) -> Done:
        seat = seat_in(tx, who, command.room)
        call = seat.call
        must_be_able_to_say(seat.me, call)
        entry = tx.chat.append(
            seat.room.id,
            Kind.SAID,
            seat.me,
            command.text,
            experience=command.experience,
            reply_to=command.reply_to,
            device=who.device,
            k=command.k,
            now=now,
        )
        if call is not None:
            call = save_call(services, tx, call, either.wrote(call, seat.me.id, now), now, reaches)

        def announce(changes: Changes) -> None:
            changes.entry_added(entry, seat.room.epoch)
            if call is not None:
                changes.call_changed(call)

        return Done(f.Ok(re=command.k, seq=entry.seq, epoch=seat.room.epoch), announce)

    return await commit(services, who, command, decide, urgent=first.call is not None)


async def delete_entry(services: Services, who: Who, command: f.DeleteEntry) -> f.Ok:
    """The author's own words, unreadable at once for everyone (CH3)."""

    def decide(tx: Tx) -> Done:
        seat = seat_in(tx, who, command.room)
        must_be_own(tx.chat.entry(seat.room.id, command.seq), who.account)
        return _blank(tx, seat, command.k, command.seq, Kind.DELETED)

    return await commit(services, who, command, decide)


async def hide_entry(services: Services, who: Who, command: f.HideEntry) -> f.Ok:
    """A moderator hides words in the group's room (UC16). Call rooms are not theirs to read."""
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        seat = seat_in(tx, who, command.room)
        must_be_able_to_hide(seat.me, seat.call)
        if tx.chat.entry(seat.room.id, command.seq) is None:
            raise Refused(Refusal.NOT_FOUND, "no such entry")
        tx.care.add_audit(seat.me.id, "entry_hidden", seat.room.id, now)
        return _blank(tx, seat, command.k, command.seq, Kind.HIDDEN)

    return await commit(services, who, command, decide)


def _blank(tx: Tx, seat: Seat, key: str, seq: int, kind: Kind) -> Done:
    tx.chat.blank(seat.room.id, seq, kind)
    entry = tx.chat.entry(seat.room.id, seq)
    assert entry is not None  # noqa: S101  it was there in this transaction
    return Done(f.Ok(re=key, seq=seq), lambda changes: changes.entry_changed(entry, seat.room.epoch))


async def typing(services: Services, who: Who, command: f.Typing) -> None:
    """A hint to those who have the room open, checked like everything else; left out when the store is busy."""
    if services.store.busy:
        return
    seat = await services.store.read(lambda tx: seat_in(tx, who, command.room))
    if seat.me.role is Role.OBSERVER and seat.call is None:
        return
    hidden = services.hidden_from(who.account)
    person = f.Person(member=seat.me.id, name=seat.me.name)
    event = f.TypingNow(room=command.room, person=person)

    def for_reader(reader: Who) -> f.TypingNow | None:
        return None if reader.account in hidden or reader.account == who.account or reader.locked else event

    services.out.fan_out(f"room:{command.room}", for_reader, room=command.room)


def entry_view(services: Services, reader: Who, entry: Entry) -> f.Entry:
    """An entry as one reader may see it (CH2, CH3)."""
    return view_for(entry, reader.account, reader.device, services.hidden_from(reader.account))


def view_for(entry: Entry, reader: AccountId, device: str, hidden: set[AccountId]) -> f.Entry:
    match shown_to(entry, reader, hidden):
        case Shown.GAP:
            return f.Entry(seq=entry.seq, kind="gap")
        case Shown.PLACE:
            return f.Entry(seq=entry.seq, kind=entry.kind.value, at=entry.at)
        case Shown.ALL:
            pass
    badge = BADGES[entry.author_role]
    author = f.Person(member=entry.author, name=entry.author_name, badge=badge, simulated=entry.simulated)
    return f.Entry(
        seq=entry.seq,
        kind=entry.kind.value,
        at=entry.at,
        author=author,
        text=entry.text,
        experience=entry.experience,
        reply_to=entry.reply_to,
        k=key_for(entry, device),
    )
