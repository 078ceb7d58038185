"""Here, silence, leaving, and who may do what (UC0, UC5, UC16, UC17)."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from presence.ids import MemberId
from rooms import caller, either, on_call, responder
from rooms.call import Call, Recipient, Silence, may_read_room
from rooms.candidates import Candidate
from rooms.refusals import Refusal
from tests.rooms.world import ANA, POLICY, World, a_call, a_group, many_peers, peers, refusal, volunteers

SOON = 0.001
MINUTE = 60.0


def held(*names: str) -> World:
    """Someone is here since second 10, and has answered Ana's words."""
    w = a_call(a_group()).at(10)
    w.is_here(*(names or ("Maria",)))
    w.writes(*(names or ("Maria",)))
    return w


# ---- UC0


def test_uc00_open_coming_held() -> None:
    w = a_call(a_group())
    assert w.standing == "open"
    w.coming("Maria")
    assert w.standing == "coming"
    w.enters("Maria")
    assert w.standing == "coming"
    w.writes("Maria", "Ana")
    assert w.standing == "held"


def test_uc00_when_the_last_one_here_leaves_it_waits_again() -> None:
    w = held("Maria", "Ben")
    w.at(100).leaves("Maria")
    assert (w.standing, w.call.attempt) == ("held", 1)
    w.at(160).leaves("Ben")
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert w.call.waiting_since == w.now


def test_uc00_a_pledge_that_runs_makes_the_next_attempt_coming() -> None:
    w = held()
    w.coming("Ben")
    w.at(60).leaves("Maria")
    assert (w.standing, w.call.attempt) == ("coming", 2)


def test_uc00_nothing_but_a_word_ends_a_call() -> None:
    w = a_call(a_group())
    w.at(7 * 24 * 3600)
    assert w.standing == "open"
    assert w.deadline() is not None


# ---- UC5


def test_uc05_both_must_have_written_since() -> None:
    w = a_call(a_group())
    w.writes("Ana")
    w.at(10).enters("Maria")
    w.writes("Maria")
    assert w.answer("Maria") == "InRoom"  # Ana wrote before Maria came in
    w.writes("Ana")
    assert w.answer("Maria") == "Here"


def test_uc05_the_order_of_words_does_not_matter() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.writes("Ana")
    assert w.standing == "coming"
    w.writes("Maria")
    assert w.standing == "held"


def test_uc05_words_of_an_earlier_visit_do_not_count() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.writes("Maria")
    w.leaves("Maria")
    w.enters("Maria")
    w.writes("Ana")
    assert w.answer("Maria") == "InRoom"


def test_uc05_the_caller_may_say_that_someone_is_here() -> None:
    w = a_call(a_group()).at(10)
    assert refusal(caller.confirm_here, w.call, ANA, w.now) is Refusal.NOT_ALLOWED
    assert not caller.can_confirm_here(w.call)
    w.coming("Maria")
    assert not caller.can_confirm_here(w.call)  # offered only when someone is in the room
    w.enters("Maria")
    assert caller.can_confirm_here(w.call)
    w.ana(caller.confirm_here, w.now)
    assert w.standing == "held"
    assert not caller.can_confirm_here(w.call)


def test_uc05_someone_whose_connection_is_lost_is_not_confirmed_when_another_is_in_the_room() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria", "Ben")
    w.vanishes("Ben")
    w.at(20).ana(caller.confirm_here, w.now)
    assert (w.answer("Maria"), w.answer("Ben")) == ("Here", "InRoom")


def test_uc05_a_member_gone_30_seconds_has_left() -> None:
    w = held()
    w.at(50).vanishes("Maria")
    assert w.at(80 - SOON).standing == "held"
    w.at(80)
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert (w.answer("Maria"), w.rang()["Maria"]) == ("Asked", 80)  # and is asked again, like everyone


