"""Leases: who counts as here (PR3). Milliseconds; the clock is an argument."""

from __future__ import annotations

import pytest

from presence.lease import LeaseTimes, grant, renew, with_urgency

TIMES = LeaseTimes()
NOW = 1_800_000_000_000


def test_pr03_the_times_are_the_products() -> None:
    assert (TIMES.beat_ms(urgent=True), TIMES.lease_ms(urgent=True)) == (6_000, 15_000)
    assert (TIMES.beat_ms(urgent=False), TIMES.lease_ms(urgent=False)) == (20_000, 45_000)


@pytest.mark.parametrize(("urgent", "after_ms"), [(True, 15_000), (False, 45_000)])
def test_pr03_a_page_that_does_not_answer_stops_counting(urgent: bool, after_ms: int) -> None:
    lease = grant(NOW, urgent=urgent)
    assert not lease.has_lapsed(NOW + after_ms - 1, TIMES)
    assert lease.has_lapsed(NOW + after_ms, TIMES)


def test_pr03_an_available_page_is_found_gone_within_20_seconds() -> None:
    """Whenever it went silent: a beat and a lease later at the latest."""
    assert TIMES.urgent_lease_ms + 1_000 < 20_000


def test_pr03_an_answered_beat_renews() -> None:
    lease = renew(grant(NOW, urgent=True), NOW + 14_000)
    assert not lease.has_lapsed(NOW + 28_999, TIMES)
    assert lease.has_lapsed(NOW + 29_000, TIMES)


def test_pr03_a_late_answer_moves_no_lease_back() -> None:
    lease = renew(grant(NOW, urgent=True), NOW - 5_000)
    assert lease.lapses_at(TIMES) == NOW + 15_000


def test_pr03_a_page_that_becomes_urgent_has_one_urgent_lease_to_answer() -> None:
    lease = with_urgency(grant(NOW, urgent=False), urgent=True, now=NOW + 20_000, times=TIMES)
    assert lease.lapses_at(TIMES) == NOW + 35_000


def test_pr03_becoming_urgent_gives_a_silent_page_no_more_time_than_it_had() -> None:
    lease = with_urgency(grant(NOW, urgent=False), urgent=True, now=NOW + 40_000, times=TIMES)
    assert lease.lapses_at(TIMES) == NOW + 45_000


def test_pr03_switching_to_and_fro_renews_nothing() -> None:
    lease = grant(NOW, urgent=False)
    for at in range(0, 120_000, 1_000):
        lease = with_urgency(lease, urgent=at % 2_000 == 0, now=NOW + at, times=TIMES)
        assert lease.lapses_at(TIMES) <= NOW + 45_000


def test_pr03_a_lapsed_lease_stays_lapsed_at_any_pace() -> None:
    lease = grant(NOW, urgent=True)
    assert with_urgency(lease, urgent=False, now=NOW + 15_000, times=TIMES).has_lapsed(NOW + 15_000, TIMES)
    lease = grant(NOW, urgent=False)
    assert with_urgency(lease, urgent=True, now=NOW + 45_000, times=TIMES).has_lapsed(NOW + 45_000, TIMES)


def test_pr03_the_same_pace_changes_nothing() -> None:
    lease = grant(NOW, urgent=True)
    assert with_urgency(lease, urgent=True, now=NOW + 10_000, times=TIMES) == lease
