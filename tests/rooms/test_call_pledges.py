"""Coming, can't, and how many (UC4, UC6, UC7): pledges that lapse, and a compare-and-set that loses kindly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from presence.ids import MemberId
from rooms import caller, responder
from rooms.call import Reached, Ring
from rooms.refusals import SENTENCES, Refusal
from tests.rooms.world import POLICY, World, a_call, a_group, backups, many_peers, peers, person, refusal, volunteers

SOON = 0.001


def say_coming(w: World, name: str) -> Refusal | None:
    return refusal(responder.say_coming, w.call, MemberId(name), w.now, POLICY, w.people[name].blocks)


def enter(w: World, name: str) -> Refusal | None:
    return refusal(responder.enter, w.call, MemberId(name), w.now, POLICY, w.people[name].blocks)


# ---- UC4


def test_uc04_a_pledge_lapses_after_120_seconds() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    assert w.at(130 - SOON).standing == "coming"
    assert w.at(130).answer("Maria") == "Lapsed"
    assert w.standing == "open"


def test_uc04_one_pledge_per_person_and_attempt() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.at(130)
    assert say_coming(w, "Maria") is Refusal.PLEDGE_SPENT
    assert enter(w, "Maria") is None  # coming in counts
    w.is_here("Ben")
    w.at(200).leaves("Ben")
    assert w.call.attempt == 2
    w.coming("Maria")


def test_uc04_a_pledge_can_be_withdrawn() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.withdraws("Maria")
    assert w.standing == "open"
    assert w.answer("Maria") == "Withdrawn"
    assert say_coming(w, "Maria") is Refusal.PLEDGE_SPENT


def test_uc04_a_pledge_is_renewed_in_the_room_on_a_visible_page() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.at(100).enters("Maria")
    assert w.at(1000).standing == "coming"


def test_uc04_a_hidden_page_lets_the_pledge_lapse_120_seconds_later() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.at(50).hides_page("Maria")
    assert w.at(170 - SOON).answer("Maria") == "InRoom"
    assert w.at(170).answer("Maria") == "Lapsed"


def test_uc04_a_page_that_is_shown_again_renews() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.at(50).hides_page("Maria")
    w.at(100).enters("Maria")
    assert w.at(900).answer("Maria") == "InRoom"


def test_uc04_hiding_the_page_twice_does_not_buy_time() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    w.at(50).hides_page("Maria")
    w.at(100).hides_page("Maria")
    assert w.at(170).answer("Maria") == "Lapsed"


def test_uc04_the_45_second_ring_waits_while_a_pledge_runs() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    assert w.comes(Ring.AWAY) == 130
    assert "Dana" not in w.at(130 - SOON).rang()
    assert w.at(130).rang()["Dana"] == 130


def test_uc04_the_45_second_ring_waits_without_end_for_someone_in_the_room() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    assert w.comes(Ring.AWAY) is None
    assert "Dana" not in w.at(170).rang()


def test_uc04_the_90_second_ring_waits_at_most_until_120() -> None:
    w = a_call(a_group()).at(80)
    w.coming("Maria")
    assert w.comes(Ring.VOLUNTEERS) == 120
    assert "Vic" not in w.at(120 - SOON).rang()
    assert w.at(120).rang()["Vic"] == 120


def test_uc04_the_90_second_ring_goes_when_the_pledge_ends_before_120() -> None:
    w = a_call(a_group()).at(80)
    w.coming("Maria")
    w.at(100).withdraws("Maria")
    assert w.rang() == {"Maria": 0, "Ben": 0, "Dana": 45, "Vic": 100}


def test_uc04_a_pledge_that_ends_before_90_moves_nothing_but_the_overdue_ring() -> None:
    w = a_call(a_group()).at(40)
    w.coming("Maria")
    w.at(60).withdraws("Maria")
    assert w.rang()["Dana"] == 60
    assert "Vic" not in w.at(90 - SOON).rang()
    assert w.at(90).rang()["Vic"] == 90


def test_uc04_the_180_second_ring_never_waits() -> None:
    w = a_call(a_group()).at(110)
    w.coming("Maria")
    assert "Cora" not in w.at(180 - SOON).rang()
    assert w.at(180).rang()["Cora"] == 180
    assert w.call.failsafe_at == w.now
    assert w.standing == "coming"


def test_uc04_the_rings_wait_for_the_last_of_several_pledges() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.at(30).coming("Ben")
    w.at(60).withdraws("Maria")
    assert "Dana" not in w.at(110).rang()


def test_uc04_when_the_last_pledge_ends_every_overdue_ring_goes_at_once() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    w.at(115).withdraws("Maria")
    assert {n for n, at in w.rang().items() if at == 115} == {"Dana", "Vic"}


def test_uc04_the_backup_is_audible_though_a_volunteer_has_pledged() -> None:
    """The 180 s ring never waits: a volunteer who is only coming does not silence it."""
    w = a_call(a_group()).at(170)
    w.coming("Vic")
    w.at(181)
    assert "Cora" in w.asking()
    w.is_here("Vic")
    assert "Cora" not in w.asking()


def test_uc04_volunteers_are_asked_until_one_of_them_answers() -> None:
    w = a_call(peers("Maria"), volunteers("Vic", "Vera"), backups("Cora")).at(90)
    w.coming("Maria")
    assert {"Vic", "Vera"} <= w.at(125).asking()
    w.coming("Vic")
    assert "Vera" not in w.asking()
    w.withdraws("Vic")
    assert "Vera" in w.asking()


def test_uc04_the_pledge_is_told_with_its_end() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    assert w.deadline() == 120  # the 90 s ring; the pledge itself ends at 130
    w.at(125)
    assert w.deadline() == 130


# ---- UC6


def test_uc06_at_most_three_pledges_and_the_fourth_hears_so_kindly() -> None:
    w = a_call(many_peers(4))
    w.coming("peer 01", "peer 02", "peer 03")
    refused = say_coming(w, "peer 04")
    assert refused is Refusal.TAKEN
    assert "thank you" in SENTENCES[refused][0]


def test_uc06_a_second_tap_of_the_same_person_is_no_second_pledge() -> None:
    w = a_call(many_peers(4))
    w.coming("peer 01")
    before = w.call
    w.at(5).coming("peer 01")
    assert w.call.recipients == before.recipients


def test_uc06_entering_the_room_outranks_the_youngest_pledge() -> None:
    w = a_call(many_peers(4))
    w.coming("peer 01")
    w.at(1).coming("peer 02")
    w.at(2).coming("peer 03")
    w.at(3).enters("peer 04")
    assert [w.answer(f"peer 0{n}") for n in (1, 2, 3, 4)] == ["Coming", "Coming", "Asked", "InRoom"]
    assert "peer 03" in w.asking()
    assert enter(w, "peer 03") is None  # and may still come in


def test_uc06_nobody_outranks_three_who_are_in_the_room() -> None:
    w = a_call(many_peers(4))
    w.enters("peer 01", "peer 02", "peer 03")
    assert enter(w, "peer 04") is Refusal.TAKEN


def test_uc06_at_most_three_peers_are_here() -> None:
    w = a_call(many_peers(5))
    w.enters("peer 01", "peer 02", "peer 03")
    w.writes("Ana", "peer 01", "peer 02", "peer 03")
    assert [w.answer(f"peer 0{n}") for n in (1, 2, 3)] == ["Here"] * 3
    assert enter(w, "peer 04") is Refusal.TAKEN
    assert say_coming(w, "peer 04") is Refusal.TAKEN


def test_uc06_three_pledges_beside_those_who_are_here() -> None:
    w = a_call(many_peers(5))
    w.is_here("peer 01")
    w.coming("peer 02", "peer 03", "peer 04")
    assert say_coming(w, "peer 05") is Refusal.TAKEN


def test_uc06_with_three_here_not_even_a_pledge_opens_the_room() -> None:
    w = a_call(many_peers(4))
    w.coming("peer 03", "peer 04")
    w.is_here("peer 01", "peer 02", "peer 03")
    assert enter(w, "peer 04") is Refusal.TAKEN


def test_uc06_a_fourth_in_the_room_becomes_here_only_when_there_is_a_place() -> None:
    w = a_call(many_peers(4))
    w.coming("peer 03", "peer 04")
    w.is_here("peer 01", "peer 02")
    w.enters("peer 03")
    w.at(1).enters("peer 04")
    w.writes("peer 03", "peer 04", "Ana")
    assert [w.answer(f"peer 0{n}") for n in (1, 2, 3, 4)] == ["Here", "Here", "Here", "InRoom"]
    w.leaves("peer 01")
    w.writes("peer 04")
    assert w.answer("peer 04") == "Here"


def test_uc06_with_one_here_cards_stay_and_with_two_the_others_are_thanked() -> None:
    w = a_call(many_peers(4))
    w.is_here("peer 01")
    assert w.asking() == {"peer 02", "peer 03", "peer 04"}
    w.is_here("peer 02")
    assert w.asking() == set()
    assert say_coming(w, "peer 03") is Refusal.TAKEN
    assert enter(w, "peer 03") is Refusal.TAKEN


def test_uc06_with_two_here_nobody_new_takes_a_place_from_a_pledge() -> None:
    w = a_call(many_peers(6))
    w.coming("peer 03", "peer 04")
    w.is_here("peer 01", "peer 02")
    assert enter(w, "peer 06") is Refusal.TAKEN
    assert w.answer("peer 04") == "Coming"


def test_uc06_one_who_pledged_may_come_in_though_two_are_here() -> None:
    w = a_call(many_peers(3))
    w.coming("peer 03")
    w.is_here("peer 01", "peer 02")
    w.enters("peer 03")
    assert w.answer("peer 03") == "InRoom"


def test_uc06_volunteers_never_count() -> None:
    w = a_call(peers("Maria", "Ben"), volunteers("Vic"), before=(-3, -2, -1))
    w.is_here("Vic")
    w.is_here("Maria")
    assert "Ben" in w.asking()  # one peer is here: cards stay
    w.coming("Ben")


@pytest.mark.parametrize("act", [say_coming, enter])
def test_uc06_volunteers_are_never_refused(act: object) -> None:
    assert callable(act)
    w = a_call(many_peers(6), volunteers("Vic"), before=(-3, -2, -1))
    w.coming("peer 04", "peer 05")
    w.is_here("peer 01", "peer 02")
    assert act(w, "Vic") is None
    w.coming("Vic")
    w.at(121)
    assert w.answer("Vic") == "Lapsed"
    assert act(w, "Vic") is None  # not even for a spent pledge


def test_uc06_a_volunteer_does_not_take_a_peers_place() -> None:
    w = a_call(many_peers(4), volunteers("Vic"), before=(-3, -2, -1))
    w.coming("peer 01", "peer 02", "peer 03")
    w.enters("Vic")
    assert [w.answer(f"peer 0{n}") for n in (1, 2, 3)] == ["Coming"] * 3


def test_uc06_two_accept_at_once_and_one_of_them_loses() -> None:
    """Compare-and-set: whoever is second decides on the call as the first left it."""
    w = a_call(many_peers(4))
    w.coming("peer 01", "peer 02")
    w.coming("peer 03")
    assert say_coming(w, "peer 04") is Refusal.TAKEN


# ---- UC7


def test_uc07_cant_is_one_tap_without_penalty() -> None:
    w = a_call(a_group()).at(5)
    w.cant("Maria")
    assert "Maria" not in w.asking()
    w.coming("Maria")  # can't -> coming
    assert w.standing == "coming"


def test_uc07_cant_takes_a_pledge_back() -> None:
    w = a_call(a_group()).at(5)
    w.coming("Maria")
    w.cant("Maria")
    assert w.standing == "open"


def test_uc07_cant_is_not_said_from_inside_the_room() -> None:
    w = a_call(a_group()).at(5)
    w.enters("Maria")
    assert refusal(responder.say_cant, w.call, MemberId("Maria"), w.now) is Refusal.ALREADY_DONE


def test_uc07_cant_keeps_no_count_of_a_person() -> None:
    """What is kept is that they cannot now, and when; nothing that adds up."""
    w = a_call(a_group()).at(5)
    w.cant("Maria")
    w.at(6).cant("Maria")
    assert repr(w.of("Maria").answer) == f"CantNow(at={w.now - 1000})"


def _narrowed_out(w: World) -> None:
    w.ana(caller.narrow, frozenset({MemberId("Ben")}), volunteers_too=True)


def _widened(w: World) -> None:
    w.ana(caller.narrow, None, volunteers_too=True)


def _blocked(w: World) -> None:
    w.block_between("Maria", "Ana")


def _unblocked(w: World) -> None:
    w.unblock_between("Maria", "Ana")


OUT_AND_IN = pytest.mark.parametrize(("out", "back"), [(_narrowed_out, _widened), (_blocked, _unblocked)])


@OUT_AND_IN
def test_uc07_cant_stays_said_by_whoever_is_kept_out_and_let_back_in(
    out: Callable[[World], None], back: Callable[[World], None]
) -> None:
    """Their phone would ring for what they have answered."""
    w = a_call(a_group()).at(5)
    w.cant("Maria")
    before = w.of("Maria")
    out(w.after(1))
    assert w.answer("Maria") == "Dismissed"
    assert refusal(w.coming, "Maria") is Refusal.ENOUGH_PEOPLE
    back(w.after(1))
    assert w.of("Maria") == before
    w.after(3600)  # nor in any later ring
    assert w.of("Maria") == before
    w.coming("Maria")  # can't -> coming
    assert w.standing == "coming"


@OUT_AND_IN
def test_uc07_cant_that_crossed_with_a_block_or_a_narrowing_is_kept_too(
    out: Callable[[World], None], back: Callable[[World], None]
) -> None:
    """The tap was on its way when the card was taken back, and is acknowledged."""
    w = a_call(a_group()).at(5)
    out(w)
    w.cant("Maria")
    assert w.answer("Maria") == "Dismissed"
    said = w.now
    w.after(1).cant("Maria")
    back(w)
    assert repr(w.of("Maria").answer) == f"CantNow(at={said})"
    assert "Maria" not in w.asking()


def test_uc07_cant_said_beside_a_blocked_helper_holds_in_a_later_attempt() -> None:
    w = a_call(a_group()).at(5)
    w.coming("Ben", "Maria")
    w.block_between("Ben", "Maria")
    assert w.answer("Maria") == "Dismissed"
    w.cant("Maria")
    w.is_here("Ben")
    w.leaves("Ben")
    assert w.call.attempt == 2
    w.after(3600)
    assert w.answer("Maria") == "Dismissed"


def test_uc07_cant_of_whoever_the_caller_refused_changes_nothing() -> None:
    w = a_call(a_group()).at(5)
    w.coming("Maria")
    w.ana(caller.refuse_helper, MemberId("Maria"), w.now)
    before = w.of("Maria")
    w.after(1).cant("Maria")
    assert w.of("Maria") == before


def test_uc07_a_volunteer_who_declined_and_is_back_is_rung_at_once() -> None:
    """On-call is the last line: a "can't" of theirs holds for a ring, not for the call."""
    w = a_call(a_group()).at(95)
    w.cant("Vic")
    vic = w.people["Vic"]
    w.is_removed("Vic")
    w.after(5).comes_to_the_server(vic)
    assert "Vic" in w.asking()
    assert w.rang()["Vic"] == 100


def test_uc03_someone_who_left_may_come_again() -> None:
    w = a_call(a_group(), peers("Nina")).at(5)
    w.is_here("Maria", "Ben")
    w.leaves("Ben")
    assert w.answer("Ben") == "Left"
    w.enters("Ben")
    assert w.answer("Ben") == "InRoom"


def test_uc03_an_answer_from_a_notification_needs_no_page_before() -> None:
    w = a_call((person("Maria"),), mute=["Maria"])
    w.coming("Maria")
    assert w.standing == "coming"


def test_uc03_a_stranger_to_the_call_cannot_answer_it() -> None:
    w = a_call(peers("Maria"))
    for act in (responder.say_coming, responder.enter):
        assert refusal(act, w.call, MemberId("Nina"), w.now, POLICY) is Refusal.NOT_FOUND


def test_uc03_acks_only_rise() -> None:
    w = a_call(peers("Maria"))
    w.call = responder.card_reached(w.call, MemberId("Maria"), Reached.SEEN)
    again = responder.card_reached(w.call, MemberId("Maria"), Reached.SENT)
    assert again is w.call
