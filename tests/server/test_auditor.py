"""OC7: an auditor apart from the server sees that a deadline is late, says so, and its own death is noticed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from beside_client import Client, sign_up
from server.auditor.process import an_auditor
from server.auditor.truth import SqliteTruth
from server.auditor.verdict import Late, Seen, Verdict
from server.clock import MARK, SystemClock, now_by_mark
from server.heartbeat import FACT, Heartbeat, heartbeat_file, read_heartbeat, write_heartbeat
from server.settings import BadSetting, Settings, from_environment
from server.store.migrate import upgrade
from tests.by_hand import only_on_sqlite
from tests.server.child import REPO, a_child, free_port
from tests.worlds import PASSPHRASE, World

WITHIN_SECONDS = 40
SHORT = {"AWAY_AFTER_MS": 400, "VOLUNTEERS_AFTER_MS": 600, "BACKUP_AFTER_MS": 800, "AGAIN_EVERY_MS": 1_000}
"""A call that nobody answers has a deadline every second."""


@dataclass
class AuditorChild:
    """`beside auditor` as a process, and every line that it logs, as it comes."""

    process: asyncio.subprocess.Process
    port: int
    said: list[dict[str, Any]] = field(default_factory=list)
    _new: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def read_on(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._new:
                self.said.append(json.loads(line))
                self._new.notify_all()

    async def until(self, event: str) -> dict[str, Any]:
        """The next line with this event, from now on or unread before."""
        async with asyncio.timeout(WITHIN_SECONDS), self._new:
            while True:
                for at, line in enumerate(self.said):
                    if line["event"] == event:
                        del self.said[: at + 1]
                        return line
                await self._new.wait()

    async def looks(self, more: int) -> None:
        """Until it has looked so often again."""
        wanted = await self._looked() + more
        async with asyncio.timeout(WITHIN_SECONDS):
            while await self._looked() < wanted:
                pass  # each answer takes a turn of its loop

    async def _looked(self) -> float:
        async with aiohttp.ClientSession() as line, line.get(f"http://127.0.0.1:{self.port}/metrics") as answer:
            text = await answer.text()
        return float(next(row.split()[1] for row in text.splitlines() if row.startswith("beside_audit_looks_total")))

    async def ready(self) -> tuple[int, dict[str, Any]]:
        return await ask(f"http://127.0.0.1:{self.port}/readyz")


async def ask(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as line, line.get(url) as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def an_auditor_process(data: Path, **environment: str) -> AsyncIterator[AuditorChild]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server.cli", "auditor", "--data", str(data), "--port", str(port),
        cwd=REPO, env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    child = AuditorChild(process, port)
    reading = asyncio.ensure_future(child.read_on())
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_SECONDS):
            assert b"is looking" in await process.stdout.readline()
        yield child
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading
        process._transport.close()  # type: ignore[attr-defined]  # or it warns when it is collected


@dataclass
class Sink:
    """An outside dead-man's switch. It counts what reaches it."""

    url: str = ""
    count: int = 0
    _new: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        assert await request.read() == b""
        async with self._new:
            self.count += 1
            self._new.notify_all()
        return web.Response()

    async def more_than(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_SECONDS), self._new:
            await self._new.wait_for(lambda: self.count > count)


