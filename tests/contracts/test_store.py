"""What `server.ports` promises of the store, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from presence.ids import AccountId, MemberId
from rooms.call import Closed, Coming, Part, Recipient, Ring
from rooms.chat import Kind
from rooms.group import Role, State
from rooms.record import Entry as RecordEntry
from rooms.witness import Action, Deed, Ended, Ending, Gathering, Medium
from server.ports import StoreDown, Tx
from server.records import JoinRequest, Page, PushTarget, Report
from tests.contracts.people import (
    GROUP,
    NAMES,
    NOW,
    ROOM,
    a_call_of,
    a_member,
    account_of,
    action_id,
    an_account,
    device_of,
    member_of,
    raise_it,
    say,
)
from tests.contracts.stores import RealStore, a_store


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RealStore]:
    async with a_store(request.param, tmp_path) as store:
        yield store


# ---------------------------------------------------------------- transactions


async def test_a_piece_that_fails_takes_nothing_with_it(store: RealStore) -> None:
    """All of it in one group: each has a savepoint of its own."""

    def failing(tx: Tx) -> None:
        say(tx, "Ana", "never said", k="never")
        raise ValueError("on second thoughts")

    def colliding(tx: Tx) -> None:
        say(tx, "Ana", "never said either", k="never")
        tx.accounts.add(an_account("Ana", id=AccountId("another-account-")), "ana", (), 1)

    said = [store.write(lambda tx, n=n: say(tx, "Bea", f"word {n}").seq) for n in range(3)]  # type: ignore[misc]
    done = await asyncio.gather(
        said[0], store.write(failing), said[1], store.write(colliding), said[2], return_exceptions=True
    )
    assert [done[0], done[2], done[4]] == [1, 2, 3]
    assert isinstance(done[1], ValueError)
    assert isinstance(done[3], IntegrityError)
    words = await store.read(lambda tx: [e.text for e in tx.chat.entries(ROOM, 0, 99, 99)])
    assert words == ["word 0", "word 1", "word 2"]
    assert await store.read(lambda tx: tx.accounts.count()) == len(NAMES)


async def test_a_read_sees_what_was_acknowledged_before(store: RealStore) -> None:
    for n in range(20):
        await store.write(lambda tx, n=n: tx.accounts.set_fact("n", str(n)))  # type: ignore[misc]
        assert await store.read(lambda tx: tx.accounts.fact("n")) == str(n)


async def test_a_reader_cannot_write(store: RealStore) -> None:
    def failing(tx: Tx) -> None:
        tx.accounts.set_fact("written", "by a reader")

    with pytest.raises((StoreDown, DBAPIError)):
        await store.read(failing)
    assert await store.read(lambda tx: tx.accounts.fact("written")) is None


# ---------------------------------------------------------------- families


async def test_accounts_devices_and_facts(store: RealStore) -> None:
    def change(tx: Tx) -> None:
        tx.accounts.set_passphrase(account_of("Ana"), "another hash")
        tx.accounts.set_staff(account_of("Bea"), volunteer=True, coordinator=False, volunteer_name="Bo")
        tx.accounts.set_shift(account_of("Bea"), "on", 7)
        tx.accounts.touch_device(device_of("Ana"), 9)
        tx.accounts.lock_device(device_of("Ana"), locked=True)
        tx.accounts.set_push(device_of("Cal"), PushTarget(device_of("Cal"), "https://push.example/x", "p", "a"))
        tx.accounts.set_fact("colour", "green")
        tx.accounts.set_fact("colour", "blue")

    await store.write(change)
    assert await store.write(lambda tx: tx.accounts.spend_recovery_code(account_of("Ana"), "code of Ana"))
    assert not await store.write(lambda tx: tx.accounts.spend_recovery_code(account_of("Ana"), "code of Ana"))

    def look(tx: Tx) -> None:
        ana, bea = tx.accounts.by_login("ana"), tx.accounts.by_id(account_of("Bea"))
        assert ana is not None
        assert ana.passphrase_hash == "another hash"
        assert tx.accounts.staff() == [bea]
        assert bea == an_account("Bea", volunteer=True, volunteer_name="Bo", shift="on", shift_since=7)
        assert tx.accounts.by_login("nobody") is None
        device = tx.accounts.device_by_token("token of Ana")
        assert device is not None
        assert (device.seen_at, device.locked) == (9, True)
        assert tx.accounts.push_targets(account_of("Cal"))[0].endpoint == "https://push.example/x"
        assert tx.groups.accounts_with_push() == {account_of("Cal")}
        assert tx.accounts.fact("colour") == "blue"

    await store.read(look)
    assert await store.write(lambda tx: tx.accounts.revoke_device(account_of("Cal"), device_of("Cal"), 10))
    assert not await store.write(lambda tx: tx.accounts.revoke_device(account_of("Cal"), device_of("Cal"), 11))
    everyone = [device_of(name) for name in NAMES]
    assert await store.read(lambda tx: tx.accounts.revoked_among(everyone)) == [device_of("Cal")]
    await store.write(lambda tx: tx.accounts.forget_revoked_before(11))
    assert await store.read(lambda tx: tx.accounts.revoked_among(everyone)) == []


async def test_groups_members_and_whom_a_ring_may_ask(store: RealStore) -> None:
    def change(tx: Tx) -> None:
        tx.groups.change_member(a_member("Cal", role=Role.OBSERVER))
        tx.care.block(account_of("Ana"), account_of("Mod"), GROUP, member_of("Mod"), 1)
        tx.accounts.set_staff(account_of("Cal"), volunteer=True, coordinator=False, volunteer_name="Cleo")
        tx.accounts.set_shift(account_of("Cal"), "on", 1)
        tx.groups.set_asked_first([member_of("Bea")], 77)

    await store.write(change)

    def look(tx: Tx) -> None:
        found = {c.name: c for c in tx.groups.candidates(GROUP, None, (), lambda a, _g: MemberId(a), NOW)}
        assert set(found) == {"Ana", "Bea", "Mod", "Cleo"}, "an observer is asked as the volunteer they are"
        assert found["Bea"].asked_first_at == 77
        assert found["Ana"].blocks == {member_of("Mod")}
        assert tx.groups.name_taken(GROUP, "ana")
        assert not tx.groups.name_taken(GROUP, "zoe")
        assert [(g.name, n) for g, n in tx.groups.all_groups()] == [("Evenings", 4)]
        assert tx.groups.groups_of(account_of("Ana"))[0].group.questions == ("Why?",)
        assert {m.name for m in tx.groups.members(GROUP)} == set(NAMES)
        assert tx.groups.available_accounts() == {account_of(name) for name in NAMES}

    await store.write(look)  # a volunteer's seat is made when it is first looked for
    cal = an_account("Cal", volunteer_name="Cleo")
    seat = await store.write(lambda tx: tx.groups.volunteer_seat(cal, GROUP, MemberId("seat------------"), 5))
    assert await store.write(lambda tx: tx.groups.volunteer_seat(cal, GROUP, MemberId("another---------"), 6)) == seat


async def test_invites_are_spent_once_and_requests_run_out(store: RealStore) -> None:
    def ask(tx: Tx) -> None:
        tx.joining.add_invite("hash", GROUP, "member", member_of("Mod"), NOW, NOW + 10)
        tx.groups.change_member(a_member("Cal", state=State.PENDING))
        tx.joining.add_request(
            JoinRequest("request---------", GROUP, member_of("Cal"), "Cal", ("Because",), NOW), NOW + 5
        )

    await store.write(ask)
    assert await store.read(lambda tx: tx.joining.invite_into("hash", NOW + 10)) is None
    assert await store.write(lambda tx: tx.joining.spend_invite("hash", account_of("Ana"), NOW)) == (GROUP, "member")
    assert await store.write(lambda tx: tx.joining.spend_invite("hash", account_of("Bea"), NOW)) is None
    assert [r.answers for r in await store.read(lambda tx: tx.joining.requests(GROUP, NOW))] == [("Because",)]
    assert await store.write(lambda tx: tx.joining.expire_requests(NOW + 5)) == {account_of("Cal")}
    assert await store.write(lambda tx: tx.joining.expire_requests(NOW + 5)) == set()
    answers = await store.read(lambda tx: tx.joining.join_answers(account_of("Cal")))
    assert [a.answer for a in answers] == ["expired"]
    assert not await store.write(lambda tx: tx.joining.forget_answer("request---------", account_of("Ana")))
    assert await store.write(lambda tx: tx.joining.forget_answer("request---------", account_of("Cal")))


async def test_ch02_places_in_a_room_are_dense_and_a_rollback_gives_its_own_back(store: RealStore) -> None:
    def failing(tx: Tx) -> None:
        assert say(tx, "Ana", "never").seq == 2
        raise ValueError

    await store.write(lambda tx: say(tx, "Ana", "one"))
    with pytest.raises(ValueError):  # noqa: PT011  it is ours
        await store.write(failing)
    assert (await store.write(lambda tx: say(tx, "Bea", "two"))).seq == 2

    def later(tx: Tx) -> None:
        lost = replace(say(tx, "Ana", "three"), seq=4, k="key-restored", text="four")
        assert tx.chat.restore(lost) == (lost, 1)  # at its own place
        assert tx.chat.restore(lost) is None  # and once
        other = replace(lost, k="key-another", text="five")  # its place is taken: to the end, and read the room anew
        moved = tx.chat.restore(other)
        assert moved is not None
        assert moved[0] == replace(other, seq=5)
        assert moved[1] > 1
        assert tx.chat.restore(other) == moved, "whoever brings it again hears where it is"
        ahead = replace(lost, seq=9, k="key-ahead", text="six")  # what came before it is lost: no place stays empty
        put = tx.chat.restore(ahead)
        assert put is not None
        assert put[0] == replace(ahead, seq=6)
        assert put[1] > moved[1]
        tx.chat.blank(ROOM, 1, Kind.DELETED)

    await store.write(later)

    def look(tx: Tx) -> None:
        entries = tx.chat.entries(ROOM, 0, 99, 99)
        assert [(e.seq, e.text) for e in entries] == list(enumerate(("", "two", "three", "four", "five", "six"), 1))
        assert [e.seq for e in tx.chat.entries(ROOM, 2, 99, 2)] == [5, 6]
        room = tx.chat.room(ROOM)
        assert room is not None
        assert room.head == 6
        assert entries[0].kind is Kind.DELETED
        assert tx.chat.last_said_at(ROOM) == NOW

    await store.read(look)
    await store.write(lambda tx: tx.chat.blank_room(ROOM))
    assert {e.kind for e in await store.read(lambda tx: tx.chat.entries(ROOM, 0, 99, 99))} == {Kind.GAP}


def asked(name: str) -> Recipient:
    return Recipient(member_of(name), account_of(name), name, Part.PEER, Ring.PEERS, NOW, 1)


async def test_a_call_is_saved_whole_with_its_people_and_one_deadline(store: RealStore) -> None:
    call = a_call_of("Ana")
    call = replace(call, recipients={member_of("Bea"): asked("Bea"), member_of("Cal"): asked("Cal")})
    await store.write(lambda tx: raise_it(tx, call, NOW + 5))
    coming = replace(asked("Bea"), answer=Coming(NOW + 2, NOW + 90_000))
    later = replace(call, version=2, recipients={**call.recipients, member_of("Bea"): coming})
    await store.write(lambda tx: tx.calls.save(later, NOW + 9))

    def look(tx: Tx) -> None:
        assert tx.calls.get(call.id) == later
        assert tx.calls.active_of(member_of("Ana")) == later
        assert tx.calls.live() == tx.calls.of_account(account_of("Cal")) == [later]
        assert tx.calls.live_of_group(GROUP) == [call.id]
        assert tx.calls.in_room(call.room) == later
        assert tx.calls.due(NOW + 8, 9) == []
        assert tx.calls.due(NOW + 9, 9) == [(call.id, NOW + 9)]
        assert tx.calls.busy_accounts() == {account_of("Ana"), account_of("Bea")}
        assert tx.groups.occupied_accounts() == {account_of("Ana")}
        assert tx.calls.raised_since(account_of("Ana"), NOW - 1) == [NOW]
        assert tx.calls.raised_since(account_of("Ana"), NOW) == []

    await store.read(look)
    await store.write(lambda tx: tx.calls.look_now([call.id], NOW))
    assert await store.read(lambda tx: tx.calls.next_due()) == NOW
    over = replace(later, version=3, end=Closed(NOW + 20, member_of("Ana"), "better"), check_in_at=NOW + 100)
    await store.write(lambda tx: tx.calls.save(over, None))

    def after(tx: Tx) -> None:
        assert tx.calls.next_due() is None
        assert tx.calls.live() == []
        assert tx.calls.check_ins_to_tell(NOW + 100) == [over]
        assert tx.calls.ended_before(NOW + 20, 9) == [over]

    await store.read(after)
    await store.write(lambda tx: tx.calls.check_in_told(call.id, NOW + 100))
    assert await store.read(lambda tx: tx.calls.check_ins_of(account_of("Ana"), NOW)) == [over]
    assert await store.write(lambda tx: tx.calls.answer_check_in(call.id, account_of("Ana"), NOW + 101))
    await store.write(lambda tx: tx.calls.forget_traces(replace(over, recipients={}), words_too=True))
    assert await store.read(lambda tx: tx.calls.ended_before(NOW + 20, 9)) == []


async def test_uc09_a_call_that_a_worried_witness_raised_is_not_the_members_own_raise(store: RealStore) -> None:
    worried = replace(a_call_of("Ana", 1), raised_by_other=True)
    await store.write(lambda tx: [raise_it(tx, worried), raise_it(tx, a_call_of("Ana", 2, NOW + 1))])
    assert await store.read(lambda tx: tx.calls.raised_since(account_of("Ana"), 0)) == [NOW + 1]
    assert await store.read(lambda tx: tx.calls.get(worried.id)) == worried


async def test_a_call_that_cannot_be_read_hides_no_other(store: RealStore) -> None:
    good, bad = a_call_of("Ana"), a_call_of("Bea")
    await store.write(lambda tx: [raise_it(tx, good), raise_it(tx, bad)])
    spoil = "UPDATE calls SET body = :body WHERE id = :id"
    await store.write(lambda tx: _execute(tx, spoil, body=b"\xc1", id=bad.id))
    assert await store.read(lambda tx: tx.calls.live()) == [good]
    assert [c.id for c in await store.read(lambda tx: tx.calls.unreadable())] == [bad.id]


async def test_a_device_is_notified_of_one_ringing_once(store: RealStore) -> None:
    call = a_call_of("Ana")
    page = Page(call.id, 1, device_of("Bea"), member_of("Bea"), "ring", "token-of-page", NOW)
    target = PushTarget(device_of("Bea"), "https://push.example/x", "p", "a")

    def ring(tx: Tx) -> None:
        raise_it(tx, call)
        tx.accounts.set_push(device_of("Bea"), target)
        tx.calls.add_pages([page])

    await store.write(ring)
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.calls.add_pages([replace(page, token="another")]))
    await store.write(lambda tx: tx.calls.restore_page(replace(page, token="another")))
    due = await store.read(lambda tx: tx.calls.due_pages(NOW, 9, per_person=9))
    assert [(d.page, d.tries, d.target) for d in due] == [(page, 0, target)]
    await store.write(lambda tx: tx.calls.page_tried("token-of-page", next_try_at=NOW + 4))
    assert await store.read(lambda tx: tx.calls.due_pages(NOW + 3, 9, per_person=9)) == []
    assert (await store.read(lambda tx: tx.calls.due_pages(NOW + 4, 9, per_person=9)))[0].tries == 1
    assert await store.write(lambda tx: tx.calls.page_shown("no such hash", NOW)) is None
    await store.write(lambda tx: tx.calls.drop_pages(call.id))
    assert await store.read(lambda tx: tx.calls.due_pages(NOW + 4, 9, per_person=9)) == []


def an_action(number: int, **more: object) -> Action:
    action = Action(
        action_id(number), GROUP, "Evenings", member_of("Ana"), account_of("Ana"), "Ana", Deed.POUR_OUT, "Gin.",
        Medium.TEXT, 1, NOW + number, Gathering(NOW),
    )  # fmt: skip
    return replace(action, **more)  # type: ignore[arg-type]


async def test_an_action_is_saved_with_its_deadline_and_its_record_only_grows(store: RealStore) -> None:
    first, second = (
        RecordEntry(1, NOW, "declared", {"deed": "pour_out"}, "h1"),
        RecordEntry(2, NOW, "attested", {"saw": True}, "h2"),
    )
    running, over = an_action(1), an_action(2, stage=Ended(NOW + 9, Ending.COMPLETED))
    await store.write(lambda tx: tx.actions.save(running, NOW + 3, [first]))
    await store.write(lambda tx: tx.actions.save(replace(running, version=2), NOW + 4, [second]))
    await store.write(lambda tx: tx.actions.save(over, None, [first, second]))

    def look(tx: Tx) -> None:
        assert tx.actions.entries(running.id) == [first, second]
        assert tx.actions.due(NOW + 4, 9) == [(running.id, NOW + 4)]
        assert [a.version for a in tx.actions.running_in([GROUP])] == [2]
        assert tx.actions.of_state("running") == tx.actions.running_of(account_of("Ana"))
        assert tx.actions.records_of(account_of("Ana")) == ([over], [])
        assert tx.actions.attestations_of([over.id, running.id]) == {over.id: 1, running.id: 1}
        assert tx.actions.with_names_before(NOW + 9, 9) == [over]

    await store.read(look)
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.actions.save(running, NOW + 4, [second]))
    await store.write(lambda tx: tx.actions.forget_names(over))
    assert await store.read(lambda tx: tx.actions.with_names_before(NOW + 9, 9)) == []
    await store.write(lambda tx: tx.actions.bury(over.id))
    assert await store.read(lambda tx: tx.actions.get(over.id)) is None
    assert [s.action for s in (await store.read(lambda tx: tx.actions.records_of(account_of("Ana"))))[1]] == [over.id]


async def test_oc02_the_audit_log_is_one_chain_and_a_changed_line_is_found(store: RealStore) -> None:
    for n in range(3):
        await store.write(lambda tx, n=n: tx.care.add_audit("actor", f"action {n}", "subject", NOW + n))  # type: ignore[misc]
    await store.write(lambda tx: tx.care.forget_before(0, audit_before=NOW + 1))
    await store.write(lambda tx: tx.care.add_audit("actor", "action 3", "subject", NOW + 3))
    assert [line.seq for line in await store.read(lambda tx: tx.care.audit(0, 9))] == [2, 3, 4]
    assert await store.read(lambda tx: tx.care.audit_is_intact())
    await store.write(lambda tx: _execute(tx, "UPDATE audit SET actor = 'nobody' WHERE seq = 3"))
    assert not await store.read(lambda tx: tx.care.audit_is_intact())


async def test_blocks_and_reports(store: RealStore) -> None:
    report = Report("report----------", GROUP, member_of("Ana"), member_of("Cal"), "judging", "He…", "quote", NOW)

    def change(tx: Tx) -> None:
        for _ in range(2):
            tx.care.block(account_of("Ana"), account_of("Cal"), GROUP, member_of("Cal"), NOW)
        tx.care.add_report(report)

    await store.write(change)
    assert await store.read(lambda tx: tx.care.all_blocks()) == [(account_of("Ana"), account_of("Cal"))]
    assert [b.name for b in await store.read(lambda tx: tx.care.blocks_by(account_of("Ana"), GROUP))] == ["Cal"]
    assert await store.read(lambda tx: (tx.care.reports(GROUP), tx.care.report(report.id))) == ([report], report)
    await store.write(lambda tx: tx.care.resolve_report(report.id, NOW))
    await store.write(lambda tx: tx.care.unblock(account_of("Ana"), account_of("Cal")))
    assert await store.read(lambda tx: (tx.care.reports(), tx.care.all_blocks())) == ([], [])


async def test_a_key_is_answered_once_for_a_day(store: RealStore) -> None:
    await store.write(lambda tx: tx.keys.remember(device_of("Ana"), "key-000001", "digest", b"\x00reply", NOW))
    assert await store.read(lambda tx: tx.keys.reply_to(device_of("Ana"), "key-000001")) == ("digest", b"\x00reply")
    assert await store.read(lambda tx: tx.keys.reply_to(device_of("Bea"), "key-000001")) is None
    with pytest.raises(IntegrityError):
        await store.write(lambda tx: tx.keys.remember(device_of("Ana"), "key-000001", "digest", b"", NOW))
    assert await store.write(lambda tx: tx.keys.forget_before(NOW + 1)) == 1


async def test_compact_may_be_asked_for_at_any_time(store: RealStore) -> None:
    await asyncio.gather(store.compact(), store.write(lambda tx: say(tx, "Ana", "meanwhile")), store.compact())


def _execute(tx: Tx, statement: str, **values: object) -> None:
    from sqlalchemy import text

    tx.db.execute(text(statement), values)  # type: ignore[attr-defined]
