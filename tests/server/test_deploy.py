"""The samples of deploy/ in the programs that they are for: people come through the proxies, and what must not, does
not; systemd takes the units."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from beside_client import Client, sign_up
from server.backup.restore import restore
from server.settings import from_environment
from server.store.migrate import upgrade
from tests.server.child import REPO, a_child, free_port
from tests.server.proxies import DEPLOY, answers, caddy, nginx, program, running
from tests.worlds import PASSPHRASE

WITHIN_SECONDS = 30
UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Where people come in: a proxy in front of a server of its own."""
    front = free_port()
    origin = f"http://127.0.0.1:{front}"
    place = tmp_path / "proxy"
    place.mkdir()
    async with a_child(tmp_path / "data", environment={"BESIDE_PUBLIC_ORIGIN": origin}) as server:
        words, more = request.param(place, front, [server.port])
        with running(words, more, place):
            async with asyncio.timeout(WITHIN_SECONDS), aiohttp.ClientSession() as line:
                while not await answers(line, f"{origin}/healthz"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # another process tells of nothing: it is asked until it is so
            yield origin


async def test_people_come_through_the_proxy_and_what_must_not_does_not(address: str) -> None:
    maria = await sign_up(address, "Maria", PASSPHRASE)
    async with Client(maria) as page, Client(await sign_up(address, "Ana", PASSPHRASE)) as other:
        made = await page.create_group("Evenings", "Maria", blurb="b", rules="r", tags=["t"])
        theirs = await other.use_invite(await page.make_invite(made["group"]), "Ana")
        log = await other.open_room(theirs["room"])
        await page.open_room(made["room"])
        await page.say(made["room"], "through the proxy")
        await other.until(lambda _state: "through the proxy" in str(log.entries))
        call = await other.raise_call(theirs["group"])
        assert call
    async with connect(f"{address.replace('http', 'ws')}/media", origin=address, proxy=None) as media:  # type: ignore[arg-type]
        await media.send(b"no ticket")
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(media.recv(), WITHIN_SECONDS)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code >= 4000, "Beside itself answered, with a close code of its own"
    headers = {"Origin": address, "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as line:
        async with line.get(f"{address}/metrics") as figures:
            assert figures.status == 404
        async with line.post(f"{address}/api/sign-in", data=b"x" * 20_000, headers=headers) as too_long:
            assert too_long.status in (400, 413)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit(unit: Path, tmp_path: Path) -> None:
    for one in UNITS:  # the paths of an installation are not on this machine
        text = one.read_text().replace("/opt/beside/.venv/bin/beside", sys.executable)
        text = text.replace("User=beside\n", "User=root\n").replace("EnvironmentFile=/etc/beside.env", "")
        (tmp_path / one.name).write_text(text.replace("/opt/beside", str(REPO)))
    verified = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(tmp_path / unit.name)], capture_output=True, text=True
    )
    ours = [line for line in verified.stderr.splitlines() if "beside" in line]
    assert (verified.returncode, ours) == (0, []), verified.stderr


def test_the_nightly_backup_writes_over_that_of_the_week_before(tmp_path: Path) -> None:
    upgrade(tmp_path / "beside.db")
    (backups := tmp_path / "backups").mkdir()
    (line,) = re.findall(r"^ExecStart=(.*)$", (DEPLOY / "systemd" / "beside-backup.service").read_text(), re.MULTILINE)
    line = line.replace("$$", "$").replace("%%", "%").replace("/var/lib/beside-backups", str(backups))
    line = line.replace("/opt/beside/.venv/bin/beside", f"{sys.executable} -m server.cli")
    for _week in range(2):
        subprocess.run(shlex.split(line), check=True, cwd=REPO, env=os.environ | {"BESIDE_DATA": str(tmp_path)})
        (file,) = backups.iterdir()
        assert file.suffix == ".backup"
        restore(file, tmp_path / f"restored {_week}")


def test_the_settings_of_the_units_are_settings() -> None:
    lines = [line for line in (DEPLOY / "beside.env").read_text().splitlines() if line and not line.startswith("#")]
    settings = from_environment(dict(line.split("=", 1) for line in lines))
    assert (settings.auditor_expected, settings.switch_url) == (True, "")
    assert settings.check().is_secure
