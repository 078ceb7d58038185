"""Groups, joining, roles (GR1–GR7)."""

from __future__ import annotations

from dataclasses import replace

from presence.availability import OnBreak, Open, Quiet
from presence.ids import GroupId, Instant, MemberId, RoomId
from rooms.call import Call
from rooms.group import Group, Membership, Role, State, must_be_active, must_moderate, must_write, size_band
from rooms.refusals import Refusal, Refused
from rooms.search import matches
from rooms.witness import Action
from server.handlers.call_changes import save_all_of_group
from server.handlers.joining import entry_joined, join, told_joined
from server.handlers.services import Done, Reaches, Services, commit
from server.handlers.witness_changes import after_leaving
from server.names import clean_name
from server.ports import Changes, Tx
from server.records import MyGroup
from server.who import Who
from server.wire import frames as f
from server.wire.codec import that_fit

ROLES: dict[Role, f.GroupRole] = {
    Role.OBSERVER: "observer",
    Role.MEMBER: "member",
    Role.MODERATOR: "moderator",
    Role.VOLUNTEER: "member",
}
BADGES: dict[Role, f.Badge] = {
    Role.OBSERVER: "none",
    Role.MEMBER: "none",
    Role.MODERATOR: "moderator",
    Role.VOLUNTEER: "volunteer",
}


async def find_groups(services: Services, who: Who, command: f.FindGroups) -> f.Ok:
    """Keyword search over public blurbs; nothing else of a group leaves it (GR1)."""
    found = await services.store.read(lambda tx: tx.groups.all_groups())
    cards = [_card(group, size) for group, size in found if matches(group, command.words)]
    services.out.send_urgent(who.connection, f.FoundGroups(re=command.k, groups=that_fit(cards[:50])))
    return f.Ok(re=command.k)


def _card(group: Group, size: int) -> f.GroupCard:
    return f.GroupCard(
        group=group.id,
        name=group.name,
        blurb=group.blurb,
        tags=list(group.tags),
        rules=group.rules,
        questions=list(group.questions),
        size=size_band(size),
    )


async def create_group(services: Services, who: Who, command: f.CreateGroup) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        group = Group(
            id=GroupId(services.new_id()),
            room=RoomId(services.new_id()),
            name=clean_name(command.name),
            blurb=command.blurb,
            tags=tuple(command.tags),
            rules=command.rules,
            questions=tuple(command.questions),
        )
        tx.groups.add(group, now)
        joined = join(services, tx, who.account, group.id, command.my_name, Role.MODERATOR, State.ACTIVE, now)
        entry = entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k, group=group.id), lambda changes: told_joined(changes, joined, entry))

    return await commit(services, who, command, decide)


async def list_members(services: Services, who: Who, command: f.ListMembers) -> f.Ok:
    """A block hides people from each other here too (CB2); a moderator, who must be able to act, sees everyone."""

    def read(tx: Tx) -> list[Membership]:
        me = must_be_active(tx.groups.membership(who.account, GroupId(command.group)))
        hidden = set() if me.role is Role.MODERATOR else services.hidden_from(who.account)
        return [m for m in tx.groups.members(me.group) if m.account not in hidden]

    members = await services.store.read(read)
    people = [person_of(m) for m in members]
    roles = [ROLES[m.role] for m in members]
    services.out.send_urgent(who.connection, f.Members(re=command.k, group=command.group, people=people, roles=roles))
    return f.Ok(re=command.k)


def person_of(member: Membership) -> f.Person:
    return f.Person(member=member.id, name=member.name, badge=BADGES[member.role], simulated=member.simulated)


async def take_part(services: Services, who: Who, command: f.TakePart) -> f.Ok:
    def decide(tx: Tx) -> Done:
        me = must_be_active(tx.groups.membership(who.account, GroupId(command.group)))
        if me.role is Role.OBSERVER:
            tx.groups.change_member(replace(me, role=Role.MEMBER))
        return Done(f.Ok(re=command.k), lambda changes: _told_changed(changes, me))

    return await commit(services, who, command, decide)


def _told_changed(changes: Changes, member: Membership) -> None:
    changes.groups_of_changed(member.account)
    changes.group_changed(member.group)


