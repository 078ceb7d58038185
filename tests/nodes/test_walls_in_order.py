"""A wall that goes up on a node stands before any word that is told there after it, whoever is told of it first."""

from __future__ import annotations

from typing import Any

import pytest

from server.gateway.announcer import Announcer
from tests.nodes.world import Deployment
from tests.worlds import Member


class TellsLate:
    """The handlers' announcements of walls, as late as can be: where the loop is busy, what another node wrote is told
    before the handler that waits for its own commit goes on."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    def member_removed(self, *_removed: object) -> None: ...
    def block_changed(self, *_pair: object) -> None: ...
    def call_changed(self, *_call: object, **_how: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return getattr(self._announcer, name)


@pytest.fixture
def rome_tells_late(two: Deployment) -> None:
    rome = two.nodes[1].beside
    rome.services.changes = TellsLate(rome.announcer)


@pytest.mark.usefixtures("rome_tells_late")
async def test_uc16_who_was_removed_here_reads_no_word_that_was_said_elsewhere_after_it(apart: list[Member]) -> None:
    ana, maria, tom = apart
    for one in (maria, tom):
        await one.page.open_room(one.room)
    await maria.page.remove_member(tom.id)
    await ana.page.say(ana.room, "Only for those who are still here.")
    await maria.page.until(lambda s: s.said_in(maria.room) == ["Only for those who are still here."])
    assert tom.page.state.said_in(tom.room) == []


@pytest.mark.usefixtures("rome_tells_late")
async def test_cb02_whoever_blocked_somebody_here_reads_nothing_that_they_said_elsewhere_after_it(
    two: Deployment, apart: list[Member]
) -> None:
    ana, maria, tom = apart
    await maria.page.open_room(maria.room)
    await maria.page.block_member(tom.id)
    toms = await two.at(0, tom)
    await toms.say(tom.room, "not for Maria")
    await ana.page.say(ana.room, "for all")
    await maria.page.until(lambda s: "for all" in s.said_in(maria.room))
    assert maria.page.state.said_in(maria.room) == ["for all"]


async def test_uc16_who_was_refused_here_reads_no_word_of_the_call_that_was_said_elsewhere_after_it(
    two: Deployment, apart: list[Member]
) -> None:
    """Ana's and Tom's pages are on the node that tells late; Maria, who is in the call too, on the other."""
    ana, maria, tom = apart
    for peer in (maria, tom):
        await peer.be_available()
    call = await ana.page.raise_call(ana.group)
    here, there = await two.at(1, ana), await two.at(0, maria)
    for page in (tom.page, there):
        await page.until(lambda s: s.card_of(call))
    room = await tom.go_into(call)
    await Member(there, maria.membership).go_into(call)
    rome = two.nodes[1].beside
    rome.services.changes = TellsLate(rome.announcer)
    await here.refuse_helper(call, tom.id)
    await there.say(room, "Only for Ana.")
    await here.open_room(room)
    await here.until(lambda s: s.said_in(room) == ["Only for Ana."])
    assert tom.page.state.said_in(room) == []
