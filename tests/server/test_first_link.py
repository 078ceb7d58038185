"""The link that makes the first coordinator: each printed one works, one of them once (GR7)."""

from __future__ import annotations

import asyncio

import pytest

from beside_client import Refused
from server import offline
from server.people import set_coordinator
from server.site import first_link
from tests.by_hand import all_that_is_kept
from tests.worlds import World


async def test_gr07_whichever_log_is_read_its_link_works_and_after_one_none_does(world: World) -> None:
    """Several nodes start one after the other and share a store; so does one that is restarted."""
    printed = [world.first_token]
    for _ in range(2):
        await world.restart()
        printed.append(world.first_token)
    assert len(set(printed)) == 3
    vera = await world.account("Vera", first_token=printed[1])
    assert vera.me["coordinator"] is True
    for number, token in enumerate(printed):
        with pytest.raises(Refused, match="invite_spent"):
            await world.account(f"Vic{number}", first_token=token)
    await world.restart()
    assert world.beside.first_link is None


async def test_gr07_no_link_works_once_a_coordinator_was_made_by_hand(world: World) -> None:
    token = world.first_token
    await world.account("Vera")
    await asyncio.to_thread(
        offline.by_hand, world.beside.settings, lambda tx, now: set_coordinator(tx, "Vera", "", on=True, now=now)
    )
    with pytest.raises(Refused, match="invite_spent"):
        await world.account("Vic", first_token=token)
    await world.restart()
    await asyncio.to_thread(
        offline.by_hand, world.beside.settings, lambda tx, now: set_coordinator(tx, "Vera", "", on=False, now=now)
    )
    with pytest.raises(Refused, match="invite_spent"):
        await world.account("Vic", first_token=token)


async def test_gr07_of_a_link_only_a_digest_is_kept(world: World) -> None:
    assert world.first_token.encode() not in await all_that_is_kept(world)


async def test_gr07_links_of_long_ago_are_let_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_link, "LINKS_AT_MOST", 2)
    oldest = world.first_token
    for _ in range(2):
        await world.restart()
    with pytest.raises(Refused, match="invite_spent"):
        await world.account("Vera", first_token=oldest)
    await world.account("Vera", first_token=world.first_token)
