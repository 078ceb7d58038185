"""Who is rung, and when (UC2, UC3, GR3, GR4, CB2): every time just before it and at it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.availability import Reach
from presence.ids import MemberId
from rooms import caller, responder
from rooms.call import Part, Reached, Ring
from rooms.candidates import choose
from tests.rooms.world import (
    ANA,
    NO_BACKUP,
    World,
    a_call,
    a_group,
    account_of,
    away,
    backups,
    many_peers,
    peers,
    person,
    volunteers,
)

SOON = 0.001  # one tick of the clock


# ---- UC2: at once, by name, with sound


def test_uc02_every_available_peer_gets_the_card_at_once() -> None:
    w = a_call(peers("Maria", "Ben"), away("Dana"), volunteers("Vic"), backups("Cora"))
    assert w.rang() == {"Maria": 0, "Ben": 0}
    assert w.asking() == {"Maria", "Ben"}
    assert {r.name for r in w.call.recipients.values()} == {"Maria", "Ben"}  # by name


def test_uc02_a_quiet_member_is_not_rung() -> None:
    quiet = replace(person("Quinn"), open_to_calls=False)
    assert a_call(peers("Maria"), (quiet,)).rang() == {"Maria": 0}


def test_uc02_an_available_peer_on_standby_is_rung_and_one_out_of_reach_is_not() -> None:
    w = a_call(peers("Maria"), (person("Stan", reach=Reach.STANDBY), person("Otto", reach=Reach.AWAY)))
    assert w.rang() == {"Maria": 0, "Stan": 0}


def test_uc02_the_caller_is_never_rung_as_a_peer_or_as_a_volunteer() -> None:
    also_volunteer = replace(person("Ana at the desk", Part.VOLUNTEER), account=account_of("Ana"))
    w = a_call((person("Ana"), also_volunteer), volunteers("Vic"))
    assert w.rang() == {"Vic": 0}


def test_uc02_sound_for_twelve_at_once_and_for_the_rest_after_15_seconds() -> None:
    w = a_call(many_peers(15))
    sound = [r.sound_at for r in w.call.recipients.values()]
    assert sound.count(w.now) == 12
    assert sound.count(w.now + 15_000) == 3


def test_uc02_two_are_asked_first_those_who_were_asked_first_longest_ago() -> None:
    lately, long_ago, never = peers("Lately", "Longago", "Never")
    w = a_call((replace(lately, asked_first_at=900), replace(long_ago, asked_first_at=100), never))
    assert {r.name for r in w.call.recipients.values() if r.asked_first} == {"Never", "Longago"}
    assert w.of("Never").sound_at == w.now


def test_uc02_two_are_asked_first_in_a_later_attempt_too() -> None:
    w = a_call(many_peers(5))
    w.is_here("peer 01")
    w.after(60).leaves("peer 01")
    assert w.call.attempt == 2
    assert len([r for r in w.call.recipients.values() if r.asked_first and r.rung_at == w.now]) == 2


@pytest.mark.parametrize("whose", ["Maria", "Vic"])
def test_uc02_a_block_in_either_direction_keeps_the_card_away(whose: str) -> None:
    people = peers("Maria", "Ben") + volunteers("Vic", "Vera")
    blocked = tuple(replace(c, blocks=frozenset({ANA})) if c.name == whose else c for c in people)
    w = a_call(blocked, NO_BACKUP).at(3600)
    assert whose not in w.rang()


# ---- UC3: the rings of the first attempt


def test_uc03_away_members_who_opted_in_at_45_seconds() -> None:
    w = a_call(a_group())
    assert "Dana" not in w.at(45 - SOON).rang()
    assert w.at(45).rang()["Dana"] == 45


def test_uc03_volunteers_at_90_seconds() -> None:
    w = a_call(a_group())
    assert "Vic" not in w.at(90 - SOON).rang()
    assert w.at(90).rang()["Vic"] == 90


def test_uc03_backup_and_fail_safe_at_180_seconds() -> None:
    w = a_call(a_group())
    assert w.at(180 - SOON).call.failsafe_at is None
    assert "Cora" not in w.rang()
    assert w.at(180).call.failsafe_at == w.now
    assert w.rang()["Cora"] == 180


def test_uc03_an_away_member_who_is_on_a_break_is_not_rung() -> None:
    on_break = replace(away("Dana")[0], on_break=True)
    assert "Dana" not in a_call(peers("Maria"), (on_break,), volunteers("Vic")).at(80).rang()


def test_uc03_an_away_member_who_did_not_opt_in_or_takes_no_notification_is_not_rung() -> None:
    dana, emil = away("Dana", "Emil")
    people = (replace(dana, rung_when_away=False), replace(emil, takes_push=False))
    assert not {"Dana", "Emil"} & set(a_call(peers("Maria"), people, volunteers("Vic")).at(3600).rang())


def test_uc03_then_every_2_minutes_for_20_minutes_then_every_10() -> None:
    w = a_call(a_group())
    times: list[float] = []
    w.at(180)
    while w.seconds < 180 + 60 * 60:
        step = w.comes(Ring.AGAIN)
        assert step is not None
        before = w.notified("Cora")
        w.at(step - SOON)
        assert w.notified("Cora") == before
        w.at(step)
        assert w.notified("Cora") == before + 1
        times.append((step - 180) / 60)
    assert times == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 30, 40, 50, 60]


def test_uc03_every_2_minutes_the_peers_are_rung_too_and_every_10_on_call_alone() -> None:
    w = a_call(a_group()).at(180 + 20 * 60)
    assert w.rang() == dict.fromkeys(("Maria", "Ben", "Dana", "Vic", "Cora"), 180 + 20 * 60)
    w.at(180 + 30 * 60)
    assert w.rang() == dict.fromkeys(("Maria", "Ben", "Dana"), 1380) | {"Vic": 1980, "Cora": 1980}


def test_uc03_a_repeat_asks_a_volunteer_who_could_not_again_and_never_a_peer_who_could_not() -> None:
    w = a_call(a_group()).at(91)
    w.cant("Vic", "Maria")
    w.at(180)
    w.at(w.comes(Ring.AGAIN) or 0)
    assert w.rang()["Vic"] == w.seconds
    assert w.rang()["Maria"] == 0
    assert "Maria" not in w.asking()


# ---- UC3: an empty ring


def test_uc03_all_peers_cannot_and_the_next_ring_goes_at_once() -> None:
    w = a_call(a_group()).at(10)
    w.cant("Maria")
    assert "Dana" not in w.rang()
    w.cant("Ben")
    assert w.rang()["Dana"] == 10
    assert "Vic" not in w.rang()


def test_uc03_no_device_delivered_in_8_seconds_and_the_next_ring_goes() -> None:
    w = a_call(a_group(), mute=["Maria", "Ben"])
    assert "Dana" not in w.at(8 - SOON).rang()
    assert w.at(8).rang()["Dana"] == 8
    assert "Vic" not in w.at(20).rang()  # Dana's phone has shown it: her ring can still answer


def test_uc03_one_delivered_card_keeps_the_ring() -> None:
    assert "Dana" not in a_call(a_group(), mute=["Maria"]).at(44).rang()


def test_uc03_whoever_is_delivered_cannot_and_the_rest_never_got_it() -> None:
    w = a_call(a_group(), mute=["Maria"]).at(20)
    w.cant("Ben")
    assert w.rang()["Dana"] == 20


def test_uc03_a_card_that_was_only_sent_is_not_delivered() -> None:
    w = a_call(a_group(), mute=["Maria", "Ben"])
    w.call = responder.card_reached(w.call, MemberId("Maria"), Reached.SENT)
    assert w.at(8).rang()["Dana"] == 8


def test_uc03_rings_with_nobody_in_them_go_one_after_the_other_within_a_second() -> None:
    w = a_call(peers("Maria"), backups("Cora")).at(5)
    w.cant("Maria")
    w.after(1)
    assert w.rang()["Cora"] == 5
    assert w.call.failsafe_at is not None


def test_uc03_an_empty_ring_of_volunteers_brings_the_backup() -> None:
    w = a_call(a_group()).at(100)
    w.cant("Vic")
    assert w.rang()["Cora"] == 100


def test_uc03_volunteers_without_a_device_bring_the_backup_after_8_seconds() -> None:
    w = a_call(a_group(), mute=["Vic"])
    assert "Cora" not in w.at(98 - SOON).rang()
    assert w.at(98).rang()["Cora"] == 98


def test_uc03_an_empty_ring_of_peers_widens_a_repeated_call_too() -> None:
    """From the fourth raise on-call sounds first, and an empty ring of peers still brings the away members."""
    w = a_call(a_group(), before=(-3000, -2000, -1000)).at(10)
    w.cant("Maria", "Ben")
    assert w.rang()["Dana"] == 10


def test_uc03_volunteers_rung_early_by_a_person_are_not_an_empty_ring() -> None:
    w = a_call(a_group()).at(10)
    w.wants_on_call()
    assert w.rang()["Vic"] == 10
    w.mute.add("Cora")
    w.at(91)
    assert w.rings()["VOLUNTEERS"] == 90
    assert "BACKUP" not in w.rings()  # Vic's card is delivered and can still be answered


# ---- UC3: nobody at the press


def test_uc03_nobody_available_at_the_press_rings_away_members_and_on_call_at_once() -> None:
    w = a_call(away("Dana"), volunteers("Vic"), backups("Cora"))
    assert w.rang() == {"Dana": 0, "Vic": 0}
    assert "Cora" not in w.at(180 - SOON).rang()
    assert w.at(180).rang()["Cora"] == 180


def test_uc03_nobody_at_all_and_the_fail_safe_screen_is_there_at_once() -> None:
    w = a_call(peers())
    assert w.call.failsafe_at == w.now
    assert w.deadline() == 120


def test_uc03_a_peer_who_is_busy_is_nobody_available() -> None:
    w = a_call((replace(person("Maria"), busy=True),), volunteers("Vic"))
    assert w.rang() == {"Vic": 0}


# ---- UC3: from the second attempt


def held_and_left(at: float = 60) -> World:
    """Maria was here and left: the second attempt begins."""
    w = a_call(a_group()).at(20)
    w.cant("Ben")
    w.is_here("Maria")
    w.at(at).leaves("Maria")
    return w


def test_uc03_attempt_2_rings_peers_who_did_not_say_cant_and_on_call_at_once() -> None:
    w = held_and_left()
    assert w.call.attempt == 2
    assert {n for n, at in w.rang().items() if at == 60} == {"Maria", "Dana", "Vic"}
    assert "Ben" not in w.asking()


def test_uc03_attempt_2_fail_safe_90_seconds_later() -> None:
    w = held_and_left()
    assert w.at(150 - SOON).call.failsafe_at is None
    assert "Cora" not in w.rang()
    assert w.at(150).call.failsafe_at == w.now
    assert w.rang()["Cora"] == 150


def test_uc03_attempt_2_waits_for_no_pledge() -> None:
    w = a_call(a_group()).at(20)
    w.is_here("Maria")
    w.coming("Ben")
    w.at(60).leaves("Maria")
    assert {n for n, at in w.rang().items() if at == 60} == {"Maria", "Dana", "Vic"}


def test_uc03_attempt_2_asks_a_volunteer_who_could_not_before() -> None:
    w = a_call(a_group()).at(90)
    w.cant("Vic")
    w.is_here("Maria")
    w.at(120).leaves("Maria")
    assert w.rang()["Vic"] == 120
    assert "Vic" in w.asking()


def test_uc03_attempt_2_counts_the_devices_anew() -> None:
    w = a_call(a_group()).at(20)
    w.is_here("Ben")
    w.mute = {"Maria"}
    assert w.of("Maria").reached is Reached.DELIVERED
    w.at(60).leaves("Ben")
    assert w.call.attempt == 2
    assert w.of("Maria").reached is Reached.TARGETED


# ---- UC3: newcomers and busy people


def test_uc03_a_peer_who_becomes_available_is_rung_at_once() -> None:
    w = a_call(a_group()).at(33)
    w.comes_to_the_server(person("Nina"))
    assert w.rang()["Nina"] == 33
    assert w.of("Nina").sound_at == w.now


def test_uc03_an_away_member_is_rung_at_once_only_when_their_ring_has_gone() -> None:
    w = a_call(a_group()).at(30)
    w.comes_to_the_server(*away("Emil"))
    assert "Emil" not in w.rang()
    w.at(50).comes_to_the_server(*away("Fred"))
    assert w.rang()["Fred"] == 50


def test_uc03_a_volunteer_who_comes_on_shift_after_their_ring_is_rung_at_once() -> None:
    w = a_call(a_group()).at(100)
    w.comes_to_the_server(*volunteers("Vera"))
    assert w.rang()["Vera"] == 100


def test_uc03_someone_of_an_earlier_attempt_who_is_free_again_is_rung_at_once() -> None:
    """Ben was rung in the first attempt, was with someone else at the second, and is free now."""
    w = a_call(a_group()).at(20)
    w.is_here("Maria")
    w.people["Ben"] = replace(w.people["Ben"], busy=True)
    w.at(60).leaves("Maria")
    assert w.rang()["Ben"] == 0
    w.at(70).comes_to_the_server(replace(w.people["Ben"], busy=False))
    assert w.rang()["Ben"] == 70


def test_uc03_nobody_new_is_rung_while_someone_is_here() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.comes_to_the_server(person("Nina"))
    assert "Nina" not in w.rang()


def test_uc03_a_busy_member_is_not_rung_until_they_are_free() -> None:
    busy = replace(person("Nina"), busy=True)
    w = a_call(peers("Maria"), (busy,)).at(30)
    assert "Nina" not in w.rang()
    w.comes_to_the_server(replace(busy, busy=False))
    assert w.rang()["Nina"] == 30


# ---- UC3: restart


def test_uc03_a_restart_loses_no_ring_and_sends_what_is_overdue_once() -> None:
    w = a_call(a_group()).at(10)
    w.stopped_until(600)
    assert w.rang() == {"Maria": 0, "Ben": 0, "Dana": 600, "Vic": 600, "Cora": 600}
    assert w.comes(Ring.AGAIN) == 720


def test_uc03_a_long_stop_is_not_made_up_ring_by_ring() -> None:
    w = a_call(a_group()).at(200)
    before = w.call.ringings
    w.stopped_until(180 + 7 * 60)
    assert w.call.ringings == before + 1
    assert w.comes(Ring.AGAIN) == 180 + 8 * 60


def test_uc03_a_deadline_that_is_handled_twice_rings_once() -> None:
    w = a_call(a_group()).at(90)
    once = w.call
    w.look()
    assert w.call == once


# ---- GR3, GR4, CB2


def test_gr03_a_removed_members_press_goes_to_on_call_alone_at_once() -> None:
    w = a_call(a_group(), on_call_alone=True)
    assert w.rang() == {"Vic": 0}
    w.at(3600)
    assert set(w.rang()) == {"Vic", "Cora"}


def test_gr03_on_call_alone_is_not_narrowed_to_nobody() -> None:
    w = a_call(a_group(), on_call_alone=True, volunteers_too=False)
    assert w.rang() == {"Vic": 0}


def test_gr04_a_narrowed_call_asks_its_audience_and_then_on_call() -> None:
    w = a_call(a_group(), only=["Maria"]).at(3600)
    assert set(w.rang()) == {"Maria", "Vic", "Cora"}


def test_gr04_on_call_stays_out_when_the_caller_says_so() -> None:
    w = a_call(a_group(), only=["Maria"], volunteers_too=False).at(3600)
    assert set(w.rang()) == {"Maria"}
    assert w.call.failsafe_at is not None  # and the screen says the truth


def test_gr04_narrowing_a_running_call_stands_down_who_is_outside() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Ben")
    w.ana(caller.narrow, frozenset({MemberId("Maria")}), volunteers_too=True)
    assert w.asking() == {"Maria"}
    assert w.answer("Ben") == "Dismissed"
    assert w.standing == "open"


def test_gr04_widening_again_rings_who_was_outside() -> None:
    w = a_call(a_group()).at(10)
    w.ana(caller.narrow, frozenset({MemberId("Maria")}), volunteers_too=True)
    w.at(15).ana(caller.narrow, frozenset({MemberId("Maria"), MemberId("Ben")}), volunteers_too=True)
    assert w.rang()["Ben"] == 15
    assert "Ben" in w.asking()


def test_cb02_a_blocked_sole_volunteer_and_the_backup_and_coordinator_are_called() -> None:
    blocked = replace(volunteers("Vic")[0], blocks=frozenset({ANA}))
    w = a_call(peers("Maria"), (blocked,), backups("Cora"))
    w.at(91)
    assert "Vic" not in w.rang()
    assert "Cora" in w.rang()


@pytest.mark.parametrize("name", ["Maria", "Vic"])
def test_cb02_a_block_in_the_middle_of_a_call_ends_card_and_reading(name: str) -> None:
    w = a_call(a_group()).at(95)
    w.is_here(name)
    w.block_between(name, "Ana")
    assert w.answer(name) == "Dismissed"
    assert name not in w.asking() | w.readers()
    assert w.call.attempt == 2  # they were the only one here
    assert w.standing == "open"
    w.at(4000)
    assert w.answer(name) == "Dismissed"


def test_cb02_a_newcomer_who_is_blocked_is_not_rung() -> None:
    w = a_call(a_group()).at(20)
    w.comes_to_the_server(replace(person("Nina"), blocks=frozenset({ANA})))
    assert "Nina" not in w.at(3600).rang()


def test_cb02_a_block_works_while_the_call_is_parked_or_cancelled() -> None:
    w = a_call(a_group()).at(20)
    w.enters("Ben")
    w.cancels()
    w.block_between("Ben", "Ana")
    assert "Ben" not in w.readers()


def test_gr03_a_member_who_is_removed_leaves_the_call() -> None:
    w = a_call(a_group()).at(20)
    w.enters("Ben")
    w.is_removed("Ben")
    assert "Ben" not in w.asking() | w.readers()


# ---- PR6, UC8: what would be rung


def test_pr06_before_pressing_the_truth_is_what_a_press_would_ring() -> None:
    busy = replace(person("Nina"), busy=True)
    people = (*a_group(), busy)
    w = a_call(people)
    would = {c.name for c in choose(w.call, Ring.PEERS, people)}
    assert would == set(w.rang())


def test_uc08_what_comes_next_and_how_many_it_asks() -> None:
    w = a_call(a_group())
    assert (w.comes(Ring.AWAY), w.call.could_ask[Ring.AWAY]) == (45, 1)
    assert (w.comes(Ring.VOLUNTEERS), w.call.could_ask[Ring.VOLUNTEERS]) == (90, 1)
    assert (w.comes(Ring.BACKUP), w.call.could_ask[Ring.BACKUP]) == (180, 1)


def test_uc08_in_a_later_attempt_the_backup_counts_though_it_was_rung_before() -> None:
    w = a_call(a_group()).at(200)
    w.is_here("Maria")
    w.at(230).leaves("Maria")
    assert w.comes(Ring.BACKUP) == 320
    assert w.call.could_ask[Ring.BACKUP] == 1


def test_uc08_a_repeat_says_how_many_it_rings_again() -> None:
    w = a_call(a_group()).at(181)
    assert w.call.could_ask[Ring.AGAIN] == 5
    w.cant("Maria")
    assert w.call.could_ask[Ring.AGAIN] == 4
    w.at(180 + 20 * 60)
    assert w.call.could_ask[Ring.AGAIN] == 2  # from here on-call alone
