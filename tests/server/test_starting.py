"""Starting when something is wrong with the data folder: a clear refusal, or a start without what is broken."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from server.app import start
from server.settings import BadSetting
from server.store.journal import Journal
from tests.fakes import cheap_passphrases
from tests.server.child import REPO
from tests.worlds import World, a_world

ON_A_FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from server.cli import main
main()
"""


async def test_a_second_server_on_the_same_folder_is_refused(world: World) -> None:
    """It would ring every call again, and write over the journal of the first."""
    with pytest.raises(BadSetting, match="Another Beside is running"):
        await start(replace(world.beside.settings, port=0), world.clock, passphrases=cheap_passphrases())
    await world.account("Ana")  # the first one works
    await world.restart()  # and lets go of the folder when it stops


async def test_uc15_a_journal_that_cannot_be_read_stops_no_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    journal = Journal(data / "unsaved.journal")
    journal.append(b"\xc1 of another version", lambda: b"")
    journal.close()
    async with a_world(data) as world:
        await world.account("Ana")
    assert b"of another version" in (data / "unsaved.unreadable").read_bytes()
    journal = Journal(data / "unsaved.journal")
    assert journal.records == []
    journal.close()


async def test_a_full_disk_at_start_is_one_clear_line(tmp_path: Path) -> None:
    serve = ("serve", "--port", "0", "--data", str(tmp_path / "data"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ON_A_FULL_DISK, *serve, cwd=REPO, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert b"Traceback" not in said
    assert b"Is the disk full" in said
