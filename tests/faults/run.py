"""One run: people live, nemeses strike, the store is looked into; then all is healed, finished, read and checked."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from beside_client import connect, sign_up
from rooms.record import check_text
from server.record_key import encode, verify
from tests.faults.cast import GROUPS, PASSPHRASE, Cast
from tests.faults.checker import violations
from tests.faults.deployment import SHORT_MS, Deployment, Shape, a_deployment
from tests.faults.history import Fault, History, Late, Seconds, Seen, Violation
from tests.faults.nemeses import Nemesis, ServerKilled, Where
from tests.faults.nemeses_between import NEMESES
from tests.faults.people import now
from tests.faults.plan import strikes
from tests.faults.recovery import recovered, untrue
from tests.faults.store import StoreFromOutside
from tests.faults.watch import LATE_AT_MOST_SECONDS, Watch

FINISH_WITHIN_SECONDS = 40.0
READ_WITHIN_SECONDS = 10.0
CARDS_WITHIN_SECONDS = 5.0
FAILSAFE_AFTER_SECONDS = SHORT_MS["BACKUP_AFTER"] / 1000 + LATE_AT_MOST_SECONDS
RECORDS_CHECKED_AT_MOST = 20
UNHURRIED = 3.0
"""Several nodes on two cores: people who do a third as much leave them time to be struck, and not only to be busy."""


@dataclass
class Outcome:
    """What a run came to. `not_run`: nemesis → why."""

    seed: str
    shape: Shape
    seconds: float
    history: History
    kills: int
    disk: str
    looks: int
    most_overdue: Late
    rung_again_from_memory: int
    second_calls: int
    ready_s: list[float]
    not_run: dict[str, str]
    violations: list[Violation] = field(default_factory=list)
    setup_s: float = 0.0


@dataclass
class Stage:
    """A run that is set up."""

    where: Where
    watch: Watch
    store: StoreFromOutside
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _watching: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Everyone lives, and the store is looked into."""
        self._watching = asyncio.ensure_future(self.watch.go_on())
        self.tasks = [asyncio.ensure_future(life.live(self.stop)) for life in self.cast.lives]

    async def end_watch(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def end(self) -> None:
        """At once, whatever they were doing."""
        await self.end_watch()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def cast(self) -> Cast:
        return self.where.cast

    @property
    def history(self) -> History:
        return self.where.cast.history


@asynccontextmanager
async def a_stage(folder: Path, seed: str, shape: Shape, groups: tuple[str, ...] = GROUPS) -> AsyncIterator[Stage]:
    """Everyone is there, and nobody lives yet."""
    async with a_deployment(folder, seed, shape) as deployment:
        pace = UNHURRIED if shape.shared and groups == GROUPS else 1.0
        cast = Cast(deployment.urls, seed, groups, pace, clock=deployment.clock)
        store = StoreFromOutside(folder / "web0", deployment.shared.url if deployment.shared else "")
        try:
            await cast.come(deployment.first_tokens)
            group = cast.groups[groups[0]]
            stranger = await sign_up(deployment.urls[0], f"{group.name}-stranger", PASSPHRASE)
            async with connect(stranger) as page:
                await page.use_invite(await group.moderator.make_invite(group.id), stranger.login)
            where = Where(deployment, cast, stranger, group.room)
            stage = Stage(where, Watch(deployment, store, cast.history), store)
            try:
                yield stage
            finally:
                await stage.end()
        finally:
            await cast.go()
            store.close()


async def run(folder: Path, seed: str, seconds: float, shape: Shape, *, only: Sequence[str] = ()) -> Outcome:
    """`seconds` of strikes, the setting up and the settling besides. `only`: names of nemeses; without any, all that
    can be had."""
    began = time.monotonic()
    async with a_stage(folder, seed, shape) as stage:
        setup_s = time.monotonic() - began
        not_run = await rage(stage, seed, seconds, only)
        await _settle(stage)
        await stage.end_watch()
        await stage.store.read_all(stage.history)
        deployment = stage.where.deployment
        watch, nodes = stage.watch, deployment.nodes
        stage.history.without_store = _without_store(deployment)
        outcome = Outcome(
            seed=seed,
            shape=shape,
            seconds=time.monotonic() - began - setup_s,
            history=stage.history,
            kills=deployment.kills,
            disk=nodes[0].disk.kind,
            looks=watch.looks,
            most_overdue=watch.most_overdue,
            rung_again_from_memory=watch.rung_again_from_memory,
            second_calls=len(watch.second_calls),
            ready_s=[s for node in nodes for s in node.child.seconds_to_ready[1:]],
            not_run=not_run,
            setup_s=setup_s,
        )
    outcome.violations = violations(outcome.history, FAILSAFE_AFTER_SECONDS)
    return outcome


def _without_store(deployment: Deployment) -> list[tuple[Seconds, Seconds]]:
    ahead = time.time() - now()
    return [
        (down / 1000 - ahead, back / 1000 - ahead) for node in deployment.nodes for down, back in node.without_store()
    ]


async def rage(
    stage: Stage,
    seed: str,
    seconds: float,
    only: Sequence[str] = (),
    enough: Callable[[], Awaitable[bool]] | None = None,
    peace_seconds: float = 0.0,
) -> dict[str, str]:
    """People live and nemeses strike, until the time is over or `enough()`, which is asked after each strike. Without
    it a life that ended is enough: there is something to tell.
    `peace_seconds` go before the first. Returns what could not be had, and why."""
    all_ = {kind.name: kind for kind in NEMESES if not only or kind.name in only}
    not_run = {name: why for name, kind in all_.items() if (why := kind().why_not(stage.where.deployment))}
    others = [name for name in all_ if name not in not_run and name != ServerKilled.name]
    stage.begin()
    until = time.monotonic() + seconds
    await asyncio.sleep(peace_seconds)
    for strike in strikes(seed, seconds, ServerKilled.name, others):
        await asyncio.sleep(strike.after)
        if time.monotonic() >= until:
            break
        if await enough() if enough else any(life.done() for life in stage.tasks):
            break
        chance = random.Random(strike.seed)
        await _strike(stage, all_.get(strike.nemesis, ServerKilled)(), chance)
        stage.cast.spread(chance)
    return not_run


async def _strike(stage: Stage, nemesis: Nemesis, chance: random.Random) -> None:
    began, deployment = now(), stage.where.deployment
    deployment.shaky = nemesis.shaky
    await nemesis.inject(stage.where, chance)
    await asyncio.sleep(chance.uniform(*nemesis.holds))
    await nemesis.heal(stage.where)
    healed = now()
    await deployment.ready_again()
    at = len(stage.history.faults)
    apart = nemesis.shaky and deployment.shared is not None
    fault = Fault(nemesis.name, began, healed, None, nemesis.blind, nemesis.kills, apart)
    stage.history.faults.append(fault)
    done = await recovered(stage.cast, nemesis.name)
    deployment.shaky = False
    stage.history.faults[at] = replace(fault, recovered=done)


async def _settle(stage: Stage) -> None:
    """Everyone finishes what they began, reads to the end, sees who is here, and has the cards that ask them."""
    h = stage.history
    stage.stop.set()
    _, left = await asyncio.wait(stage.tasks, timeout=FINISH_WITHIN_SECONDS)
    for task in left:
        task.cancel()
    ended = await asyncio.gather(*stage.tasks, return_exceptions=True)
    for life, how in zip(stage.cast.lives, ended, strict=True):
        if isinstance(how, BaseException):
            why = how.exceptions if isinstance(how, BaseExceptionGroup) else how
            what = f"{life.person.name} as {type(life).__name__}: {why!r}"
            latest = h.latest_of(life.person.name)
            h.seen.append(Seen(now(), "a life did not end as it should", what, latest))
    for group in stage.cast.groups.values():
        for name, person in group.members.items():
            if name not in stage.cast.wanderers or group.id in person.state.groups:
                h.readers_at_end.add((name, group.room))
    await _until(lambda: not _behind(stage), READ_WITHIN_SECONDS)
    await recovered(stage.cast, "the end")
    if not await _until(lambda: not any(untrue(stage.cast)), 1.0):
        h.seen.append(Seen(now(), "presence untrue", "; ".join(untrue(stage.cast))))
    await _until(lambda: not _behind(stage), READ_WITHIN_SECONDS)
    await _cards_are_there(stage)
    try:
        async with asyncio.timeout(READ_WITHIN_SECONDS):
            await _records_hold(stage)
    except TimeoutError:
        h.seen.append(Seen(now(), "a record is not given", f"within {READ_WITHIN_SECONDS} s"))
    shared = stage.where.deployment.shared
    if shared is not None and not await shared.auditor.is_well():
        h.seen.append(Seen(now(), "the auditor is not well", "its /readyz, or its process"))


async def _until(truth: Callable[[], bool], within_seconds: float) -> bool:
    until = time.monotonic() + within_seconds
    while not truth():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.05)
    return True


