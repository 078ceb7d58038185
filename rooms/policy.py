"""The escalation policy: every time of the urgent call, in milliseconds (UC2–UC12). Defaults are product.md's."""

from __future__ import annotations

from dataclasses import dataclass

from presence.ids import Millis

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Policy:
    # rings, from `waiting_since` (UC3)
    away_after_ms: Millis = 45 * SECOND
    volunteers_after_ms: Millis = 90 * SECOND
    backup_after_ms: Millis = 180 * SECOND
    backup_after_again_ms: Millis = 90 * SECOND
    """The fail-safe from the second attempt on."""
    again_every_ms: Millis = 2 * MINUTE
    again_soon_for_ms: Millis = 20 * MINUTE
    again_later_every_ms: Millis = 10 * MINUTE
    undelivered_is_empty_after_ms: Millis = 8 * SECOND

    # sound (UC2)
    sound_for: int = 12
    asked_first: int = 2
    sound_for_the_rest_after_ms: Millis = 15 * SECOND

    # pledges and being here (UC4, UC5)
    pledge_ms: Millis = 120 * SECOND
    volunteers_wait_for_pledge_until_ms: Millis = 120 * SECOND
    gone_is_left_after_ms: Millis = 30 * SECOND
    nudge_helpers_after_ms: Millis = 3 * MINUTE
    not_here_after_ms: Millis = 5 * MINUTE
    prompt_on_caller_silence_after_ms: Millis = 3 * MINUTE
    tell_on_call_of_silence_after_ms: Millis = 6 * MINUTE

    # cancel, return, park (UC9, UC10, UC12)
    undo_ms: Millis = 60 * SECOND
    repeat_in_hour: int = 4
    repeat_in_day: int = 3
    notify_lost_caller_after_ms: Millis = 2 * MINUTE
    follow_up_lost_caller_after_ms: Millis = 15 * MINUTE
    park_when_away_for_ms: Millis = 2 * MINUTE
    park_open_after_ms: Millis = 20 * MINUTE
    follow_up_after_ms: Millis = 30 * MINUTE
    follow_up_again_after_ms: Millis = 12 * HOUR
    offer_to_close_every_ms: Millis = 60 * MINUTE
    reopen_within_ms: Millis = 1 * HOUR
    check_in_after_ms: Millis = 20 * HOUR

    # on-call brought in while someone is here (UC16, UC17)
    wanted_backup_after_ms: Millis = 90 * SECOND
