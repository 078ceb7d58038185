"""Who belongs and what a role may do (GR1–GR7, PR1, UC16)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.availability import Quiet
from presence.ids import AccountId, GroupId, MemberId
from rooms.group import (
    Membership,
    Role,
    State,
    calls_on_call_alone,
    must_be_able_to_open,
    must_be_active,
    must_moderate,
    must_write,
    size_band,
)
from rooms.refusals import SENTENCES, Refusal, Refused
from tests.rooms.world import refusal

MARIA = Membership(
    id=MemberId("Maria"),
    account=AccountId("account of Maria"),
    group=GroupId("group"),
    name="Maria",
    role=Role.MEMBER,
    state=State.ACTIVE,
    availability=Quiet(),
    introduced=True,
    rung_when_away=False,
    hidden=False,
    joined_at=0,
)
OBSERVER = replace(MARIA, role=Role.OBSERVER)
MODERATOR = replace(MARIA, role=Role.MODERATOR)
PENDING = replace(MARIA, state=State.PENDING)
REMOVED = replace(MARIA, state=State.REMOVED)


@pytest.mark.parametrize("who", [None, PENDING, REMOVED, replace(MODERATOR, state=State.REMOVED)])
def test_gr02_whoever_is_not_in_the_group_gets_one_and_the_same_answer(who: Membership | None) -> None:
    for must in (must_be_active, must_write, must_moderate, must_be_able_to_open):
        assert refusal(must, who) is Refusal.NOT_FOUND


def test_gr03_an_observer_reads_and_does_not_write_or_open() -> None:
    assert must_be_active(OBSERVER) is OBSERVER
    assert refusal(must_write, OBSERVER) is Refusal.OBSERVERS_READ
    assert refusal(must_be_able_to_open, OBSERVER) is Refusal.OBSERVERS_READ


@pytest.mark.parametrize(("who", "alone"), [(PENDING, True), (REMOVED, True), (MARIA, False), (OBSERVER, False)])
def test_gr03_a_pending_or_removed_members_press_goes_to_on_call_alone(who: Membership, alone: bool) -> None:
    assert calls_on_call_alone(who) is alone


def test_gr07_only_a_moderator_moderates() -> None:
    assert must_moderate(MODERATOR) is MODERATOR
    assert refusal(must_moderate, MARIA) is Refusal.NOT_ALLOWED
    assert refusal(must_moderate, OBSERVER) is Refusal.NOT_ALLOWED


def test_gr07_a_moderator_and_a_member_write() -> None:
    assert must_write(MARIA) is MARIA
    assert must_write(MODERATOR) is MODERATOR


def test_pr01_being_open_needs_the_introduction_first() -> None:
    assert refusal(must_be_able_to_open, replace(MARIA, introduced=False)) is Refusal.INTRODUCTION_NEEDED
    assert must_be_able_to_open(MARIA) is MARIA


@pytest.mark.parametrize(
    ("members", "band"), [(0, "under 10"), (9, "under 10"), (10, "10 to 50"), (50, "10 to 50"), (51, "over 50")]
)
def test_gr01_a_stranger_learns_a_size_band(members: int, band: str) -> None:
    assert size_band(members) == band


def test_every_refusal_has_a_sentence_and_says_what_to_do() -> None:
    assert set(SENTENCES) == set(Refusal)
    for code in Refusal:
        refused = Refused(code, "a detail for the log")
        for sentence in (refused.sentence, refused.what_to_do):
            assert sentence.endswith((".", "!"))
            assert "a detail" not in sentence
            assert not {"her", "him", "she", "he"} & set(sentence.lower().rstrip(".").split())
