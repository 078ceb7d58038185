"""The clock on the wall: what a plan means on the days on which the clocks change (UC13, WA1).

Each case is a real change, from the IANA data.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rooms.wall_time import instant_of

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
    "Pacific/Apia", "Asia/Kathmandu", "Asia/Gaza", "America/Santiago", "Africa/Casablanca", "Pacific/Chatham",
]  # fmt: skip


def in_utc(local: str, zone: str) -> str:
    at = instant_of(local, ZoneInfo(zone))
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M}"


def wall(local: str) -> datetime:
    return datetime.fromisoformat(local)


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-11-23T23:00", "Europe/Berlin", "2026-11-23 22:00"),
        ("2026-07-01T23:00", "Europe/Berlin", "2026-07-01 21:00"),
        ("2026-07-01T23:00", "Asia/Kathmandu", "2026-07-01 17:15"),
        ("2026-07-01T23:00", "UTC", "2026-07-01 23:00"),
        ("2024-02-29T12:00", "America/New_York", "2024-02-29 17:00"),
    ],
)
def test_uc13_an_ordinary_day(local: str, zone: str, utc: str) -> None:
    assert in_utc(local, zone) == utc


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-03-29T01:59", "Europe/Berlin", "2026-03-29 00:59"),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-03-29T02:59", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-03-29T03:00", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-03-29T01:30", "Europe/London", "2026-03-29 01:00"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08 07:00"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03 15:30"),  # half an hour
        ("2026-09-06T00:30", "America/Santiago", "2026-09-06 04:00"),  # at midnight
        ("2011-12-30T00:00", "Pacific/Apia", "2011-12-30 10:00"),  # a whole day
        ("2011-12-30T23:59", "Pacific/Apia", "2011-12-30 10:00"),
    ],
)
def test_uc13_a_missing_hour_means_the_next_valid_minute(local: str, zone: str, utc: str) -> None:
    assert in_utc(local, zone) == utc


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        ("2026-10-25T01:59", "Europe/Berlin", "2026-10-24 23:59"),
        ("2026-10-25T02:00", "Europe/Berlin", "2026-10-25 00:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25 00:30"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25 02:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01 05:30"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-04 14:45"),
    ],
)
def test_uc13_a_doubled_hour_means_the_first(local: str, zone: str, utc: str) -> None:
    assert in_utc(local, zone) == utc


@settings(deadline=None)
@given(
    minute=st.integers(0, 60 * 24 * 365 * 100).map(lambda n: wall("1971-01-01T00:00") + timedelta(minutes=n)),
    name=st.sampled_from(ZONES),
)
@example(minute=wall("2026-03-29T02:30"), name="Europe/Berlin")
@example(minute=wall("2026-10-25T02:30"), name="Europe/Berlin")
def test_uc13_any_minute_is_itself_or_the_end_of_a_gap_and_never_the_second_time(minute: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    at = datetime.fromtimestamp(instant_of(f"{minute:%Y-%m-%dT%H:%M}", zone) / 1000, UTC)
    shown = at.astimezone(zone)
    if shown.replace(tzinfo=None) == minute:
        assert shown.fold == 0
    else:  # the minute before it shows an earlier wall, so nothing between was ever shown
        before = (at - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
        assert before < minute < shown.replace(tzinfo=None)


@pytest.mark.parametrize(
    "local",
    [
        "", "23:00", "2026-11-23", "2026-11-23 23:00", "2026-11-23T23:00:00", "2026-11-23T23:00Z", "2026-02-30T12:00",
        "2026-11-23T24:00", "2026-11-23T23:60", "0000-01-01T00:00", "2026-11-23T23:00\n", "２026-11-23T23:00",
        "2026-W48-1T23:00",
    ],
)  # fmt: skip
def test_uc13_what_is_no_local_time_is_an_error(local: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any words: the edge makes a refusal of it
        instant_of(local, UTC)


def test_uc13_beyond_the_calendar_is_the_same_error() -> None:
    for local, hours in (("0001-01-01T00:00", 14), ("9999-12-31T23:59", -12)):
        with pytest.raises(ValueError, match="calendar"):
            instant_of(local, timezone(timedelta(hours=hours)))


def test_uc13_a_zone_without_an_end_of_its_gap_is_no_endless_search() -> None:
    class Never(tzinfo):
        def utcoffset(self, at: datetime | None) -> timedelta:
            return timedelta(hours=1) if at is not None and at.fold else timedelta(0)

        def dst(self, _at: datetime | None) -> timedelta:
            return timedelta(0)

        def tzname(self, _at: datetime | None) -> str:
            return "nowhere"

        def fromutc(self, at: datetime) -> datetime:
            return at + timedelta(days=1)

    with pytest.raises(ValueError, match="days"):
        instant_of("2026-11-23T23:00", Never())
