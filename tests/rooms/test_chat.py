"""The room log as one reader may see it (CH1–CH3, CB2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import AccountId, DeviceId, MemberId, RoomId
from rooms.chat import (
    Entry,
    Kind,
    Shown,
    key_for,
    must_be_able_to_hide,
    must_be_able_to_say,
    must_be_own,
    position_continues,
    shown_to,
)
from rooms.group import Membership, Role
from rooms.refusals import Refusal
from tests.rooms.test_groups import MARIA, MODERATOR, OBSERVER
from tests.rooms.world import a_call, a_group, refusal

ANA, BEN = AccountId("account of Ana"), AccountId("account of Ben")
SAID = Entry(
    room=RoomId("room"),
    seq=7,
    kind=Kind.SAID,
    at=1_800_000_000_000,
    author=MemberId("Ana"),
    author_account=ANA,
    author_name="Ana",
    author_role=Role.MEMBER,
    simulated=False,
    text="hello",
    experience=True,
    reply_to=3,
    device=DeviceId("phone"),
    k="key-1",
)


def test_ch02_a_reader_without_a_block_sees_words_and_author() -> None:
    assert shown_to(SAID, BEN, set()) is Shown.ALL


def test_cb02_a_block_hides_words_and_author() -> None:
    assert shown_to(SAID, BEN, {ANA}) is Shown.GAP


def test_cb02_one_always_sees_ones_own_words() -> None:
    assert shown_to(SAID, ANA, {ANA}) is Shown.ALL


def test_ch01_the_author_alone_gets_the_key_back() -> None:
    assert key_for(SAID, "phone") == "key-1"
    assert key_for(SAID, "laptop") is None


@pytest.mark.parametrize(
    ("epoch", "seq", "goes_on"),
    [(1, 0, True), (1, 10, True), (1, 11, False), (2, 5, False), (0, 5, False)],
)
def test_ch02_a_reader_resumes_from_its_place_or_begins_anew(epoch: int, seq: int, goes_on: bool) -> None:
    assert position_continues(reader_epoch=epoch, reader_seq=seq, epoch=1, head=10) is goes_on


# ---- CH3: taking back, and what is left to read


@pytest.mark.parametrize("kind", [Kind.DELETED, Kind.HIDDEN])
def test_ch03_what_was_taken_away_nobody_reads_any_more_the_author_included(kind: Kind) -> None:
    gone = replace(SAID, kind=kind)
    assert shown_to(gone, BEN, set()) is Shown.PLACE
    assert shown_to(gone, ANA, set()) is Shown.PLACE


def test_ch03_a_deletion_does_not_show_through_a_block() -> None:
    assert shown_to(replace(SAID, kind=Kind.DELETED), BEN, {ANA}) is Shown.GAP


def test_ch03_the_author_alone_takes_their_words_back() -> None:
    assert must_be_own(SAID, ANA) is SAID
    assert refusal(must_be_own, SAID, BEN) is Refusal.NOT_FOUND
    assert refusal(must_be_own, None, ANA) is Refusal.NOT_FOUND


def test_ch03_taking_back_twice_is_once() -> None:
    assert refusal(must_be_own, replace(SAID, kind=Kind.DELETED), ANA) is None


@pytest.mark.parametrize("kind", [Kind.JOINED, Kind.LEFT])
def test_ch03_that_someone_came_or_went_is_nobodys_words(kind: Kind) -> None:
    assert refusal(must_be_own, replace(SAID, kind=kind), ANA) is Refusal.NOT_FOUND


def test_ch03_a_moderator_hides_words_in_the_groups_room_and_nobody_else_does() -> None:
    assert refusal(must_be_able_to_hide, MODERATOR, None) is None
    assert refusal(must_be_able_to_hide, MARIA, None) is Refusal.NOT_ALLOWED
    assert refusal(must_be_able_to_hide, OBSERVER, None) is Refusal.NOT_ALLOWED


def test_uc16_a_moderator_hides_nothing_in_a_call_room_even_when_they_are_in_it() -> None:
    w = a_call(a_group())
    w.enters("Maria")
    assert refusal(must_be_able_to_hide, MODERATOR, w.call) is Refusal.NOT_ALLOWED


# ---- who may say something


def member(name: str) -> Membership:
    return replace(MARIA, id=MemberId(name))


def test_gr03_an_observer_says_nothing_in_the_groups_room() -> None:
    assert refusal(must_be_able_to_say, OBSERVER, None) is Refusal.OBSERVERS_READ
    assert refusal(must_be_able_to_say, MARIA, None) is None


def test_gr03_an_observer_who_called_speaks_in_their_own_call() -> None:
    w = a_call(a_group())
    assert refusal(must_be_able_to_say, replace(OBSERVER, id=MemberId("Ana")), w.call) is None


def test_uc16_whoever_came_into_the_call_speaks_and_whoever_is_on_the_way_does_not_yet() -> None:
    w = a_call(a_group()).at(5)
    w.coming("Maria")
    assert refusal(must_be_able_to_say, member("Maria"), w.call) is Refusal.NOT_ALLOWED
    w.enters("Maria")
    assert refusal(must_be_able_to_say, member("Maria"), w.call) is None
    w.is_here("Maria")
    assert refusal(must_be_able_to_say, member("Maria"), w.call) is None


def test_uc16_nobody_speaks_in_a_call_that_has_ended() -> None:
    w = a_call(a_group()).at(5)
    w.is_here("Maria")
    w.ana_says("better")
    for name in ("Ana", "Maria"):
        assert refusal(must_be_able_to_say, member(name), w.call) is Refusal.CALL_OVER
