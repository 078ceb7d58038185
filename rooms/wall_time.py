"""Local time and zone to an instant: what a person planned by the clock on their wall (UC13, WA1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from presence.ids import Instant

MINUTE = timedelta(minutes=1)


def instant_of(local: datetime, zone: tzinfo) -> Instant:
    """A missing hour means the next valid minute, a doubled one the first. `local` is naive, in whole minutes."""
    moment = local
    while not _exists(moment, zone):
        moment += MINUTE
    return int(moment.replace(tzinfo=zone, fold=0).timestamp() * 1000)


def _exists(local: datetime, zone: tzinfo) -> bool:
    there = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return there.astimezone(zone).replace(tzinfo=None) == local
