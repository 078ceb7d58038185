"""Cancel, closing, parking, a lost caller, a restart (UC9, UC10, UC12, UC19)."""

from __future__ import annotations

import pytest

from presence.ids import MemberId
from rooms import caller, responder
from rooms.call import Parked, Reached, Ring, Silence
from rooms.refusals import Refusal
from tests.rooms.world import ANA, POLICY, World, a_call, a_group, refusal

SOON = 0.001
MINUTE = 60.0
HOUR = 3600.0


def held() -> World:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    return w


def parked_from_held() -> World:
    """Ana's connection is lost at 10; Maria leaves at 200: they parted well."""
    w = held()
    w.ana_is_lost()
    w.at(200).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    return w


def parked_from_open() -> World:
    w = a_call(a_group()).at(10)
    w.ana_is_lost()
    w.at(180 + 20 * MINUTE)
    assert w.standing == "parked"
    return w


# ---- UC9


@pytest.mark.parametrize("why", ["ok", "mistake"])
def test_uc09_cancel_stands_everyone_down(why: str) -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.cancels(why)
    assert w.standing == "cancelled"
    assert w.asking() == set()
    rung = w.call.ringings
    assert w.at(69).call.ringings == rung


def test_uc09_an_accept_after_a_cancel_hears_that_they_are_ok() -> None:
    w = a_call(a_group()).at(10)
    w.cancels()
    for act in (responder.say_coming, responder.enter):
        assert refusal(act, w.call, MemberId("Maria"), w.now, POLICY) is Refusal.THEY_ARE_OK
    w.at(71)
    assert w.standing == "closed"
    assert refusal(responder.say_coming, w.call, MemberId("Maria"), w.now, POLICY) is Refusal.THEY_ARE_OK


def test_uc09_undo_within_60_seconds_is_the_same_call() -> None:
    w = a_call(a_group()).at(30)
    w.cancels("mistake")
    w.at(90 - SOON).undoes()
    assert (w.standing, w.call.attempt) == ("open", 1)
    assert w.call.waiting_since == w.call.raised_at
    assert w.rang()["Dana"] == 90 - SOON  # what is overdue goes at once
    assert w.at(90).rang()["Vic"] == 90  # and the rest at its time


def test_uc09_undo_at_60_seconds_is_too_late() -> None:
    w = a_call(a_group()).at(30)
    w.cancels()
    w.now += 60_000
    assert refusal(caller.undo_cancel, w.call, ANA, w.now) is Refusal.TOO_LATE
    w.look()
    assert w.standing == "closed"
    assert w.deadline() is None
    assert refusal(caller.undo_cancel, w.call, ANA, w.now) is Refusal.TOO_LATE


def test_uc09_an_undo_does_not_claim_that_someone_who_was_stood_down_is_coming() -> None:
    """Maria was told that Ana is OK. She is asked again, and may pledge again."""
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    before = w.notified("Maria")
    w.at(20).cancels()
    w.at(60).undoes()
    assert w.standing == "open"
    assert w.answer("Maria") == "Asked"
    assert w.notified("Maria") > before
    assert w.of("Maria").sound_at == w.now
    w.coming("Maria")


def test_uc09_someone_in_the_room_is_still_in_the_room_after_an_undo() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.cancels()
    w.at(20).undoes()
    assert w.answer("Maria") == "InRoom"


def test_uc09_cancel_while_held_closes() -> None:
    w = held()
    w.cancels("ok")
    assert w.standing == "closed"
    assert refusal(caller.undo_cancel, w.call, ANA, w.now) is Refusal.TOO_LATE
    assert refusal(responder.enter, w.call, MemberId("Ben"), w.now, POLICY) is Refusal.THEY_ARE_OK


def test_uc09_a_second_cancel_does_not_move_the_window() -> None:
    w = a_call(a_group()).at(30)
    w.cancels()
    w.at(80).cancels()
    assert w.deadline() == 90


def test_uc09_nobody_is_said_to_be_here_in_a_cancelled_call() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.cancels()
    assert refusal(caller.confirm_here, w.call, ANA, w.now) is Refusal.CALL_OVER
    assert not caller.can_confirm_here(w.call)


