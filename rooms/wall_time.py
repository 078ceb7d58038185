"""Local time and zone to an instant: what a person planned by the clock on their wall (UC13, WA1).

Plans are kept as local time and zone, and this is asked again when the rules of a zone change.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from presence.ids import Instant

MINUTE = timedelta(minutes=1)
SKIPPED_AT_MOST = timedelta(days=2)
"""The longest hour that was ever missing is a day (Samoa, 30 December 2011)."""


def instant_of(local: str, zone: tzinfo) -> Instant:
    """`local` is "YYYY-MM-DDTHH:MM". A missing hour means the next valid minute, a doubled one the first (UC13).

    Raises ValueError for a day or hour that is none, or one beyond what a calendar holds.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", local):
        raise ValueError("not a local time")
    wall = datetime.fromisoformat(local)
    try:
        return _instant(_next_valid(wall, zone), zone)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


def _next_valid(wall: datetime, zone: tzinfo) -> datetime:
    moment = wall
    while not _exists(moment, zone):
        moment += MINUTE
        if moment - wall > SKIPPED_AT_MOST:
            raise ValueError("no such hour in days")
    return moment


def _exists(wall: datetime, zone: tzinfo) -> bool:
    """Whether a clock there ever shows it: what does not exist comes back as another time."""
    there = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return there.astimezone(zone).replace(tzinfo=None, fold=0) == wall


def _instant(wall: datetime, zone: tzinfo) -> Instant:
    since = wall.replace(tzinfo=zone, fold=0) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1)
