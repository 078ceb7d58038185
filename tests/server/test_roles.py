"""The roles of the Procfile as real processes, as a host starts them."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from beside_client import Client, sign_up
from server.cli import app
from tests.postgres import a_postgres, must_have_postgres
from tests.server.child import REPO, free_port
from tests.worlds import PASSPHRASE

WITHIN_SECONDS = 40
ROLES = dict(line.split(": ", 1) for line in (REPO / "Procfile").read_text().splitlines())
SHORT = {"AWAY_AFTER_MS": 400, "VOLUNTEERS_AFTER_MS": 600, "BACKUP_AFTER_MS": 800, "AGAIN_EVERY_MS": 1_000}


class Role:
    """One process of the Procfile."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def says(self, words: str) -> str:
        """The line of its output with these words in it."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN_SECONDS):
            while words not in (line := (await self.process.stdout.readline()).decode()):
                assert line, f"it ended before it said {words!r}"
        return line

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
        self.process._transport.close()  # type: ignore[attr-defined]  # or it warns when it is collected


@asynccontextmanager
async def a_role(name: str, data: Path, **environment: str) -> AsyncIterator[Role]:
    # There is no TLS on this machine, so `web` listens to it alone.
    line = ROLES[name].replace("$PORT", environment.get("PORT", "")).replace("0.0.0.0", "127.0.0.1")
    beside, *words = shlex.split(line)
    assert beside == "beside"
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "PORT")}
    with (data.parent / f"{name}.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server.cli", *words, cwd=REPO, env=env | {"BESIDE_DATA": str(data)} | environment,
            stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
    role = Role(process)
    try:
        yield role
    finally:
        await role.end()


def test_every_role_is_a_command() -> None:
    assert list(ROLES) == ["web", "timers", "auditor", "release"]
    for line in ROLES.values():
        assert shlex.split(line)[1] in app


async def test_on_one_machine_the_release_needs_no_database_and_timers_say_that_they_are_not_needed(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    async with a_role("release", data) as release:
        await release.says("the first start makes it")
        assert await release.process.wait() == 0
    async with a_role("timers", data) as timers:
        assert await timers.process.wait() == 2
    assert "does the deadlines itself" in (tmp_path / "timers.log").read_text()


async def test_uc03_timers_act_on_the_deadline_of_a_call_whose_web_process_was_killed(tmp_path: Path) -> None:
    must_have_postgres()
    place = a_postgres("fsync=off")
    server = await asyncio.to_thread(place.__enter__)
    try:
        await asyncio.to_thread(server.ask, "postgres", "CREATE DATABASE roles")
        port = free_port()
        env = {
            "DATABASE_URL": server.url("roles"),
            "PORT": str(port),
            "BESIDE_PUBLIC_ORIGIN": "https://beside.example.org",
            "BESIDE_TIMERS_PORT": str(free_port()),
            "BESIDE_AUDITOR_PORT": str(free_port()),
            **{f"BESIDE_POLICY_{name}": str(ms) for name, ms in SHORT.items()},
        }
        data = tmp_path / "data"
        async with a_role("release", data, **env) as release:
            await release.says("up to date")
        local = env | {"BESIDE_PUBLIC_ORIGIN": f"http://127.0.0.1:{port}"}
        async with a_role("timers", data, **env) as timers, a_role("auditor", data, **env) as auditor:
            await timers.says("Beside is ready")
            await auditor.says("is looking")
            async with a_role("web", data, **local) as web:
                await web.says("Beside is ready")
                token = re.search(r"#first=(\S+)", await web.says("#first="))
                assert token is not None
                account = await sign_up(f"http://127.0.0.1:{port}", "Ana", PASSPHRASE, first_token=token[1])
                async with Client(account) as ana:
                    made = await ana.create_group("Evenings", "Ana", blurb="b", rules="r", tags=["t"])
                    await ana.raise_call(made["group"])
                web.process.kill()
                await web.process.wait()
            db = await asyncpg.connect(server.url("roles"))
            due = await db.fetchval(DUE)
            async with asyncio.timeout(WITHIN_SECONDS):
                while await db.fetchval(DUE) <= due:
                    pass  # each answer takes a turn
            await db.close()
    finally:
        await asyncio.to_thread(place.__exit__, None, None, None)


DUE = "SELECT due_at FROM deadlines WHERE kind = 'call'"
