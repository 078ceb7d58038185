"""Who can be here now, as one reader may see it (PR1, PR2, PR4–PR6, GR3, CB2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from presence.availability import OnBreak, Open, Quiet, Reach, reach_of
from presence.ids import AccountId, MemberId
from rooms.crowd import NAMES_UP_TO, Crowd, Seen, crowd_of, seen_by
from rooms.group import Membership, Role
from tests.rooms.test_groups import MARIA
from tests.rooms.world import PRESS, account_of

NOBODY: frozenset[AccountId] = frozenset()


def a_member(name: str, role: Role = Role.MEMBER, *, open_to_calls: bool = True) -> Membership:
    availability = Open() if open_to_calls else Quiet()
    return replace(MARIA, id=MemberId(name), account=account_of(name), name=name, role=role, availability=availability)


ANA, MARIA_OPEN, BEN, TOM = (a_member(name) for name in ("Ana", "Maria", "Ben", "Tom"))
QUIET = a_member("Quinn", open_to_calls=False)


def a_crowd(
    *members: Membership, hidden_pages: Iterable[str] = (), gone: Iterable[str] = (), busy: Iterable[str] = (),
    push: Iterable[str] = (),
) -> Crowd:  # fmt: skip
    """Everyone has a visible page, but those named."""
    reaches = {m.account: m.name not in set(hidden_pages) for m in members if m.name not in set(gone)}
    accounts = [{account_of(name) for name in names} for names in (push, busy)]
    return crowd_of(list(members), reaches, accounts[0], accounts[1], PRESS)


def ana_sees(crowd: Crowd, *, blocked: Iterable[str] = ()) -> Seen:
    return seen_by(crowd, ANA.account, {account_of(name) for name in blocked})


def names(seen: Seen) -> set[str]:
    return {one.member.name for one in seen.people}


def test_pr06_before_pressing_she_sees_how_many_a_press_would_ring_and_is_not_one_of_them() -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, BEN, QUIET))
    assert (seen.can_come, seen.quiet) == (2, 1)
    assert names(seen) == {"Maria", "Ben", "Quinn"}


def test_pr06_whoever_is_in_a_call_cannot_come() -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, BEN, busy=["Ben"]))
    assert (seen.can_come, seen.quiet) == (1, 1)
    assert {one.member.name: one.can_come for one in seen.people} == {"Maria": True, "Ben": False}


def test_pr06_whoever_has_no_page_and_no_device_cannot_come_however_open_they_are() -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, gone=["Maria"]))
    assert (seen.can_come, seen.quiet, seen.standby, seen.away_opted_in) == (0, 0, 0, 0)
    assert names(seen) == set()


def test_pr06_nor_does_whoever_has_not_read_the_introduction() -> None:
    assert ana_sees(a_crowd(ANA, replace(BEN, introduced=False))).can_come == 0


@pytest.mark.parametrize("blocked", ["Ben", "Maria"])
def test_cb02_whoever_has_a_block_with_the_reader_is_neither_counted_nor_named(blocked: str) -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, BEN), blocked=[blocked])
    assert seen.can_come == 1
    assert blocked not in names(seen)


def test_cb02_a_block_with_someone_who_is_not_in_this_group_takes_nobody_away() -> None:
    assert ana_sees(a_crowd(ANA, MARIA_OPEN, BEN), blocked=["Stranger"]).can_come == 2


def test_pr02_whoever_hides_is_rung_and_counted_and_not_named() -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, replace(BEN, hidden=True)))
    assert seen.can_come == 2
    assert names(seen) == {"Maria"}


def test_gr03_an_observer_is_neither_counted_nor_named() -> None:
    seen = ana_sees(a_crowd(ANA, MARIA_OPEN, replace(BEN, role=Role.OBSERVER)))
    assert (seen.can_come, seen.quiet) == (1, 0)
    assert names(seen) == {"Maria"}


def test_pr05_a_large_room_gets_counts_and_no_names() -> None:
    small = [a_member(f"peer {n}") for n in range(NAMES_UP_TO - 1)]
    assert len(names(ana_sees(a_crowd(ANA, *small)))) == NAMES_UP_TO - 1
    large = ana_sees(a_crowd(ANA, BEN, *small))
    assert (large.can_come, large.people) == (NAMES_UP_TO, [])


def test_pr05_one_crowd_serves_every_reader() -> None:
    crowd = a_crowd(ANA, MARIA_OPEN, BEN)
    before = dict(crowd.totals)
    for reader in (ANA, MARIA_OPEN, BEN):
        assert seen_by(crowd, reader.account, NOBODY).can_come == 2
    assert dict(crowd.totals) == before


def test_pr01_someone_who_is_here_and_quiet_is_not_available() -> None:
    seen = ana_sees(a_crowd(ANA, QUIET))
    assert (seen.can_come, seen.quiet) == (0, 1)


@pytest.mark.parametrize(
    ("visible", "takes_push", "reach"),
    [
        (True, False, Reach.LIVE),
        (False, False, Reach.STANDBY),
        (None, True, Reach.STANDBY),
        (None, False, Reach.AWAY),
    ],
)
def test_pr04_a_hidden_page_or_a_device_that_takes_notifications_is_standby(
    visible: bool | None, takes_push: bool, reach: Reach
) -> None:
    assert reach_of(visible, takes_push=takes_push) is reach


def test_pr04_an_open_member_on_standby_can_come() -> None:
    assert ana_sees(a_crowd(ANA, MARIA_OPEN, hidden_pages=["Maria"])).can_come == 1


def test_pr01_whoever_opted_in_is_called_when_away_but_not_on_a_break() -> None:
    away = replace(QUIET, rung_when_away=True)
    assert ana_sees(a_crowd(ANA, away, gone=["Quinn"], push=["Quinn"])).away_opted_in == 1
    resting = replace(away, availability=OnBreak(until=PRESS + 1))
    assert ana_sees(a_crowd(ANA, resting, gone=["Quinn"], push=["Quinn"])).away_opted_in == 0
