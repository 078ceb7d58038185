"""`beside serve` as a process of its own: what it holds, what it logged, and kill -9 by its own id."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SERVE = ("-m", "server.cli", "serve")
READY_WITHIN_SECONDS = 30.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Child:
    """A server that can be started again on the same port and data."""

    data: Path
    port: int
    program: Sequence[str] = SERVE
    """What Python runs; `--port` and `--data` are added."""
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    first_token: str = ""
    seconds_to_ready: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_path(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def log(self) -> str:
        """Everything it wrote to standard error, over all its lives."""
        return self.log_path.read_text(encoding="utf-8")

    def words(self) -> list[str]:
        return [*self.program, "--port", str(self.port), "--data", str(self.data)]

    async def start(self, within_seconds: float = READY_WITHIN_SECONDS) -> None:
        """Returns once it says that it is ready."""
        began = time.monotonic()
        with self.log_path.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *self.words(), cwd=REPO, env={**os.environ, **self.environment},
                stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(within_seconds):
            while not (line := (await self.process.stdout.readline()).decode()).startswith("Beside is ready"):
                assert line, f"it ended before it was ready: {self.log()[-2000:]}"
        self.seconds_to_ready.append(time.monotonic() - began)
        if not self.first_token and len(self.seconds_to_ready) == 1:
            async with asyncio.timeout(5):
                while not (found := re.search(r"#first=(\S+)", (await self.process.stdout.readline()).decode())):
                    pass
            self.first_token = found[1]

    async def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self._forget_pipe()

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(20):
                await self.process.wait()
        self._forget_pipe()
        return self.process.returncode or 0

    def _forget_pipe(self) -> None:
        """asyncio keeps the pipe until the garbage collector comes, and warns then."""
        assert self.process is not None
        self.process._transport.close()  # type: ignore[attr-defined]

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def resident_bytes(self) -> int:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def a_child(
    data: Path, *, program: Sequence[str] = SERVE, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    child = Child(data, free_port(), program, environment or {})
    await child.start()
    try:
        yield child
    finally:
        await child.stop()
