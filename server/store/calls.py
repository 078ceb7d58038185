"""Calls, their one deadline, and the notifications they cause: always written in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from zlib import crc32

import structlog
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from presence.ids import AccountId, ActionId, CallId, DeviceId, GroupId, Instant, MemberId, RoomId
from rooms.call import Call, Closed, Coming, Here, InRoom, Recipient, is_over
from server.records import DuePage, Head, Page, PushTarget, UnreadableCall
from server.store.call_codec import decode_call, encode_call
from server.store.tables import call_people, calls, check_ins, deadlines, devices, entries, pages, rooms

CALL = "call"
HEADS_AT_MOST = 500
log = structlog.get_logger("store")


class SqlCalls:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def get(self, call: CallId) -> Call | None:
        return self._first(select(calls.c.id, calls.c.body).where(calls.c.id == call))

    def _first(self, query: Select[tuple[str, bytes]]) -> Call | None:
        return next(self._readable(query), None)

    def _readable(self, query: Select[tuple[str, bytes]]) -> Iterator[Call]:
        """One row that cannot be read hides no other. `server.handlers.unreadable` sees to it."""
        for row in self._db.execute(query):
            call = _read(row.id, row.body)
            if call is not None:
                yield call

    def heads(self, besides: Collection[CallId]) -> dict[CallId, Head]:
        query = select(calls.c.id, calls.c.body, func.coalesce(rooms.c.head, 0).label("words"))
        query = query.outerjoin(rooms, rooms.c.id == calls.c.room).where(calls.c.live | calls.c.id.in_(besides))
        found = ((row, _version_and_changes(row.id, row.body)) for row in self._db.execute(query))
        return {CallId(row.id): Head(known[0], row.words, known[1]) for row, known in found if known is not None}

    def unreadable(self, only: CallId | None = None) -> list[UnreadableCall]:
        columns = (calls.c.id, calls.c.group_id, calls.c.room, calls.c.caller, calls.c.raised_at, calls.c.version)
        where = calls.c.live if only is None else calls.c.live & (calls.c.id == only)
        return [
            UnreadableCall(
                CallId(r.id), GroupId(r.group_id), RoomId(r.room), MemberId(r.caller), r.raised_at, r.version
            )
            for r in self._db.execute(select(*columns, calls.c.body).where(where))
            if _read(r.id, r.body) is None
        ]

    def begin_anew(self, call: Call, next_deadline: Instant | None) -> None:
        self._db.execute(delete(call_people).where(call_people.c.call == call.id))
        self.drop_pages(call.id)
        self.save(call, next_deadline)

    def save(self, call: Call, next_deadline: Instant | None) -> None:
        ended_at = call.end.at if isinstance(call.end, Closed) else None
        values = {"version": call.version, "live": not is_over(call), "ended_at": ended_at, "body": encode_call(call)}
        if self._db.execute(update(calls).where(calls.c.id == call.id).values(**values)).rowcount == 0:
            self._db.execute(
                insert(calls).values(
                    id=call.id,
                    group_id=call.group,
                    room=call.room,
                    caller=call.caller,
                    caller_account=call.caller_account,
                    raised_at=call.raised_at,
                    raised_by_other=call.raised_by_other,
                    **values,
                )
            )
        self._save_people(call)
        self._save_deadline(call.id, next_deadline)
        self._save_check_in(call)

    def _save_people(self, call: Call) -> None:
        people: dict[AccountId, str] = {}
        for recipient in call.recipients.values():
            part = _part(recipient)
            if people.get(recipient.account) in (None, "rung"):  # a volunteer who is a member too: the nearer part
                people[recipient.account] = part
        people[call.caller_account] = "caller"
        rows = self._db.execute(select(call_people.c.account, call_people.c.part).where(call_people.c.call == call.id))
        kept = {row.account: row.part for row in rows}
        for account, part in people.items():
            where = (call_people.c.call == call.id) & (call_people.c.account == account)
            if account not in kept:
                self._db.execute(insert(call_people).values(call=call.id, account=account, part=part))
            elif kept[account] != part:
                self._db.execute(update(call_people).where(where).values(part=part))

    def _save_check_in(self, call: Call) -> None:
        self._db.execute(delete(check_ins).where((check_ins.c.call == call.id) & check_ins.c.told_at.is_(None)))
        if call.check_in_at is not None and is_over(call):
            values = {"call": call.id, "account": call.caller_account, "due_at": call.check_in_at}
            self._db.execute(insert(check_ins).values(**values))

    def check_ins_to_tell(self, now: Instant) -> list[Call]:
        where = (check_ins.c.due_at <= now) & check_ins.c.told_at.is_(None)
        query = select(calls.c.id, calls.c.body).join(check_ins, check_ins.c.call == calls.c.id).where(where)
        return list(self._readable(query))

    def check_in_told(self, call: CallId, now: Instant) -> None:
        self._db.execute(update(check_ins).where(check_ins.c.call == call).values(told_at=now))

    def check_ins_of(self, account: AccountId, told_since: Instant) -> list[Call]:
        where = (
            (check_ins.c.account == account) & (check_ins.c.told_at > told_since) & check_ins.c.answered_at.is_(None)
        )
        query = select(calls.c.id, calls.c.body).join(check_ins, check_ins.c.call == calls.c.id).where(where)
        return list(self._readable(query))

    def answer_check_in(self, call: CallId, account: AccountId, now: Instant) -> bool:
        where = (check_ins.c.call == call) & (check_ins.c.account == account) & check_ins.c.told_at.is_not(None)
        return self._db.execute(update(check_ins).where(where).values(answered_at=now)).rowcount == 1

    def _save_deadline(self, call: CallId, at: Instant | None) -> None:
        where = (deadlines.c.kind == CALL) & (deadlines.c.subject == call)
        if at is None:
            self._db.execute(delete(deadlines).where(where))
        elif self._db.execute(update(deadlines).where(where).values(due_at=at)).rowcount == 0:
            self._db.execute(insert(deadlines).values(kind=CALL, subject=call, due_at=at))

    def set_due(self, call: CallId, at: Instant | None) -> None:
        self._save_deadline(call, at)

    def look_now(self, which: Iterable[CallId], now: Instant) -> None:
        where = (deadlines.c.kind == CALL) & deadlines.c.subject.in_(list(which)) & (deadlines.c.due_at > now)
        self._db.execute(update(deadlines).where(where).values(due_at=now))

    def active_of(self, caller: MemberId) -> Call | None:
        where = (calls.c.caller == caller) & calls.c.live
        return self._first(select(calls.c.id, calls.c.body).where(where).order_by(calls.c.raised_at.desc()))

    def live(self) -> list[Call]:
        return list(self._readable(select(calls.c.id, calls.c.body).where(calls.c.live)))

    def live_of_group(self, group: GroupId) -> list[CallId]:
        where = (calls.c.group_id == group) & calls.c.live
        return [CallId(c) for c in self._db.execute(select(calls.c.id).where(where)).scalars()]

    def of_account(self, account: AccountId) -> list[Call]:
        query = select(calls.c.id, calls.c.body).join(call_people, call_people.c.call == calls.c.id)
        where = (call_people.c.account == account) & calls.c.live
        return list(self._readable(query.where(where)))

    def in_room(self, room: RoomId) -> Call | None:
        return self._first(select(calls.c.id, calls.c.body).where(calls.c.room == room))

    def raised_since(self, account: AccountId, since: Instant) -> list[Instant]:
        where = (calls.c.caller_account == account) & (calls.c.raised_at > since) & calls.c.raised_by_other.is_(False)
        return list(self._db.execute(select(calls.c.raised_at).where(where)).scalars())

    def busy_accounts(self) -> set[AccountId]:
        query = select(call_people.c.account).join(calls, calls.c.id == call_people.c.call)
        where = calls.c.live & (call_people.c.part != "rung")
        return {AccountId(a) for a in self._db.execute(query.where(where)).scalars()}

    def ended_before(self, at: Instant, limit: int) -> list[Call]:
        """Ended calls with something left to forget: traces after `at`, words after the retention's own time."""
        where = calls.c.live.is_(False) & (calls.c.ended_at <= at) & (calls.c.forgotten < 2)
        query = select(calls.c.body).where(where).order_by(calls.c.forgotten, calls.c.ended_at).limit(limit)
        return [decode_call(body) for body in self._db.execute(query).scalars()]

    def forget_traces(self, call: Call, *, words_too: bool) -> None:
        where = calls.c.id == call.id
        self._db.execute(update(calls).where(where).values(body=encode_call(call), forgotten=2 if words_too else 1))
        self._db.execute(delete(call_people).where((call_people.c.call == call.id) & (call_people.c.part == "rung")))
        self.drop_pages(call.id)
        if words_too:
            self._db.execute(delete(entries).where(entries.c.room == call.room))

    def due(self, now: Instant, limit: int) -> list[tuple[CallId, Instant]]:
        query = (
            select(deadlines.c.subject, deadlines.c.due_at)
            .where((deadlines.c.kind == CALL) & (deadlines.c.due_at <= now))
            .order_by(deadlines.c.due_at)
            .limit(limit)
        )
        return [(CallId(r.subject), r.due_at) for r in self._db.execute(query)]

    def next_due(self) -> Instant | None:
        calls_due = self._db.execute(select(func.min(deadlines.c.due_at)).where(deadlines.c.kind == CALL)).scalar()
        pages_due = self._db.execute(select(func.min(pages.c.next_try_at))).scalar()
        return min((at for at in (calls_due, pages_due) if at is not None), default=None)

    def add_pages(self, new: Iterable[Page]) -> None:
        from server.ids import digest

        rows = [
            {
                "subject": p.subject,
                "ringing": p.ringing,
                "device": p.device,
                "member": p.member,
                "kind": p.kind,
                "token": p.token,
                "token_hash": digest(p.token),
                "made_at": p.made_at,
                "next_try_at": p.made_at,
                "tries": 0,
            }
            for p in new
        ]
        if rows:
            self._db.execute(insert(pages), rows)

    def restore_page(self, page: Page) -> None:
        """Put back a notification that was made while the store was down, unless a late commit has made it too."""
        same = (pages.c.subject == page.subject) & (pages.c.ringing == page.ringing) & (pages.c.device == page.device)
        if self._db.execute(select(pages.c.token).where(same)).first() is None:
            self.add_pages([page])

    def drop_pages(self, subject: CallId | ActionId) -> None:
        self._db.execute(delete(pages).where(pages.c.subject == subject))

    def due_pages(self, now: Instant, limit: int, *, per_person: int) -> list[DuePage]:
        place = func.row_number().over(partition_by=devices.c.account, order_by=pages.c.next_try_at).label("place")
        due = (
            select(pages, devices.c.push_endpoint, devices.c.push_p256dh, devices.c.push_auth, place)
            .join(devices, devices.c.id == pages.c.device)
            .where((pages.c.next_try_at <= now) & devices.c.push_endpoint.is_not(None))
            .subquery()
        )
        query = select(due).where(due.c.place <= per_person).order_by(due.c.next_try_at).limit(limit)
        found = []
        for r in self._db.execute(query):
            page = Page(
                CallId(r.subject), r.ringing, DeviceId(r.device), MemberId(r.member), r.kind, r.token, r.made_at
            )
            target = PushTarget(DeviceId(r.device), r.push_endpoint, r.push_p256dh, r.push_auth)
            found.append(DuePage(page, r.tries, target))
        return found

    def page_tried(self, token: str, *, next_try_at: Instant | None) -> None:
        where = pages.c.token == token
        self._db.execute(update(pages).where(where).values(tries=pages.c.tries + 1, next_try_at=next_try_at))

    def page_shown(self, token_hash: str, now: Instant) -> tuple[CallId, MemberId] | None:
        row = self._db.execute(select(pages.c.subject, pages.c.member).where(pages.c.token_hash == token_hash)).first()
        if row is None:
            return None
        where = pages.c.token_hash == token_hash
        self._db.execute(update(pages).where(where).values(shown_at=now, next_try_at=None))
        return CallId(row.subject), MemberId(row.member)


def _read(call_id: str, body: bytes) -> Call | None:
    try:
        return decode_call(body)
    except Exception:  # whatever the bytes are: msgpack's errors, a field that is not there, a type nobody knows
        log.error("call_unreadable", call=call_id)
        return None


@lru_cache(HEADS_AT_MOST)
def _version_and_changes(call_id: str, body: bytes) -> tuple[int, int] | None:
    """Asked for many times a second where nodes compare what they have, and mostly of what they have asked for."""
    call = _read(call_id, body)
    return None if call is None else (call.version, crc32(repr(sorted(call.changed.items())).encode()))


def _part(recipient: Recipient) -> str:
    match recipient.answer:
        case Here():
            return "here"
        case Coming() | InRoom():
            return "helper"
        case _:
            return "rung"
