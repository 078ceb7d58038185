"""`beside doctor` on a deployment of several nodes: real servers, set up wrongly."""

from __future__ import annotations

import asyncio
import functools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from server import doctor
from server.backup import postgres as backup
from server.doctor import Finding, Level, Look
from server.doctor.postgresql import asked, judged
from server.heartbeat import FACT, Heartbeat
from server.settings import Settings
from tests.contracts.valkey import a_cluster, a_valkey
from tests.postgres import a_database, a_postgres, must_have_postgres, the_server
from tests.server.child import REPO


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[Settings]:
    async with a_database() as url:
        yield replace(Settings(), data=tmp_path, database_url=url)


async def found(look: Look, settings: Settings) -> list[Finding]:
    return await asyncio.to_thread(lambda: list(look(settings)))


async def only(look: Look, settings: Settings) -> Finding:
    (one,) = await found(look, settings)
    return one


async def test_a_server_that_forgets_when_power_fails_must_be_mended(settings: Settings) -> None:
    """That of the tests does, to be quick."""
    finding = await only(doctor.postgres, settings)
    assert finding.level is Level.MEND
    assert finding.what.startswith("fsync is off")


async def test_a_sound_server_is_left_in_peace_and_each_wrong_setting_is_named() -> None:
    must_have_postgres()
    place = a_postgres("synchronous_commit=off")
    server = await asyncio.to_thread(place.__enter__)
    try:
        settings = replace(Settings(), database_url=await asyncio.to_thread(server.fresh))
        finding = await only(doctor.postgres, settings)
        assert (finding.level, finding.what.split(".")[0]) == (Level.LOOK, "synchronous_commit is off")
        answers = await asked(settings.database_url) | {"synchronous_commit": "on"}
        assert not list(judged(answers)), "nothing is wrong with it"
        for wrong, words in (
            ({"free": 4}, "Only 4 connections"),
            ({"ahead_seconds": -3600.0}, "-3600 s"),
            ({"revision": "0001"}, "schema 0001"),
            ({"version": 12}, "too old"),
            ({"server_encoding": "SQL_ASCII"}, "SQL_ASCII"),
            ({"standby": True}, "takes no writes"),
            ({"default_transaction_read_only": "on"}, "takes no writes"),
            ({"full_page_writes": "off"}, "full_page_writes"),
            ({"log_statement": "all"}, "what people say"),
            ({"log_min_duration_statement": "250ms"}, "what people say"),
            ({"log_parameter_max_length_on_error": "-1"}, "what people say"),
        ):
            (one,) = judged(answers | wrong)
            assert words in one.what
        await asyncio.to_thread(server.ask, "postgres", "ALTER DATABASE postgres SET synchronous_commit = on")
        empty = await only(doctor.postgres, replace(settings, database_url=server.url("postgres")))
        assert (empty.level, "It is empty" in empty.what) == (Level.OK, True)
        await asyncio.to_thread(server.stop)
        gone = await only(doctor.postgres, settings)
        assert gone.level is Level.MEND
        assert "cannot be used" in gone.what
        assert settings.database_url not in str(gone)
        all_of_it = await asyncio.to_thread(doctor.examine, settings)
        assert [one.what for one in all_of_it if "could not look" in one.what] == []
        assert gone in all_of_it
    finally:
        await asyncio.to_thread(place.__exit__, None, None, None)


async def test_a_server_that_logs_what_people_say_must_be_mended() -> None:
    """Also when it logs the slow statements alone: of the values of a statement it writes all."""
    must_have_postgres()
    for keeps, values in ((True, "-1"), (False, "0")):
        place = a_postgres("log_min_duration_statement=0", f"log_parameter_max_length={values}")
        server = await asyncio.to_thread(place.__enter__)
        try:
            settings = replace(Settings(), database_url=await asyncio.to_thread(server.fresh))
            db = await asyncpg.connect(settings.database_url)
            await db.fetchval("SELECT length($1)", "outside the shop")
            await db.close()
            assert ("outside the shop" in (server.folder / "log").read_text()) is keeps
            said = [finding.what for finding in await found(doctor.postgres, settings)]
            assert any("what people say" in what for what in said) is keeps
        finally:
            await asyncio.to_thread(place.__exit__, None, None, None)


