"""A test that cannot fail is a defect: the stories must turn red for every mutant of the core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
)
QUICK = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:asyncio",
    "-p",
    "no:hypothesispytest",
    "--import-mode=importlib",
)


@pytest.fixture(scope="module")
def a_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The core and its stories, apart from this tree."""
    copy = tmp_path_factory.mktemp("mutants")
    for folder in ("rooms", "presence"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for story in STORIES:
        (copy / story).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / story, copy / story)
    (copy / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    return copy


def tell(copy: Path, rule: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}  # mutants of one second would share a cache
    words = [sys.executable, "-m", "pytest", *QUICK, "-k", rule, "tests"]
    return subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True)


def test_the_stories_hold_for_the_core_as_it_is(a_copy: Path) -> None:
    for rule in ("uc", "pr", "oc", "cb", "ch", "gr", "wa"):
        told = tell(a_copy, rule)
        assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("mutant", [*MUTANTS, *WITNESS_MUTANTS, *RECORD_MUTANTS], ids=lambda m: m.name)
def test_a_mutant_is_noticed(a_copy: Path, mutant: Mutant) -> None:
    file = a_copy / mutant.file
    sound = file.read_text()
    assert sound.count(mutant.old) == 1, "the mutant no longer fits the core"
    file.write_text(sound.replace(mutant.old, mutant.new))
    try:
        told = tell(a_copy, mutant.rule)
    finally:
        file.write_text(sound)
    assert told.returncode == 1, told.stdout  # 1: some failed; anything else is not a verdict
