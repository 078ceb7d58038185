"""Blocks and reports (CB2, CB3). A block works in every path at once: chat, calls, presence."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import AccountId, GroupId, MemberId, RoomId
from rooms import care
from rooms.desk import must_be_coordinator
from rooms.group import Membership, must_be_active, must_moderate
from rooms.refusals import Refusal, Refused
from server.handlers.call_changes import save_all_of_group
from server.handlers.chat import seat_in
from server.handlers.groups import person_of
from server.handlers.services import Done, Services, commit
from server.handlers.witness_changes import after_block
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
        actions = after_block(services, tx, who.account, other.account, now)

        def announce(changes: Changes) -> None:
            changes.block_changed(who.account, other.account)
            for call in calls:
                changes.call_changed(call)
            for action in actions:
                changes.action_changed(action)

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
    """The entry's words go with it, as they were when it was reported. Who reads it, `rooms.care` says."""
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        about = _someone_i_know(tx, who, command.member)
        me = must_be_active(tx.groups.membership(who.account, about.group))
        text = ""
        if command.room is not None and command.seq is not None:
            seat_in(tx, who, command.room)
            text = care.reported_words(tx.chat.entry(RoomId(command.room), command.seq), about)
        members = tx.groups.members(about.group)
        care.must_reach_somebody(about, members, [a.id for a in tx.accounts.staff() if a.coordinator])
        report = Report(services.new_id(), about.group, me.id, about.id, command.reason, command.words, text, now)
        tx.care.add_report(report)
        return Done(f.Ok(re=command.k), lambda changes: _reports_changed(changes, about.group))

    return await commit(services, who, command, decide)


def _reports_changed(changes: Changes, group: GroupId) -> None:
    changes.group_changed(group)
    changes.desk_changed()  # how many wait for a coordinator stands there


@dataclass(frozen=True, slots=True)
class Open:
    """A report that waits, whom it is about, and of which group it is."""

    report: Report
    about: Membership
    group_name: str


async def list_reports(services: Services, who: Who, command: f.ListReports) -> f.Ok:
    def read(tx: Tx) -> list[Open]:
        if command.group is None:
            return reports_for(tx, must_be_coordinator(tx.accounts.by_id(who.account)).id)
        me = must_moderate(tx.groups.membership(who.account, GroupId(command.group)))
        return [one for one in _open(tx, me.group) if care.may_look(me, one.about)]

    found = await services.store.read(read)
    views = that_fit(_view(one) for one in found)
    services.out.send_urgent(who.connection, f.Reports(re=command.k, group=command.group, reports=views))
    return f.Ok(re=command.k)


def reports_for(tx: Tx, coordinator: AccountId) -> list[Open]:
    """What waits for this coordinator, of every group: nobody in the group may read it."""
    return [
        one
        for one in _open(tx, None)
        if care.coordinator_reads(one.about, tx.groups.members(one.report.group), coordinator)
    ]


def _open(tx: Tx, group: GroupId | None) -> list[Open]:
    found = []
    for report in tx.care.reports(group):
        about, its_group = tx.groups.member(report.about), tx.groups.group(report.group)
        if about is not None and its_group is not None:
            found.append(Open(report, about, its_group.name))
    return found


def _view(one: Open) -> f.ReportView:
    report = one.report
    return f.ReportView(
        report=report.id,
        reason=report.reason,
        words=report.words,
        about=person_of(one.about),
        group_name=one.group_name,
        entry_text=report.entry_text,
        at=report.at,
    )


async def resolve_report(services: Services, who: Who, command: f.ResolveReport) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        report = tx.care.report(command.report)
        if report is None:
            raise Refused(Refusal.NOT_FOUND, "no such report")
        actor = _who_settles(tx, who, report)
        tx.care.resolve_report(report.id, now)
        tx.care.add_audit(actor, "report_resolved", report.id, now)
        return Done(f.Ok(re=command.k), lambda changes: _reports_changed(changes, report.group))

    return await commit(services, who, command, decide)


def _who_settles(tx: Tx, who: Who, report: Report) -> str:
    """As whom they may settle it: the coordinator's account, or the moderator's membership."""
    about, account = tx.groups.member(report.about), tx.accounts.by_id(who.account)
    me = tx.groups.membership(who.account, report.group)
    if about is None:
        return must_moderate(me).id
    coordinates = account is not None and account.coordinator
    if coordinates and care.coordinator_reads(about, tx.groups.members(report.group), who.account):
        return who.account
    return care.must_be_reader(about, me).id
