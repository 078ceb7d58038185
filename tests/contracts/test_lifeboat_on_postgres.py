"""UC15 on PostgreSQL: the database is stopped, or hangs, and calls go on; what happened meanwhile is saved when it is
back. The same stories as on SQLite, in tests/server/test_store_down.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.settings import Settings
from tests.postgres import Postgres, a_postgres, must_have_postgres
from tests.server.test_store_down import saved_again, talk_through_it
from tests.worlds import a_group_with, a_world


@asynccontextmanager
async def stopped(server: Postgres) -> AsyncIterator[None]:
    await asyncio.to_thread(server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def hanging(server: Postgres) -> AsyncIterator[None]:
    with server.hanging():
        yield


@pytest.mark.parametrize("trouble", [stopped, hanging])
async def test_uc15_a_call_rings_and_is_held_while_the_database_is(trouble: Any, tmp_path: Path) -> None:
    must_have_postgres()
    manager = a_postgres()
    server = await asyncio.to_thread(manager.__enter__)
    try:
        url = await asyncio.to_thread(server.fresh)
        async with a_world(tmp_path / "data", settings=replace(Settings(), database_url=url)) as world:
            maria, ana, tom = await a_group_with(world, "Maria", "Ana", "Tom")
            for peer in (maria, tom):
                await peer.be_available()
            async with trouble(server):
                call = await talk_through_it(ana, maria)
            mine = await saved_again(ana)
            assert (mine["call"], mine["standing"]) == (call, "held")
            assert (await ana.page.ask("say", room=mine["room"], text="Thank you."))["seq"] == 3
            assert (await ana.page.ask("close_call", call=call, feeling="better"))["saved"] is True
        name = url.removeprefix("postgresql:///").partition("?")[0]
        words = "SELECT text FROM entries WHERE kind = 'said' ORDER BY seq"
        (said,) = await asyncio.to_thread(server.ask, name, words)
        assert [text for (text,) in said] == ["I am here.", "I had the money out.", "Thank you."]
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)
