"""Coming into a group: by a single-use link, or by asking its moderators (GR2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from presence.availability import Quiet
from presence.ids import AccountId, GroupId, Instant, MemberId, RoomId
from rooms.chat import Entry, Kind
from rooms.group import Group, Membership, Role, State, must_moderate, must_write
from rooms.policy import HOUR
from rooms.refusals import Refusal, Refused
from server.handlers.services import Done, Services, commit
from server.ids import digest
from server.names import check_member_name
from server.ports import Changes, Tx
from server.records import JoinRequest
from server.who import Who
from server.wire import frames as f
from server.wire.codec import that_fit

INVITE_FOR_MS = 7 * 24 * HOUR
REQUEST_FOR_MS = 14 * 24 * HOUR


def join(
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
        tx.joining.forget_answers_of(before.id)  # they ask again, or come in by a link
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


def entry_joined(tx: Tx, member: Membership, room: RoomId, who: Who, key: str, now: Instant) -> Entry:
    return tx.chat.append(
        room, Kind.JOINED, member, "", experience=False, reply_to=None, device=who.device, k=key, now=now
    )


def told_joined(changes: Changes, member: Membership, entry: Entry) -> None:
    changes.entry_added(entry, 1)
    changes.groups_of_changed(member.account)
    changes.group_changed(member.group)


async def make_invite(services: Services, who: Who, command: f.MakeInvite) -> f.Ok:
    """A single-use link; only a digest of it is kept (GR2)."""
    now, secret = services.clock.now(), services.new_secret()

    def decide(tx: Tx) -> Done:
        me = must_write(tx.groups.membership(who.account, GroupId(command.group)))
        tx.joining.add_invite(digest(secret), me.group, command.role, me.id, now, now + INVITE_FOR_MS)
        return Done(f.Ok(re=command.k, group=me.group, invite=secret))

    return await commit(services, who, command, decide)


async def look_at_invite(services: Services, who: Who, command: f.LookAtInvite) -> f.Ok:
    """What one agrees to, before agreeing (GR2). The link stays unused. Invites are in the file alone: while the store
    is down this hears so, and not that the link is bad."""
    now = services.clock.now()

    def read(tx: Tx) -> Group | None:
        into = tx.joining.invite_into(digest(command.invite), now)
        return tx.groups.group(into) if into is not None else None

    with _guessing(services, who, now):
        group = await services.store.read_log(read)
        if group is None:
            raise Refused(Refusal.INVITE_SPENT)
    seen = f.InvitedTo(
        re=command.k, name=group.name, blurb=group.blurb, rules=group.rules, questions=list(group.questions)
    )
    services.out.send_urgent(who.connection, seen)
    return f.Ok(re=command.k)


@contextmanager
def _guessing(services: Services, who: Who, now: Instant) -> Iterator[None]:
    """A link is a secret that could be guessed: ten wrong ones at once, then one in 30 s, looking and using together.
    A right one is not counted, so that nobody is kept out by a page that asks again."""
    name = str(who.account)
    services.invite_tries.must_be_left(name, now)
    try:
        yield
    except Refused as refused:
        if refused.code is Refusal.INVITE_SPENT:
            services.invite_tries.take(name, now)
        raise


async def use_invite(services: Services, who: Who, command: f.UseInvite) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        if not command.pledged:
            raise Refused(Refusal.PLEDGE_NEEDED)
        spent = tx.joining.spend_invite(digest(command.invite), who.account, now)
        if spent is None:
            raise Refused(Refusal.INVITE_SPENT)
        joined = join(services, tx, who.account, spent[0], command.my_name, Role(spent[1]), State.ACTIVE, now)
        group = tx.groups.group(joined.group)
        assert group is not None  # noqa: S101  foreign key
        entry = entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k, group=joined.group), lambda changes: told_joined(changes, joined, entry))

    with _guessing(services, who, now):
        return await commit(services, who, command, decide)


async def ask_to_join(services: Services, who: Who, command: f.AskToJoin) -> f.Ok:
    now = services.clock.now()

    def decide(tx: Tx) -> Done:
        group = tx.groups.group(GroupId(command.group))
        if group is None:
            raise Refused(Refusal.NOT_FOUND, "no such group")
        if not command.pledged:
            raise Refused(Refusal.PLEDGE_NEEDED)
        expired = tx.joining.expire_requests(now)  # theirs may be among them: then they ask again
        me = join(services, tx, who.account, group.id, command.my_name, Role.OBSERVER, State.PENDING, now)
        request = JoinRequest(services.new_id(), group.id, me.id, me.name, tuple(command.answers), now)
        tx.joining.add_request(request, now + REQUEST_FOR_MS)
        return Done(f.Ok(re=command.k, group=group.id), lambda changes: _told(changes, expired | {who.account}))

    return await commit(services, who, command, decide)


async def list_join_requests(services: Services, who: Who, command: f.ListJoinRequests) -> f.Ok:
    now = services.clock.now()

    def read(tx: Tx) -> tuple[Group, list[JoinRequest]]:
        me = must_moderate(tx.groups.membership(who.account, GroupId(command.group)))
        group = tx.groups.group(me.group)
        assert group is not None  # noqa: S101  foreign key
        return group, tx.joining.requests(me.group, now)

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
        request = tx.joining.request(command.request, now)
        if request is None:
            raise Refused(Refusal.NOT_FOUND, "no such request")
        moderator = must_moderate(tx.groups.membership(who.account, request.group))
        member = tx.groups.member(request.member)
        if member is None or member.state is not State.PENDING:
            raise Refused(Refusal.ALREADY_DONE)
        tx.joining.settle_request(request.id, "admitted" if command.admit else "declined", command.reason)
        action = "member_admitted" if command.admit else "member_declined"
        tx.care.add_audit(moderator.id, action, member.id, now)
        if not command.admit:
            tx.groups.change_member(replace(member, state=State.REMOVED))
            return Done(f.Ok(re=command.k), lambda changes: changes.groups_of_changed(member.account))
        joined = replace(member, state=State.ACTIVE, role=Role(command.role))
        tx.groups.change_member(joined)
        group = tx.groups.group(joined.group)
        assert group is not None  # noqa: S101  foreign key
        entry = entry_joined(tx, joined, group.room, who, command.k, now)
        return Done(f.Ok(re=command.k), lambda changes: told_joined(changes, joined, entry))

    return await commit(services, who, command, decide)


def _told(changes: Changes, accounts: set[AccountId]) -> None:
    for account in accounts:
        changes.groups_of_changed(account)


async def expire_requests(services: Services) -> None:
    """Nobody answered in time: whoever asked is told, now or when they come (GR2)."""
    now = services.clock.now()
    _told(services.changes, await services.store.write(lambda tx: tx.joining.expire_requests(now)))


async def answers_for(services: Services, account: AccountId) -> f.JoinAnswers | None:
    """What the asker, and nobody else, is shown of requests that did not let them in. None while the store is down:
    requests are in the file alone, and "there are none" would not be true."""
    if services.store.afloat:
        return None
    found = await services.store.read(lambda tx: tx.joining.join_answers(account))
    views = that_fit(
        f.JoinAnswer(request=a.request, group=a.group, group_name=a.group_name, answer=a.answer, reason=a.reason)
        for a in found
    )
    return f.JoinAnswers(answers=views)


async def dismiss_join_answer(services: Services, who: Who, command: f.DismissJoinAnswer) -> f.Ok:
    def decide(tx: Tx) -> Done:
        if not tx.joining.forget_answer(command.request, who.account):
            raise Refused(Refusal.NOT_FOUND, "no such answer")
        return Done(f.Ok(re=command.k), lambda changes: changes.groups_of_changed(who.account))

    return await commit(services, who, command, decide)
