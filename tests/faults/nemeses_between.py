"""What goes wrong with what nodes share: PostgreSQL, Redis, and each process's lines to the two. And all nemeses."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Sequence
from typing import ClassVar

from tests.faults.deployment import Deployment, Shared
from tests.faults.nemeses import (
    CancelStorm,
    ClockWrong,
    DiskFull,
    LinesCut,
    LinesHung,
    LinesReset,
    LinesSlow,
    Nemesis,
    OfProcesses,
    OneWayCut,
    ReadersStalled,
    ServerFrozen,
    ServerKilled,
    ServerRestarted,
    SlowHeaders,
    TinyFrames,
    Where,
)
from tests.faults.proxy import FaultKind, LineFault


def shared(where: Where) -> Shared:
    assert where.deployment.shared is not None
    return where.deployment.shared


def why_not_between(deployment: Deployment) -> str:
    return "" if deployment.shared is not None else "needs PostgreSQL, Redis and several nodes"


class OfWhatIsShared(Nemesis):
    def why_not(self, deployment: Deployment) -> str:
        return why_not_between(deployment)


class RedisKilled(OfWhatIsShared):
    """kill -9, and started empty."""

    name, holds = "redis_killed", (0.5, 4.0)

    async def inject(self, where: Where, chance: random.Random) -> None:
        await asyncio.to_thread(shared(where).valkey.kill)

    async def heal(self, where: Where) -> None:
        await asyncio.to_thread(shared(where).valkey.start)


class RedisHung(OfWhatIsShared):
    """SIGSTOP, SIGCONT."""

    name, holds = "redis_hung", (1.0, 5.0)

    async def inject(self, where: Where, chance: random.Random) -> None:
        shared(where).valkey.stop()

    async def heal(self, where: Where) -> None:
        shared(where).valkey.go_on()


class PubsubKilled(OfWhatIsShared):
    """Every subscriber loses its line, and with it what was said until it is back."""

    name = "pubsub_killed"

    async def inject(self, where: Where, chance: random.Random) -> None:
        await asyncio.to_thread(shared(where).valkey.ask, "CLIENT", "KILL", "TYPE", "pubsub")

    async def heal(self, where: Where) -> None:
        """It is over when it is over."""


class PostgresStopped(OfWhatIsShared):
    """At once, as a power cut, and started."""

    name, holds, shaky = "postgres_stopped", (0.0, 4.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        where.deployment.store_is_away(where.deployment.nodes)
        await asyncio.to_thread(shared(where).postgres.stop)

    async def heal(self, where: Where) -> None:
        await asyncio.to_thread(shared(where).postgres.start)


class PostgresHung(OfWhatIsShared):
    """SIGSTOP of every process of it, SIGCONT."""

    name, holds, shaky = "postgres_hung", (1.0, 6.0), True

    async def inject(self, where: Where, chance: random.Random) -> None:
        where.deployment.store_is_away(where.deployment.nodes)
        await asyncio.to_thread(shared(where).postgres.signal_all, signal.SIGSTOP)

    async def heal(self, where: Where) -> None:
        await asyncio.to_thread(shared(where).postgres.signal_all, signal.SIGCONT)


class CutOff(OfProcesses):
    """One process has no line to one of the two, or to both: refused, or all that is sent is lost on the way, both ways
    or one."""

    to: ClassVar[Sequence[str]]
    kinds: ClassVar[Sequence[FaultKind]] = ("cut", "hang")
    holds: ClassVar[tuple[float, float]] = (1.0, 6.0)

    def why_not(self, deployment: Deployment) -> str:
        return why_not_between(deployment)

    def names(self) -> list[str]:
        return [f"{node.name} {what}" for node in self.struck for what in self.to]

    async def inject(self, where: Where, chance: random.Random) -> None:
        struck = self.choose(where, chance)
        if "store" in self.to:
            where.deployment.store_is_away(struck)
        kind = chance.choice(self.kinds)
        for name in self.names():
            await shared(where).lines.begin(name, LineFault(kind, seconds=chance.uniform(0.02, 0.2)))

    async def heal(self, where: Where) -> None:
        for name in self.names():
            await shared(where).lines.heal(name)


class CutOffPostgres(CutOff):
    name, to, shaky = "cut_off_postgres", ("store",), True


class CutOffRedis(CutOff):
    name, to = "cut_off_redis", ("bus",)


class CutOffBoth(CutOff):
    """Nobody hears of it, and it hears of nobody: who is here cannot be told truly on either side."""

    name, to, shaky, blind = "cut_off_both", ("store", "bus"), True, True


class OneWayToPostgres(CutOff):
    name, to, kinds, shaky = "one_way_to_postgres", ("store",), ("one_way_in", "one_way_out"), True


class OneWayToRedis(CutOff):
    name, to, kinds = "one_way_to_redis", ("bus",), ("one_way_in", "one_way_out")


class SlowBetween(CutOff):
    """Each piece takes 20 to 200 ms more, to both."""

    name, to, kinds, shaky, holds = "slow_between", ("store", "bus"), ("delay",), True, (2.0, 5.0)


NEMESES: tuple[type[Nemesis], ...] = (
    ServerKilled, LinesCut, ServerFrozen, DiskFull, LinesHung, CancelStorm, OneWayCut, ReadersStalled, ServerRestarted,
    LinesSlow, TinyFrames, LinesReset, SlowHeaders, ClockWrong, RedisKilled, RedisHung, PubsubKilled, PostgresStopped,
    PostgresHung, CutOffPostgres, CutOffRedis, CutOffBoth, OneWayToPostgres, OneWayToRedis, SlowBetween,
)  # fmt: skip
