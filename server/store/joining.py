"""How people come into a group: invites and requests to join (GR2)."""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, insert, select, update

from presence.ids import AccountId, GroupId, Instant, MemberId
from server.records import JoinRequest
from server.store.tables import invites, join_requests, memberships


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


def _unspent(token_hash: str, now: Instant) -> ColumnElement[bool]:
    return (invites.c.token_hash == token_hash) & invites.c.used_by.is_(None) & (invites.c.expires_at > now)


def _requests() -> Select[tuple[object, ...]]:
    return select(join_requests, memberships.c.name).join(memberships, memberships.c.id == join_requests.c.member)


def _request(r: RowMapping) -> JoinRequest:
    return JoinRequest(
        id=r[join_requests.c.id],
        group=GroupId(r[join_requests.c.group_id]),
        member=MemberId(r[join_requests.c.member]),
        name=r[memberships.c.name],
        answers=tuple(json.loads(r[join_requests.c.answers])),
        at=r[join_requests.c.at],
    )