def test_uc05_one_who_comes_back_in_time_has_not_left() -> None:
    w = held()
    w.at(50).vanishes("Maria")
    w.at(79).enters("Maria")
    assert w.at(150).answer("Maria") == "Here"
    assert w.call.attempt == 1


def test_uc05_another_page_that_closes_does_not_give_more_time() -> None:
    w = held()
    w.at(50).vanishes("Maria")
    w.at(70).vanishes("Maria")
    assert w.at(80).standing == "open"


def test_uc05_a_page_that_was_missed_on_another_node_is_there_after_all() -> None:
    w = held()
    before = w.call.recipients
    w.at(50).vanishes("Maria")
    w.call = responder.still_in(w.call, MemberId("Maria"))
    assert w.call.recipients == before
    assert responder.still_in(w.call, MemberId("Maria")) is w.call
    assert responder.still_in(w.call, MemberId("nobody")) is w.call
    assert w.at(80).standing == "held"


def test_uc05_one_in_the_room_and_gone_30_seconds_has_left() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.vanishes("Maria")
    assert w.at(40).answer("Maria") == "Left"


def test_uc05_the_responder_is_nudged_at_3_minutes_and_not_here_at_5() -> None:
    w = held()
    w.at(30).writes("Ana")
    assert w.at(30 + 3 * MINUTE - SOON).call.silence is Silence.NONE
    assert w.at(30 + 3 * MINUTE).call.silence is Silence.HELPERS
    assert w.at(30 + 5 * MINUTE - SOON).standing == "held"
    w.at(30 + 5 * MINUTE)
    assert w.answer("Maria") == "InRoom"
    assert (w.standing, w.call.attempt) == ("coming", 2)
    assert w.rang()["Vic"] == 330


def test_uc05_a_caller_who_asks_again_and_again_does_not_start_the_responders_silence_anew() -> None:
    w = held()
    for at in (30, 90, 150, 209):
        w.at(at).writes("Ana")
    assert w.at(30 + 3 * MINUTE).call.silence is Silence.HELPERS
    w.at(250).writes("Ana")
    w.at(320).writes("Ana")
    w.at(30 + 5 * MINUTE)
    assert w.call.attempt == 2


def test_uc05_a_caller_who_loses_the_connection_does_not_start_the_responders_silence_anew() -> None:
    w = held()
    w.at(30).writes("Ana")
    w.at(100).ana_is_lost()
    w.at(110).ana_is_back()
    assert w.at(30 + 3 * MINUTE).call.silence is Silence.HELPERS


def test_uc05_words_of_a_responder_end_their_silence() -> None:
    w = held()
    w.at(30).writes("Ana")
    w.at(30 + 4 * MINUTE).writes("Maria")
    assert w.call.silence is Silence.CALLER  # Ana's last word is four minutes old: that counts from her word
    assert w.at(30 + 6 * MINUTE).standing == "held"


def test_uc05_a_caller_who_waits_for_a_first_word_is_not_left_waiting() -> None:
    """Ana said that someone is here; nobody has written a word."""
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.ana(caller.confirm_here, w.now)
    assert w.at(10 + 3 * MINUTE).call.silence is Silence.HELPERS
    assert w.at(10 + 5 * MINUTE).call.attempt == 2


def test_uc05_not_here_any_more_and_gone_is_still_gone() -> None:
    w = held()
    w.at(30).writes("Ana")
    w.at(30 + 5 * MINUTE - 10).vanishes("Maria")
    w.at(30 + 5 * MINUTE)
    assert w.answer("Maria") == "InRoom"
    assert w.at(30 + 5 * MINUTE + 20).answer("Maria") == "Left"