@pytest.mark.parametrize(
    ("before", "quiet"), [((), False), ((-3, -2), False), ((-3599.999, -2, -1), True), ((-3600, -2, -1), False)]
)
def test_uc09_the_fourth_raise_in_an_hour_sounds_at_on_call_first(before: tuple[float, ...], quiet: bool) -> None:
    w = a_call(a_group(), before=before)
    assert w.call.quiet_cards is quiet
    assert ("Vic" in w.rang()) is quiet
    assert w.asking() >= {"Maria", "Ben"}  # no throttle blocks a call
    assert (w.of("Maria").sound_at is None) is quiet
    if quiet:
        assert w.of("Vic").sound_at == w.now


def test_uc09_cards_stay_quiet_for_newcomers_and_repeats_of_a_fourth_raise() -> None:
    w = a_call(a_group(), before=(-3, -2, -1)).at(300)
    assert w.of("Maria").sound_at is None
    assert w.of("Dana").sound_at is None
    assert w.of("Cora").sound_at == w.now


@pytest.mark.parametrize(
    ("before", "told"), [((), False), ((-9,), False), ((-86399.999, -9), True), ((-86400, -9), False)]
)
def test_uc09_the_third_raise_in_24_hours_tells_a_volunteer(before: tuple[float, ...], told: bool) -> None:
    assert a_call(a_group(), before=before).call.tell_volunteer is told


# ---- UC10


def test_uc10_the_call_lives_without_the_caller() -> None:
    w = a_call(a_group()).at(5)
    w.ana_is_lost()
    assert w.at(95).rang()["Vic"] == 90
    assert w.call.lost_since == w.call.raised_at + 5000


def test_uc10_a_push_after_2_minutes_and_a_volunteers_follow_up_after_15() -> None:
    w = held()
    w.ana_is_lost()
    assert w.at(130 - SOON).call.calls_back == 0
    assert w.at(130).call.calls_back == 1
    assert w.at(10 + 15 * MINUTE - SOON).call.calls_back == 1
    assert w.at(10 + 15 * MINUTE).call.calls_back == 2


def test_uc10_a_page_that_resumes_ends_it() -> None:
    w = held()
    w.ana_is_lost()
    w.at(60).ana_is_back()
    assert w.call.lost_since is None
    assert w.at(500).call.calls_back == 0


def test_uc10_losing_a_second_page_does_not_start_the_count_anew() -> None:
    w = held()
    w.ana_is_lost()
    w.at(100).ana_is_lost()
    assert w.at(130).call.calls_back == 1


def test_cb04_a_quick_exit_keeps_the_call_alive() -> None:
    w = held()
    w.ana(caller.step_away)
    w.ana_is_lost()
    assert w.standing == "held"
    assert w.at(1000).call.stepped_away
    w.ana_is_back()
    assert not w.call.stepped_away


# ---- UC12


@pytest.mark.parametrize("feeling", ["better", "same", "worse"])
def test_uc12_the_caller_closes(feeling: str) -> None:
    w = held()
    w.ana_says(feeling)
    assert w.standing == "closed"
    assert w.deadline() is None
    assert w.asking() == set()
    assert w.at(10 * HOUR).standing == "closed"


def test_uc12_more_goes_straight_to_on_call() -> None:
    w = held()
    w.at(30).ana_says("more")
    assert w.standing == "held"
    assert w.rang()["Vic"] == 30
    assert "Vic" in w.asking()


def test_uc12_more_while_a_volunteer_is_here_brings_another() -> None:
    w = a_call(a_group()).at(95)
    w.is_here("Vic")
    w.at(100).ana_says("more")
    assert w.rang()["Cora"] == 100


def test_uc12_more_after_a_cancel_brings_the_call_back() -> None:
    w = a_call(a_group()).at(10)
    w.cancels()
    w.at(20).ana_says("more")
    assert w.standing == "open"
    assert w.rang()["Vic"] == 20


def test_uc12_more_after_the_end_is_never_a_silent_yes() -> None:
    w = held()
    w.ana_says("same")
    assert refusal(caller.close, w.call, ANA, w.now, "more", POLICY) is Refusal.TOO_LATE


