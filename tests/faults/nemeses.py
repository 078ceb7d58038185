"""Nemeses: what goes wrong with processes, people's lines, disks and clocks, each with a name, how it begins and how it
is healed. (What goes wrong between nodes and what they share: `nemeses_between.py`.) Counted by `run.py`.

`inject` returns when the fault stands, `heal` when its cause is gone; what is then still to come back is measured
(`recovery.py`). A nemesis that cannot be had on this machine says why.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import ClassVar

from beside_client import Account
from tests.faults import storms
from tests.faults.cast import Cast
from tests.faults.deployment import Deployment
from tests.faults.node import Node
from tests.faults.proxy import FaultKind, FaultProxy, LineFault
from tests.server.raw import Line

HOUR_SECONDS = 3600
LIBFAKETIME = ("usr/lib/*/faketime/libfaketime.so.1", "usr/local/lib/faketime/libfaketime.so.1")
IN_WHEEL = "vendor/libfaketime/src/libfaketime.so.1"
TWO_AT_ONCE = 0.4
"""How often two processes die together, where there are several."""


@dataclass
class Where:
    """A nemesis strikes here. `stranger` is a member of the first group who lives no life of their own."""

    deployment: Deployment
    cast: Cast
    stranger: Account
    room: str

    def stranger_at(self, chance: random.Random) -> Account:
        """On one node or another."""
        return replace(self.stranger, base_url=chance.choice(self.deployment.urls))


class Nemesis(ABC):
    """`holds`: for how many seconds it stands, least and most."""

    name: ClassVar[str]
    holds: ClassVar[tuple[float, float]] = (0.0, 0.5)
    blind: ClassVar[bool] = False
    """The server stands still, or lines carry nothing, while it lasts."""
    kills: ClassVar[bool] = False
    shaky: ClassVar[bool] = False
    """The store falls behind what is acked, until it is healed (UC15)."""

    def why_not(self, deployment: Deployment) -> str:
        """Why it cannot be had here; "" when it can."""
        return ""

    @abstractmethod
    async def inject(self, where: Where, chance: random.Random) -> None: ...

    @abstractmethod
    async def heal(self, where: Where) -> None: ...


def faked_by(seconds: int) -> dict[str, str] | None:
    """The environment of a process whose wall clock is wrong by so much, and its monotonic clock is not. None when
    libfaketime is not here, or was made for another kind of machine."""
    library = _libfaketime()
    return None if not library else {
        "LD_PRELOAD": library, "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip


@cache
def _libfaketime() -> str:
    spec = importlib.util.find_spec("libfaketime")  # the wheel: found, not imported
    places = [Path(p) / IN_WHEEL for p in (spec.submodule_search_locations or ())] if spec else []
    places += [p for pattern in LIBFAKETIME for p in Path("/").glob(pattern)]
    return next((str(place) for place in places if place.exists() and _works(place)), "")


def _works(library: Path) -> bool:
    """A loader that cannot use it goes on without it: whether the clock is wrong has to be seen."""
    environment = {**os.environ, "LD_PRELOAD": str(library), "FAKETIME": f"-{HOUR_SECONDS}s"}
    ask = [sys.executable, "-c", "import time; print(time.time())"]
    said = subprocess.run(ask, env=environment, capture_output=True, text=True, check=False).stdout
    return bool(said) and float(said) < time.time() - HOUR_SECONDS / 2


class OfProcesses(Nemesis):
    """Something happens to `struck`: one process of those there are, web or timers."""

    struck: Sequence[Node] = ()

    def choose(self, where: Where, chance: random.Random, at_most: int = 1) -> Sequence[Node]:
        nodes = where.deployment.nodes
        together = chance.random() < TWO_AT_ONCE
        self.struck = chance.sample(nodes, min(len(nodes), at_most if together else 1))
        return self.struck


class ServerKilled(OfProcesses):
    """kill -9 of one, or of two at once, and a new start."""

    name, kills = "server_killed", True

    async def inject(self, where: Where, chance: random.Random) -> None:
        await asyncio.gather(*(node.kill() for node in self.choose(where, chance, at_most=2)))

    async def heal(self, where: Where) -> None:
        await where.deployment.start(*self.struck)


class ServerFrozen(OfProcesses):
    """SIGSTOP, SIGCONT."""

    name, holds, blind = "server_frozen", (1.0, 5.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        for node in self.choose(where, chance):
            node.freeze()

    async def heal(self, where: Where) -> None:
        for node in self.struck:
            node.thaw()


class ServerRestarted(OfProcesses):
    """SIGTERM: drained, and a new start."""

    name = "server_restarted"

    async def inject(self, where: Where, chance: random.Random) -> None:
        for node in self.choose(where, chance):
            await node.stop()

    async def heal(self, where: Where) -> None:
        await where.deployment.start(*self.struck)


class ClockWrong(OfProcesses):
    """One's wall clock is an hour fast or slow for one life. Only in the child: never the machine's own."""

    name, kills, holds = "clock_wrong", True, (1.0, 3.0)

    def why_not(self, deployment: Deployment) -> str:
        return "" if faked_by(0) is not None else "no libfaketime that works here"

    async def inject(self, where: Where, chance: random.Random) -> None:
        offset = chance.choice((HOUR_SECONDS, -HOUR_SECONDS))
        fake = faked_by(offset)
        assert fake is not None
        for node in self.choose(where, chance):
            await node.kill()
            await where.deployment.start(node, **fake)

    async def heal(self, where: Where) -> None:
        for node in self.struck:
            await node.kill()
            await where.deployment.start(node)


class DiskFull(OfProcesses):
    """Not a byte can be written to the folder of one. On SQLite that is the store; else it is the journal, and every
    other time the node is cut off from the store as well, so that it needs it (UC15)."""

    name, holds, shaky = "disk_full", (2.0, 4.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        deployment, cut_off = where.deployment, chance.random() < 0.5
        for node in self.choose(where, chance):
            node.disk.fill([node.child.pid])
            if deployment.shared is not None and cut_off:
                deployment.store_is_away([node])
                await deployment.shared.lines.begin(f"{node.name} store", LineFault("cut"))

    async def heal(self, where: Where) -> None:
        for node in self.struck:
            node.disk.free([node.child.pid])
            if where.deployment.shared is not None:
                await where.deployment.shared.lines.heal(f"{node.name} store")


class OfLines(Nemesis):
    """Something happens to a share of the lines between people and one node, or all of them."""

    fronts: Sequence[FaultProxy] = ()
    kinds: ClassVar[tuple[FaultKind, ...]]
    share: ClassVar[tuple[float, float]] = (0.3, 0.9)

    async def inject(self, where: Where, chance: random.Random) -> None:
        fault = LineFault(
            chance.choice(self.kinds), chance.uniform(*self.share), seconds=chance.uniform(0.05, 0.3),
            bytes_per_second=chance.choice((20_000, 60_000)),
        )  # fmt: skip
        webs = where.deployment.webs
        struck = chance.sample(webs, chance.randint(1, len(webs)))
        self.fronts = [node.front for node in struck if node.front is not None]
        for front in self.fronts:
            front.begin(fault)

    async def heal(self, where: Where) -> None:
        for front in self.fronts:
            front.heal()


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
        self._lines = await storms.stalled_readers(where.stranger_at(chance), where.room)

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
        self._writers = await storms.slow_headers("127.0.0.1", chance.choice(where.deployment.webs).child.port)

    async def heal(self, where: Where) -> None:
        for writer in self._writers:
            writer.transport.abort()


class TinyFrames(Nemesis):
    """A flood of the smallest frames."""

    name = "tiny_frames"

    async def inject(self, where: Where, chance: random.Random) -> None:
        await storms.tiny_frames(where.stranger_at(chance))

    async def heal(self, where: Where) -> None:
        """It is over when it is over."""


class CancelStorm(Nemesis):
    """Many say something over a slow line and are gone before the answer."""

    name = "cancel_storm"

    async def inject(self, where: Where, chance: random.Random) -> None:
        for node in where.deployment.webs:
            assert node.front is not None
            node.front.begin(LineFault("delay", seconds=0.05))
        await storms.cancels(where.stranger_at(chance), where.room, where.cast.history, chance)

    async def heal(self, where: Where) -> None:
        for node in where.deployment.webs:
            assert node.front is not None
            node.front.heal()