def test_uc05_three_who_fell_silent_do_not_make_six_pledges() -> None:
    """Three are here and three in the room. The silent ones go back to the room only as far as there are places."""
    w = a_call(many_peers(7)).at(10)
    w.coming("peer 03")
    w.is_here("peer 01", "peer 02")
    w.enters("peer 03")
    w.writes("peer 03", "Ana")
    assert [w.answer(f"peer 0{n}") for n in (1, 2, 3)] == ["Here"] * 3
    w.leaves("peer 03")
    w.leaves("peer 02")
    w.enters("peer 04", "peer 05", "peer 06")  # one is here: cards still ask
    w.at(10 + 5 * MINUTE)
    pledging = {r.name for r in w.call.recipients.values() if type(r.answer).__name__ in ("InRoom", "Coming")}
    assert w.call.attempt == 2
    assert pledging == {"peer 04", "peer 05", "peer 06"}
    assert "peer 01" in w.asking()  # and may come in again when there is a place


def test_uc05_a_silent_caller_is_asked_after_at_3_minutes_and_on_call_told_at_6() -> None:
    w = held()  # Ana wrote last at 10
    w.at(20).writes("Maria")
    assert w.at(10 + 3 * MINUTE - SOON).call.silence is Silence.NONE
    assert w.at(10 + 3 * MINUTE).call.silence is Silence.CALLER
    assert w.at(10 + 6 * MINUTE - SOON).call.silence is Silence.CALLER
    assert w.at(10 + 6 * MINUTE).call.silence is Silence.CALLER_TOLD
    w.writes("Ana")
    assert w.call.silence is Silence.NONE


def test_uc05_a_caller_who_is_not_connected_is_not_silent() -> None:
    w = held()
    w.at(20).writes("Maria")
    w.ana_is_lost()
    assert w.at(10 + 6 * MINUTE).call.silence is Silence.NONE
    w.ana_is_back()
    assert w.after(3 * MINUTE).call.silence is Silence.CALLER


# ---- UC16: who may


@pytest.mark.parametrize(
    "act",
    [
        lambda c, m, t: caller.cancel(c, m, t, "ok", POLICY),
        caller.undo_cancel,
        lambda c, m, t: caller.close(c, m, t, "better", POLICY),
        caller.confirm_here,
        lambda c, m, t: caller.narrow(c, m, frozenset(), volunteers_too=True),
        lambda c, m, t: caller.refuse_helper(c, m, MemberId("Ben"), t),
        lambda c, m, t: caller.still_need(c, m, t, need=True),
        lambda c, m, _t: caller.step_away(c, m),
    ],
)
def test_uc16_what_is_the_callers_is_nobody_elses(act: object) -> None:
    assert callable(act)
    w = held()
    for name in ("Maria", "Vic", "Nina"):
        assert refusal(act, w.call, MemberId(name), w.now) is Refusal.NOT_FOUND


def test_uc16_the_room_is_read_by_the_caller_and_those_in_it() -> None:
    w = a_call(a_group()).at(95)
    assert w.readers() == {"Ana"}
    w.coming("Maria", "Vic")
    assert w.readers() == {"Ana", "Vic"}  # an accepted volunteer
    w.enters("Maria")
    assert w.readers() == {"Ana", "Vic", "Maria"}
    w.leaves("Maria")
    w.withdraws("Vic")
    assert w.readers() == {"Ana"}


def test_uc16_access_ends_with_the_call() -> None:
    w = held()
    w.ana_says("better")
    assert w.readers() == {"Ana"}


def test_uc16_a_person_the_caller_refuses_hears_enough_people() -> None:
    w = held()
    w.ana(caller.refuse_helper, MemberId("Maria"), w.now)
    assert w.answer("Maria") == "Dismissed"
    assert w.call.attempt == 2
    assert refusal(responder.enter, w.call, MemberId("Maria"), w.now, POLICY) is Refusal.ENOUGH_PEOPLE
    w.at(4000)
    assert w.answer("Maria") == "Dismissed"  # and is not asked again


def test_uc16_a_refused_volunteer_is_not_rung_again_even_for_more() -> None:
    w = a_call(a_group()).at(95)
    w.is_here("Maria", "Vic")
    w.ana(caller.refuse_helper, MemberId("Vic"), w.now)
    w.ana_says("more")
    assert w.answer("Vic") == "Dismissed"
    assert "Cora" in w.rang()  # nobody else is a volunteer: the backup


