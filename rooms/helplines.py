"""How old a phone number may be before nobody should rely on it (CB6). The numbers themselves are data of the edges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

HelplineKind = Literal["crisis", "emergency", "text", "youth", "substance"]
"""The kinds there are; the page shows them under these headings."""
STALE_AFTER_DAYS = 180


def age_days(checked: str, today: date) -> int | None:
    """How many days ago a number was checked at its source. `checked` is YYYY-MM-DD, or empty for never: None then."""
    return (today - date.fromisoformat(checked)).days if checked else None


def is_stale(age: int | None) -> bool:
    """Whether somebody should look at a number again: never checked, too long ago, or on a day that is still to come,
    which is no real day."""
    return age is None or not 0 <= age <= STALE_AFTER_DAYS


def may_be_released(ages: Iterable[int | None]) -> bool:
    """A release with a stale number is refused. A build and a start never ask: an old number is better than none."""
    return not any(is_stale(age) for age in ages)