async def set_role(services: Services, who: Who, command: f.SetRole) -> f.Ok:
    """Whoever becomes an observer is out of others' calls from the commit on, and not open to any (GR3)."""
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        member, moderator = _moderated(tx, who, command.member)
        if member.id == moderator.id and command.role != "moderator" and _is_last_moderator(tx, member):
            raise Refused(Refusal.NOT_ALLOWED, "the last moderator")
        after = replace(member, role=Role(command.role))
        if after.role is Role.OBSERVER:  # and should they take part again, they choose anew (PR1)
            after = replace(after, availability=Quiet(), rung_when_away=False)
        tx.groups.change_member(after)
        calls = save_all_of_group(services, tx, member.group, now, reaches)
        actions = after_leaving(services, tx, member, now) if after.role is Role.OBSERVER else []
        tx.care.add_audit(moderator.id, f"role_{command.role}", member.id, now)

        def announce(changes: Changes) -> None:
            _told_changed(changes, member)
            _tell_all(changes, calls, actions)

        return Done(f.Ok(re=command.k), announce)

    return await commit(services, who, command, decide)


def _tell_all(changes: Changes, calls: list[Call], actions: list[Action]) -> None:
    for call in calls:
        changes.call_changed(call)
    for action in actions:
        changes.action_changed(action)


def _moderated(tx: Tx, who: Who, member_id: str) -> tuple[Membership, Membership]:
    """`(the member, the acting moderator)` of one group."""
    member = tx.groups.member(MemberId(member_id))
    if member is None or member.role is Role.VOLUNTEER or member.state is not State.ACTIVE:
        raise Refused(Refusal.NOT_FOUND, "no such member")
    return member, must_moderate(tx.groups.membership(who.account, member.group))


def _is_last_moderator(tx: Tx, member: Membership) -> bool:
    return not any(m.role is Role.MODERATOR and m.id != member.id for m in tx.groups.members(member.group))


async def remove_member(services: Services, who: Who, command: f.RemoveMember) -> f.Ok:
    """UC16. Their pages leave the room, and running calls dismiss them at once."""
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        member, moderator = _moderated(tx, who, command.member)
        if member.id == moderator.id:
            raise Refused(Refusal.NOT_ALLOWED, "leave instead")
        tx.care.add_audit(moderator.id, "member_removed", member.id, now)
        return _out(services, tx, member, command.k, now, reaches)

    return await commit(services, who, command, decide)


async def leave_group(services: Services, who: Who, command: f.LeaveGroup) -> f.Ok:
    now, reaches = services.clock.now(), services.roster.reaches()

    def decide(tx: Tx) -> Done:
        me = must_be_active(tx.groups.membership(who.account, GroupId(command.group)))
        if me.role is Role.MODERATOR and _is_last_moderator(tx, me) and len(tx.groups.members(me.group)) > 1:
            raise Refused(Refusal.NOT_ALLOWED, "make someone else a moderator first")
        return _out(services, tx, me, command.k, now, reaches)

    return await commit(services, who, command, decide)


def _out(services: Services, tx: Tx, member: Membership, key: str, now: Instant, reaches: Reaches) -> Done:
    tx.groups.change_member(replace(member, state=State.REMOVED, availability=Quiet(), rung_when_away=False))
    calls = save_all_of_group(services, tx, member.group, now, reaches)
    actions = after_leaving(services, tx, member, now)
    group = tx.groups.group(member.group)
    assert group is not None  # noqa: S101  foreign key

    def announce(changes: Changes) -> None:
        changes.member_removed(member.account, group.room)
        _told_changed(changes, member)
        _tell_all(changes, calls, actions)

    return Done(f.Ok(re=key), announce)


async def finish_introduction(services: Services, who: Who, command: f.FinishIntroduction) -> f.Ok:
    def decide(tx: Tx) -> Done:
        me = must_write(tx.groups.membership(who.account, GroupId(command.group)))
        tx.groups.change_member(replace(me, introduced=True))
        return Done(f.Ok(re=command.k), lambda changes: _told_changed(changes, me))

    return await commit(services, who, command, decide)


def my_group_view(mine: MyGroup) -> f.MyGroup:
    me, group = mine.me, mine.group
    until = me.availability.until if isinstance(me.availability, OnBreak) else None
    state: f.AvailabilityState = (
        "open" if isinstance(me.availability, Open) else "break" if until is not None else "quiet"
    )
    active = me.state is State.ACTIVE
    return f.MyGroup(
        group=group.id,
        room=group.room,
        name=group.name,
        me=me.id,
        my_name=me.name,
        role=ROLES[me.role],
        state="active" if active else "pending",
        availability=state,
        break_until=until,
        introduced=me.introduced,
        rung_when_away=me.rung_when_away,
        hidden=me.hidden,
        rules=group.rules,
        head=mine.head if active else 0,
    )