def test_uc16_only_whoever_is_in_the_room_writes_in_it() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Ben")
    for name in ("Maria", "Ben"):
        assert refusal(either.wrote, w.call, MemberId(name), w.now) is Refusal.NOT_ALLOWED


def test_uc16_two_responders_who_block_each_other_the_later_hears_enough_people() -> None:
    maria, ben = peers("Maria", "Ben")
    people = (
        replace(maria, blocks=frozenset({MemberId("Ben")})),
        replace(ben, blocks=frozenset({MemberId("Maria")})),
    )
    w = a_call(people, volunteers("Vic"))
    w.coming("Maria")
    blocks = w.people["Ben"].blocks
    assert refusal(responder.say_coming, w.call, MemberId("Ben"), w.now, POLICY, blocks) is Refusal.ENOUGH_PEOPLE
    assert refusal(responder.enter, w.call, MemberId("Ben"), w.now, POLICY, blocks) is Refusal.ENOUGH_PEOPLE


def test_uc16_a_block_between_two_helpers_lets_the_nearer_stay() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Ben")
    w.at(20).is_here("Maria")
    w.block_between("Maria", "Ben")
    assert (w.answer("Maria"), w.answer("Ben")) == ("Here", "Dismissed")
    assert w.call.attempt == 1


def test_uc16_a_block_between_two_who_are_here_lets_the_first_stay() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Ben")
    w.at(20).is_here("Maria")
    w.block_between("Maria", "Ben")
    assert (w.answer("Ben"), w.answer("Maria")) == ("Here", "Dismissed")


def test_uc16_whoever_went_for_a_block_between_helpers_is_not_rung_again_beside_the_other() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Ben")
    w.at(20).coming("Maria")
    w.block_between("Maria", "Ben")
    w.at(60)
    assert w.answer("Maria") == "Dismissed"
    assert "Maria" not in w.asking()


def test_uc16_a_volunteer_closes_with_a_reason_after_the_callers_silence() -> None:
    w = a_call(a_group()).at(90)
    w.is_here("Vic")
    w.at(100).writes("Vic")
    close = on_call.close_as_volunteer
    vic = MemberId("Vic")
    w.at(100 + 3 * MINUTE - SOON)
    assert refusal(close, w.call, vic, w.now, "no_answer", POLICY) is Refusal.NOT_ALLOWED
    w.at(100 + 3 * MINUTE)
    w.call = close(w.call, vic, w.now, "no_answer", POLICY)
    assert w.standing == "closed"


def test_uc16_a_caller_who_waits_in_silence_is_not_closed() -> None:
    """Nobody has said a word to Ana: that she does not write is waiting, not silence."""
    w = a_call(a_group()).at(95)
    w.coming("Vic")
    w.at(200).enters("Vic")
    w.at(900)
    refused = refusal(on_call.close_as_volunteer, w.call, MemberId("Vic"), w.now, "no_answer", POLICY)
    assert refused is Refusal.NOT_ALLOWED


def test_uc16_a_volunteer_closes_for_a_caller_who_has_been_away_2_minutes() -> None:
    w = a_call(a_group()).at(90)
    w.is_here("Vic")
    w.at(100).ana_is_lost()
    vic = MemberId("Vic")
    w.at(220 - SOON)
    assert refusal(on_call.close_as_volunteer, w.call, vic, w.now, "left", POLICY) is Refusal.NOT_ALLOWED
    w.at(220)
    assert refusal(on_call.close_as_volunteer, w.call, vic, w.now, "left", POLICY) is None


@pytest.mark.parametrize("name", ["Maria", "Vera"])
def test_uc16_a_peer_and_a_volunteer_who_did_not_accept_cannot_close(name: str) -> None:
    w = a_call(a_group(), volunteers("Vera")).at(100)
    w.is_here("Maria")
    w.ana_is_lost()
    w.at(900)
    refused = refusal(on_call.close_as_volunteer, w.call, MemberId(name), w.now, "left", POLICY)
    assert refused is Refusal.NOT_ALLOWED


