"""The lane of one watcher: the numbers of evidence, as a table of cases. No sockets."""

from __future__ import annotations

import random

from server.media.lane import GOES_ON_BELOW_BYTES, SOUND_AT_MOST_BYTES, UNSENT_AT_MOST_BYTES, Lane
from server.wire.chunks import Kind

KB = 1024


def a_lane_that_flows() -> Lane:
    lane = Lane()
    assert lane.takes(Kind.KEY, 12 * KB, 0)
    return lane


def test_wa3_a_watcher_begins_with_a_key_frame() -> None:
    lane = Lane()
    assert lane.wants_picture(0)
    assert not lane.takes(Kind.DELTA, 3 * KB, 0)
    assert lane.takes(Kind.KEY, 12 * KB, 0)
    assert lane.takes(Kind.DELTA, 3 * KB, 12 * KB)
    assert not lane.wants_picture(0)


def test_wa2_above_the_limit_nothing_passes_until_a_key_frame_below_the_lower_mark() -> None:
    lane = a_lane_that_flows()
    assert lane.takes(Kind.DELTA, 3 * KB, UNSENT_AT_MOST_BYTES - 3 * KB)
    assert not lane.takes(Kind.DELTA, 3 * KB, UNSENT_AT_MOST_BYTES - 3 * KB + 1)
    assert not lane.takes(Kind.DELTA, 100, 0), "a frame is missing: what builds on it cannot be decoded"
    assert not lane.takes(Kind.KEY, 12 * KB, GOES_ON_BELOW_BYTES)
    assert not lane.wants_picture(GOES_ON_BELOW_BYTES)
    assert lane.wants_picture(GOES_ON_BELOW_BYTES - 1)
    assert lane.takes(Kind.KEY, 12 * KB, GOES_ON_BELOW_BYTES - 1)
    assert lane.takes(Kind.DELTA, 3 * KB, 12 * KB)


def test_wa2_a_key_frame_does_not_pass_a_lane_that_is_full() -> None:
    lane = a_lane_that_flows()
    assert not lane.takes(Kind.KEY, 12 * KB, UNSENT_AT_MOST_BYTES)
    assert not lane.takes(Kind.DELTA, 100, 0)


def test_wa2_a_key_frame_larger_than_the_limit_passes_an_idle_line() -> None:
    assert Lane().takes(Kind.KEY, 200 * KB, 0)
    assert a_lane_that_flows().takes(Kind.KEY, 200 * KB, 0)


def test_wa2_a_whole_picture_passes_an_idle_line_and_is_dropped_on_a_busy_one() -> None:
    for kind in (Kind.STILL, Kind.PHOTO):
        lane = Lane()
        assert lane.takes(kind, 300 * KB, 0)
        assert not lane.wants_picture(0)
        assert not lane.takes(kind, 1, GOES_ON_BELOW_BYTES)
        assert lane.wants_picture(0), "the newest one was not seen: it is asked for again"


def test_wa2_after_a_photo_video_still_begins_with_a_key_frame() -> None:
    lane = Lane()
    assert lane.takes(Kind.PHOTO, 300 * KB, 0)
    assert not lane.takes(Kind.DELTA, 3 * KB, 0)
    assert lane.wants_picture(0)


def test_wa2_sound_goes_its_own_way() -> None:
    lane = Lane()
    assert lane.takes(Kind.SOUND, 200, 0)
    assert lane.takes(Kind.SOUND, 200, SOUND_AT_MOST_BYTES - 200)
    assert not lane.takes(Kind.SOUND, 200, SOUND_AT_MOST_BYTES - 199)
    assert lane.wants_picture(0)
    flowing = a_lane_that_flows()
    assert not flowing.takes(Kind.SOUND, 200, SOUND_AT_MOST_BYTES)
    assert flowing.takes(Kind.DELTA, 3 * KB, SOUND_AT_MOST_BYTES), "a dropped sound costs no picture"


def test_wa2_whoever_asked_waits_for_the_answer() -> None:
    lane = Lane(asked=True)
    assert not lane.wants_picture(0)
    assert not lane.takes(Kind.KEY, 12 * KB, UNSENT_AT_MOST_BYTES)
    assert lane.wants_picture(0), "the answer came and did not fit"


def test_wa2_after_another_sender_it_begins_with_a_key_frame() -> None:
    lane = a_lane_that_flows()
    lane.begin_anew()
    assert lane.wants_picture(0)
    assert not lane.takes(Kind.DELTA, 100, 0)


def test_wa2_whatever_comes_the_backlog_is_bounded_and_every_delta_can_be_decoded() -> None:
    """A thousand made-up lines: the backlog stays below the limit (or below the lower mark and one chunk), and no delta
    ever goes out unless every frame since the last key frame did."""
    for seed in range(1_000):
        dice, lane, unsent, unbroken = random.Random(seed), Lane(), 0, False
        for _ in range(100):
            kind = dice.choice([Kind.KEY, Kind.DELTA, Kind.DELTA, Kind.DELTA, Kind.STILL, Kind.SOUND])
            size = dice.randrange(200) if kind is Kind.SOUND else dice.randrange(1, 40 * KB)
            limit = max(UNSENT_AT_MOST_BYTES, unsent + size if unsent < GOES_ON_BELOW_BYTES else 0)
            if took := lane.takes(kind, size, unsent):
                unsent += size
            if kind is Kind.KEY:
                unbroken = took
            elif kind is Kind.DELTA:
                assert not took or unbroken
                unbroken = unbroken and took
            assert unsent <= limit
            unsent = max(0, unsent - dice.randrange(30 * KB))
