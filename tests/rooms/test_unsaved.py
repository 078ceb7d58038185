"""What went on in memory while the store was down is merged by version (UC15)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.call import Call, Closed, is_over
from rooms.unsaved import is_due_at_once, merged, still_rings
from tests.rooms.world import ANA, a_call, a_group


def a_running(version: int, words: str = "") -> Call:
    return replace(a_call(a_group()).call, version=version, words=words)


def a_finished(version: int) -> Call:
    running = a_running(version)
    return replace(running, end=Closed(at=running.raised_at, by=ANA, word="better"))


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


def test_uc15_of_two_states_of_one_number_what_people_were_told_counts_and_is_looked_at_at_once() -> None:
    told = a_running(4, "what the caller was told")
    after = merged(a_running(4, "what the store did by itself"), told)
    assert after == replace(told, version=5)
    assert is_due_at_once(after, told)


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