def test_uc12_held_and_away_2_minutes_and_parted_well_is_parked() -> None:
    w = held()
    w.ana_is_lost()
    w.at(130).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    assert w.call.attempt == 1


def test_uc12_away_less_than_2_minutes_and_it_waits_again() -> None:
    w = held()
    w.ana_is_lost()
    w.at(130 - SOON).leaves("Maria", parted_well=True)
    assert (w.standing, w.call.attempt) == ("open", 2)


def test_uc12_without_the_word_it_waits_again() -> None:
    w = held()
    w.ana_is_lost()
    w.at(500).leaves("Maria")
    assert (w.standing, w.call.attempt) == ("open", 2)


def test_uc12_with_the_caller_there_it_waits_again_whatever_the_helper_says() -> None:
    w = held()
    w.at(500).leaves("Maria", parted_well=True)
    assert (w.standing, w.call.attempt) == ("open", 2)


def test_uc12_the_last_one_here_parks_and_not_one_before() -> None:
    w = held()
    w.is_here("Ben")
    w.ana_is_lost()
    w.at(300).leaves("Maria", parted_well=True)
    assert w.standing == "held"
    w.leaves("Ben", parted_well=True)
    assert w.standing == "parked"


def test_uc12_a_call_in_which_on_call_is_wanted_is_not_parked_by_a_peer() -> None:
    w = held()
    w.ana_says("more")
    w.ana_is_lost()
    w.at(300).leaves("Maria", parted_well=True)
    assert w.standing == "open"
    assert "Vic" in w.asking()


def test_uc12_an_open_call_is_parked_when_the_caller_is_away_20_minutes_after_the_fail_safe() -> None:
    w = a_call(a_group()).at(10)
    w.ana_is_lost()
    assert w.at(180 + 20 * MINUTE - SOON).standing == "open"
    assert w.at(180 + 20 * MINUTE).standing == "parked"


def test_uc12_away_is_counted_from_when_the_caller_went() -> None:
    w = a_call(a_group()).at(1000)
    w.ana_is_lost()
    assert w.at(1000 + 20 * MINUTE - SOON).standing == "open"
    assert w.at(1000 + 20 * MINUTE).standing == "parked"


def test_uc12_a_caller_who_is_there_is_never_parked() -> None:
    assert a_call(a_group()).at(24 * HOUR).standing == "open"


def test_uc12_a_call_with_a_pledge_is_not_parked() -> None:
    w = a_call(a_group()).at(10)
    w.ana_is_lost()
    w.at(180 + 20 * MINUTE - 5).enters("Maria")
    assert w.at(180 + 25 * MINUTE).standing == "coming"


@pytest.mark.parametrize("how", [parked_from_held, parked_from_open])
def test_uc12_parked_has_no_rings_and_always_a_follow_up(how: object) -> None:
    assert callable(how)
    w = how()
    since, rung = w.seconds, w.call.ringings
    assert w.asking() == set()
    assert w.deadline() == since + 30 * MINUTE
    w.at(since + 30 * MINUTE)
    assert isinstance(w.call.end, Parked)
    assert w.call.end.followed_up == 1
    assert w.deadline() == since + 30 * MINUTE + 12 * HOUR
    w.after(72 * HOUR)
    assert w.standing == "parked"
    assert w.deadline() is not None
    assert w.call.ringings == rung


def test_uc12_nobody_is_said_to_be_coming_to_a_parked_call() -> None:
    w = held()
    w.ana_is_lost()
    w.at(190).coming("Ben")
    w.at(200).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    assert w.answer("Ben") not in ("Coming", "InRoom")
    assert refusal(responder.enter, w.call, MemberId("Ben"), w.now, POLICY) is Refusal.CALL_OVER


def test_uc12_the_callers_return_asks_whether_they_still_need_someone() -> None:
    w = parked_from_held()
    assert isinstance(w.call.end, Parked)
    assert not w.call.end.caller_is_back
    w.at(400).ana_is_back()
    assert isinstance(w.call.end, Parked)
    assert w.call.end.caller_is_back


