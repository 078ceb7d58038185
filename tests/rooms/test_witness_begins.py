"""How a witnessed action begins: what may be declared, for whom, by which medium, now or later (WA1, WA2, WA8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import MemberId
from rooms import witness_commands as do
from rooms.refusals import Refusal, Refused
from rooms.witness import (
    NOT_WITNESSED,
    Deed,
    Ending,
    Medium,
    Proposed,
    is_for,
    is_running,
    next_deadline,
    tells_on_call,
)
from tests.rooms.witness_world import ANA, START, TIMES, account_of, gathering, live, planned, refusal, said

MINUTE = 60.0


# ---- WA1


def test_wa01_the_record_begins_with_what_was_declared() -> None:
    w = gathering(wanted=2)
    assert w.stage == "Gathering"
    assert w.fact("declared") == {"deed": "pour_out", "words": "the last one", "medium": "video", "wanted": 2}
    assert w.facts == ["declared"]


def test_wa01_the_audience_is_the_members_choice() -> None:
    w = gathering(only=frozenset({MemberId("Ben"), ANA}))
    assert is_for(w.action, MemberId("Ben"))
    assert not is_for(w.action, MemberId("Cleo"))
    assert not is_for(w.action, ANA)
    w.joins("Ben")
    with pytest.raises(Refused) as no:
        w.joins("Cleo")
    assert no.value.code is Refusal.NOT_FOUND


def test_wa01_nobody_is_their_own_witness_by_whatever_seat() -> None:
    w = gathering()
    for member in ("Ana", "Ana's seat on call"):
        assert refusal(do.join, w.action, MemberId(member), account_of("Ana"), "Ana", w.now, TIMES) is Refusal.NOT_FOUND


def test_wa01_witnesses_have_numbers_in_the_order_of_joining_and_keep_them() -> None:
    w = gathering()
    w.joins("Ben", "Cleo", "Ben")
    w.leaves("Ben")
    w.joins("Dana", "Ben")
    assert [w.witness(name).number for name in ("Ben", "Cleo", "Dana")] == [1, 2, 3]
    assert w.facts.count("witness_joined") == 4


def test_wa01_no_more_witnesses_than_allowed_and_whoever_left_may_come_back() -> None:
    w = gathering()
    names = [f"peer {n}" for n in range(30)]
    w.joins(*names)
    with pytest.raises(Refused) as no:
        w.joins("one more")
    assert no.value.code is Refusal.WITNESSES_FULL
    w.leaves("peer 3")
    w.joins("peer 3")
    assert w.witness("peer 3").number == 4


def test_wa01_a_plan_keeps_local_time_and_zone_and_asks_nobody_yet() -> None:
    w = planned(60)
    assert w.facts == ["declared", "planned"]
    assert w.fact("planned") == {"local": "2027-01-15T10:00", "zone": "Europe/Berlin"}
    assert not is_running(w.action)
    with pytest.raises(Refused) as no:
        w.joins("Ben")
    assert no.value.code is Refusal.NOT_FOUND


def test_wa01_a_plan_is_reminded_of_then_due_then_gone() -> None:
    w = planned(60)
    stage = w.at(50 * MINUTE - 1).action.stage
    assert isinstance(stage, Proposed)
    assert (stage.reminded, stage.due) == (False, False)
    stage = w.at(50 * MINUTE).action.stage
    assert isinstance(stage, Proposed)
    assert (stage.reminded, stage.due) == (True, False)
    stage = w.at(60 * MINUTE).action.stage
    assert isinstance(stage, Proposed)
    assert (stage.reminded, stage.due) == (True, True)
    assert w.at(90 * MINUTE - 1).stage == "Proposed"
    assert w.at(90 * MINUTE).ended is Ending.EXPIRED


def test_wa01_a_plan_for_soon_is_due_at_its_time() -> None:
    w = planned(2)
    stage = w.at(MINUTE).action.stage
    assert isinstance(stage, Proposed)
    assert (stage.reminded, stage.due) == (True, False)
    assert w.deadline() == MINUTE


def test_wa01_a_plan_begins_when_the_member_says_so() -> None:
    w = planned(60).at(61 * MINUTE)
    w.ana(do.ask_now, w.now)
    w.ana(do.ask_now, w.now)  # a second tap changes nothing
    assert w.stage == "Gathering"
    assert w.facts.count("asked") == 1
    assert w.deadline() == 30 * MINUTE
    w.stops()
    assert refusal(do.ask_now, w.action, w.now) is Refusal.ACTION_OVER
    assert refusal(do.ask_now, live().action, w.now) is Refusal.ALREADY_DONE


def test_wa01_the_past_cannot_be_planned() -> None:
    for at in (START - 1, START):
        plan = Proposed(at, "2020-01-01T00:00", "UTC")
        assert refusal(do.declare, said(), START, plan) is Refusal.NOT_A_TIME
    do.declare(said(), START, Proposed(START + 1, "2020-01-01T00:00", "UTC"))


def test_wa01_nobody_came_for_thirty_minutes() -> None:
    w = gathering().at(30 * MINUTE - 1)
    assert w.stage == "Gathering"
    assert w.after(1).ended is Ending.EXPIRED
    assert next_deadline(w.action, TIMES) is None


# ---- WA2


def test_wa02_a_poor_line_steps_down_and_says_why() -> None:
    w = live("Ben", sound=True)
    w.steps_to(Medium.STILLS)
    assert (w.action.medium, w.action.medium_why) == (Medium.STILLS, "line")
    assert not w.action.sound  # sound goes with video alone
    assert w.fact("medium") == {"medium": "stills", "why": "line", "down": True}
    w.steps_to(Medium.VIDEO, "choice")
    assert w.fact("medium") == {"medium": "video", "why": "choice", "down": False}
    assert not w.action.sound  # and does not come back by itself


def test_wa02_each_step_of_the_ladder_can_be_taken_and_the_same_one_changes_nothing() -> None:
    w = live()
    for medium in (Medium.STILLS, Medium.PHOTO, Medium.TEXT):
        w.steps_to(medium)
        assert w.fact("medium")["down"] is True
    before = w.action
    w.steps_to(Medium.TEXT, "choice")
    assert w.action == before


def test_wa02_sound_is_for_video_alone() -> None:
    assert gathering(sound=True).action.sound
    assert not gathering(sound=True, medium=Medium.PHOTO).action.sound


def test_wa02_steps_told_in_text_are_in_the_record_and_have_an_end() -> None:
    w = live("Ben", medium=Medium.TEXT)
    for n in range(TIMES.steps_at_most):
        w.says(f"step {n}")
    assert w.fact("step") == {"text": "step 49"}
    assert len(w.action.steps) == 50
    assert refusal(do.say_step, w.action, "one more", w.now, TIMES) is Refusal.TOO_FAST


def test_wa02_steps_are_told_while_it_goes_on_and_neither_before_nor_after() -> None:
    assert refusal(do.say_step, gathering().action, "too early", START, TIMES) is Refusal.NOT_ALLOWED
    w = live("Ben")
    w.is_done()
    assert refusal(do.say_step, w.action, "too late", w.now, TIMES) is Refusal.NOT_ALLOWED
    w.stops()
    assert refusal(do.say_step, w.action, "over", w.now, TIMES) is Refusal.ACTION_OVER
    assert refusal(do.set_medium, w.action, Medium.TEXT, "line", w.now) is Refusal.ACTION_OVER
    turned = live("Ben")
    turned.turns()
    turned.says("still here")
    assert turned.fact("step") == {"text": "still here"}


# ---- WA8


@pytest.mark.parametrize("deed", sorted(NOT_WITNESSED))
def test_wa08_what_must_not_be_done_in_front_of_others_is_refused_with_care(deed: str) -> None:
    with pytest.raises(Refused) as no:
        gathering(deed=deed)
    assert no.value.code is Refusal.NOT_WITNESSED
    assert "alone" in no.value.what_to_do
    assert "ask for someone" in no.value.what_to_do


def test_wa08_the_list_of_what_is_refused_is_whole() -> None:
    assert {"ingest", "taper", "fast", "weigh", "self_harm", "other_people"} == NOT_WITNESSED
    assert not NOT_WITNESSED & {deed.value for deed in Deed}


@pytest.mark.parametrize("deed", Deed)
def test_wa08_everything_else_on_the_list_may_be_witnessed(deed: Deed) -> None:
    assert gathering(deed=deed.value).action.deed is deed


def test_wa08_means_are_handed_over_off_camera() -> None:
    w = gathering(deed="hand_over", medium=Medium.VIDEO, sound=True)
    assert (w.action.medium, w.action.sound) == (Medium.TEXT, False)
    for medium in (Medium.VIDEO, Medium.STILLS, Medium.PHOTO):
        assert refusal(do.set_medium, w.action, medium, "choice", w.now) is Refusal.NOT_ALLOWED
    w.steps_to(Medium.TEXT)


def test_wa08_pills_are_pills_whether_said_or_not() -> None:
    assert gathering(deed="take_back").action.pills
    assert gathering(deed="throw_away", pills=True).action.pills
    assert not gathering(deed="throw_away").action.pills
    assert not tells_on_call(replace(live("Ben").action, pills=False))