def test_uc16_a_peer_fetches_on_call_and_it_is_rung_at_once() -> None:
    w = held()
    w.at(40).wants_on_call("Maria")
    assert w.rang()["Vic"] == 40
    assert "Vic" in w.asking()  # though someone is here
    assert "Cora" not in w.at(130 - SOON).rang()
    assert w.at(130).rang()["Cora"] == 130
    before = w.notified("Vic")
    w.at(250 - SOON)
    assert w.notified("Vic") == before
    assert w.at(250).notified("Vic") > before  # until one comes


def test_uc16_on_call_that_was_fetched_is_rung_until_one_comes_in() -> None:
    w = held()
    w.at(40).wants_on_call("Maria")
    w.at(50).coming("Vic")
    assert "Cora" not in w.at(169).rang()  # Vic's pledge runs
    w.at(170)
    assert w.answer("Vic") == "Lapsed"
    assert w.rang()["Cora"] == 170
    w.enters("Cora")
    assert w.call.wanted_since is None
    rung = w.call.ringings
    assert w.at(1000).call.ringings == rung


def test_uc16_a_stranger_cannot_fetch_on_call() -> None:
    w = held()
    assert refusal(either.want_on_call, w.call, MemberId("Ben"), w.now) is Refusal.NOT_ALLOWED


def test_uc16_a_fetched_volunteer_who_is_already_pledged_and_does_not_come_is_missed() -> None:
    w = a_call(a_group()).at(90)
    w.is_here("Maria")
    w.coming("Vic")
    w.at(100).wants_on_call("Maria")
    w.at(211)
    assert w.answer("Vic") == "Lapsed" or w.rang()["Vic"] > 90
    assert "Cora" in w.rang()


def test_uc16_a_volunteer_who_comes_on_shift_while_on_call_is_wanted_is_rung_at_once() -> None:
    w = held()
    w.at(40).wants_on_call("Maria")
    w.at(60).comes_to_the_server(*volunteers("Vera"))
    assert w.rang()["Vera"] == 60


def test_uc16_a_wanted_volunteer_is_still_wanted_in_the_next_attempt() -> None:
    """Ana needed more; Maria left, Ben came: nobody of on-call has come yet."""
    w = held()
    w.at(40).ana_says("more")
    w.at(50).leaves("Maria")
    w.at(55).is_here("Ben")
    assert "Vic" in w.asking()


def test_uc16_reopen_by_a_volunteer_is_a_new_attempt() -> None:
    w = held()
    w.at(50).ana_says("better")
    w.at(60)
    w.call = on_call.reopen(w.call, w.now, POLICY)
    w.look()
    assert (w.standing, w.call.attempt, w.call.waiting_since) == ("open", 2, w.now)
    assert w.rang()["Maria"] == 60


def test_uc16_a_call_is_reopened_within_an_hour() -> None:
    w = held()
    w.at(50).ana_says("better")
    w.at(50 + 3600)
    assert refusal(on_call.reopen, w.call, w.now, POLICY) is None
    w.after(SOON)
    assert refusal(on_call.reopen, w.call, w.now, POLICY) is Refusal.TOO_LATE


# ---- UC17


def test_uc17_danger_calls_on_call_and_the_coordinator_at_once() -> None:
    w = held()
    w.at(40).danger("Maria")
    assert (w.rang()["Vic"], w.rang()["Cora"]) == (40, 40)
    assert {"Vic", "Cora"} <= w.asking()


def test_uc17_danger_calls_the_coordinator_though_a_volunteer_is_here() -> None:
    w = a_call(a_group()).at(90)
    w.is_here("Vic")
    w.at(100).danger("Vic")
    assert w.rang()["Cora"] == 100
    assert "Cora" in w.asking()
    w.enters("Cora")
    assert w.call.wanted_since is None


