"""Groups, memberships, invites, requests, and who might be rung for a call."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, Select, func, insert, or_, select, update

from presence.availability import Availability, OnBreak, Open, Quiet, Reach, is_on_break, is_open
from presence.ids import AccountId, CallId, GroupId, Instant, MemberId, RoomId
from rooms.call import Part
from rooms.candidates import Candidate
from rooms.group import Group, Membership, Role, State
from server.ports import SeatId
from server.records import Account, MyGroup
from server.store.accounts import SqlAccounts
from server.store.tables import (
    accounts,
    blocks,
    call_people,
    calls,
    devices,
    groups,
    memberships,
    rooms,
)

_MEMBER_COLUMNS = (*memberships.c, accounts.c.simulated)


@dataclass(frozen=True, slots=True)
class _Seat:
    """Someone who might be rung, as the store knows them."""

    membership: Membership
    part: Part
    asked_first_at: Instant = 0
    resting: bool = False


class SqlGroups:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def add(self, group: Group, now: Instant) -> None:
        self._db.execute(
            insert(groups).values(
                id=group.id,
                name=group.name,
                blurb=group.blurb,
                tags=json.dumps(group.tags),
                rules=group.rules,
                questions=json.dumps(group.questions),
                made_at=now,
            )
        )
        self._db.execute(insert(rooms).values(id=group.room, group_id=group.id, call_id=None, epoch=1, head=0))

    def all_groups(self) -> list[tuple[Group, int]]:
        counted = (
            select(memberships.c.group_id, func.count().label("n"))
            .where((memberships.c.state == State.ACTIVE) & (memberships.c.seat == "member"))
            .group_by(memberships.c.group_id)
            .subquery()
        )
        query = (
            select(groups, rooms.c.id.label("room"), counted.c.n)
            .join(rooms, (rooms.c.group_id == groups.c.id) & rooms.c.call_id.is_(None))
            .outerjoin(counted, counted.c.group_id == groups.c.id)
            .order_by(groups.c.name)
        )
        return [(_group(row._mapping), row.n or 0) for row in self._db.execute(query)]

    def group(self, group: GroupId) -> Group | None:
        query = (
            select(groups, rooms.c.id.label("room"))
            .join(rooms, (rooms.c.group_id == groups.c.id) & rooms.c.call_id.is_(None))
            .where(groups.c.id == group)
        )
        row = self._db.execute(query).first()
        return _group(row._mapping) if row else None

    def add_member(self, membership: Membership, name_key: str) -> None:
        seat = "volunteer" if membership.role is Role.VOLUNTEER else "member"
        self._db.execute(
            insert(memberships).values(
                id=membership.id,
                account=membership.account,
                group_id=membership.group,
                name=membership.name,
                name_key=name_key,
                seat=seat,
                joined_at=membership.joined_at,
                **_changeable(membership),
            )
        )

    def name_taken(self, group: GroupId, name_key: str) -> bool:
        where = (memberships.c.group_id == group) & (memberships.c.name_key == name_key)
        return (
            self._db.execute(select(memberships.c.id).where(where & (memberships.c.state != State.REMOVED))).first()
            is not None
        )

    def change_member(self, membership: Membership) -> None:
        values = {"name": membership.name, **_changeable(membership)}
        self._db.execute(update(memberships).where(memberships.c.id == membership.id).values(**values))

    def member(self, member: MemberId) -> Membership | None:
        row = self._db.execute(_members().where(memberships.c.id == member)).first()
        return _membership(row._mapping) if row else None

    def membership(self, account: AccountId, group: GroupId) -> Membership | None:
        where = (
            (memberships.c.account == account) & (memberships.c.group_id == group) & (memberships.c.seat == "member")
        )
        row = self._db.execute(_members().where(where)).first()
        return _membership(row._mapping) if row else None

    def groups_of(self, account: AccountId) -> list[MyGroup]:
        query = (
            select(*_MEMBER_COLUMNS, groups, rooms.c.id.label("room"), rooms.c.head)
            .join(accounts, accounts.c.id == memberships.c.account)
            .join(groups, groups.c.id == memberships.c.group_id)
            .join(rooms, (rooms.c.group_id == groups.c.id) & rooms.c.call_id.is_(None))
            .where(
                (memberships.c.account == account)
                & (memberships.c.seat == "member")
                & (memberships.c.state != State.REMOVED)
            )
            .order_by(memberships.c.joined_at)
        )
        return [MyGroup(_group(row._mapping), _membership(row._mapping), row.head) for row in self._db.execute(query)]

    def members(self, group: GroupId) -> list[Membership]:
        where = (
            (memberships.c.group_id == group) & (memberships.c.seat == "member") & (memberships.c.state == State.ACTIVE)
        )
        return [
            _membership(row._mapping)
            for row in self._db.execute(_members().where(where).order_by(memberships.c.joined_at))
        ]

    def volunteer_seat(self, account: Account, group: GroupId, member: MemberId, now: Instant) -> Membership:
        where = (
            (memberships.c.account == account.id)
            & (memberships.c.group_id == group)
            & (memberships.c.seat == "volunteer")
        )
        row = self._db.execute(_members().where(where)).first()
        if row:
            return _membership(row._mapping)
        seat = Membership(
            id=member,
            account=account.id,
            group=group,
            name=account.volunteer_name or "Volunteer",
            role=Role.VOLUNTEER,
            state=State.ACTIVE,
            availability=Quiet(),
            introduced=True,
            rung_when_away=False,
            hidden=True,
            joined_at=now,
            simulated=account.simulated,
        )
        self.add_member(seat, name_key=f"volunteer-{member}")
        return seat

    def candidates(
        self,
        group: GroupId,
        call: CallId | None,
        recipients: Iterable[MemberId],
        seat_id: SeatId,
        now: Instant,
    ) -> list[Candidate]:
        busy = self.occupied_accounts(except_call=call)
        push = self.accounts_with_push()
        rung = set(recipients)
        rows = [*self._peer_rows(group, rung), *self._staff_seats(group, rung, seat_id, now)]
        blocked = self._blocks_within(group)
        return [
            Candidate(
                member=m.id,
                account=m.account,
                name=m.name,
                part=row.part,
                open_to_calls=is_open(m.availability) and m.introduced,
                reach=Reach.AWAY,
                takes_push=m.account in push,
                rung_when_away=m.rung_when_away and m.introduced,
                busy=m.account in busy or row.resting,
                on_break=is_on_break(m.availability, now),
                asked_first_at=row.asked_first_at,
                blocks=frozenset(blocked.get(m.account, ())),
                simulated=m.simulated,
            )
            for row in rows
            for m in (row.membership,)
        ]

    def _peer_rows(self, group: GroupId, rung: set[MemberId]) -> list[_Seat]:
        """Never an observer, also not one who was rung as a member: they have no part in others' calls (GR3)."""
        willing = (memberships.c.availability == "open") | memberships.c.rung_when_away
        where = (
            (memberships.c.group_id == group)
            & (memberships.c.seat == "member")
            & (memberships.c.state == State.ACTIVE)
            & (memberships.c.role != Role.OBSERVER)
            & or_(willing, memberships.c.id.in_(sorted(rung)))
        )
        return [
            _Seat(_membership(r._mapping), Part.PEER, r.asked_first_at)
            for r in self._db.execute(_members().where(where))
        ]

    def _staff_seats(self, group: GroupId, rung: set[MemberId], seat_id: SeatId, now: Instant) -> list[_Seat]:
        seats: list[_Seat] = []
        for account in SqlAccounts(self._db).staff():
            seat = self.volunteer_seat(account, group, seat_id(account.id, group), now)
            if account.shift == "on" and account.volunteer:
                seats.append(_Seat(seat, Part.VOLUNTEER))
            elif account.shift == "backup" or account.coordinator:
                seats.append(_Seat(seat, Part.BACKUP))
            elif seat.id in rung:
                # Off shift, and still in the call they were rung for: not thrown out of it, and not rung again.
                seats.append(_Seat(seat, Part.VOLUNTEER, resting=True))
        return seats

    def available_accounts(self) -> set[AccountId]:
        where = (memberships.c.availability == "open") & (memberships.c.state == State.ACTIVE)
        return {AccountId(a) for a in self._db.execute(select(memberships.c.account).where(where)).scalars()}

    def occupied_accounts(self, *, except_call: CallId | None = None) -> set[AccountId]:
        query = select(call_people.c.account).join(calls, calls.c.id == call_people.c.call)
        where = calls.c.live & call_people.c.part.in_(("caller", "here"))
        if except_call is not None:
            where &= call_people.c.call != except_call
        return {AccountId(a) for a in self._db.execute(query.where(where)).scalars()}

    def accounts_with_push(self) -> set[AccountId]:
        where = devices.c.push_endpoint.is_not(None) & devices.c.revoked_at.is_(None)
        return {AccountId(a) for a in self._db.execute(select(devices.c.account).where(where)).scalars()}

    def _blocks_within(self, group: GroupId) -> dict[AccountId, set[MemberId]]:
        """For each account, the members and seats of this group with whom a block stands, in either direction."""
        pairs = self._db.execute(select(blocks.c.blocker, blocks.c.blocked)).all()
        if not pairs:
            return {}
        of_account: dict[str, list[MemberId]] = defaultdict(list)
        for member, account in self._db.execute(
            select(memberships.c.id, memberships.c.account).where(memberships.c.group_id == group)
        ):
            of_account[account].append(MemberId(member))
        found: dict[AccountId, set[MemberId]] = defaultdict(set)
        for one, other in pairs:
            found[AccountId(one)].update(of_account[other])
            found[AccountId(other)].update(of_account[one])
        return found

    def set_asked_first(self, members: Iterable[MemberId], now: Instant) -> None:
        where = memberships.c.id.in_(list(members))
        self._db.execute(update(memberships).where(where).values(asked_first_at=now))


