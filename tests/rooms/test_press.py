"""One press is one call: what a second press does, and that no old call comes to stand beside a running one (UC1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import CallId, GroupId, Instant, MemberId
from rooms import caller, on_call
from rooms.call import Call
from rooms.group import Membership, may_press
from rooms.refusals import Refusal
from tests.rooms.test_groups import MARIA, OBSERVER, PENDING, REMOVED
from tests.rooms.world import POLICY, World, a_call, a_group, refusal


def presses_again(w: World) -> Call | None:
    """From whatever page or device: nothing of the press itself is looked at."""
    return caller.press_again(w.call, w.now)


@pytest.mark.parametrize("standing", ["open", "coming", "held"])
def test_uc01_a_second_press_is_the_running_call_as_it_is(standing: str) -> None:
    w = a_call(a_group()).at(20)
    if standing == "coming":
        w.coming("Maria")
    if standing == "held":
        w.is_here("Maria")
    assert w.standing == standing
    assert presses_again(w) == w.call


def test_uc01_a_press_after_a_cancel_is_the_undo_of_the_same_call() -> None:
    w = a_call(a_group()).at(10)
    w.cancels("mistake")
    again = presses_again(w.at(69))
    assert again is not None
    assert (again.id, again.end, again.waiting_since) == (w.call.id, None, w.call.waiting_since)


def test_uc01_once_the_cancel_stands_a_press_is_a_new_call() -> None:
    w = a_call(a_group()).at(10)
    w.cancels()
    over = w.call  # the timers have not come by yet
    assert caller.press_again(over, w.at(70).now) is None


def test_uc01_a_press_after_the_end_is_a_new_call() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.ana_says("better")
    assert presses_again(w) is None


def test_uc01_a_press_from_parking_says_i_still_need_someone() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.ana_is_lost()
    w.after(121).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    again = presses_again(w)
    assert again is not None
    assert (again.id, again.end, again.attempt, again.waiting_since) == (w.call.id, None, 2, w.now)


def a_newer_call(w: World) -> Call:
    return replace(w.call, id=CallId("newer"), end=None)


def test_uc01_an_old_call_is_not_opened_again_beside_a_running_one() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    newer = a_newer_call(w)
    w.ana_says("better")
    assert refusal(on_call.reopen, w.call, w.now, POLICY, newer) is Refusal.ALREADY_DONE
    assert on_call.reopen(w.call, w.now, POLICY, None).end is None


def test_uc01_the_running_call_itself_is_no_other() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.ana_is_lost()
    w.after(121).leaves("Maria", parted_well=True)
    assert on_call.reopen(w.call, w.now, POLICY, w.call).end is None


@pytest.mark.parametrize("who", [MARIA, OBSERVER, PENDING, REMOVED])
def test_gr03_an_observer_may_press_and_so_may_whoever_waits_or_was_removed(who: Membership) -> None:
    assert may_press(who) is who


def test_gr03_who_never_came_near_the_group_may_not() -> None:
    assert refusal(may_press, None) is Refusal.NOT_FOUND


def a_press(now: Instant, *before: float) -> Call:
    press = caller.Press(
        call=CallId("call"),
        room=a_call().call.room,
        group=GroupId("group"),
        group_name="Sober kitchen",
        caller=MemberId("Ana"),
        caller_account=MARIA.account,
        caller_name="Ana",
    )
    return caller.raise_call(press, now, [now - round(seconds * 1000) for seconds in before], POLICY)


def test_uc01_words_are_optional_and_no_throttle_keeps_a_press_from_being_a_call() -> None:
    call = a_press(1_800_000_000_000, *range(1, 100))
    assert (call.words, call.end, call.version) == ("", None, 1)