def test_uc17_danger_calls_the_coordinator_though_on_call_was_wanted_before() -> None:
    w = held()
    w.at(40).wants_on_call("Maria")
    w.at(45).danger("Maria")
    assert w.rang()["Cora"] == 45


def test_uc17_danger_brings_in_on_call_that_the_caller_kept_out() -> None:
    w = a_call(a_group(), volunteers_too=False).at(100)
    w.danger()
    assert (w.rang()["Vic"], w.rang()["Cora"]) == (100, 100)


@pytest.mark.parametrize("how", ["danger", "more"])
def test_uc17_danger_and_more_bring_back_on_call_that_was_sent_away_by_narrowing(how: str) -> None:
    w = a_call(a_group()).at(100)
    w.ana(caller.narrow, frozenset({MemberId("Maria")}), volunteers_too=False)
    assert w.answer("Vic") == "Dismissed"
    w.at(110)
    if how == "danger":
        w.danger()
    else:
        w.ana_says("more")
    assert w.rang()["Vic"] == 110
    assert "Vic" in w.asking()


def test_uc17_danger_in_a_cancelled_and_in_a_parked_call() -> None:
    w = a_call(a_group()).at(10)
    w.cancels()
    w.at(20).danger()
    assert (w.standing, w.rang()["Vic"], w.rang()["Cora"]) == ("open", 20, 20)

    w = held()
    w.ana_is_lost()
    w.at(200).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    w.at(300).danger()
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert (w.rang()["Vic"], w.rang()["Cora"]) == (300, 300)


def test_uc17_danger_in_a_call_that_just_ended() -> None:
    """Whatever the state: Ana closed the call, and Maria read in her last words that she is in danger."""
    w = held()
    w.at(50).ana_says("better")
    w.at(60).danger("Maria")
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert (w.rang()["Vic"], w.rang()["Cora"]) == (60, 60)

    w = held()
    w.at(50).ana_says("better")
    assert refusal(either.danger_now, w.call, MemberId("Ben"), w.now, POLICY) is Refusal.CALL_OVER  # was not here
    w.at(50 + 3600 + 1)
    assert refusal(either.danger_now, w.call, ANA, w.now, POLICY) is Refusal.TOO_LATE


def test_uc17_a_stranger_to_the_room_cannot_call_danger() -> None:
    w = held()
    assert refusal(either.danger_now, w.call, MemberId("Ben"), w.now, POLICY) is Refusal.NOT_ALLOWED


def test_uc17_a_call_in_danger_is_never_parked() -> None:
    w = held()
    w.danger()
    w.ana_is_lost()
    w.at(200).leaves("Maria", parted_well=True)
    assert (w.standing, w.call.attempt) == ("open", 2)
    assert w.at(4 * 3600).standing == "open"


def test_uc17_a_call_in_danger_that_reopens_calls_the_coordinator_at_once() -> None:
    w = held()
    w.danger()
    w.at(60).leaves("Maria")
    assert w.rang()["Cora"] == 60


def test_uc17_debrief_for_all_who_were_here() -> None:
    w = held("Maria", "Ben")
    w.at(60).leaves("Ben")
    w.at(200).ana_says("better")
    assert {r.name for r in w.call.recipients.values() if r.was_here} == {"Maria", "Ben"}


# ---- UC14


@pytest.mark.parametrize("kind", [Call, caller.Press, Candidate, Recipient])
def test_uc14_the_core_knows_no_place_and_no_number(kind: type) -> None:
    names = " ".join(f.name for f in fields(kind))
    for word in ("location", "address", "phone", "latitude", "position", "emergency"):
        assert word not in names


def test_uc18_the_call_belongs_to_one_group_and_pseudonym() -> None:
    w = a_call(a_group())
    assert (w.call.group, w.call.caller, w.call.caller_name) == ("group", ANA, "Ana")
    assert not may_read_room(w.call, MemberId("Ana in the other group"))