def test_uc12_still_needing_someone_is_a_new_attempt() -> None:
    w = parked_from_held()
    w.at(400).ana_is_back()
    w.ana(caller.still_need, w.now, need=True)
    assert (w.standing, w.call.attempt, w.call.waiting_since) == ("open", 2, w.now)
    assert {n for n, at in w.rang().items() if at == 400} == {"Maria", "Ben", "Dana", "Vic"}


def test_uc12_not_needing_anyone_closes() -> None:
    w = parked_from_held()
    w.ana(caller.still_need, w.now, need=False)
    assert w.standing == "closed"


def test_uc12_more_from_a_parked_call_is_a_new_attempt_with_on_call() -> None:
    w = parked_from_held()
    w.at(400).ana_says("more")
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert w.rang()["Vic"] == 400


def test_uc12_a_parked_call_that_is_cancelled_and_undone_rings_at_once() -> None:
    w = parked_from_open()
    w.ana_is_back()
    w.cancels("ok")
    w.after(10).undoes()
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert w.rang()["Maria"] == w.seconds
    assert w.rang()["Vic"] == w.seconds


def test_uc12_a_volunteer_follows_up_and_the_call_is_held_again() -> None:
    w = parked_from_open()
    w.ana_is_back()
    w.after(60).enters("Vic")
    assert w.standing == "parked"
    w.writes("Vic", "Ana")
    assert w.standing == "held"
    w.after(60).leaves("Vic")
    assert (w.standing, w.call.attempt) == ("open", 2)


def test_uc12_a_volunteer_who_vanishes_from_a_parked_call_has_left() -> None:
    w = parked_from_open()
    w.enters("Vic")
    w.vanishes("Vic")
    w.after(30)
    assert w.answer("Vic") == "Left"
    assert w.standing == "parked"


def test_uc12_held_60_minutes_offers_to_close() -> None:
    w = held()
    while w.seconds < 10 + HOUR - 100:  # they talk
        w.after(100).writes("Maria", "Ana", "Maria")
    assert w.at(10 + HOUR - SOON).call.offers_to_close == 0
    assert w.at(10 + HOUR).call.offers_to_close == 1
    assert w.standing == "held"


# ---- UC19


def test_uc19_presence_starts_anew_at_readiness() -> None:
    w = held()
    w.vanishes("Maria")
    w.stopped_until(600)
    assert w.standing == "held"
    assert w.at(630 - SOON).standing == "held"
    assert w.at(630).standing == "open"


def test_uc19_everyone_in_the_room_must_show_up_again() -> None:
    w = held()
    w.stopped_until(600)
    w.at(620).enters("Maria")
    assert w.at(640).standing == "held"


def test_uc19_silence_starts_anew_at_readiness() -> None:
    w = held()
    w.writes("Maria")
    w.at(20).writes("Ana")
    w.stopped_until(600)
    w.enters("Maria")
    w.ana_is_back()
    assert w.at(600 + 3 * MINUTE - SOON).call.silence is Silence.NONE
    assert w.at(600 + 3 * MINUTE).call.silence is Silence.HELPERS


def test_uc19_a_lost_caller_is_lost_anew_at_readiness() -> None:
    w = a_call(a_group()).at(5)
    w.ana_is_lost()
    w.stopped_until(600)
    assert w.call.calls_back == 0
    assert w.at(720).call.calls_back == 1


def test_uc19_ring_and_fail_safe_deadlines_do_not_start_anew() -> None:
    w = a_call(a_group()).at(40)
    w.stopped_until(50)
    assert w.rang()["Dana"] == 50  # was due at 45
    assert (w.comes(Ring.VOLUNTEERS), w.comes(Ring.BACKUP)) == (90, 180)
    assert w.at(180).call.failsafe_at == w.now


def test_uc19_a_pledge_ends_when_it_would_have() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.stopped_until(600)
    assert w.answer("Maria") != "Coming"
    assert w.call.failsafe_at is not None


def test_uc03_acks_of_a_device_survive_a_restart() -> None:
    w = a_call(a_group()).at(10)
    w.stopped_until(12)
    assert w.of("Maria").reached is Reached.DELIVERED
