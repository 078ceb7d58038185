"""Nemeses: what goes wrong, each with a name, how it begins and how it is healed. Counted by `run.py`.

`inject` returns when the fault stands, `heal` when its cause is gone; what is then still to come back is measured
(`recovery.py`). A nemesis that cannot be had on this machine says why.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from beside_client import Account
from tests.faults import storms
from tests.faults.cast import Cast
from tests.faults.deployment import Deployment
from tests.faults.proxy import FaultKind, LineFault
from tests.server.raw import Line

HOUR_SECONDS = 3600
LIBFAKETIME = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")


@dataclass
class Where:
    """A nemesis strikes here. `stranger` is a member of the first group who lives no life of their own."""

    deployment: Deployment
    cast: Cast
    stranger: Account
    room: str


class Nemesis(ABC):
    """`holds`: for how many seconds it stands, least and most."""

    name: ClassVar[str]
    holds: ClassVar[tuple[float, float]] = (0.0, 0.5)
    blind: ClassVar[bool] = False
    """The server stands still, or lines carry nothing, while it lasts."""
    kills: ClassVar[bool] = False
    shaky: ClassVar[bool] = False
    """The store falls behind what is acked, until it is healed (UC15)."""

    def why_not(self) -> str:
        """Why it cannot be had here; "" when it can."""
        return ""

    async def inject(self, where: Where, chance: random.Random) -> None:
        raise NotImplementedError

    async def heal(self, where: Where) -> None:
        raise NotImplementedError


class ServerKilled(Nemesis):
    """kill -9, and a new start."""

    name, kills = "server_killed", True

    async def inject(self, where: Where, chance: random.Random) -> None:
        await where.deployment.kill()

    async def heal(self, where: Where) -> None:
        await where.deployment.start()


class ServerFrozen(Nemesis):
    """SIGSTOP, SIGCONT."""

    name, holds, blind = "server_frozen", (2.0, 5.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        where.deployment.freeze()

    async def heal(self, where: Where) -> None:
        where.deployment.thaw()


class ServerRestarted(Nemesis):
    """SIGTERM: drained, and a new start."""

    name = "server_restarted"

    async def inject(self, where: Where, chance: random.Random) -> None:
        await where.deployment.stop()

    async def heal(self, where: Where) -> None:
        await where.deployment.start()


class ClockWrong(Nemesis):
    """The server's wall clock is an hour fast or slow for one life. Only in the child: never the machine's own."""

    name, kills, holds = "clock_wrong", True, (1.0, 3.0)

    def _library(self) -> str:
        found = (str(p) for pattern in LIBFAKETIME for p in Path("/").glob(pattern.lstrip("/")))
        return next(found, "")

    def why_not(self) -> str:
        return "" if self._library() else "libfaketime is not installed"

    async def inject(self, where: Where, chance: random.Random) -> None:
        offset = chance.choice((HOUR_SECONDS, -HOUR_SECONDS))
        await where.deployment.kill()
        fake = {"LD_PRELOAD": self._library(), "FAKETIME": f"{offset:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        await where.deployment.start(**fake)

    async def heal(self, where: Where) -> None:
        await where.deployment.kill()
        await where.deployment.start()


class DiskFull(Nemesis):
    """Not a byte can be written; nothing else is wrong."""

    name, holds, shaky = "disk_full", (2.0, 4.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        where.deployment.disk.fill(where.deployment.pids)

    async def heal(self, where: Where) -> None:
        where.deployment.disk.free(where.deployment.pids)


class OfLines(Nemesis):
    """Something happens to a share of the lines between people and server."""

    kinds: ClassVar[tuple[FaultKind, ...]]
    share: ClassVar[tuple[float, float]] = (0.3, 0.9)

    async def inject(self, where: Where, chance: random.Random) -> None:
        fault = LineFault(
            chance.choice(self.kinds), chance.uniform(*self.share), seconds=chance.uniform(0.05, 0.3),
            bytes_per_second=chance.choice((20_000, 60_000)),
        )  # fmt: skip
        where.deployment.proxy.begin(fault)

    async def heal(self, where: Where) -> None:
        where.deployment.proxy.heal()


class LinesCut(OfLines):
    name, kinds, holds = "lines_cut", ("cut",), (0.5, 3.0)


class LinesReset(OfLines):
    name, kinds = "lines_reset", ("reset",)


class LinesHung(OfLines):
    name, kinds, holds, blind = "lines_hung", ("hang",), (2.0, 5.0), True


class OneWayCut(OfLines):
    name, kinds, holds, blind = "one_way_cut", ("one_way_in", "one_way_out"), (2.0, 5.0), True


class LinesSlow(OfLines):
    name, kinds, holds, blind = "lines_slow", ("delay", "throttle"), (2.0, 4.0), True


class ReadersStalled(Nemesis):
    """Some open a room, ask for all of it, and read nothing."""

    name, holds = "readers_stalled", (2.0, 4.0)

    def __init__(self) -> None:
        self._lines: list[Line] = []

    async def inject(self, where: Where, chance: random.Random) -> None:
        self._lines = await storms.stalled_readers(where.stranger, where.room)

    async def heal(self, where: Where) -> None:
        for line in self._lines:
            line.socket.transport.abort()
            await line.close()


class SlowHeaders(Nemesis):
    """A hundred connections begin a request and do not end it."""

    name, holds = "slow_headers", (1.0, 3.0)

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    async def inject(self, where: Where, chance: random.Random) -> None:
        self._writers = await storms.slow_headers("127.0.0.1", where.deployment.node.port)

    async def heal(self, where: Where) -> None:
        for writer in self._writers:
            writer.transport.abort()


class TinyFrames(Nemesis):
    """A flood of the smallest frames."""

    name = "tiny_frames"

    async def inject(self, where: Where, chance: random.Random) -> None:
        await storms.tiny_frames(where.stranger)

    async def heal(self, where: Where) -> None:
        """It is over when it is over."""


class CancelStorm(Nemesis):
    """Many say something over a slow line and are gone before the answer."""

    name = "cancel_storm"

    async def inject(self, where: Where, chance: random.Random) -> None:
        where.deployment.proxy.begin(LineFault("delay", seconds=0.05))
        await storms.cancels(where.stranger, where.room, where.cast.history, chance)

    async def heal(self, where: Where) -> None:
        where.deployment.proxy.heal()


NEMESES: tuple[type[Nemesis], ...] = (
    ServerKilled, LinesCut, ServerFrozen, DiskFull, LinesHung, CancelStorm, OneWayCut, ReadersStalled, ServerRestarted,
    LinesSlow, TinyFrames, LinesReset, SlowHeaders, ClockWrong,
)  # fmt: skip
NOT_BUILT_YET = dict.fromkeys(
    ("redis_killed", "redis_restarted", "pubsub_killed", "postgres_stopped", "postgres_hung", "node_partitioned"),
    "needs PostgreSQL, Redis or a second node",
)
"""Names that are taken for what comes with the other stores and nodes."""
