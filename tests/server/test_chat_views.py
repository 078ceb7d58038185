"""What of an entry travels to one reader: the core says how much, and no field carries more (CH2, CH3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from presence.ids import AccountId
from rooms.chat import Kind
from server.handlers.chat import view_for
from tests.rooms.test_chat import ANA, BEN, SAID


@pytest.mark.parametrize("kind", [Kind.SAID, Kind.JOINED, Kind.LEFT, Kind.DELETED, Kind.HIDDEN])
def test_ch02_what_a_reader_may_not_see_is_a_gap_with_its_place_alone(kind: Kind) -> None:
    view = view_for(replace(SAID, kind=kind), BEN, "laptop", {ANA})
    assert view == type(view)(seq=7, kind="gap")


@pytest.mark.parametrize("kind", [Kind.DELETED, Kind.HIDDEN])
@pytest.mark.parametrize("reader", [ANA, BEN])
def test_ch02_what_was_deleted_arrives_without_author_or_body(kind: Kind, reader: AccountId) -> None:
    view = view_for(replace(SAID, kind=kind), reader, "laptop", set())
    assert (view.seq, view.author, view.text, view.k, view.reply_to) == (7, None, "", None, None)
