"""What went on in memory while the store was down is merged by version (UC15)."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from presence.ids import MemberId
from rooms import caller
from rooms.call import (
    PEERS_HERE_AT_MOST,
    PLEDGES_AT_MOST,
    Call,
    Closed,
    Dismissed,
    Reached,
    Why,
    here,
    is_over,
    pledges,
)
from rooms.call import peers as peers_of
from rooms.refusals import Refused
from rooms.unsaved import PARTS, is_due_at_once, joined, merged, next_version, still_rings
from tests.rooms.world import ANA, World, a_call, a_group, backups, peers, volunteers


def a_running(version: int, words: str = "") -> Call:
    return replace(a_call(a_group()).call, version=version, words=words)


def a_finished(version: int) -> Call:
    running = a_running(version)
    return replace(running, end=Closed(at=running.raised_at, by=ANA, word="better"), changed={"end": version})


def test_uc15_a_call_that_the_store_never_saw_is_written() -> None:
    unsaved = a_running(3)
    assert merged(None, unsaved) is unsaved


def test_uc15_a_later_state_replaces_an_earlier_one() -> None:
    unsaved = a_running(5)
    assert merged(a_running(4), unsaved) is unsaved
    assert not is_due_at_once(unsaved, unsaved)


def test_uc15_an_earlier_state_replaces_nothing() -> None:
    assert merged(a_running(5), a_running(4)) is None


def test_uc15_the_same_state_is_not_written_twice() -> None:
    assert merged(a_running(4), a_running(4)) is None


def test_uc15_of_two_states_of_one_number_what_each_did_counts_and_is_looked_at_at_once() -> None:
    """A commit whose answer was late, and what went on in memory."""
    world = a_pressed_call()
    told = went_on(world, [("comes", "Maria", 1)])
    by_itself = went_on(world, [("cant", "Ben", 1)])
    after = merged(by_itself, told)
    assert after is not None
    assert after.version == told.version + 1
    assert after.recipients[MemberId("Maria")] == told.recipients[MemberId("Maria")]
    assert after.recipients[MemberId("Ben")] == by_itself.recipients[MemberId("Ben")]
    assert is_due_at_once(after, told)


def test_uc15_how_somebody_is_asked_on_one_half_takes_back_no_answer_on_the_other() -> None:
    """The later version said that the card was delivered, and "I can't" was lost (found by the faults suite)."""
    world = a_pressed_call()
    cant = went_on(world, [("cant", "Ben", 1)])
    ben = replace(world.call.recipients[MemberId("Ben")], reached=Reached.DELIVERED)
    delivered = next_version(world.call, replace(world.call, words="since"))
    delivered = next_version(delivered, replace(delivered, recipients={**delivered.recipients, ben.member: ben}))
    assert delivered.version > cant.version
    for after in (merged(cant, delivered), merged(delivered, cant)):
        assert after is not None
        assert after.recipients[ben.member].answer == cant.recipients[ben.member].answer


@pytest.mark.parametrize("version", [2, 3, 4])
def test_uc15_a_finished_call_never_comes_back(version: int) -> None:
    """The store has its end: no state that is as old, or older, opens it again."""
    assert merged(a_finished(4), a_running(version)) is None


def test_uc15_an_end_that_was_not_saved_ends_the_call() -> None:
    after = merged(a_running(4), a_finished(5))
    assert after is not None
    assert is_over(after)


def test_uc15_a_finished_call_is_never_rung_again() -> None:
    assert still_rings(a_running(4))
    assert not still_rings(a_finished(5))
    assert not still_rings(None)


VERSIONS = st.integers(min_value=1, max_value=6)


@given(saved=VERSIONS, unsaved=VERSIONS, ended=st.booleans(), same=st.booleans())
def test_uc15_merging_twice_changes_nothing_more_and_no_version_ever_falls(
    saved: int, unsaved: int, ended: bool, same: bool
) -> None:
    """A late commit, or a journal that is replayed after a crash in the middle of a merge."""
    before = a_finished(saved) if ended else a_running(saved)
    meanwhile = a_running(unsaved, "" if same else "other words")
    once = merged(before, meanwhile) or before
    assert once.version >= before.version
    assert merged(once, meanwhile) is None


# ---- several nodes, several branches


PEOPLE = ("Maria", "Ben", "Tom", "Una", "Pia")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["comes", "enters", "is_here", "leaves", "cant", "cancels", "undoes", "ends", "danger", "waits", "refuses"]
        ),
        st.sampled_from(PEOPLE),
        st.integers(min_value=1, max_value=100),
    ),
    max_size=6,
)


def a_pressed_call() -> World:
    world = a_call(peers(*PEOPLE), volunteers("Vic"), backups("Cora"))
    world.look()
    return world


def went_on(from_world: World, steps: list[tuple[str, str, int]]) -> Call:
    """What one half does with the call: each step that the rules allow is one version."""
    world = copy(from_world)
    for step, name, seconds in steps:
        before = world.call
        with suppress(Refused):
            _do(world, step, name, seconds)
        if world.call != before:
            world.call = next_version(before, world.call)
    return world.call


def _do(world: World, step: str, name: str, seconds: float) -> None:
    match step:
        case "comes":
            world.coming(name)
        case "enters":
            world.enters(name)
        case "is_here":
            world.is_here(name)
        case "leaves":
            world.leaves(name)
        case "cant":
            world.cant(name)
        case "cancels":
            world.cancels()
        case "undoes":
            world.undoes()
        case "ends":
            world.ana_says("better")
        case "danger":
            world.danger()
        case "refuses":
            world.ana(caller.refuse_helper, MemberId(name), world.now)
        case _:
            world.after(seconds)


def the_store_after(*branches: Call) -> Call:
    """Every node brings its branch, in this order."""
    saved: Call | None = None
    for branch in branches:
        saved = merged(saved, branch) or saved
    assert saved is not None
    return saved


def test_uc15_every_field_of_a_call_belongs_to_one_part() -> None:
    named = [field for part in PARTS.values() for field in part]
    assert sorted([*named, "version", "recipients", "changed"]) == sorted(f.name for f in fields(Call))


@settings(deadline=None)  # however slow the machine is
@given(begin=STEPS, one=STEPS, other=STEPS, third=STEPS)
def test_uc15_branches_give_one_call_in_whatever_order_they_meet(
    begin: list[Any], one: list[Any], other: list[Any], third: list[Any]
) -> None:
    world = a_pressed_call()
    world.call = went_on(world, begin)
    a, b, c = (went_on(world, steps) for steps in (one, other, third))
    assert joined(a, a) == a
    assert joined(a, b) == joined(b, a)
    assert joined(joined(a, b), c) == joined(a, joined(b, c))
    assert joined(world.call, a) == a, "what followed from it is all that is left of it"


@settings(deadline=None)  # however slow the machine is
@given(begin=STEPS, one=STEPS, other=STEPS)
def test_uc15_the_store_is_the_same_whoever_comes_first_and_no_place_is_given_twice(
    begin: list[Any], one: list[Any], other: list[Any]
) -> None:
    world = a_pressed_call()
    world.call = went_on(world, begin)
    a, b = went_on(world, one), went_on(world, other)
    saved, turned = the_store_after(a, b), the_store_after(b, a)
    assert replace(saved, version=0) == replace(turned, version=0)
    assert the_store_after(saved, a, b, a) == saved, "whoever comes once more changes nothing"
    assert len(peers_of(here(saved))) <= PEERS_HERE_AT_MOST
    assert len(peers_of(pledges(saved))) <= PLEDGES_AT_MOST
    if is_over(a) and not is_over(world.call) and a.reopened == b.reopened:
        assert is_over(saved), "an end by somebody's word is never lost to what the other half did"
    for branch in (a, b):
        assert saved.version >= branch.version
        if branch.danger_at is not None:
            assert saved.danger_at is not None


def test_uc06_of_a_place_that_two_halves_gave_away_the_nearer_keeps_it_and_the_other_is_told() -> None:
    world = a_pressed_call()
    world.call = went_on(world, [("is_here", "Maria", 1)])
    one = went_on(world, [("comes", "Ben", 1), ("comes", "Tom", 1), ("comes", "Una", 1)])
    later = world.after(5)
    other = went_on(later, [("comes", "Pia", 1)])
    saved = the_store_after(other, one)
    assert saved == replace(the_store_after(one, other), version=saved.version)
    assert saved.recipients[MemberId("Pia")].answer == Dismissed(Why.TAKEN)
    assert {r.name for r in pledges(saved)} == {"Ben", "Tom", "Una"}
    assert is_due_at_once(saved, other)


def test_uc00_a_call_that_was_opened_again_is_not_ended_by_its_old_end() -> None:
    world = a_pressed_call()
    closed = went_on(world, [("ends", "Maria", 1)])
    world.call = closed
    opened = went_on(world, [("danger", "Maria", 1)])
    assert opened.reopened == 1
    assert joined(closed, opened) == opened
    assert merged(closed, opened) == opened


def test_uc15_what_only_one_half_did_is_in_it_however_much_the_other_did() -> None:
    world = a_pressed_call()
    little = went_on(world, [("comes", "Maria", 1)])
    much = went_on(world, [("cant", "Ben", 1), ("comes", "Tom", 1), ("enters", "Tom", 1)])
    assert much.version > little.version
    both = the_store_after(much, little)
    assert both.recipients[MemberId("Maria")] == little.recipients[MemberId("Maria")]
    assert both.recipients[MemberId("Tom")] == much.recipients[MemberId("Tom")]


def test_uc15_an_end_is_not_lost_to_a_later_word_of_the_other_half_that_did_not_know_it() -> None:
    """The caller ended it here; on the other half they stopped it, which can be taken back, and took that back."""
    world = a_pressed_call()
    ended = went_on(world, [("ends", "Maria", 1)])
    went_on_there = went_on(world, [("comes", "Tom", 1), ("cancels", "Tom", 1), ("undoes", "Tom", 1)])
    assert went_on_there.changed["end"] > ended.changed["end"]
    assert is_over(the_store_after(went_on_there, ended))
    assert is_over(the_store_after(ended, went_on_there))
