"""The rules of the house hold: what is installed is pinned, and the import and purity rules bite."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"]
BIN = Path(sys.executable).parent


def pins(lock: str) -> dict[str, str]:
    """Package to `version ; marker` of one lock file."""
    found = re.findall(r"^([a-z0-9._-]+)==(.+?) \\$", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(found)


@pytest.fixture
def a_copy(tmp_path: Path) -> Path:
    """The parts of the tree that the linters read, to be spoilt."""
    for folder in ("server", "rooms", "presence", "clients/python", "tests/house"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(cwd: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    # Without the path of this tree: the linters must look at the copy.
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(cwd), str(cwd / "clients/python")])}
    return subprocess.run([str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True)


def contracts(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(tree, BIN / "lint-imports", "--no-cache", "--no-logo")


def ruff(tree: Path) -> subprocess.CompletedProcess[str]:
    return run(tree, BIN / "ruff", "check", "--no-cache", "--output-format", "concise", "rooms", "presence")


# --- what is installed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address_and_no_path(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text().splitlines() if not line.lstrip().startswith("#")]
    assert lines
    assert [line for line in lines if "/" in line or " @ " in line or line.startswith("-")] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_carries_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock)) > 0
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_development_lock_serves_the_runtime_too() -> None:
    development = pins("requirements-dev.lock")
    assert {name: pin for name, pin in pins("requirements.lock").items() if development.get(name) != pin} == {}


@pytest.mark.parametrize("folder", ["clients/web", "tests/browser"])
def test_an_npm_lock_names_no_address_and_pins_every_package(folder: str) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")] == []


def test_do_says_what_it_can_do_on_a_bare_python() -> None:
    done = run(ROOT, sys.executable, "-I", "-S", ROOT / "do", "--help")
    assert done.returncode == 0, done.stderr
    assert {"run", "test", "lock"} <= {line.split()[0] for line in done.stdout.splitlines()[2:]}


def test_do_refuses_a_word_it_does_not_know() -> None:
    done = run(ROOT, sys.executable, "-I", "-S", ROOT / "do", "sing")
    assert done.returncode == 2
    assert "there is no ./do sing" in done.stderr


def test_do_web_leaves_a_beside_that_units_and_a_procfile_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/howto/deploy.md has this one word for all that must be there before a service is started."""
    loader = SourceFileLoader("do", str(ROOT / "do"))
    spec = spec_from_loader("do", loader)
    assert spec is not None
    do = module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(do)
    steps: list[str] = []
    monkeypatch.setattr(do, "sync", lambda lock: steps.append(lock.name))
    monkeypatch.setattr(do, "build_web", lambda: steps.append("pages"))
    assert do.WORDS["web"]([]) == 0
    assert steps == ["requirements.lock", "pages"]


# --- what may import what ---------------------------------------------------------------------------------------------


def test_the_tree_keeps_its_import_contracts(a_copy: Path) -> None:
    done = contracts(a_copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("rooms/planted.py", "import asyncio", "The core is pure"),
        ("presence/planted.py", "import msgspec", "The core is pure"),
        ("presence/planted.py", "import rooms.refusals", "Imports run one way"),
        ("rooms/planted.py", "import server.wire", "Imports run one way"),
        ("clients/python/beside_client/planted.py", "import rooms", "The client stands alone"),
        ("server/handlers/planted.py", "import server.store", "Only the composition roots choose adapters"),
        ("server/planted.py", "import server.bus.planted_too", "Only the composition roots choose adapters"),
        ("server/handlers/planted.py", "import server.gateway.session", "Handlers know ports"),
        ("server/media/planted.py", "import server.store", "The relay is a pipe"),
        ("server/wire/planted.py", "import server.handlers", "The wire is a leaf"),
        ("server/site/planted.py", "import websockets", "Only the door and the connection know websockets"),
    ],
)
def test_a_planted_import_breaks_its_contract(a_copy: Path, module: str, line: str, contract: str) -> None:
    (a_copy / "server/bus/planted_too.py").write_text("")
    (a_copy / module).write_text(f"{line}\n")
    done = contracts(a_copy)
    assert done.returncode == 1, done.stdout
    assert re.search(rf"^{contract}.* BROKEN", done.stdout, re.MULTILINE), done.stdout


def test_a_session_that_waits_breaks_its_contract(a_copy: Path) -> None:
    with (a_copy / "server/gateway/session.py").open("a") as session:
        session.write("\nimport asyncio\n")
    done = contracts(a_copy)
    assert re.search(r"^The session is sans-I/O BROKEN", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("package", ["rooms", "presence"])
@pytest.mark.parametrize(
    "line",
    [
        "from datetime import UTC, datetime\n\nAT = datetime.now(UTC)",
        "import datetime\n\nAT = datetime.date.today()",
        "import time",
        "from random import choice",
        "import uuid",
        "import logging",
        'SEEN = open("seen").read()',
    ],
)
def test_ruff_finds_a_clock_chance_or_io_in_the_core(a_copy: Path, package: str, line: str) -> None:
    (a_copy / package / "planted.py").write_text(f'"""Planted."""\n\n{line}\n')
    done = ruff(a_copy)
    assert done.returncode == 1
    assert re.search(rf"^{package}/planted\.py.*(TID251|PTH123)", done.stdout, re.MULTILINE), done.stdout
