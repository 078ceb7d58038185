"""A number has an age, and a release is refused when one of them is too old (CB6)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rooms.helplines import STALE_AFTER_DAYS, age_days, is_stale, may_be_released

TODAY = date(2026, 1, 31)


def checked(days_ago: int) -> int | None:
    return age_days((TODAY - timedelta(days=days_ago)).isoformat(), TODAY)


@pytest.mark.parametrize(("days_ago", "stale"), [(0, False), (179, False), (180, False), (181, True), (2000, True)])
def test_cb06_a_number_is_stale_when_it_was_checked_more_than_180_days_ago(days_ago: int, stale: bool) -> None:
    assert checked(days_ago) == days_ago
    assert is_stale(checked(days_ago)) is stale


def test_cb06_a_number_that_nobody_checked_has_no_age_and_is_stale() -> None:
    assert age_days("", TODAY) is None
    assert is_stale(None)


def test_cb06_a_day_that_is_still_to_come_is_no_real_day() -> None:
    assert is_stale(checked(-1))


@pytest.mark.parametrize("old", [None, STALE_AFTER_DAYS + 1, -1])
def test_cb06_one_stale_number_is_enough_to_refuse_a_release(old: int | None) -> None:
    assert may_be_released([0, 30, STALE_AFTER_DAYS])
    assert not may_be_released([0, old, 30])


def test_cb06_a_leap_day_is_a_day() -> None:
    assert age_days("2024-02-28", date(2024, 3, 1)) == 2
