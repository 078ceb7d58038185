"""What a screen may say of a call, to the caller and to a responder (UC4–UC6, UC8, UC9, UC12, UC17)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rooms import screens
from tests.rooms.world import POLICY, PRESS, World, a_call, a_group, backups, peers, volunteers


def next_rings(w: World) -> list[tuple[str, float]]:
    return [(s.ring.name, ((s.at or 0) - PRESS) / 1000) for s in screens.announced(w.call, POLICY)]


def near(w: World) -> list[str]:
    return [r.name for r in screens.nearest_first(w.call)]


def sounds(w: World, name: str) -> bool:
    return screens.may_sound(w.call, w.of(name))


def told(w: World, name: str) -> str:
    return screens.stood_down(w.call, w.of(name))


# ---- the caller's screen


def test_uc08_what_comes_next_is_said_with_its_time() -> None:
    w = a_call(a_group())
    assert next_rings(w) == [("AWAY", 45), ("VOLUNTEERS", 90), ("BACKUP", 180)]


def test_uc08_a_ring_that_would_reach_nobody_is_not_announced_and_the_next_one_is_at_its_time() -> None:
    w = a_call(peers("Maria"), volunteers("Vic"), backups("Cora"))
    assert next_rings(w) == [("VOLUNTEERS", 45), ("BACKUP", 180)]


def test_uc08_a_ring_that_waits_for_someone_who_is_in_the_room_has_no_time_to_tell() -> None:
    w = a_call(a_group()).at(10)
    w.enters("Maria")
    assert "AWAY" not in dict(next_rings(w))


def test_uc08_nearest_first_and_nobody_who_only_looked_or_declined() -> None:
    w = a_call(peers("Maria", "Ben", "Nina", "Lou", "Kit"))
    w.coming("Nina")
    w.at(1).is_here("Maria")
    w.at(2).enters("Ben")
    w.cant("Lou")
    assert near(w) == ["Maria", "Ben", "Nina"]


def test_uc04_the_fail_safe_is_not_said_before_its_time_nor_once_someone_is_here() -> None:
    w = a_call(a_group()).at(179)
    assert screens.failsafe(w.call) == "none"
    w.at(180)
    assert screens.failsafe(w.call) == "nobody"
    w.is_here("Maria")
    assert screens.failsafe(w.call) == "none"


def test_uc04_whoever_said_so_before_it_and_is_not_here_is_named() -> None:
    w = a_call(a_group()).at(100)
    w.coming("Maria")
    w.at(180)
    assert screens.failsafe(w.call) == "pledged_not_here"


def test_uc04_whoever_says_so_after_it_has_broken_no_promise() -> None:
    w = a_call(a_group()).at(181)
    w.coming("Maria")
    assert screens.failsafe(w.call) == "none"


# ---- a responder's card


def test_uc06_with_one_here_cards_stay_and_their_sound_stops() -> None:
    w = a_call(peers("Maria", "Ben")).at(5)
    assert sounds(w, "Ben")
    w.is_here("Maria")
    assert told(w, "Ben") == "no"
    assert not sounds(w, "Ben")


def test_uc06_with_two_here_the_others_are_thanked() -> None:
    w = a_call(peers("Maria", "Ben", "Nina")).at(5)
    w.is_here("Maria", "Ben")
    assert told(w, "Nina") == "enough_people"
    assert [told(w, name) for name in ("Maria", "Ben")] == ["no", "no"]


def test_uc07_whoever_said_cant_is_told_nothing_more() -> None:
    w = a_call(peers("Maria", "Ben", "Nina")).at(5)
    w.cant("Nina")
    w.is_here("Maria", "Ben")
    assert told(w, "Nina") == "no"


@pytest.mark.parametrize(("why", "says"), [("ok", "they_are_ok"), ("mistake", "mistake")])
def test_uc09_after_a_cancel_they_hear_the_callers_own_word(why: str, says: str) -> None:
    w = a_call(peers("Maria")).at(5)
    w.cancels(why)
    assert told(w, "Maria") == says
    assert told(w.after(61), "Maria") == says


@pytest.mark.parametrize("feeling", ["better", "same", "worse"])
def test_uc08_how_it_went_for_the_caller_is_told_to_nobody(feeling: str) -> None:
    w = a_call(peers("Maria")).at(5)
    w.is_here("Maria")
    w.ana_says(feeling)
    assert told(w, "Maria") == "ended"


def test_uc12_a_parked_call_has_ended_for_peers_and_goes_on_for_the_volunteer_who_follows_up() -> None:
    w = a_call(a_group()).at(95)
    w.enters("Vic")
    w.is_here("Maria")
    w.ana_is_lost()
    w.after(121).leaves("Maria", parted_well=True)
    assert w.standing == "parked"
    assert (told(w, "Maria"), told(w, "Vic")) == ("ended", "no")


def test_uc17_in_danger_the_coordinators_card_sounds_though_someone_is_here() -> None:
    w = a_call(a_group()).at(5)
    w.is_here("Maria")
    w.danger()
    assert sounds(w, "Cora")
    assert not sounds(w, "Ben")


def test_uc05_who_is_silent_is_asked_to_look_and_only_those_who_are_here() -> None:
    w = a_call(peers("Maria", "Ben")).at(5)
    w.is_here("Maria")  # Ana wrote last: she waits
    w.after(180)
    assert screens.prompt(w.call, w.of("Maria")) == "you_are_silent"
    assert screens.prompt(w.call, w.of("Ben")) == "none"
    w.writes("Maria")
    w.after(180)
    assert screens.prompt(w.call, w.of("Maria")) == "they_are_silent"


def test_uc12_after_an_hour_the_helper_is_asked_whether_it_is_time_to_close() -> None:
    w = a_call(peers("Maria")).at(5)
    w.is_here("Maria")
    held = replace(w.call, offers_to_close=1)
    assert screens.prompt(held, w.of("Maria")) == "offer_close"
