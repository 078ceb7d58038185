"""A stop ends, whatever hangs, and loses nothing that was acknowledged (failure rule 14, promise 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from beside_client import Client, Refused, sign_up
from server.commands.options import HUNG
from tests.server.child import Child, free_port
from tests.server.raw import joined
from tests.worlds import PASSPHRASE

SERVE_ON_A_DISK_THAT_MAY_HANG = """
import os, sys, time
from pathlib import Path
from server.store import journal, worker

data = Path(sys.argv[sys.argv.index("--data") + 1])

def hang_when_told(work, which):
    def slowly(self, *words):
        in_memory = "mirror" in getattr(getattr(self, "_thread", None), "name", "")
        while (data / which).exists() and not in_memory:
            time.sleep(0.05)
        return work(self, *words)
    return slowly

worker.Worker._commit = hang_when_told(worker.Worker._commit, "hang-store")
journal.Journal.append = hang_when_told(journal.Journal.append, "hang-journal")
sys.argv.insert(1, "serve")
from server.cli import main
main()
"""


async def a_server_that_may_hang(data: Path) -> Child:
    environment = {"BESIDE_DRAIN_WITHIN_SECONDS": "1"}
    child = Child(data, free_port(), ("-c", SERVE_ON_A_DISK_THAT_MAY_HANG), environment)
    await child.start()
    return child


@pytest.mark.parametrize("hung", [("hang-store",), ("hang-store", "hang-journal")])
async def test_a_stop_on_a_hung_disk_ends_and_what_was_acknowledged_is_there(
    tmp_path: Path, hung: tuple[str, ...]
) -> None:
    child = await a_server_that_may_hang(tmp_path / "data")
    account = await sign_up(child.url, "ana", PASSPHRASE)
    page = await Client(account).start()
    made = await page.create_group("Evenings", "Ana", blurb="", rules="")
    await page.say(made["room"], "said and saved")
    line = await joined(account)
    for name in hung:
        (child.data / name).touch()
    raised = await line.ask("raise_call", group=made["group"], words="while it hangs")
    assert (raised["t"], raised["saved"]) == ("ok", False)
    with pytest.raises(Refused, match="not_saved"):
        await page.say(made["room"], "never acknowledged")
    await page.close()
    await line.close()
    assert await child.stop() == HUNG
    assert '"stop_gave_up"' in child.log()

    for name in hung:
        (child.data / name).unlink()
    await child.start()
    page = await Client(account).start()
    log = await page.open_room(made["room"])
    assert log.texts[:1] == ["said and saved"]
    if "hang-journal" not in hung:
        await page.until(lambda s: s.my_call_when(call=raised["call"], words="while it hangs"))
    await page.close()
    assert await child.stop() == 0


async def test_a_stop_with_a_sound_disk_finishes_everything(tmp_path: Path) -> None:
    child = await a_server_that_may_hang(tmp_path / "data")
    page = await Client(await sign_up(child.url, "ana", PASSPHRASE)).start()
    await page.close()
    assert await child.stop() == 0
    assert '"stopped"' in child.log()
    assert "stop_gave_up" not in child.log()
