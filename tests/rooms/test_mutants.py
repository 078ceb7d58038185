"""A test that cannot fail is a defect: the stories must turn red for every mutant of the core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import cast

import pytest

from tests.rooms.mutants import MUTANTS, Mutant
from tests.rooms.mutants_record import RECORD_MUTANTS
from tests.rooms.mutants_witness import WITNESS_MUTANTS

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
STORIES = (
    "tests/rooms/world.py",
    *(f"tests/rooms/test_call_{name}.py" for name in ("rings", "pledges", "here", "ends")),
    *(
        f"tests/rooms/test_{name}.py"
        for name in ("press", "unsaved", "groups", "chat", "desk", "screens", "care", "crowd")
    ),
    "tests/rooms/test_helplines.py",
    "tests/rooms/witness_world.py",
    *(f"tests/rooms/test_witness_{name}.py" for name in ("begins", "present", "ends", "record")),
    "tests/rooms/test_wall_time.py",
    "tests/presence/test_lease.py",
    "tests/presence/test_roster.py",
    "tests/presence/test_elsewhere.py",
)
Noticed = Callable[[Mutant], "subprocess.CompletedProcess[str] | None"]
QUICK = ("-x", "-q", "-p", "no:cacheprovider", "--import-mode=importlib")


def a_copy(folder: Path) -> Path:
    """The core and its stories, apart from this tree."""
    for part in ("rooms", "presence"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for story in STORIES:
        (folder / story).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / story, folder / story)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    return folder


def tell(copy: Path, rule: str) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",  # mutants of one second would share a cache
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    # To read in all stories takes three times as long as to tell those of one rule.
    files = [story for story in STORIES if f"def test_{rule}" in (copy / story).read_text(encoding="utf-8")]
    words = [sys.executable, "-m", "pytest", *QUICK, "-k", rule, *files]
    return subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def noticed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noticed]:
    """What the stories said of each mutant that is asked for. As many at once as there are cores, each in a copy of its
    own: one after the other they would be a third of all the time that the tests take."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    calls = [item.callspec for item in items if "noticed" in item.fixturenames and hasattr(item, "callspec")]
    asked = [cast(Mutant, call.params["mutant"]) for call in calls]
    workers = os.cpu_count() or 1
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(workers):
        copies.put(a_copy(tmp_path_factory.mktemp(f"mutants{number}")))

    def one(mutant: Mutant) -> subprocess.CompletedProcess[str] | None:
        copy = copies.get()
        file = copy / mutant.file
        sound = file.read_text()
        try:
            if sound.count(mutant.old) != 1:
                return None
            file.write_text(sound.replace(mutant.old, mutant.new))
            return tell(copy, mutant.rule)
        finally:
            file.write_text(sound)
            copies.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        running = {mutant.name: pool.submit(one, mutant) for mutant in asked}
        yield lambda mutant: running[mutant.name].result()
        pool.shutdown(cancel_futures=True)


def test_the_stories_hold_for_the_core_as_it_is(tmp_path: Path) -> None:
    copy = a_copy(tmp_path)
    for rule in ("uc", "pr", "oc", "cb", "ch", "gr", "wa"):
        told = tell(copy, rule)
        assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("mutant", [*MUTANTS, *WITNESS_MUTANTS, *RECORD_MUTANTS], ids=lambda m: m.name)
def test_a_mutant_is_noticed(noticed: Noticed, mutant: Mutant) -> None:
    told = noticed(mutant)
    assert told is not None, "the mutant no longer fits the core"
    assert told.returncode == 1, told.stdout  # 1: some failed; anything else is not a verdict
