"""Plans as people write them: local time and the name of a zone (UC13, WA1)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rooms.refusals import Refusal, Refused
from rooms.wall_time import instant_of
from rooms.witness import Proposed


def planned_at(local: str, zone: str) -> Proposed:
    """Raises :class:`Refused` for a day that is none and for a zone that nobody knows."""
    try:
        return Proposed(at=instant_of(datetime.fromisoformat(local), ZoneInfo(zone)), local=local, zone=zone)
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        raise Refused(Refusal.NOT_A_TIME) from None
