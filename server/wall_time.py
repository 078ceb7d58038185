"""Plans as people write them: local time and the name of a zone (UC13, WA1)."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rooms.refusals import Refusal, Refused
from rooms.wall_time import instant_of
from rooms.witness import Proposed

NO_PLACE = ("localtime", "posixrules", "Factory", "posix/", "right/")
"""Files beside the zones that mean this machine, nothing, or a second spelling with leap seconds."""


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name in the IANA data (the machine's, else the `tzdata` package's). Raises :class:`Refused`."""
    if name.startswith(NO_PLACE):
        raise Refused(Refusal.NOT_A_TIME, "no place has this zone")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; a path or no zone's file; a folder
        raise Refused(Refusal.NOT_A_TIME, "unknown zone") from None


def planned_at(local: str, zone: str) -> Proposed:
    """Raises :class:`Refused` for a day that is none and for a zone that nobody knows."""
    there = zone_of(zone)
    try:
        return Proposed(at=instant_of(local, there), local=local, zone=zone)
    except ValueError:
        raise Refused(Refusal.NOT_A_TIME, "no such local time") from None
