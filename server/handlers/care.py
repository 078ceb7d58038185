"""Blocks and reports (CB2, CB3). A block works in every path at once: chat, calls, presence."""

from __future__ import annotations

from presence.ids import GroupId, MemberId, RoomId
from rooms.chat import Kind
from rooms.group import Membership, must_be_active, must_moderate
from rooms.refusals import Refusal, Refused
from server.handlers.call_changes import save_all_of_group
from server.handlers.chat import seat_in
from server.handlers.groups import person_of
from server.handlers.services import Done, Services, commit
from server.ports import Changes, Tx
from server.records import Block, Report
from server.who import Who
from server.wire import frames as f
from server.wire.codec import that_fit


async def block_member(services: Services, who: Who, command: f.BlockMember) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        other = _someone_i_know(tx, who, command.member)
        tx.care.block(who.account, other.account, other.group, other.id, now)
        groups = [mine.group.id for mine in tx.groups.groups_of(who.account)]
        calls = [call for group in groups for call in save_all_of_group(services, tx, group, now, reaches)]

        def announce(changes: Changes) -> None:
            changes.block_changed(who.account, other.account)
            for call in calls:
                changes.call_changed(call)

        return Done(f.Ok(re=command.k), announce)

    return await commit(services, who, command, decide)


async def unblock_member(services: Services, who: Who, command: f.UnblockMember) -> f.Ok:
    def decide(tx: Tx) -> Done:
        other = tx.groups.member(MemberId(command.member))
        if other is None or not any(b.blocked == other.account for b in tx.care.blocks_by(who.account, other.group)):
            raise Refused(Refusal.NOT_FOUND, "not blocked here")
        tx.care.unblock(who.account, other.account)
        return Done(f.Ok(re=command.k), lambda changes: changes.block_changed(who.account, other.account))

    return await commit(services, who, command, decide)


def _someone_i_know(tx: Tx, who: Who, member_id: str) -> Membership:
    """A member of a group of mine, or a volunteer who is in a call with me."""
    other = tx.groups.member(MemberId(member_id))
    if other is None or other.account == who.account:
        raise Refused(Refusal.NOT_FOUND, "no such member")
    must_be_active(tx.groups.membership(who.account, other.group))
    return other


async def list_blocks(services: Services, who: Who, command: f.ListBlocks) -> f.Ok:
    def read(tx: Tx) -> list[tuple[Block, Membership]]:
        me = must_be_active(tx.groups.membership(who.account, GroupId(command.group)))
        found = [(b, tx.groups.member(b.member)) for b in tx.care.blocks_by(who.account, me.group)]
        return [(b, m) for b, m in found if m is not None]

    found = await services.store.read(read)
    views = [f.BlockView(person=person_of(m), at=b.at) for b, m in found]
    services.out.send_urgent(who.connection, f.Blocks(re=command.k, group=command.group, blocks=views))
    return f.Ok(re=command.k)


async def report_member(services: Services, who: Who, command: f.ReportMember) -> f.Ok:
    """To the moderators of the group. The entry's words go with it, as they were when it was reported."""
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        about = _someone_i_know(tx, who, command.member)
        me = must_be_active(tx.groups.membership(who.account, about.group))
        text = ""
        if command.room is not None and command.seq is not None:
            seat = seat_in(tx, who, command.room)
            entry = tx.chat.entry(RoomId(command.room), command.seq)
            if entry is None or entry.author != about.id or seat.room.group != about.group:
                raise Refused(Refusal.NOT_FOUND, "not an entry of theirs")
            text = entry.text if entry.kind is Kind.SAID else ""
        report = Report(services.new_id(), about.group, me.id, about.id, command.reason, command.words, text, now)
        tx.care.add_report(report)
        return Done(f.Ok(re=command.k), lambda changes: changes.group_changed(about.group))

    return await commit(services, who, command, decide)


async def list_reports(services: Services, who: Who, command: f.ListReports) -> f.Ok:
    def read(tx: Tx) -> list[tuple[Report, Membership]]:
        me = must_moderate(tx.groups.membership(who.account, GroupId(command.group)))
        found = [(r, tx.groups.member(r.about)) for r in tx.care.reports(me.group)]
        return [(r, m) for r, m in found if m is not None and m.account != who.account]

    found = await services.store.read(read)
    views = that_fit(
        f.ReportView(report=r.id, reason=r.reason, words=r.words, about=person_of(m), entry_text=r.entry_text, at=r.at)
        for r, m in found
    )
    services.out.send_urgent(who.connection, f.Reports(re=command.k, group=command.group, reports=views))
    return f.Ok(re=command.k)


async def resolve_report(services: Services, who: Who, command: f.ResolveReport) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        report = tx.care.report(command.report)
        if report is None:
            raise Refused(Refusal.NOT_FOUND, "no such report")
        me = must_moderate(tx.groups.membership(who.account, report.group))
        tx.care.resolve_report(report.id, now)
        tx.care.add_audit(me.id, "report_resolved", report.id, now)

        def announce(changes: Changes) -> None:
            changes.group_changed(report.group)

        return Done(f.Ok(re=command.k), announce)

    return await commit(services, who, command, decide)