@pytest.fixture
async def switch() -> AsyncIterator[Sink]:
    sink = Sink()
    app = web.Application()
    app.router.add_get("/ping/abc", sink.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sink.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ping/abc"
    yield sink
    await runner.cleanup()


async def test_oc07_a_stopped_server_with_a_due_deadline_is_an_alarm_and_starves_the_switch(
    tmp_path: Path, switch: Sink
) -> None:
    environment = {f"BESIDE_POLICY_{name}": str(ms) for name, ms in SHORT.items()}
    feeding = {"BESIDE_SWITCH_URL": switch.url, "BESIDE_SWITCH_EVERY_SECONDS": "1"}
    data = tmp_path / "data"
    async with a_child(data, environment=environment) as server, an_auditor_process(data, **feeding) as auditor:
        await switch.more_than(1)
        assert (await auditor.ready())[0] == 200
        account = await sign_up(server.url, "Ana", PASSPHRASE, first_token=server.first_token)
        async with Client(account) as ana:
            made = await ana.create_group("Evenings", "Ana", blurb="b", rules="r", tags=["t"])
            call = await ana.raise_call(made["group"], "do not log me")
        os.kill(server.pid, signal.SIGSTOP)
        try:
            late = await auditor.until("deadline_late")
            fed_before = switch.count
            status, report = await auditor.ready()
            assert (status, report["alarms"], report["late"]) == (503, ["deadline_late"], 1)
            assert (late["kind"], late["subject"]) == ("call", call)
            assert late["late_ms"] > 5_000
            await auditor.looks(3)
            assert switch.count - fed_before <= 1, "fed while an alarm was on"  # one may have been on its way
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert (await auditor.until("healed"))["outcome"] == "deadline_late"
        await switch.more_than(fed_before + 1)
        assert (await auditor.ready())[0] == 200
        assert not any("do not log me" in str(line) or switch.url in str(line) for line in auditor.said)


@only_on_sqlite("a heartbeat in a folder; that in a shared store is in tests/contracts/test_truth.py")
async def test_oc07_an_auditor_that_dies_is_missed_by_the_server(tmp_path: Path, world: World) -> None:
    """The web goes on answering: a proxy that sent people away for this would help nobody."""
    world.beside.settings = replace(world.beside.settings, auditor_expected=True)
    await world.restart()
    async with an_auditor_process(world.beside.settings.data) as auditor:
        beat = heartbeat_file(world.beside.settings.data)
        async with asyncio.timeout(WITHIN_SECONDS):
            while not beat.exists():
                await auditor.ready()  # each answer takes a turn of its loop
        assert await _silence(world) is False
        world.clock.advance(14_000)
        assert await _silence(world) is False, "it lives"
        auditor.process.kill()
        await auditor.process.wait()
    assert await _silence(world) is False, "what it said last is not old yet"
    world.clock.advance(16_000)
    assert await _silence(world) is True
    await world.beside.timers.look()  # the clock of this test has moved
    assert (await ask(f"{world.url}/readyz"))[0] == 200


async def test_oc07_no_auditor_is_missed_where_none_is_expected(world: World) -> None:
    world.clock.advance(60_000)
    assert await _silence(world) is False


async def test_oc07_the_desk_and_readyz_say_that_deadlines_are_late(world: World, a_volunteer_on_shift: Client) -> None:
    desk = a_volunteer_on_shift
    await _beats(world, Heartbeat(at=1, late=2, worst_late_ms=7_000))
    await desk.until(lambda state: state.desk is not None and state.desk["deadlines_late"] == 2)
    assert (await ask(f"{world.url}/readyz"))[1]["deadlines_late"] == 2
    await _beats(world, Heartbeat(at=2, late=0, worst_late_ms=0))
    await desk.until(lambda state: state.desk is not None and state.desk["deadlines_late"] == 0)


async def _beats(world: World, beat: Heartbeat) -> None:
    """An auditor says so, where it would on this store, and the server listens."""
    if world.beside.settings.database_url:
        await world.beside.store.write(lambda tx: tx.accounts.set_fact(FACT, str(beat)))
    else:
        write_heartbeat(world.beside.settings.data, beat)
    await world.beside.audited.listen()


async def _silence(world: World) -> bool:
    await world.beside.audited.listen()
    _, report = await ask(f"{world.url}/readyz")
    return bool(report["auditor_silent"])


# ---------------------------------------------------------------- what it makes of what it sees


def a_look(*late: Late) -> Seen:
    return Seen(now=10_000, count=len(late), worst=late)


def test_oc07_nothing_is_well_before_the_first_look_and_a_store_that_is_silent_for_5_s_is_an_alarm() -> None:
    verdict = Verdict(answered_at=0.0)
    assert not verdict.is_well(0.0)
    assert not verdict.alarms(5.0)
    assert verdict.alarms(5.1) == {"store_silent"}
    verdict.answered(a_look(), 6.0)
    assert verdict.is_well(11.0)
    assert not verdict.is_well(11.1)


def test_oc07_what_was_late_stays_late_while_the_store_is_silent() -> None:
    verdict = Verdict(answered_at=0.0)
    verdict.answered(a_look(Late("call", "c1", 6_000)), 1.0)
    assert verdict.alarms(60.0) == {"deadline_late", "store_silent"}
    verdict.answered(a_look(), 61.0)
    assert verdict.alarms(61.0) == set()


@pytest.fixture
def a_store(tmp_path: Path) -> Path:
    """A data folder with an empty database."""
    upgrade(tmp_path / "beside.db")
    return tmp_path


def write(data: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(data / "beside.db")) as db, db:
        db.execute(statement, values)


async def test_oc07_late_means_more_than_5_s_by_the_clock_that_the_server_follows(a_store: Path) -> None:
    """That clock may be hours ahead of the machine's: the server goes on from the latest moment in its store."""
    ahead = SystemClock(not_before=SystemClock().now() + 3_600_000)
    assert abs((now_by_mark(ahead.mark()) or 0) - ahead.now()) < 1_000
    truth = SqliteTruth(a_store)
    write(a_store, "INSERT INTO facts VALUES (?, ?)", MARK, ahead.mark())
    write(a_store, "INSERT INTO deadlines VALUES ('call', 'late', ?)", ahead.now() - 6_000)
    write(a_store, "INSERT INTO deadlines VALUES ('action', 'later', ?)", ahead.now() - 60_000)
    write(a_store, "INSERT INTO deadlines VALUES ('call', 'due', ?)", ahead.now() - 1_000)
    seen = await truth.look()
    assert (seen.count, [one.subject for one in seen.worst]) == (2, ["later", "late"])
    assert seen.worst_late_ms >= 60_000
    write(a_store, "UPDATE facts SET value = ? WHERE name = ?", "another-boot 0", MARK)
    assert (await truth.look()).count == 0, "a clock of another boot says nothing"
    await truth.close(hung=False)


async def test_oc07_a_store_that_is_not_there_or_hangs_is_an_alarm_and_it_goes_on(
    a_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.auditor.verdict.SILENT_AFTER_SECONDS", 0.3)
    monkeypatch.setattr("server.auditor.process.LOOK_EVERY_SECONDS", 0.1)
    hidden = (a_store / "beside.db").rename(a_store / "hidden")
    async with an_auditor(SqliteTruth(a_store), replace(Settings(), auditor_port=0)) as running:
        url = f"http://127.0.0.1:{running.port}/readyz"
        async with asyncio.timeout(WITHIN_SECONDS):
            while "store_silent" not in (await ask(url))[1]["alarms"]:
                pass
            hidden.rename(a_store / "beside.db")
            while (await ask(url))[0] != 200:
                pass
    assert read_heartbeat(a_store) is not None


def test_a_torn_heartbeat_is_none(tmp_path: Path) -> None:
    assert read_heartbeat(tmp_path) is None
    write_heartbeat(tmp_path, Heartbeat(5, 1, 6_000))
    assert read_heartbeat(tmp_path) == Heartbeat(5, 1, 6_000)
    heartbeat_file(tmp_path).write_text("5 1")
    assert read_heartbeat(tmp_path) is None


def test_the_settings_of_the_auditor_are_checked() -> None:
    for wrong in ({"BESIDE_SWITCH_URL": "ftp://x"}, {"BESIDE_AUDITOR_EXPECTED": "maybe"}, {"BESIDE_AUDITOR_PORT": "0"}):
        with pytest.raises(BadSetting):
            from_environment(wrong)
    assert "secret" not in repr(from_environment({"BESIDE_SWITCH_URL": "https://x/secret"}))
