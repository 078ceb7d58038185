"""The servers of a run: what can be done to their processes, and the proxy in front of them.

One node today. `nodes` is a list, and people come through one proxy for each, so that more are more of the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tests.faults.disk import SmallDisk
from tests.faults.people import ServerClock
from tests.faults.proxy import FaultProxy
from tests.server.child import SERVE, Child, free_port

# Times of the policy, short enough that rings, pledges and undos come due between two strikes.
SHORT_MS = {
    "AWAY_AFTER": 800,
    "VOLUNTEERS_AFTER": 1_200,
    "BACKUP_AFTER": 2_000,
    "BACKUP_AFTER_AGAIN": 1_000,
    "AGAIN_EVERY": 1_000,
    "UNDELIVERED_IS_EMPTY_AFTER": 500,
    "PLEDGE": 1_500,
    "VOLUNTEERS_WAIT_FOR_PLEDGE_UNTIL": 1_500,
    "GONE_IS_LEFT_AFTER": 1_000,
    "UNDO": 3_000,
}


@dataclass
class Deployment:
    """`ready_at` is when the server last became able to do its work, in seconds of `time.monotonic`; None while it
    cannot. `shaky`: the store may be behind what was acked (UC15), and is not looked into."""

    node: Child
    proxy: FaultProxy
    disk: SmallDisk
    clock: ServerClock
    ready_at: float | None = None
    shaky: bool = False
    kills: int = 0
    _environment: dict[str, str] = field(default_factory=dict)

    @property
    def pids(self) -> list[int]:
        return [self.node.pid]

    @property
    def url(self) -> str:
        """What people type."""
        return f"http://127.0.0.1:{self.proxy.port}"

    async def start(self, **more: str) -> None:
        """Returns once it says that it is ready. `more` goes into this life's environment alone."""
        self.node.environment = {**self._environment, **more}
        self.clock.started_anew()
        await self.node.start()
        self.ready_at = time.monotonic()

    async def kill(self) -> None:
        """kill -9."""
        self.ready_at = None
        self.kills += 1
        await self.node.kill()

    async def stop(self) -> int:
        """SIGTERM, and wait for the end. Returns the exit code."""
        self.ready_at = None
        return await self.node.stop()

    def freeze(self) -> None:
        self.ready_at = None
        os.kill(self.node.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.node.pid, signal.SIGCONT)
        self.ready_at = time.monotonic()

    def store_was_down(self, since_ms: int, until_ms: int) -> bool:
        """Whether the server says that its store counted as down at some time between these two (UC15)."""
        down: int | None = None
        for line in self.node.log().splitlines():
            at, event = _logged(line)
            if event == "store_down":
                down = at
            elif event in ("store_back", "ready") and down is not None:
                if down <= until_ms and at >= since_ms:
                    return True
                down = None
        return down is not None and down <= until_ms

    def is_alive(self) -> bool:
        return self.node.process is not None and self.node.process.returncode is None


def _logged(line: str) -> tuple[int, str]:
    """When, in ms since 1970, and what."""
    try:
        said = json.loads(line)
        return round(datetime.fromisoformat(said["timestamp"]).timestamp() * 1000), str(said["event"])
    except (ValueError, KeyError, TypeError):  # a line that is not of the server's own log
        return 0, ""


@asynccontextmanager
async def a_deployment(folder: Path, seed: str, program: Sequence[str] = SERVE) -> AsyncIterator[Deployment]:
    """`program` is what runs as the server."""
    disk = SmallDisk(folder / "data")
    port = free_port()
    try:
        async with FaultProxy(port, random.Random(f"{seed} lines")) as proxy:
            environment = {f"BESIDE_POLICY_{name}_MS": str(ms) for name, ms in SHORT_MS.items()}
            environment["BESIDE_PUBLIC_ORIGIN"] = f"http://127.0.0.1:{proxy.port}"
            node = Child(folder / "data", port, program, environment)
            deployment = Deployment(node, proxy, disk, ServerClock(), _environment=environment)
            await deployment.start()
            try:
                yield deployment
            finally:
                if deployment.is_alive():
                    deployment.thaw()
                    await _end(deployment)
    finally:
        disk.close()


async def _end(deployment: Deployment) -> None:
    try:
        await deployment.stop()
    except TimeoutError:
        await deployment.kill()
    await asyncio.sleep(0)
