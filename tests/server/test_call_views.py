"""What each sees of a call (UC8, UC4, UC6, OC1, OC2, GR6): facts that carry, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from presence.ids import MemberId
from rooms import caller, responder
from rooms.call import Part, Reached
from server.handlers.call_views import caller_view, card, desk_row
from server.wire.frames import Card, DeskRow, MyCall
from tests.rooms.world import POLICY, World, a_call, a_group, account_of, backups, peers, person, volunteers

WORDS = "I am standing in the kitchen"


def mine(w: World) -> MyCall:
    return caller_view(w.call, w.now, POLICY)


def card_of(w: World, name: str) -> Card:
    return card(w.call, w.of(name), w.now, POLICY)


def row_for(w: World, name: str = "Vic", *, on_duty: bool = True) -> DeskRow:
    return desk_row(w.call, account_of(name), w.now, POLICY, on_duty=on_duty)


def plain(frame: object) -> dict[str, object]:
    """The frame as it travels, without what only tells versions and times apart."""
    found: dict[str, object] = json.loads(msgspec.json.encode(frame))
    return {k: v for k, v in found.items() if k not in ("version", "now")}


# ---- UC8


def test_uc08_asking_counts_people_whose_device_has_the_card() -> None:
    w = a_call(peers("Maria", "Ben", "Nina"), mute=["Ben", "Nina"])
    assert mine(w).asked == 1
    w.call = responder.card_reached(w.call, MemberId("Ben"), Reached.SENT)
    assert mine(w).asked == 1  # sent is not delivered
    w.call = responder.card_reached(w.call, MemberId("Ben"), Reached.DELIVERED)
    assert mine(w).asked == 2


def test_uc08_one_person_with_two_seats_is_one_person() -> None:
    w = a_call(peers("Maria"), before=(-3, -2, -1))
    seat = person("Maria at the desk", Part.VOLUNTEER)
    w.comes_to_the_server(replace(seat, account=account_of("Maria")))
    assert len(w.call.recipients) == 2
    assert mine(w).asked == 1


@pytest.mark.parametrize("how", ["seen", "cant"])
def test_uc08_the_caller_never_learns_how_many_looked_or_declined(how: str) -> None:
    w = a_call(a_group()).at(5)
    before = plain(mine(w))
    if how == "seen":
        w.call = responder.card_reached(w.call, MemberId("Maria"), Reached.SEEN)
    else:
        w.cant("Maria")
    assert plain(mine(w)) == before
    assert {"seen", "cant", "declined", "looked"}.isdisjoint(before)


@pytest.mark.parametrize("how", ["seen", "cant"])
def test_uc08_nor_does_another_peer(how: str) -> None:
    w = a_call(a_group()).at(5)
    before = plain(card_of(w, "Ben"))
    if how == "seen":
        w.call = responder.card_reached(w.call, MemberId("Maria"), Reached.SEEN)
    else:
        w.cant("Maria")
    assert plain(card_of(w, "Ben")) == before


def test_uc08_a_decline_does_not_show_as_a_gap_in_a_later_attempt() -> None:
    w = a_call(a_group()).at(10)
    w.cant("Ben")
    w.is_here("Maria")
    w.at(60).leaves("Maria")
    view = mine(w)
    assert (view.asked, view.targeted) == (3, 3)


def test_uc08_who_is_coming_in_the_room_and_here_nearest_first() -> None:
    w = a_call(peers("Maria", "Ben", "Nina"))
    w.coming("Nina")
    w.at(1).is_here("Maria")
    w.at(2).enters("Ben")
    found = [(h.person.name, h.answer) for h in mine(w).helpers]
    assert found == [("Maria", "here"), ("Ben", "in_room"), ("Nina", "coming")]


def test_uc08_the_end_of_a_pledge_is_told() -> None:
    w = a_call(a_group()).at(10)
    w.coming("Maria")
    (helper,) = mine(w).helpers
    assert helper.until == w.now + 120_000


def test_uc08_a_helper_whose_line_is_lost_is_not_shown_as_connected() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.vanishes("Maria")
    (helper,) = mine(w).helpers
    assert not helper.connected


def test_uc08_what_comes_next_and_when() -> None:
    w = a_call(a_group())
    steps = [(s.ring, s.at - w.now, s.people) for s in mine(w).next]
    assert steps == [("away", 45_000, 1), ("volunteers", 90_000, 1), ("backup", 180_000, 1)]
    w.at(10).coming("Maria")
    assert [s.ring for s in mine(w).next if s.waits_for_pledge] == ["away", "volunteers"]


def test_uc08_a_ring_that_would_reach_nobody_is_not_announced() -> None:
    """An empty ring goes at once (UC3): with nobody away and nobody on shift, the next that comes is the backup."""
    w = a_call(peers("Maria") + volunteers("Vic"))
    assert [(s.ring, (s.at - w.call.waiting_since) // 1000, s.people) for s in mine(w).next] == [
        ("volunteers", 45, 1),
        ("backup", 180, 0),
    ]
    w = a_call(peers("Maria") + backups("Cora"))
    assert [(s.ring, (s.at - w.call.waiting_since) // 1000, s.people) for s in mine(w).next] == [("backup", 45, 1)]
    assert w.at(46).call.failsafe_at is not None, "and that is what then happens"


def test_uc04_the_fail_safe_screen_says_which_is_true() -> None:
    w = a_call(a_group()).at(179)
    assert mine(w).failsafe == "none"
    assert mine(w.at(180)).failsafe == "nobody"
    w.coming("Maria")
    assert mine(w).failsafe == "pledged_not_here"
    w.is_here("Maria")
    assert mine(w).failsafe == "none"


def test_uc04_who_says_coming_after_the_fail_safe_is_coming_and_broke_nothing() -> None:
    w = a_call(a_group()).at(181)
    assert mine(w).failsafe == "nobody"
    w.coming("Maria")
    assert mine(w).failsafe == "none"
    w = a_call(a_group()).at(170)
    w.coming("Maria")
    assert mine(w.at(181)).failsafe == "pledged_not_here"


def test_uc05_someone_is_here_is_offered_only_when_it_can_be_true() -> None:
    w = a_call(a_group()).at(5)
    w.coming("Maria")
    assert not mine(w).can_confirm_here
    w.enters("Maria")
    assert mine(w).can_confirm_here
    w.cancels()
    assert not mine(w).can_confirm_here


def test_uc09_the_time_to_undo_is_told() -> None:
    w = a_call(a_group()).at(5)
    w.cancels()
    assert mine(w).undo_until == w.now + 60_000
    assert mine(w).ended == "ok"


def test_uc12_the_return_asks_whether_they_still_need_someone() -> None:
    w = a_call(a_group()).at(10)
    w.ana_is_lost()
    w.at(1500)
    assert w.standing == "parked"
    assert not mine(w).ask_still_need
    w.ana_is_back()
    assert mine(w).ask_still_need


# ---- words


def test_uc02_the_card_carries_name_and_words() -> None:
    w = a_call(a_group(), words=WORDS)
    c = card_of(w, "Maria")
    assert (c.caller.name, c.my_name, c.words, c.room) == ("Ana", "Maria", WORDS, None)


def cancel(w: World) -> None:
    w.cancels()


def close(w: World) -> None:
    w.is_here("Maria")
    w.ana_says("better")


def park(w: World) -> None:
    w.is_here("Ben")
    w.ana_is_lost()
    w.at(125).leaves("Ben", parted_well=True)
    assert w.standing == "parked"


def refuse(w: World) -> None:
    w.ana(caller.refuse_helper, MemberId("Maria"), w.now)


def two_others_come(w: World) -> None:
    w.withdraws("Maria")
    w.is_here("Ben", "Nina")


def she_cannot(w: World) -> None:
    w.cant("Maria")


def she_leaves(w: World) -> None:
    w.enters("Maria")
    w.leaves("Maria")


@pytest.mark.parametrize("stand_down", [cancel, close, park, refuse, two_others_come, she_cannot, she_leaves])
def test_uc16_words_are_hidden_after_standing_down(stand_down: Callable[[World], None]) -> None:
    w = a_call(peers("Maria", "Ben", "Nina"), volunteers("Vic"), backups("Cora"), words=WORDS).at(5)
    w.coming("Maria")
    assert card_of(w, "Maria").words == WORDS
    stand_down(w)
    assert (card_of(w, "Maria").words, card_of(w, "Maria").room) == ("", None)


def test_uc06_the_others_are_thanked_when_two_are_here() -> None:
    w = a_call(peers("Maria", "Ben", "Nina"))
    w.is_here("Maria")
    assert (card_of(w, "Nina").stood_down, card_of(w, "Nina").sound_at) == ("no", None)  # stays, without sound
    w.is_here("Ben")
    assert card_of(w, "Nina").stood_down == "enough_people"


@pytest.mark.parametrize(("why", "says"), [("ok", "they_are_ok"), ("mistake", "mistake")])
def test_uc09_after_a_cancel_the_card_says_why(why: str, says: str) -> None:
    """Also once it cannot be undone any more, and when it was held; who could not come hears no more than the rest."""
    w = a_call(peers("Maria", "Ben")).at(5)
    w.cant("Ben")
    w.cancels(why)
    assert (card_of(w, "Maria").stood_down, card_of(w, "Ben").stood_down) == (says, says)
    w.at(70)
    assert (w.standing, card_of(w, "Maria").stood_down) == ("closed", says)
    held = a_call(peers("Maria", "Ben")).at(5)
    held.is_here("Maria")
    held.cancels(why)
    assert (held.standing, card_of(held, "Ben").stood_down) == ("closed", says)


@pytest.mark.parametrize("feeling", ["better", "same", "worse"])
def test_uc08_how_it_went_for_the_caller_is_on_no_card(feeling: str) -> None:
    w = a_call(peers("Maria", "Ben")).at(5)
    w.is_here("Maria")
    w.ana_says(feeling)
    assert {card_of(w, who).stood_down for who in ("Maria", "Ben")} == {"ended"}


def test_oc02_a_volunteer_sees_words_only_after_accepting() -> None:
    w = a_call(a_group(), words=WORDS).at(95)
    assert card_of(w, "Vic").words == ""
    w.coming("Vic")
    assert card_of(w, "Vic").words == WORDS
    w.withdraws("Vic")
    assert card_of(w, "Vic").words == ""


def test_uc17_the_coordinators_card_sounds_in_danger_though_someone_is_here() -> None:
    w = a_call(a_group()).at(95)
    w.is_here("Vic")
    w.danger()
    assert card_of(w, "Cora").sound_at == w.now
    assert card_of(w, "Cora").stood_down == "no"


def test_uc12_a_volunteer_who_follows_up_a_parked_call_is_not_stood_down() -> None:
    w = a_call(a_group(), words=WORDS).at(10)
    w.ana_is_lost()
    w.at(1500).enters("Vic")
    assert (w.standing, card_of(w, "Vic").stood_down, card_of(w, "Vic").words) == ("parked", "no", WORDS)


def test_uc17_debrief_after_the_end_for_whoever_was_here() -> None:
    w = a_call(a_group()).at(5)
    w.is_here("Maria")
    assert not card_of(w, "Maria").debrief
    w.ana_says("better")
    assert card_of(w, "Maria").debrief
    assert not card_of(w, "Ben").debrief


# ---- the desk


def test_oc01_the_desk_row_carries_no_words() -> None:
    w = a_call(a_group(), words=WORDS).at(100)
    w.is_here("Maria")
    for name in ("Vic", "Cora", "Vera"):
        assert WORDS not in json.dumps(plain(row_for(w, name)))
    assert "words" not in DeskRow.__struct_fields__


def test_oc01_the_figures_are_the_desks() -> None:
    w = a_call(a_group()).at(5)
    w.call = responder.card_reached(w.call, MemberId("Maria"), Reached.SEEN)
    w.cant("Ben")
    row = row_for(w)
    assert (row.targeted, row.delivered, row.seen, row.cant) == (2, 2, 2, 1)


def test_oc01_time_without_a_human() -> None:
    w = a_call(a_group()).at(5)
    assert row_for(w).no_human_since == w.call.raised_at
    w.is_here("Maria")
    assert row_for(w).no_human_since is None
    w.at(60).leaves("Maria")
    assert row_for(w).no_human_since == w.now


def test_oc01_what_is_pinned() -> None:
    w = a_call(a_group(), before=(-90, -80)).at(5)
    assert row_for(w).pinned == ["repeat"]  # the third raise in a day, told privately (UC9)
    w.coming("Maria")
    w.at(130)
    assert "lapsed" in row_for(w).pinned
    w.at(181)
    assert "failsafe" in row_for(w).pinned
    w.ana_is_lost()
    assert "lost" in row_for(w).pinned
    w.after(15 * 60)
    assert "follow_up" in row_for(w).pinned
    w.danger("Ana")
    assert "danger" in row_for(w).pinned


def test_oc01_a_parked_call_is_pinned_with_its_follow_up() -> None:
    w = a_call(a_group()).at(10)
    w.ana_is_lost()
    w.at(1500)
    row = row_for(w)
    assert "parked" in row.pinned
    assert row.follow_up_at is not None


def test_uc05_on_call_is_told_of_a_caller_who_has_been_silent_for_6_minutes() -> None:
    w = a_call(a_group()).at(10)
    w.is_here("Maria")
    w.writes("Maria")
    assert "silent" not in row_for(w.at(369)).pinned
    assert "silent" in row_for(w.at(370)).pinned


def test_gr06_no_view_carries_an_account() -> None:
    w = a_call(a_group(), words=WORDS).at(100)
    w.is_here("Maria")
    w.coming("Vic")
    for view in (mine(w), card_of(w, "Maria"), card_of(w, "Ben"), card_of(w, "Vic"), row_for(w)):
        assert "account of" not in json.dumps(plain(view))