def _behind(stage: Stage) -> list[str]:
    """Who has not read as far as somebody was acked."""
    heads: dict[str, int] = {}
    for acked in stage.history.acked:
        heads[acked.room] = max(heads.get(acked.room, 0), acked.seq)
    people = {p.name: p for p in stage.cast.people}
    return [
        who
        for who, room in stage.history.readers_at_end
        if (log := people[who].state.logs.get(room)) is None or log.last < heads.get(room, 0)
    ]


async def _cards_are_there(stage: Stage) -> None:
    """Whoever is asked in a running call, and is here, has its card."""
    people = {p.name: p for p in stage.cast.people}

    async def missing() -> list[str]:
        look = await stage.store.look()
        return [
            f"{r.name} has no card of {call.id}"
            for call in look.calls
            for r in call.recipients.values()
            if call.end is None and r.name in people and people[r.name].up and call.id not in people[r.name].state.cards
        ]

    until = time.monotonic() + CARDS_WITHIN_SECONDS
    while found := await missing():
        if time.monotonic() > until:
            stage.history.seen += [Seen(now(), "never on the wire", what) for what in found]
            return
        await asyncio.sleep(0.1)


async def _records_hold(stage: Stage) -> None:
    """What a member exports verifies with the key that their page shows (WA6)."""
    for doer in stage.cast.doers():
        key = (await doer.person.list_records())["key"]
        for action in doer.ended[-RECORDS_CHECKED_AT_MOST:]:
            if doer.person.state.my_action_when(action).get("stage", "ended") != "ended":
                continue
            broken = check_text(await doer.person.export_record(action), key, encode, verify)
            if broken is not None:
                stage.history.seen.append(Seen(now(), "a broken chain", f"{action}: {broken.why}"))
