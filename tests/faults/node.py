"""One process of a deployment: a web process with the proxy that people come through, or `beside timers`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from tests.faults.disk import SmallDisk
from tests.faults.proxy import FaultProxy
from tests.server.child import Child

ASK_READY_EVERY_SECONDS = 0.2
READY_AGAIN_WITHIN_SECONDS = 45.0
STARTS_WITHIN_SECONDS = 120.0
"""It waits for a store that is down or slow, and the fault that makes it so may be another's."""


class Timers(Child):
    """Its port is in its environment."""

    def words(self) -> list[str]:
        return [*self.program, "--data", str(self.data)]


@dataclass
class Node:
    """`ready_at` is when it last became able to do its work, in seconds of `time.monotonic`; None while it cannot."""

    name: str
    child: Child
    disk: SmallDisk
    front: FaultProxy | None = None
    """None: nobody visits it."""
    ready_at: float | None = None
    kills: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """What people type who come to this node."""
        assert self.front is not None
        return f"http://127.0.0.1:{self.front.port}"

    async def start(self, **more: str) -> None:
        """Returns once it says that it is ready. `more` goes into this life's environment alone."""
        self.child.environment = {**self.environment, **more}
        await self.child.start(STARTS_WITHIN_SECONDS)
        self.ready_at = time.monotonic()

    async def kill(self) -> None:
        """kill -9."""
        self.ready_at = None
        self.kills += 1
        await self.child.kill()

    async def stop(self) -> int:
        """SIGTERM, and wait for the end. Returns the exit code."""
        self.ready_at = None
        return await self.child.stop()

    async def end(self) -> None:
        """However it is."""
        if self.child.process is None or self.child.process.returncode is not None:
            return
        self.thaw()
        try:
            await self.stop()
        except TimeoutError:
            await self.child.kill()

    def freeze(self) -> None:
        self.ready_at = None
        os.kill(self.child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.child.pid, signal.SIGCONT)
        self.ready_at = time.monotonic()

    async def ready_again(self) -> None:
        """Wait until it says so itself; not for ever, for then the recovery tells what is missing."""
        url, until = f"http://127.0.0.1:{self.child.port}/readyz", time.monotonic() + READY_AGAIN_WITHIN_SECONDS
        while not await _is_well(url) and time.monotonic() < until:  # noqa: ASYNC110  another process tells of nothing
            await asyncio.sleep(ASK_READY_EVERY_SECONDS)
        self.ready_at = time.monotonic()

    def without_store(self) -> Iterator[tuple[int, int]]:
        """From when to when its store counted as down (UC15), as it says itself, in ms since 1970."""
        down: int | None = None
        for line in self.child.log().splitlines():
            at, event = _logged(line)
            if event == "store_down":
                down = at
            elif event in ("store_back", "ready") and down is not None:
                yield down, at
                down = None
        if down is not None:
            yield down, time.time_ns() // 1_000_000


async def _is_well(url: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http,
            http.get(url) as answer,
        ):
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


@dataclass
class Auditor:
    """`beside auditor`, which must be well when all is over."""

    process: asyncio.subprocess.Process
    port: int

    async def is_well(self) -> bool:
        return self.process.returncode is None and await _is_well(f"http://127.0.0.1:{self.port}/readyz")

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()


def _logged(line: str) -> tuple[int, str]:
    """When, in ms since 1970, and what."""
    try:
        said = json.loads(line)
        return round(datetime.fromisoformat(said["timestamp"]).timestamp() * 1000), str(said["event"])
    except (ValueError, KeyError, TypeError):  # a line that is not of the server's own log
        return 0, ""
