"""Availability: willing to be rung now, the member's own switch (PR1). Being online is another thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from presence.ids import Instant


class Reach(StrEnum):
    """How a person can be reached now (PR4)."""

    LIVE = "live"
    """A visible page with a live lease."""
    STANDBY = "standby"
    """A hidden tab, or a device that takes notifications: rung by notification."""
    AWAY = "away"
    """Neither."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open to calls."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nobody rings. The default."""


@dataclass(frozen=True, slots=True)
class OnBreak:
    """Quiet until a time, then quiet still: a break never turns itself into being open."""

    until: Instant


Availability = Open | Quiet | OnBreak


def is_open(availability: Availability) -> bool:
    return isinstance(availability, Open)


def is_on_break(availability: Availability, now: Instant) -> bool:
    return isinstance(availability, OnBreak) and now < availability.until


def reach_of(visible: bool | None, *, takes_push: bool) -> Reach:
    """How a person can be reached (PR4). `visible`: whether one of their live pages is; None when they have no page."""
    if visible:
        return Reach.LIVE
    return Reach.STANDBY if visible is not None or takes_push else Reach.AWAY