async def test_the_findings_are_all_that_doctor_says(tmp_path: Path) -> None:
    """Here of an empty database, as before `beside db upgrade`: an event of the store would read as a fault."""
    server = await the_server()
    words = [sys.executable, "-m", "server.cli", "doctor", "--data", str(tmp_path / "data")]
    run = functools.partial(subprocess.run, capture_output=True, text=True, check=False)
    said = await asyncio.to_thread(run, words, cwd=REPO, env=os.environ | {"DATABASE_URL": server.url("postgres")})
    assert "fsync is off" in said.stdout
    assert "store_failed" not in said.stdout + said.stderr


async def test_oc07_the_auditor_and_the_age_of_a_backup_are_facts_there(settings: Settings, tmp_path: Path) -> None:
    expected = replace(settings, auditor_expected=True, switch_url="https://switch.example/x")
    assert (await only(doctor.auditor, expected)).level is Level.MEND
    assert (await only(doctor.backups, settings)).level is Level.LOOK
    beat = Heartbeat(int(time.time() * 1000), 0, 0)
    db = await asyncpg.connect(settings.database_url)
    await db.execute("INSERT INTO facts VALUES ($1, $2)", FACT, str(beat))
    await db.close()
    assert (await only(doctor.auditor, expected)).level is Level.OK
    await asyncio.to_thread(backup.save, settings.database_url, tmp_path / "b")
    assert (await only(doctor.backups, settings)).level is Level.OK


async def test_nothing_is_asked_of_servers_that_are_not_there() -> None:
    assert not await found(doctor.postgres, Settings())
    assert not await found(doctor.redis, Settings())


async def test_a_redis_that_forgets_or_is_gone_must_be_mended(tmp_path: Path) -> None:
    with a_valkey(tmp_path) as server:
        settings = replace(Settings(), redis_url=server.url, database_url="postgresql:///that/others/look/at")
        assert (await only(doctor.redis, settings)).level is Level.OK
        server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert (await only(doctor.redis, settings)).level is Level.LOOK
        server.ask("CONFIG", "SET", "maxmemory", "100mb")
        forgets = await only(doctor.redis, settings)
        assert (forgets.level, "allkeys-lru" in forgets.what) == (Level.MEND, True)
        server.kill()
        assert "cannot be used" in (await only(doctor.redis, settings)).what


async def test_the_server_of_a_cluster_that_carries_this_deployment_is_the_one_that_is_asked(tmp_path: Path) -> None:
    with a_cluster(tmp_path) as cluster:
        url = next(node.url for node in cluster.nodes if node is not cluster.owner_of("0"))
        settings = replace(Settings(), redis_url=url, database_url="postgresql:///that/others/look/at")
        assert (await only(doctor.redis, settings)).level is Level.OK
        cluster.owner_of("0").ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        assert "allkeys-lru" in (await only(doctor.redis, settings)).what
        cluster.owner_of("0").kill()
        assert "cannot be used" in (await only(doctor.redis, settings)).what


async def test_a_redis_that_lets_nobody_publish_cannot_be_used(tmp_path: Path) -> None:
    with a_valkey(tmp_path) as server:
        server.ask("ACL", "SETUSER", "beside", "on", ">secret", "~beside:*", "+@all", "resetchannels")
        url = server.url.replace("redis://", "redis://beside:secret@")
        settings = replace(Settings(), redis_url=url, database_url="postgresql:///that/others/look/at")
        assert (await only(doctor.redis, settings)).level is Level.MEND
        server.ask("ACL", "SETUSER", "beside", "&beside:*")
        assert (await only(doctor.redis, settings)).level is Level.OK


async def test_one_url_without_the_other_is_told() -> None:
    for lonely in (replace(Settings(), redis_url="redis://cache"), replace(Settings(), database_url="postgresql:///b")):
        assert (await only(doctor.redis, lonely)).level is Level.LOOK
