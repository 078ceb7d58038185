"""GR1: a group is found by keyword, with slips of the thumb and other endings, and by nothing that is not public."""

from __future__ import annotations

import pytest

from presence.ids import GroupId, RoomId
from rooms.group import Group
from rooms.search import matches

SOBER = Group(
    GroupId("g"),
    RoomId("r"),
    "Sober evenings",
    "For evenings without a drink.",
    ("alcohol", "recovery"),
    "Be kind.",
    (),
)


@pytest.mark.parametrize(
    "query", ["sober", "evening", "SOBER evenings", "sobr", "alchohol", "recovering", "drinks", "eve", "", "kind"]
)
def test_gr1_finds(query: str) -> None:
    assert matches(SOBER, query)


@pytest.mark.parametrize("query", ["grief", "sober grief", "cats", "ana", "xober sunday"])
def test_gr1_does_not_find(query: str) -> None:
    assert not matches(SOBER, query)
