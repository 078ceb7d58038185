"""The on-call desk: what stands where, what is marked, and what of a call a volunteer may see and do (OC1, OC2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import pytest

from presence.ids import AccountId, CallId, MemberId
from rooms import desk, on_call, responder, screens
from rooms.call import Call, Part, may_read_room
from rooms.candidates import Candidate
from rooms.refusals import Refusal
from tests.rooms.world import (
    ANA,
    POLICY,
    World,
    a_call,
    a_group,
    account_of,
    backups,
    peers,
    person,
    refusal,
    volunteers,
)

VIC = account_of("Vic")
NOBODY: frozenset[AccountId] = frozenset()


@dataclass(frozen=True)
class Someone:
    """An account as on-call sees it."""

    id: AccountId = VIC
    volunteer: bool = False
    coordinator: bool = False
    shift: str = ""


# ---- who is on call (OC2)

MEMBER = Someone()
OFF = Someone(volunteer=True)
ON = Someone(volunteer=True, shift="on")
BACKUP = Someone(volunteer=True, shift="backup")
CORA = Someone(coordinator=True)


@pytest.mark.parametrize("who", [None, MEMBER, replace(MEMBER, shift="on")])
def test_oc02_for_everyone_else_the_desk_does_not_exist(who: Someone | None) -> None:
    for must in (desk.must_be_staff, desk.must_be_on_duty, desk.must_be_coordinator):
        assert refusal(must, who) is Refusal.NOT_FOUND
    assert not desk.is_staff(who)


def test_oc02_a_volunteer_off_shift_sees_the_desk_and_takes_nothing() -> None:
    assert desk.must_be_staff(OFF) is OFF
    assert refusal(desk.must_be_on_duty, OFF) is Refusal.NOT_ON_SHIFT


@pytest.mark.parametrize("who", [ON, BACKUP, CORA])
def test_oc02_first_line_backup_and_the_coordinator_are_on_duty(who: Someone) -> None:
    assert desk.must_be_on_duty(who) is who


def test_oc02_the_coordinator_alone_reads_the_log() -> None:
    assert desk.must_be_coordinator(CORA) is CORA
    for who in (OFF, ON, BACKUP):
        assert refusal(desk.must_be_coordinator, who) is Refusal.NOT_FOUND


# ---- the order (OC1)


def named(call: Call, name: str) -> Call:
    return replace(call, id=CallId(name), caller=MemberId(name), caller_account=account_of(name))


def waiting(name: str, seconds: int) -> Call:
    """Nobody has come yet; on-call was told nothing out of the ordinary."""
    call = a_call(peers("Maria")).call
    return named(replace(call, waiting_since=call.waiting_since - seconds * 1000), name)


def held(name: str, seconds: int = 0) -> Call:
    w = a_call(peers("Maria"))
    w.is_here("Maria")
    return named(replace(w.call, waiting_since=w.call.waiting_since - seconds * 1000), name)


def order(*calls: Call) -> list[str]:
    return [call.id for call in desk.on_desk(calls, VIC, NOBODY)]


def test_oc01_the_longest_without_a_human_stands_first_and_those_with_someone_last() -> None:
    assert order(held("held", 999), waiting("short", 10), waiting("long", 90)) == ["long", "short", "held"]


def test_oc01_time_without_a_human_starts_anew_when_the_last_one_left() -> None:
    w = a_call(peers("Maria")).at(10)
    w.is_here("Maria")
    assert desk.no_human_since(w.call) is None
    w.at(300).leaves("Maria")
    assert desk.no_human_since(w.call) == w.now


def test_oc01_what_is_pinned_stands_above_the_longest_wait() -> None:
    lost = replace(held("lost"), lost_since=1)
    assert order(waiting("long", 999), lost) == ["lost", "long"]


def test_oc01_a_third_call_in_a_day_is_told_and_jumps_no_queue() -> None:
    again = replace(waiting("again", 10), tell_volunteer=True)
    assert desk.pins(again) == ["repeat"]
    assert order(again, waiting("long", 90)) == ["long", "again"]


def test_oc01_the_order_does_not_hang_on_how_the_calls_came_out_of_the_store() -> None:
    calls = [waiting("b", 10), waiting("a", 10), held("d"), held("c"), waiting("long", 90)]
    assert order(*calls) == order(*reversed(calls)) == ["long", "a", "b", "c", "d"]


# ---- what is marked (OC1)


def lapsed(w: World) -> None:
    w.at(10).coming("Maria")
    w.after(121)


def lost(w: World) -> None:
    w.at(10).ana_is_lost()


def parked(w: World) -> None:
    w.after(10).is_here("Maria")
    w.ana_is_lost()
    w.after(121).leaves("Maria", parted_well=True)


def followed_up(w: World) -> None:
    parked(w)
    w.after(30 * 60)


def lost_for_15_min(w: World) -> None:
    w.at(10).is_here("Maria")
    w.ana_is_lost()
    w.after(15 * 60)


def in_danger(w: World) -> None:
    w.at(10).danger()


def at_the_fail_safe(w: World) -> None:
    w.at(181)


def silent_for_6_min(w: World) -> None:
    w.at(10).is_here("Maria")
    w.writes("Maria")
    w.after(6 * 60)


@pytest.mark.parametrize(
    ("story", "pin"),
    [
        (lapsed, "lapsed"),
        (lost, "lost"),
        (parked, "parked"),
        (followed_up, "follow_up"),
        (lost_for_15_min, "follow_up"),
        (in_danger, "danger"),
        (at_the_fail_safe, "failsafe"),
        (silent_for_6_min, "silent"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_oc01_what_must_not_be_overlooked_is_pinned(story: Callable[[World], None], pin: desk.Pin) -> None:
    w = a_call(a_group())
    story(w)
    assert pin in desk.pins(w.call)
    assert desk.is_pinned(w.call)
    assert pin in get_args(desk.Pin)


def test_oc01_a_call_in_good_hands_is_not_pinned() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    assert desk.pins(w.call) == []


def test_oc01_a_lapsed_pledge_and_the_fail_safe_are_past_once_someone_is_here() -> None:
    w = a_call(a_group())
    lapsed(w)
    w.at(200).is_here("Ben")
    assert desk.pins(w.call) == []


# ---- which calls (CB2, GR4)


def test_oc02_nobody_sees_their_own_call_at_the_desk() -> None:
    assert desk.on_desk([waiting("Vic", 10)], VIC, NOBODY) == []


def test_cb02_a_call_of_someone_with_whom_a_block_stands_is_not_on_the_desk_nor_theirs_to_reopen() -> None:
    call = waiting("Ana", 10)
    hidden = frozenset({account_of("Ana")})
    assert desk.on_desk([call], VIC, hidden) == []
    assert not desk.may_take(call, VIC, hidden)


def test_gr04_a_call_that_keeps_on_call_out_is_seen_by_whoever_of_them_is_in_it() -> None:
    call = replace(waiting("Ana", 10), volunteers_too=False)
    assert desk.on_desk([call], VIC, NOBODY) == []
    w = a_call(volunteers("Vic"), before=(-3, -2, -1))
    inside = replace(w.call, volunteers_too=False)
    assert desk.on_desk([inside], VIC, NOBODY) == [inside]


def test_gr04_a_volunteer_who_was_rung_as_a_peer_has_no_seat_at_the_desk() -> None:
    w = a_call(peers("Vic"))
    assert desk.seat_of(w.call, VIC) is None
    assert not desk.may_take(replace(w.call, volunteers_too=False), VIC, NOBODY)


# ---- content is hidden until accepted, and access ends with the call (OC2)


def sees_words(w: World, name: str) -> bool:
    return screens.may_see_words(w.call, w.of(name))


def test_oc02_a_volunteer_who_is_rung_reads_no_word_until_they_accept() -> None:
    w = a_call(a_group()).at(95)
    assert sees_words(w, "Maria"), "a peer who is asked reads why"
    assert not sees_words(w, "Vic")
    assert "Vic" not in w.readers()
    w.coming("Vic")
    assert sees_words(w, "Vic")
    assert "Vic" in w.readers()


def test_oc02_access_ends_with_the_call() -> None:
    w = a_call(a_group()).at(95)
    w.is_here("Vic", "Maria")
    w.ana_says("better")
    assert not sees_words(w, "Vic")
    assert not sees_words(w, "Maria")
    assert w.readers() == {"Ana"}


def test_oc02_access_ends_when_the_volunteer_leaves() -> None:
    w = a_call(a_group()).at(95)
    w.is_here("Vic")
    w.leaves("Vic")
    assert not sees_words(w, "Vic")
    assert not may_read_room(w.call, MemberId("Vic"))


def test_oc02_a_peer_who_was_stood_down_reads_no_word_any_more() -> None:
    w = a_call(peers("Maria", "Ben", "Nina")).at(5)
    w.is_here("Maria", "Ben")
    assert not sees_words(w, "Nina")


def test_oc02_into_a_parked_call_only_on_call_comes() -> None:
    w = a_call(a_group()).at(95)
    w.enters("Vic")
    parked(w)
    assert w.standing == "parked"
    assert sees_words(w, "Vic")
    assert not sees_words(w, "Maria")


# ---- what a volunteer may do (OC2, UC6, UC16)


def test_oc02_a_row_is_offered_to_whoever_is_on_duty_and_not_in_it() -> None:
    w = a_call(a_group()).at(95)
    assert desk.may_accept(w.call, VIC, on_duty=True)
    assert not desk.may_accept(w.call, VIC, on_duty=False)
    w.coming("Vic")
    assert not desk.may_accept(w.call, VIC, on_duty=True)
    w.ana_says("better")
    assert not desk.may_accept(w.call, account_of("Cora"), on_duty=True)


def test_oc02_a_parked_call_is_offered() -> None:
    w = a_call(a_group())
    parked(w)
    assert desk.may_accept(w.call, VIC, on_duty=True)


def test_uc03_the_desk_rings_until_the_call_is_answered() -> None:
    w = a_call(a_group(), volunteers("Val")).at(80)
    assert not desk.sounds(w.call, VIC), "their ring has not gone"
    w.at(95)
    assert desk.sounds(w.call, VIC)
    w.coming("Val")
    assert not desk.sounds(w.call, VIC)


def test_uc06_a_volunteer_comes_before_their_ring_and_is_never_refused() -> None:
    w = a_call(peers("Maria", "Ben", "Nina")).at(5)
    w.is_here("Maria", "Ben")
    call, seat = on_call.take_seat(w.call, person("Vic", Part.VOLUNTEER), w.now)
    assert seat.part is Part.VOLUNTEER
    after = responder.say_coming(call, seat.member, w.now, POLICY)
    assert may_read_room(after, seat.member)


@pytest.mark.parametrize(
    "who",
    [None, person("Vic"), replace(person("Vic", Part.VOLUNTEER), blocks=frozenset({ANA}))],
    ids=["nobody to this group", "a peer", "blocked"],
)
def test_uc16_who_is_not_of_on_call_here_takes_no_seat(who: Candidate | None) -> None:
    w = a_call(a_group()).at(5)
    assert refusal(on_call.take_seat, w.call, who, w.now) is Refusal.NOT_FOUND


def test_uc16_no_seat_is_taken_in_a_call_that_has_ended() -> None:
    w = a_call(peers("Maria")).at(5)
    w.is_here("Maria")
    w.ana_says("better")
    (cora,) = backups("Cora")
    assert refusal(on_call.take_seat, w.call, cora, w.now) is Refusal.CALL_OVER
