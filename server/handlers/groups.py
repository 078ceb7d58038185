"""Groups, joining, roles (GR1–GR7)."""

from __future__ import annotations

from dataclasses import replace

from presence.availability import OnBreak, Open, Quiet
from presence.ids import AccountId, GroupId, Instant, MemberId, RoomId
from rooms.chat import Entry, Kind
from rooms.group import Group, Membership, Role, State, must_be_active, must_moderate, must_write, size_band
from rooms.policy import HOUR
from rooms.refusals import Refusal, Refused
from rooms.search import matches
from server.handlers.call_changes import save_all_of_group
from server.handlers.services import Done, Reaches, Services, commit
from server.ids import digest
from server.names import check_member_name, clean_name
from server.ports import Changes, Tx
from server.records import JoinRequest, MyGroup
from server.who import Who
from server.wire import frames as f
from server.wire.codec import that_fit

INVITE_FOR_MS = 7 * 24 * HOUR
REQUEST_FOR_MS = 14 * 24 * HOUR
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
        joined = _join(services, tx, who.account, group.id, command.my_name, Role.MODERATOR, State.ACTIVE, now)
        entry = _entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k, group=group.id), lambda changes: _told_joined(changes, joined, entry))

    return await commit(services, who, command, decide)


def _join(
    services: Services, tx: Tx, account: AccountId, group: GroupId, name: str, role: Role, state: State, now: Instant
) -> Membership:
    """A new membership, or the old one of someone who left: an id of its own in every group (GR6)."""
    shown, key = check_member_name(name)
    before = tx.groups.membership(account, group)
    if before is not None and before.state is not State.REMOVED:
        raise Refused(Refusal.ALREADY_DONE, "already in this group")
    if tx.groups.name_taken(group, key):
        raise Refused(Refusal.NAME_TAKEN)
    if before is not None:
        again = replace(before, name=shown, role=role, state=state)
        tx.groups.change_member(again)
        return again
    membership = Membership(
        id=MemberId(services.new_id()),
        account=account,
        group=group,
        name=shown,
        role=role,
        state=state,
        availability=Quiet(),
        introduced=False,
        rung_when_away=False,
        hidden=False,
        joined_at=now,
    )
    tx.groups.add_member(membership, key)
    return membership


def _entry_joined(tx: Tx, member: Membership, room: RoomId, who: Who, key: str, now: Instant) -> Entry:
    return tx.chat.append(
        room, Kind.JOINED, member, "", experience=False, reply_to=None, device=who.device, k=key, now=now
    )


def _told_joined(changes: Changes, member: Membership, entry: Entry) -> None:
    changes.entry_added(entry, 1)
    changes.groups_of_changed(member.account)
    changes.group_changed(member.group)


async def make_invite(services: Services, who: Who, command: f.MakeInvite) -> f.Ok:
    """A single-use link; only a digest of it is kept (GR2)."""
    now, secret = services.clock.now(), services.new_secret()

    def decide(tx: Tx) -> Done:
        me = must_write(tx.groups.membership(who.account, GroupId(command.group)))
        tx.groups.add_invite(digest(secret), me.group, command.role, me.id, now, now + INVITE_FOR_MS)
        return Done(f.Ok(re=command.k, group=me.group, invite=secret))

    return await commit(services, who, command, decide)


async def use_invite(services: Services, who: Who, command: f.UseInvite) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        if not command.pledged:
            raise Refused(Refusal.PLEDGE_NEEDED)
        spent = tx.groups.spend_invite(digest(command.invite), who.account, now)
        if spent is None:
            raise Refused(Refusal.INVITE_SPENT)
        joined = _join(services, tx, who.account, spent[0], command.my_name, Role(spent[1]), State.ACTIVE, now)
        group = tx.groups.group(joined.group)
        assert group is not None  # noqa: S101  foreign key
        entry = _entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k, group=joined.group), lambda changes: _told_joined(changes, joined, entry))

    return await commit(services, who, command, decide)


async def ask_to_join(services: Services, who: Who, command: f.AskToJoin) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        group = tx.groups.group(GroupId(command.group))
        if group is None:
            raise Refused(Refusal.NOT_FOUND, "no such group")
        if not command.pledged:
            raise Refused(Refusal.PLEDGE_NEEDED)
        me = _join(services, tx, who.account, group.id, command.my_name, Role.OBSERVER, State.PENDING, now)
        request = JoinRequest(services.new_id(), group.id, me.id, me.name, tuple(command.answers), now)
        tx.groups.add_request(request, now + REQUEST_FOR_MS)
        return Done(f.Ok(re=command.k, group=group.id), lambda changes: changes.groups_of_changed(who.account))

    return await commit(services, who, command, decide)


async def list_join_requests(services: Services, who: Who, command: f.ListJoinRequests) -> f.Ok:
    now = services.clock.now()

    def read(tx: Tx) -> tuple[Group, list[JoinRequest]]:
        me = must_moderate(tx.groups.membership(who.account, GroupId(command.group)))
        group = tx.groups.group(me.group)
        assert group is not None  # noqa: S101  foreign key
        return group, tx.groups.requests(me.group, now)

    group, found = await services.store.read(read)
    views = that_fit(
        f.JoinRequest(request=r.id, name=r.name, questions=list(group.questions), answers=list(r.answers), at=r.at)
        for r in found
    )
    services.out.send_urgent(who.connection, f.JoinRequests(re=command.k, group=group.id, requests=views))
    return f.Ok(re=command.k)


async def decide_join(services: Services, who: Who, command: f.DecideJoin) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        request = tx.groups.request(command.request, now)
        if request is None:
            raise Refused(Refusal.NOT_FOUND, "no such request")
        moderator = must_moderate(tx.groups.membership(who.account, request.group))
        member = tx.groups.member(request.member)
        if member is None or member.state is not State.PENDING:
            raise Refused(Refusal.ALREADY_DONE)
        tx.groups.settle_request(request.id, "admitted" if command.admit else "declined", command.reason)
        action = "member_admitted" if command.admit else "member_declined"
        tx.care.add_audit(moderator.id, action, member.id, now)
        if not command.admit:
            tx.groups.change_member(replace(member, state=State.REMOVED))
            return Done(f.Ok(re=command.k), lambda changes: changes.groups_of_changed(member.account))
        joined = replace(member, state=State.ACTIVE, role=Role(command.role))
        tx.groups.change_member(joined)
        group = tx.groups.group(joined.group)
        assert group is not None  # noqa: S101  foreign key
        entry = _entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k), lambda changes: _told_joined(changes, joined, entry))

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
        tx.care.add_audit(moderator.id, f"role_{command.role}", member.id, now)

        def announce(changes: Changes) -> None:
            _told_changed(changes, member)
            for call in calls:
                changes.call_changed(call)

        return Done(f.Ok(re=command.k), announce)

    return await commit(services, who, command, decide)


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
    group = tx.groups.group(member.group)
    assert group is not None  # noqa: S101  foreign key

    def announce(changes: Changes) -> None:
        changes.member_removed(member.account, group.room)
        _told_changed(changes, member)
        for call in calls:
            changes.call_changed(call)

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
