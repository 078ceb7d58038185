"""Who truly watches, who may look, and what they can say by it (WA3, WA4, WA5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import MemberId
from rooms import witness_commands as do
from rooms.refusals import Refusal
from rooms.witness import (
    FACTS_AT_MOST,
    Medium,
    has_enough,
    joined,
    may_watch,
    present,
    streams,
    tells_on_call,
    with_witness,
)
from tests.rooms.witness_world import World, gathering, live, refusal

MINUTE = 60.0
BEN = MemberId("Ben")


def there(w: World) -> list[str]:
    return [witness.name for witness in present(w.action)]


# ---- WA3


def test_wa03_nobody_gets_a_picture_before_they_choose_to_look() -> None:
    w = live()
    w.joins("Ben")
    w.gets("Ben", medium=Medium.TEXT)
    assert not may_watch(w.action, BEN)
    w.looks("Ben")
    assert may_watch(w.action, BEN)
    w.looks("Ben", looking=False)
    assert not may_watch(w.action, BEN)
    assert not may_watch(w.action, MemberId("a stranger"))


def test_wa03_a_choice_made_before_it_is_live_shows_nothing_before_it_is_live() -> None:
    w = gathering()
    w.joins("Ben")
    w.looks("Ben")
    assert not may_watch(w.action, BEN)
    assert not streams(w.action)
    w.goes_live(anyway=True)
    assert may_watch(w.action, BEN)
    assert streams(w.action)


def test_wa03_one_tap_cuts_for_all_and_one_lets_it_go_on() -> None:
    w = live("Ben")
    w.cuts()
    assert not streams(w.action)
    w.cuts()
    w.cuts(cut=False)
    assert streams(w.action)
    assert w.facts[-2:] == ["cut", "uncut"]
    assert refusal(do.set_cut, gathering().action, w.now, cut=True) is Refusal.NOT_ALLOWED


def test_wa03_who_left_was_removed_or_looks_away_sees_nothing_more() -> None:
    w = live("Ben", "Cleo")
    w.leaves("Ben")
    w.removes("Cleo")
    for name in ("Ben", "Cleo"):
        assert not may_watch(w.action, MemberId(name))
        assert refusal(do.look, w.action, MemberId(name), looking=True) is Refusal.NOT_FOUND
    assert joined(w.action) == []
    w.joins("Ben")
    assert not may_watch(w.action, BEN)  # they choose anew
    assert refusal(w.joins, "Cleo") is Refusal.NOT_FOUND


def test_wa03_the_same_word_for_someone_who_left_and_someone_who_was_removed() -> None:
    w = live("Ben", "Cleo")
    w.leaves("Ben")
    w.removes("Cleo")
    assert [e.what for e in w.entries[-2:]] == ["witness_left", "witness_left"]


def test_wa03_a_report_stops_the_stream_for_the_reporter_alone_and_the_record_does_not_say_so() -> None:
    w = live("Ben", "Cleo")
    w.after(2).reports("Ben")
    assert not may_watch(w.action, BEN)
    assert may_watch(w.action, MemberId("Cleo"))
    assert refusal(do.look, w.action, BEN, looking=True) is Refusal.NOT_ALLOWED
    assert w.fact("witness_away") == {"witness": 1, "until": w.now}
    assert not any("report" in e.what or "froz" in e.what for e in w.entries)


def test_wa03_whoever_reported_gets_nothing_more_of_it_whatever_their_page_says() -> None:
    w = live("Ben", "Cleo")
    w.reports("Ben")
    w.gets("Ben", medium=Medium.TEXT)
    assert there(w) == ["Cleo"]
    w.leaves("Ben")
    w.joins("Ben")
    assert refusal(do.look, w.action, BEN, looking=True) is Refusal.NOT_ALLOWED
    assert not may_watch(w.action, BEN)


def test_wa03_a_viewer_may_report_after_they_left() -> None:
    w = live("Ben")
    w.leaves("Ben")
    w.reports("Ben")
    assert w.witness("Ben").frozen
    w.joins("Ben")
    assert refusal(do.look, w.action, BEN, looking=True) is Refusal.NOT_ALLOWED
    assert refusal(do.freeze, w.action, MemberId("a stranger"), w.now) is Refusal.NOT_FOUND


def test_wa03_a_report_outweighs_a_look_however_that_came_to_be() -> None:
    w = live("Ben")
    w.reports("Ben")
    assert not may_watch(with_witness(w.action, replace(w.witness("Ben"), looking=True)), BEN)


def test_wa03_nothing_passes_when_it_is_over() -> None:
    w = live("Ben")
    w.stops()
    assert not streams(w.action)
    assert not may_watch(w.action, BEN)
    assert refusal(do.look, w.action, BEN, looking=True) is Refusal.ACTION_OVER
    assert refusal(do.set_cut, w.action, w.now, cut=True) is Refusal.ACTION_OVER


# ---- WA4


def test_wa04_a_witness_counts_ten_seconds_after_the_last_frame_and_no_longer() -> None:
    w = live("Ben")
    since = w.witness("Ben").present_since
    w.after(9.999)
    assert there(w) == ["Ben"]
    assert w.witness("Ben").present_since == since
    last = w.got_at[BEN]
    w.after(0.001)
    assert there(w) == []
    assert w.fact("witness_away") == {"witness": 1, "until": last}


def test_wa04_each_frame_renews_it_and_only_coming_and_going_is_written_down() -> None:
    w = live("Ben")
    for _ in range(20):
        w.after(6).gets("Ben")
    assert there(w) == ["Ben"]
    assert w.facts.count("witness_present") == 1


def test_wa04_joining_alone_is_not_being_there() -> None:
    w = gathering()
    w.joins("Ben")
    assert not has_enough(w.action)
    assert there(w) == []
    w.gets("Ben", medium=Medium.TEXT)
    assert has_enough(w.action)
    w.gets("a stranger")  # a page of nobody who joined
    assert there(w) == ["Ben"]


def test_wa04_below_the_wished_minimum_the_default_is_to_wait() -> None:
    w = gathering(wanted=2)
    w.watch("Ben")
    assert refusal(do.go_live, w.action, w.now, anyway=False) is Refusal.NOT_ENOUGH_WITNESSES
    assert w.stage == "Gathering"
    w.watch("Cleo")
    w.goes_live()
    assert w.stage == "Live"
    assert w.fact("live") == {"medium": "video", "present": 2}


def test_wa04_a_witness_whose_page_hangs_does_not_make_up_the_minimum() -> None:
    w = gathering(wanted=2)
    w.watch("Ben", "Cleo")
    w.after(6).gets("Ben")
    w.after(6)
    assert refusal(do.go_live, w.action, w.now, anyway=False) is Refusal.NOT_ENOUGH_WITNESSES
    w.goes_live(anyway=True)
    assert w.fact("live")["present"] == 1


def test_wa04_live_is_live_once() -> None:
    w = live("Ben")
    since = w.action.stage
    w.after(5).goes_live()
    assert w.action.stage == since
    assert w.facts.count("live") == 1
    w.stops()
    assert refusal(do.go_live, w.action, w.now, anyway=True) is Refusal.ACTION_OVER


def test_wa04_whoever_lost_the_line_comes_back_with_a_new_beginning() -> None:
    w = live("Ben")
    w.after(20)
    assert there(w) == []
    w.gets("Ben")
    assert w.witness("Ben").present_since == w.now


def test_wa04_pills_are_told_to_on_call_when_it_goes_live_and_not_before() -> None:
    w = gathering(deed="take_back")
    w.watch("Ben")
    assert not tells_on_call(w.action)
    w.goes_live()
    assert tells_on_call(w.action)
    w.is_done()
    assert tells_on_call(w.action)
    w.stops()
    assert not tells_on_call(w.action)


def test_wa04_the_members_lost_line_is_said_once_and_so_is_its_return() -> None:
    w = live("Ben")
    w.ana(do.member_lost, w.now)
    lost = w.action.lost_since
    w.after(3).ana(do.member_lost, w.now)
    assert w.action.lost_since == lost
    w.ana(do.member_back, w.now)
    w.ana(do.member_back, w.now)
    assert w.action.lost_since is None
    assert w.facts[-2:] == ["connection_lost", "connection_back"]


def test_wa04_a_lost_line_does_not_stand_over_the_end() -> None:
    w = live("Ben")
    w.ana(do.member_lost, w.now)
    w.stops()
    assert w.action.lost_since is None
    w.ana(do.member_lost, w.now)
    assert w.action.lost_since is None
    assert w.facts[-1] == "stopped"


def test_wa04_coming_and_going_without_end_does_not_make_a_record_without_end() -> None:
    w = live("Ben", "Cleo")
    for _ in range(FACTS_AT_MOST):
        w.leaves("Ben")
        w.watch("Ben")
    w.says("done")
    w.gets("Ben", "Cleo")
    w.is_done()
    w.attests("Ben", "Cleo")
    assert len(w.entries) < FACTS_AT_MOST + 20
    assert w.facts[-5:] == ["step", "declared_done", "attested", "attested", "completed"]
    assert w.fact("completed")["unwritten"] > 0
    assert len(w.file()) < 120_000


def test_wa04_the_fullest_record_there_can_be_fits_its_frame() -> None:
    names = [f"peer {n}" for n in range(30)]
    w = live(*names)
    while len(w.entries) < FACTS_AT_MOST:
        w.cuts()
        w.cuts(cut=False)
    for n in range(50):
        w.says(f"{n}" + "ü" * 498)
    for name in names:
        w.is_with_them(name)
        w.gets(name)
    w.is_done()
    w.attests(*names)
    assert w.stage == "Ended"
    assert len(w.file()) < 120_000


@pytest.mark.parametrize("medium", [Medium.VIDEO, Medium.STILLS, Medium.PHOTO])
def test_wa06_nobody_was_told_in_text_where_not_a_step_was_told(medium: Medium) -> None:
    w = gathering(medium=medium)
    w.joins("Ben", "Cleo")
    w.goes_live(anyway=True)
    w.gets("Ben", "Cleo", medium=Medium.TEXT)
    assert [w.witness(name).perceived for name in ("Ben", "Cleo")] == [None, None]
    w.says("It is in the sink.")
    w.gets("Cleo", medium=Medium.TEXT)
    w.is_done()
    w.attests("Ben", "Cleo")
    assert [(w.word(name).saw, w.word(name).perceived) for name in ("Ben", "Cleo")] == [
        (False, None), (True, Medium.TEXT),
    ]  # fmt: skip


# ---- WA5


def test_wa05_im_with_you_is_said_once_each() -> None:
    w = live("Ben", "Cleo")
    w.is_with_them("Ben")
    w.is_with_them("Ben")
    w.is_with_them("Cleo")
    assert [e.more["witness"] for e in w.entries if e.what == "with_you"] == [1, 2]
    assert w.witness("Ben").with_you
    assert refusal(do.with_you, w.action, MemberId("a stranger"), w.now) is Refusal.NOT_FOUND


def test_wa05_nothing_is_said_to_an_action_that_is_over() -> None:
    w = live("Ben")
    w.stops()
    before = w.entries[:]
    w.is_with_them("Ben")
    w.leaves("Ben")
    w.removes("Ben")
    w.gets("Ben")
    w.reports("Ben")
    w.look()
    assert w.entries == before


@pytest.mark.parametrize("by", ["removed", "left"])
def test_wa05_who_is_gone_says_nothing(by: str) -> None:
    w = live("Ben")
    if by == "left":
        w.leaves("Ben")
    else:
        w.removes("Ben")
    assert refusal(do.with_you, w.action, BEN, w.now) is Refusal.NOT_FOUND
