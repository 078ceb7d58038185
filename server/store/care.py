"""Blocks, reports and the audit log, whose lines are chained: an edited or dropped line is found (OC2)."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from presence.ids import AccountId, GroupId, Instant, MemberId
from server.records import AuditLine, Block, Report
from server.store.accounts import SqlAccounts
from server.store.tables import audit, blocks, memberships, reports

ANCHOR = "audit_anchor"
LOOKED_BACK = 5_000
"""Among so many of the newest audit lines one that is put back is looked for."""
"""The fact that holds the seq and hash of the last audit line that was forgotten by age."""


class SqlCare:
    def __init__(self, db: Connection) -> None:
        self._db = db

    def block(self, blocker: AccountId, blocked: AccountId, group: GroupId, member: MemberId, now: Instant) -> None:
        where = (blocks.c.blocker == blocker) & (blocks.c.blocked == blocked)
        if self._db.execute(select(blocks.c.at).where(where)).first() is None:
            values = {"blocker": blocker, "blocked": blocked, "group_id": group, "member": member, "at": now}
            self._db.execute(insert(blocks).values(**values))

    def unblock(self, blocker: AccountId, blocked: AccountId) -> None:
        self._db.execute(delete(blocks).where((blocks.c.blocker == blocker) & (blocks.c.blocked == blocked)))

    def blocks_by(self, account: AccountId, group: GroupId) -> list[Block]:
        """Only blocks made in this group: a list of all would tie one person's names in two groups together (GR6)."""
        query = (
            select(blocks, memberships.c.name)
            .join(memberships, memberships.c.id == blocks.c.member)
            .where((blocks.c.blocker == account) & (blocks.c.group_id == group))
            .order_by(blocks.c.at)
        )
        return [
            Block(AccountId(r.blocker), AccountId(r.blocked), GroupId(r.group_id), MemberId(r.member), r.name, r.at)
            for r in self._db.execute(query)
        ]

    def all_blocks(self) -> list[tuple[AccountId, AccountId]]:
        return [(AccountId(a), AccountId(b)) for a, b in self._db.execute(select(blocks.c.blocker, blocks.c.blocked))]

    def add_report(self, report: Report) -> None:
        self._db.execute(
            insert(reports).values(
                id=report.id,
                group_id=report.group,
                reporter=report.reporter,
                about=report.about,
                reason=report.reason,
                words=report.words,
                entry_text=report.entry_text,
                at=report.at,
            )
        )

    def reports(self, group: GroupId | None = None) -> list[Report]:
        query = select(reports).where(reports.c.resolved_at.is_(None)).order_by(reports.c.at)
        if group is not None:
            query = query.where(reports.c.group_id == group)
        return [_report(r._mapping) for r in self._db.execute(query)]

    def report(self, report: str) -> Report | None:
        row = self._db.execute(select(reports).where(reports.c.id == report)).first()
        return _report(row._mapping) if row else None

    def resolve_report(self, report: str, now: Instant) -> None:
        self._db.execute(update(reports).where(reports.c.id == report).values(resolved_at=now))

    def add_audit(self, actor: str, action: str, subject: str, now: Instant) -> None:
        last = self._db.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        anchor = SqlAccounts(self._db).fact(ANCHOR) if last is None else None
        if last is not None:
            seq, before = last.seq + 1, last.hash
        else:
            old_seq, _, before = anchor.partition(" ") if anchor else ("0", "", "")
            seq = int(old_seq) + 1
        line = AuditLine(seq, now, actor, action, subject, "")
        values = {"seq": seq, "at": now, "actor": actor, "action": action, "subject": subject}
        self._db.execute(insert(audit).values(**values, hash=audit_hash(before, line)))

    def restore_audit(self, actor: str, action: str, subject: str, at: Instant) -> None:
        newest = self._db.execute(select(func.max(audit.c.seq))).scalar() or 0
        same = (audit.c.at == at) & (audit.c.actor == actor) & (audit.c.action == action) & (audit.c.subject == subject)
        lately = audit.c.seq > newest - LOOKED_BACK  # the whole log is a year, and the lock of all writers is held
        if self._db.execute(select(audit.c.seq).where(lately & same)).first() is None:
            self.add_audit(actor, action, subject, at)

    def audit(self, after: int, limit: int) -> list[AuditLine]:
        query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
        return [AuditLine(r.seq, r.at, r.actor, r.action, r.subject, r.hash) for r in self._db.execute(query)]

    def forget_before(self, at: Instant, *, audit_before: Instant) -> None:
        """Resolved reports, and old audit lines. The chain goes on from the last line that was let go: its place and
        hash are kept, so that a missing line is still found."""
        self._db.execute(delete(reports).where(reports.c.resolved_at < at))
        where = audit.c.at < audit_before
        last = self._db.execute(select(audit.c.seq, audit.c.hash).where(where).order_by(audit.c.seq.desc())).first()
        if last is not None:
            SqlAccounts(self._db).set_fact(ANCHOR, f"{last.seq} {last.hash}")
            self._db.execute(delete(audit).where(audit.c.seq <= last.seq))

    def audit_is_intact(self) -> bool:
        """Recompute the chain over every line."""
        anchor = SqlAccounts(self._db).fact(ANCHOR)
        seq, _, before = anchor.partition(" ") if anchor else ("0", "", "")
        expected = int(seq) + 1
        for r in self._db.execute(select(audit).order_by(audit.c.seq)):
            line = AuditLine(r.seq, r.at, r.actor, r.action, r.subject, r.hash)
            if r.seq != expected or r.hash != audit_hash(before, line):
                return False
            before, expected = r.hash, expected + 1
        return True


def audit_hash(before: str, line: AuditLine) -> str:
    """Each line's hash covers the line before it."""
    text = f"{before}|{line.seq}|{line.at}|{line.actor}|{line.action}|{line.subject}"
    return hashlib.sha256(text.encode()).hexdigest()


def _report(row: RowMapping) -> Report:
    return Report(
        id=row["id"],
        group=GroupId(row["group_id"]),
        reporter=MemberId(row["reporter"]),
        about=MemberId(row["about"]),
        reason=row["reason"],
        words=row["words"],
        entry_text=row["entry_text"],
        at=row["at"],
    )
