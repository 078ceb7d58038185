"""The restore drill on PostgreSQL; that on one machine is tests/server/test_backup.py."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from beside_client import sign_in
from server.backup import postgres
from server.backup.folder import save as save_folder
from server.settings import BadSetting, Settings
from server.store.migrate import upgrade, upgrade_postgres
from tests.fakes import MovableClock
from tests.postgres import Postgres, the_server
from tests.worlds import PASSPHRASE, World, a_group_with, a_world


@pytest.fixture
async def server() -> Postgres:
    return await the_server()


async def an_empty_database(server: Postgres) -> str:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    await asyncio.to_thread(server.ask, "postgres", f"CREATE DATABASE {name}")
    return server.url(name)


async def rows_of(server: Postgres, url: str, table: str) -> int:
    name = url.removeprefix("postgresql:///").partition("?")[0]
    (((count,),),) = await asyncio.to_thread(server.ask, name, f"SELECT count(*) FROM {table}")
    return int(count)


@pytest.fixture
async def world_on_postgres(server: Postgres, tmp_path: Path, clock: MovableClock) -> AsyncIterator[World]:
    url = await asyncio.to_thread(server.fresh)
    async with a_world(tmp_path / "data", clock, replace(Settings(), database_url=url)) as world:
        yield world
    await asyncio.to_thread(server.drop, url)


async def test_the_drill_on_postgres(
    world_on_postgres: World, server: Postgres, clock: MovableClock, tmp_path: Path
) -> None:
    world = world_on_postgres
    url = world.beside.settings.database_url
    maria, ana = await a_group_with(world, "Maria", "Ana")
    await maria.be_available()
    call = await ana.page.raise_call(ana.group, "please, “quoted”,\nand a second line")
    card = await maria.page.until(lambda state: state.card_of(call))
    log = await maria.page.open_room(maria.room)
    words = ["a, b", 'say "this"', "\\N", "line\nline", "ä🙂"]
    for word in words:
        await maria.page.say(maria.room, word)
    await world.beside.store.write(lambda tx: tx.nodes.say("oslo", 1, 1, 2**40, ana.id.encode(), deaf=True))
    file = tmp_path / "beside.backup"
    manifest = await asyncio.to_thread(postgres.save, url, file)
    assert manifest.store == "postgresql"
    await maria.page.say(maria.room, "after the backup")
    fingerprint = (await ana.page.list_records())["key"]

    elsewhere = await an_empty_database(server)
    done = await asyncio.to_thread(postgres.restore, file, elsewhere)
    assert (done.accounts, done.groups, done.live_calls) == (2, 1, 1)
    assert await rows_of(server, elsewhere, "nodes") == 0, "who was where is nobody's to keep"
    async with a_world(tmp_path / "elsewhere", clock, replace(Settings(), database_url=elsewhere)) as again:
        page = await again.page_of(await sign_in(again.url, "maria", PASSPHRASE))
        room = await page.open_room(maria.room)
        said = [entry["text"] for entry in room.entries if entry["kind"] == "said"]
        assert said == words
        assert room.epoch > log.epoch
        assert (await page.until(lambda state: state.card_of(call)))["words"] == card["words"]
        ana_again = await again.page_of(await sign_in(again.url, "ana", PASSPHRASE))
        assert (await ana_again.list_records())["key"] == fingerprint
        with pytest.raises(BadSetting, match="empty"):
            await asyncio.to_thread(postgres.restore, file, elsewhere)
    await asyncio.to_thread(server.drop, elsewhere)


async def test_a_flipped_byte_and_the_backup_of_a_folder_are_refused(server: Postgres, tmp_path: Path) -> None:
    full = await asyncio.to_thread(server.fresh)
    empty = await an_empty_database(server)
    file = tmp_path / "one"
    await asyncio.to_thread(postgres.save, full, file)
    whole = file.read_bytes()
    file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(BadSetting, match="damaged"):
        await asyncio.to_thread(postgres.restore, file, empty)
    settings = Settings(data=tmp_path / "data")
    settings.data.mkdir()
    await asyncio.to_thread(upgrade, settings.data / "beside.db")
    await asyncio.to_thread(save_folder, settings, tmp_path / "folder")
    with pytest.raises(BadSetting, match="sqlite"):
        await asyncio.to_thread(postgres.restore, tmp_path / "folder", empty)
    assert await asyncio.to_thread(server.ask, empty.removeprefix("postgresql:///").partition("?")[0], TABLES) == [[]]


TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


async def test_an_older_schema_is_brought_up(server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, empty = await an_empty_database(server), await an_empty_database(server)
    await asyncio.to_thread(upgrade_postgres, old, "0002")
    with pytest.raises(BadSetting, match="beside db upgrade"):
        await asyncio.to_thread(postgres.save, old, tmp_path / "old")
    ((*tables,),) = await asyncio.to_thread(server.ask, old.removeprefix("postgresql:///").partition("?")[0], TABLES)
    with monkeypatch.context() as a_beside_of_then:
        there = {name for (name,) in tables}
        a_beside_of_then.setattr(postgres, "TABLES", [name for name in postgres.TABLES if name in there])
        a_beside_of_then.setattr(postgres, "revisions", lambda: ["0002"])
        await asyncio.to_thread(postgres.save, old, tmp_path / "old")
    done = await asyncio.to_thread(postgres.restore, tmp_path / "old", empty)
    assert done.upgraded_from == "0002"
    for url in (old, empty):
        await asyncio.to_thread(server.drop, url)
