"""The roster: one member, many pages (PR1–PR5)."""

from __future__ import annotations

import pytest

from presence.availability import OnBreak, Open, Quiet, Reach, is_on_break, is_open
from presence.ids import AccountId, ConnectionId, DeviceId
from presence.lease import LeaseTimes
from presence.roster import Roster

NOW = 1_800_000_000_000
MARIA, BEN = AccountId("maria"), AccountId("ben")
PHONE, LAPTOP, BENS = ConnectionId("phone"), ConnectionId("laptop"), ConnectionId("bens")


def page(roster: Roster, connection: ConnectionId, of: AccountId, *, visible: bool = True, urgent: bool = True) -> None:
    roster.join(connection, of, DeviceId(f"device of {connection}"), visible=visible, urgent=urgent, now=NOW)


@pytest.fixture
def roster() -> Roster:
    """Maria has a phone and a laptop open, Ben one page."""
    roster = Roster(LeaseTimes())
    page(roster, PHONE, MARIA)
    page(roster, LAPTOP, MARIA)
    page(roster, BENS, BEN)
    return roster


# ---- availability


def test_pr01_online_is_not_available(roster: Roster) -> None:
    assert roster.reach(MARIA, takes_push=False) is Reach.LIVE
    assert not is_open(Quiet())
    assert is_open(Open())


def test_pr01_a_break_ends_in_quiet_not_in_being_open() -> None:
    break_until = OnBreak(until=NOW + 1_000)
    assert is_on_break(break_until, NOW + 999)
    assert not is_on_break(break_until, NOW + 1_000)
    assert not is_open(break_until)
    assert not is_on_break(Open(), NOW)


# ---- PR3, PR4


def test_pr03_a_member_is_here_while_one_page_answers(roster: Roster) -> None:
    roster.renew(PHONE, NOW + 10_000)
    assert set(roster.lapsed(NOW + 15_000)) == {LAPTOP, BENS}
    roster.leave(LAPTOP)
    assert roster.reach(MARIA, takes_push=False) is Reach.LIVE
    assert roster.lapsed(NOW + 25_000 - 1) == [BENS]


def test_pr03_nobody_lapses_early(roster: Roster) -> None:
    assert roster.lapsed(NOW + 14_999) == []


def test_pr03_a_clean_leave_counts_at_once(roster: Roster) -> None:
    roster.enter(BENS, "room")
    seat = roster.leave(BENS)
    assert seat is not None
    assert seat.places == {"room"}
    assert roster.accounts_in("room") == set()
    assert roster.reach(BEN, takes_push=False) is Reach.AWAY
    assert roster.leave(BENS) is None


def test_pr03_whoever_becomes_available_is_beaten_faster_on_every_page() -> None:
    roster = Roster(LeaseTimes())
    page(roster, PHONE, MARIA, urgent=False)
    page(roster, LAPTOP, MARIA, urgent=False)
    roster.set_urgent(MARIA, urgent=True, now=NOW)
    assert set(roster.lapsed(NOW + 15_000)) == {PHONE, LAPTOP}


def test_pr03_a_beat_of_an_unknown_page_is_nothing(roster: Roster) -> None:
    roster.renew(ConnectionId("gone"), NOW)
    assert roster.seat(ConnectionId("gone")) is None


def test_pr04_a_hidden_page_is_standby(roster: Roster) -> None:
    assert roster.set_visible(BENS, visible=False)
    assert not roster.set_visible(BENS, visible=False)
    assert roster.reach(BEN, takes_push=False) is Reach.STANDBY


def test_pr04_one_visible_page_of_two_is_live(roster: Roster) -> None:
    roster.set_visible(PHONE, visible=False)
    assert roster.reach(MARIA, takes_push=False) is Reach.LIVE
    roster.leave(LAPTOP)
    assert roster.reach(MARIA, takes_push=False) is Reach.STANDBY
    assert roster.reaches() == {MARIA: False, BEN: True}


def test_pr04_a_device_that_takes_notifications_is_standby_without_a_page() -> None:
    roster = Roster(LeaseTimes())
    assert roster.reach(MARIA, takes_push=True) is Reach.STANDBY
    assert roster.reach(MARIA, takes_push=False) is Reach.AWAY


# ---- PR2, PR5: places


def test_pr02_a_member_is_in_a_room_only_while_it_is_open(roster: Roster) -> None:
    assert not roster.is_in(MARIA, "room")
    roster.enter(PHONE, "room")
    assert roster.is_in(MARIA, "room")
    assert roster.accounts_in("room") == {MARIA}
    roster.exit(PHONE, "room")
    assert not roster.is_in(MARIA, "room")


def test_uc05_the_member_is_gone_only_when_every_page_is(roster: Roster) -> None:
    roster.enter(PHONE, "call")
    roster.enter(LAPTOP, "call")
    roster.leave(PHONE)
    assert roster.is_in(MARIA, "call")
    roster.set_visible(LAPTOP, visible=False)
    assert roster.is_in(MARIA, "call")
    assert not roster.is_in(MARIA, "call", visible_only=True)
    roster.leave(LAPTOP)
    assert not roster.is_in(MARIA, "call")


def test_pr05_a_join_storm_touches_each_page_once() -> None:
    """Nobody's seat is written again because someone else joins, leaves or beats: a storm costs O(n)."""
    roster = Roster(LeaseTimes())
    page(roster, PHONE, MARIA)
    roster.enter(PHONE, "room")
    mine = roster.seat(PHONE)
    for n in range(2_000):
        page(roster, ConnectionId(f"page {n}"), AccountId(f"account {n}"))
        roster.enter(ConnectionId(f"page {n}"), "room")
    for n in range(0, 2_000, 2):
        roster.leave(ConnectionId(f"page {n}"))
    assert roster.seat(PHONE) is mine
    assert len(roster.accounts_in("room")) == 1_001


def test_pr05_nothing_is_kept_of_whoever_left() -> None:
    roster = Roster(LeaseTimes())
    page(roster, PHONE, MARIA)
    roster.enter(PHONE, "room")
    roster.leave(PHONE)
    assert (roster.seats(), roster.connections_of(MARIA), roster.reaches()) == ([], [], {})
    assert not roster._in_place
    assert not roster._of_account


def test_pr05_a_copy_of_who_can_be_reached_is_a_copy(roster: Roster) -> None:
    reaches = roster.reaches()
    roster.leave(BENS)
    assert reaches[BEN]