def _members() -> Select[tuple[object, ...]]:
    return select(*_MEMBER_COLUMNS).join(accounts, accounts.c.id == memberships.c.account)


def _availability(state: str, until: int | None) -> Availability:
    if state == "open":
        return Open()
    return OnBreak(until or 0) if state == "break" else Quiet()


def _changeable(membership: Membership) -> dict[str, object]:
    until = membership.availability.until if isinstance(membership.availability, OnBreak) else None
    state = "open" if isinstance(membership.availability, Open) else "quiet" if until is None else "break"
    return {
        "role": membership.role.value,
        "state": membership.state.value,
        "availability": state,
        "break_until": until,
        "introduced": membership.introduced,
        "rung_when_away": membership.rung_when_away,
        "hidden": membership.hidden,
    }


def _membership(r: RowMapping) -> Membership:
    return Membership(
        id=MemberId(r[memberships.c.id]),
        account=AccountId(r[memberships.c.account]),
        group=GroupId(r[memberships.c.group_id]),
        name=r[memberships.c.name],
        role=Role(r[memberships.c.role]),
        state=State(r[memberships.c.state]),
        availability=_availability(r[memberships.c.availability], r[memberships.c.break_until]),
        introduced=bool(r[memberships.c.introduced]),
        rung_when_away=bool(r[memberships.c.rung_when_away]),
        hidden=bool(r[memberships.c.hidden]),
        joined_at=r[memberships.c.joined_at],
        simulated=bool(r[accounts.c.simulated]),
    )


def _group(r: RowMapping) -> Group:
    return Group(
        id=GroupId(r[groups.c.id]),
        room=RoomId(r["room"]),
        name=r[groups.c.name],
        blurb=r[groups.c.blurb],
        tags=tuple(json.loads(r[groups.c.tags])),
        rules=r[groups.c.rules],
        questions=tuple(json.loads(r[groups.c.questions])),
    )
