"""Witnessed actions, their one deadline, and the entries of their records: always written in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec
import structlog
from sqlalchemy import Connection, Select, delete, insert, select, update

from presence.ids import AccountId, ActionId, GroupId, Instant
from rooms.record import Entry
from rooms.witness import Action, Ended, Proposed
from server.records import Tombstone
from server.store.tables import action_entries, actions, deadlines
from server.store.values import decode_value, encode_value

ACTION = "action"
RECORDS_AT_MOST = 200
"""Of one person, in one list. All reads are one behind the other: 4,000 records, which somebody who means harm makes in
minutes, held everyone's up for 0.9 s (measured), and after 1 s the store counts as down (UC15)."""
log = structlog.get_logger("store")


class SqlActions:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def get(self, action: ActionId) -> Action | None:
        return next(
            self._readable(self._bodies().where((actions.c.id == action) & (actions.c.state != "deleted"))), None
        )

    @staticmethod
    def _bodies() -> Select[tuple[str, bytes]]:
        return select(actions.c.id, actions.c.body).order_by(actions.c.made_at)

    def _readable(self, query: Select[tuple[str, bytes]]) -> Iterator[Action]:
        """One row that cannot be read hides no other."""
        for row in self._db.execute(query):
            try:
                yield decode_value(Action, row.body)
            except (msgspec.DecodeError, KeyError, TypeError, ValueError):
                log.error("action_unreadable", action=row.id)

    def save(self, action: Action, next_deadline: Instant | None, new: Iterable[Entry]) -> None:
        """The action, its one deadline and what is new in its record. The chain is only ever added to."""
        stage = action.stage
        values = {
            "version": action.version,
            "state": "over" if isinstance(stage, Ended) else "planned" if isinstance(stage, Proposed) else "running",
            "ended_at": stage.at if isinstance(stage, Ended) else None,
            "body": encode_value(action),
        }
        if self._db.execute(update(actions).where(actions.c.id == action.id).values(**values)).rowcount == 0:
            self._db.execute(
                insert(actions).values(
                    id=action.id,
                    group_id=action.group,
                    member=action.member,
                    account=action.account,
                    made_at=action.made_at,
                    forgotten=False,
                    **values,
                )
            )
        rows = [
            {
                "action": action.id,
                "n": e.n,
                "at": e.at,
                "what": e.what,
                "more": msgspec.msgpack.encode(dict(e.more)),
                "hash": e.hash,
            }
            for e in new
        ]
        if rows:
            self._db.execute(insert(action_entries), rows)
        self.set_due(action.id, next_deadline)

    def entries(self, action: ActionId) -> list[Entry]:
        query = select(action_entries).where(action_entries.c.action == action).order_by(action_entries.c.n)
        return [Entry(r.n, r.at, r.what, msgspec.msgpack.decode(r.more), r.hash) for r in self._db.execute(query)]

    def of_state(self, state: str) -> list[Action]:
        return list(self._readable(self._bodies().where(actions.c.state == state)))

    def running_of(self, account: AccountId) -> list[Action]:
        """Planned and running ones of this person's own."""
        where = (actions.c.account == account) & actions.c.state.in_(("planned", "running"))
        return list(self._readable(self._bodies().where(where)))

    def running_in(self, groups: Iterable[GroupId]) -> list[Action]:
        where = actions.c.group_id.in_(list(groups)) & (actions.c.state == "running")
        return list(self._readable(self._bodies().where(where)))

    def records_of(self, account: AccountId) -> tuple[list[Action], list[Tombstone]]:
        """What is over, and what was deleted: the newest of each, the newest first."""
        mine, newest = actions.c.account == account, actions.c.made_at.desc()
        bodies = select(actions.c.id, actions.c.body).order_by(newest).limit(RECORDS_AT_MOST)
        stones = select(actions.c.id, actions.c.made_at).order_by(newest).limit(RECORDS_AT_MOST)
        over = list(self._readable(bodies.where(mine & (actions.c.state == "over"))))
        gone = self._db.execute(stones.where(mine & (actions.c.state == "deleted")))
        return over, [Tombstone(ActionId(r.id), r.made_at) for r in gone]

    def attestations_of(self, some: Iterable[ActionId]) -> dict[ActionId, int]:
        """How many witnesses attested that they saw it. In one question: whoever has many records holds nobody up."""
        query = select(action_entries.c.action, action_entries.c.more)
        query = query.where(action_entries.c.action.in_(list(some)) & (action_entries.c.what == "attested"))
        return Counter(ActionId(r.action) for r in self._db.execute(query) if msgspec.msgpack.decode(r.more).get("saw"))

    def bury(self, action: ActionId) -> None:
        """Delete the record for good. That there was one remains, for its owner alone, without any content."""
        self._db.execute(delete(action_entries).where(action_entries.c.action == action))
        self._db.execute(
            update(actions).where(actions.c.id == action).values(state="deleted", group_id="", member="", body=b"")
        )

    def with_names_before(self, at: Instant, limit: int) -> list[Action]:
        where = (actions.c.state == "over") & (actions.c.ended_at <= at) & actions.c.forgotten.is_(False)
        return list(self._readable(self._bodies().where(where).limit(limit)))

    def forget_names(self, action: Action) -> None:
        self._db.execute(
            update(actions).where(actions.c.id == action.id).values(body=encode_value(action), forgotten=True)
        )

    def due(self, now: Instant, limit: int) -> list[tuple[ActionId, Instant]]:
        where = (deadlines.c.kind == ACTION) & (deadlines.c.due_at <= now)
        query = select(deadlines.c.subject, deadlines.c.due_at).where(where).order_by(deadlines.c.due_at).limit(limit)
        return [(ActionId(r.subject), r.due_at) for r in self._db.execute(query)]

    def set_due(self, action: ActionId, at: Instant | None) -> None:
        where = (deadlines.c.kind == ACTION) & (deadlines.c.subject == action)
        if at is None:
            self._db.execute(delete(deadlines).where(where))
        elif self._db.execute(update(deadlines).where(where).values(due_at=at)).rowcount == 0:
            self._db.execute(insert(deadlines).values(kind=ACTION, subject=action, due_at=at))
