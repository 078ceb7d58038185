"""How people come into a group: invites and requests to join (GR2)."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, Select, delete, insert, select, update

from presence.ids import AccountId, GroupId, Instant, MemberId
from rooms.group import State
from server.records import JoinAnswer, JoinRequest
from server.store.tables import groups, invites, join_requests, memberships

NOT_LET_IN = ("declined", "expired")
"""The states of a request that did not let somebody in. The others: waiting, admitted."""


class SqlJoining:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def add_invite(
        self, token_hash: str, group: GroupId, role: str, made_by: MemberId, now: Instant, expires_at: Instant
    ) -> None:
        self._db.execute(
            insert(invites).values(
                token_hash=token_hash, group_id=group, role=role, made_by=made_by, made_at=now, expires_at=expires_at
            )
        )

    def invite_into(self, token_hash: str, now: Instant) -> GroupId | None:
        row = self._db.execute(select(invites.c.group_id).where(_unspent(token_hash, now))).first()
        return GroupId(row.group_id) if row is not None else None

    def spend_invite(self, token_hash: str, account: AccountId, now: Instant) -> tuple[GroupId, str] | None:
        unspent = _unspent(token_hash, now)
        row = self._db.execute(select(invites.c.group_id, invites.c.role).where(unspent)).first()
        if row is None:
            return None
        self._db.execute(update(invites).where(unspent).values(used_by=account))
        return GroupId(row.group_id), row.role

    def forget_settled_before(self, at: Instant) -> None:
        """Invites that ran out and requests that were decided or ran out."""
        self._db.execute(delete(invites).where(invites.c.expires_at < at))
        self._db.execute(delete(join_requests).where(join_requests.c.expires_at < at))

    def add_request(self, request: JoinRequest, expires_at: Instant) -> None:
        self._db.execute(
            insert(join_requests).values(
                id=request.id,
                group_id=request.group,
                member=request.member,
                answers=json.dumps(request.answers),
                at=request.at,
                expires_at=expires_at,
                state="waiting",
                reason="",
            )
        )

    def requests(self, group: GroupId, now: Instant) -> list[JoinRequest]:
        where = (join_requests.c.group_id == group) & (join_requests.c.state == "waiting")
        query = _requests().where(where & (join_requests.c.expires_at > now)).order_by(join_requests.c.at)
        return [_request(row._mapping) for row in self._db.execute(query)]

    def request(self, request: str, now: Instant) -> JoinRequest | None:
        where = (join_requests.c.id == request) & (join_requests.c.state == "waiting")
        row = self._db.execute(_requests().where(where & (join_requests.c.expires_at > now))).first()
        return _request(row._mapping) if row else None

    def settle_request(self, request: str, state: str, reason: str) -> None:
        where = join_requests.c.id == request
        self._db.execute(update(join_requests).where(where).values(state=state, reason=reason))

    def expire_requests(self, now: Instant) -> set[AccountId]:
        due = (join_requests.c.state == "waiting") & (join_requests.c.expires_at <= now)
        rows = self._db.execute(
            _with_member(join_requests.c.id, memberships.c.id, memberships.c.account).where(due)
        ).all()
        for request, member, _account in rows:
            self.settle_request(request, "expired", "")
            waits = (memberships.c.id == member) & (memberships.c.state == State.PENDING)
            self._db.execute(update(memberships).where(waits).values(state=State.REMOVED.value))
        return {AccountId(account) for _request, _member, account in rows}

    def join_answers(self, account: AccountId) -> list[JoinAnswer]:
        columns = (join_requests.c.id, groups.c.id, groups.c.name, join_requests.c.state, join_requests.c.reason)
        query = _with_member(*columns).join(groups, groups.c.id == join_requests.c.group_id)
        where = (memberships.c.account == account) & join_requests.c.state.in_(NOT_LET_IN)
        return [JoinAnswer(*row) for row in self._db.execute(query.where(where).order_by(join_requests.c.at))]

    def forget_answer(self, request: str, account: AccountId) -> bool:
        theirs = select(memberships.c.id).where(memberships.c.account == account)
        where = (join_requests.c.id == request) & join_requests.c.member.in_(theirs)
        return (
            self._db.execute(delete(join_requests).where(where & join_requests.c.state.in_(NOT_LET_IN))).rowcount == 1
        )

    def forget_answers_of(self, member: MemberId) -> None:
        where = (join_requests.c.member == member) & join_requests.c.state.in_(NOT_LET_IN)
        self._db.execute(delete(join_requests).where(where))


def _unspent(token_hash: str, now: Instant) -> ColumnElement[bool]:
    return (invites.c.token_hash == token_hash) & invites.c.used_by.is_(None) & (invites.c.expires_at > now)


def _with_member(*columns: ColumnElement[Any] | FromClause) -> Select[tuple[Any, ...]]:
    return select(*columns).select_from(join_requests).join(memberships, memberships.c.id == join_requests.c.member)


def _requests() -> Select[tuple[Any, ...]]:
    return _with_member(join_requests, memberships.c.name)


def _request(r: RowMapping) -> JoinRequest:
    return JoinRequest(
        id=r[join_requests.c.id],
        group=GroupId(r[join_requests.c.group_id]),
        member=MemberId(r[join_requests.c.member]),
        name=r[memberships.c.name],
        answers=tuple(json.loads(r[join_requests.c.answers])),
        at=r[join_requests.c.at],
    )
