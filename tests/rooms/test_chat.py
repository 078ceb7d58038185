"""The room log as one reader may see it (CH1–CH3, CB2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import AccountId, DeviceId, MemberId, RoomId
from rooms.chat import Entry, Kind, position_continues, visible_to
from rooms.group import Role
from server.handlers.chat import view_for

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
    assert visible_to(SAID, BEN, set())


def test_cb02_a_block_hides_words_and_author() -> None:
    assert not visible_to(SAID, BEN, {ANA})


def test_cb02_one_always_sees_ones_own_words() -> None:
    assert visible_to(SAID, ANA, {ANA})


@pytest.mark.parametrize("kind", [Kind.SAID, Kind.JOINED, Kind.LEFT, Kind.DELETED, Kind.HIDDEN])
def test_ch02_what_a_reader_may_not_see_is_a_gap_with_its_place_alone(kind: Kind) -> None:
    view = view_for(replace(SAID, kind=kind), BEN, "laptop", {ANA})
    assert view == type(view)(seq=7, kind="gap")


@pytest.mark.parametrize("kind", [Kind.DELETED, Kind.HIDDEN])
@pytest.mark.parametrize("reader", [ANA, BEN])
def test_ch02_what_was_deleted_arrives_without_author_or_body(kind: Kind, reader: AccountId) -> None:
    view = view_for(replace(SAID, kind=kind), reader, "laptop", set())
    assert (view.seq, view.author, view.text, view.k, view.reply_to) == (7, None, "", None, None)


def test_ch01_the_author_alone_gets_the_key_back() -> None:
    assert view_for(SAID, ANA, "phone", set()).k == "key-1"
    assert view_for(SAID, ANA, "laptop", set()).k is None


@pytest.mark.parametrize(
    ("epoch", "seq", "goes_on"),
    [(1, 0, True), (1, 10, True), (1, 11, False), (2, 5, False), (0, 5, False)],
)
def test_ch02_a_reader_resumes_from_its_place_or_begins_anew(epoch: int, seq: int, goes_on: bool) -> None:
    assert position_continues(reader_epoch=epoch, reader_seq=seq, epoch=1, head=10) is goes_on
