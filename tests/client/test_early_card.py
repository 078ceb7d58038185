"""A card that overtakes the welcome is acknowledged all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from beside_client import Client
from server.handlers import presence
from tests.worlds import Member, World


async def test_uc08_a_card_that_came_before_the_welcome_counts_as_delivered(
    world: World, two_peers_available: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is raised in the moment in which the page is let in and not yet welcomed."""
    ana, maria, tom = two_peers_available
    await tom.page.close()
    welcome, raised = presence.welcome, asyncio.Event()
    let_in = asyncio.Event()

    async def in_the_meantime(*about: Any) -> Any:
        let_in.set()
        await raised.wait()
        return await welcome(*about)

    monkeypatch.setattr(presence, "welcome", in_the_meantime)
    again = Client(tom.page.account)
    world.people.append(again)
    starting = asyncio.ensure_future(again.start())
    await let_in.wait()
    await ana.page.raise_call(ana.group)
    raised.set()
    await starting
    call = await ana.page.until(lambda s: s.my_call_when(asked=2))
    assert call["targeted"] == 2
    assert maria.page.state.card_of(call["call"])
