"""Tells the other nodes who is connected here, and hears it of them: over the bus, and by the store while the bus is
down for any of them (docs/decisions/0014)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import structlog

from presence.elsewhere import HOLDS_MS, Node
from presence.ids import AccountId, Instant
from presence.roster import Roster
from server.clock import Clock
from server.metrics import NEIGHBOURS
from server.ports import Bus, Store, StoreDown, StoreLate
from server.registry.statements import PART_AT_MOST_BYTES, decode, encode

log = structlog.get_logger("neighbours")
LOOK_SECONDS = 0.1
SAY_SECONDS = 2.0
"""A statement holds three times as long."""
STORE_SECONDS = (2.0, 1.0)
"""How often the store is asked while the bus is up, and while it is not: whoever is cut off from the bus alone is heard
there, and must hear us there, before what we said is over."""
CERTAIN_AFTER_SECONDS = HOLDS_MS / 1000
FIRST_WORDS_SECONDS = 1.5
STOOD_STILL_SECONDS = 3.0
"""This process was paused: what was said meanwhile is old by now."""
PRESENCE, ASK = "presence", "presence?"

Tell = Callable[[AccountId], Awaitable[None]]


class Neighbours:
    """`tell` is called for everyone of whom something is different elsewhere, one after the other: their groups are to
    hear it. `settle` after it, once silence is certain to mean that somebody is gone: their calls are to follow. While
    this node hears nothing on either road, and as long again as a statement holds, it is certain of nothing.
    `go_on_with` is told what time it was at another node when that spoke."""

    def __init__(
        self,
        me: Node,
        bus: Bus,
        store: Store,
        roster: Roster,
        clock: Clock,
        tell: Tell,
        settle: Tell,
        go_on_with: Callable[[Instant], None],
    ) -> None:
        self._go_on_with = go_on_with
        self._me, self._bus, self._store, self._roster, self._clock = me, bus, store, roster, clock
        self._tell, self._settle = tell, settle
        self._number = 0
        self._said_changes = -1
        self._said_at = self._store_answered_at = float("-inf")
        self._looked_at = self._now()
        self._asked_store_at = self._now()  # the bus has a moment to come up before anything goes by the store
        self._certain_at = self._now() + CERTAIN_AFTER_SECONDS
        self._was_up = False
        self._answers_by_store = False
        self._to_tell: dict[AccountId, None] = {}
        self._to_settle: dict[AccountId, None] = {}
        self._looking: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._by_store: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._bus.subscribe(PRESENCE, self.hear)
        self._bus.subscribe(ASK, lambda _nothing: self.say())
        self._bus.when_up(self._came_up)
        loop = asyncio.get_running_loop()
        self._looking, self._telling = loop.create_task(self._look_on()), loop.create_task(self._tell_on())

    async def stop(self) -> None:
        """Everyone here is gone: the others need not wait until that is silence. To be called before the bus closes."""
        tasks = [task for task in (self._looking, self._telling) if task is not None]
        for task in tasks:
            task.cancel()
        tasks += [self._by_store] if self._by_store is not None else []
        await asyncio.gather(*tasks, return_exceptions=True)
        self.say()

    async def others_are_there(self) -> bool:
        """Whether any other node speaks, heard on either road in the first moments."""
        async with _at_most(FIRST_WORDS_SECONDS):
            while not self._heard_anybody():
                if not self._bus.up:
                    await self._ask_store()
                await asyncio.sleep(LOOK_SECONDS)
        return self._heard_anybody()

    def _heard_anybody(self) -> bool:
        return bool(self._roster.elsewhere.nodes(self._clock.now()))

    def look_at_calls_of(self, accounts: Iterable[AccountId]) -> None:
        """As soon as it is certain who is here."""
        self._to_settle.update(dict.fromkeys(accounts))

    # ---- saying

    def say(self) -> None:
        """Everyone who is connected here, now."""
        self._said_changes, self._said_at = self._roster.changes, self._now()
        for part in self._statement(PART_AT_MOST_BYTES):
            self._bus.publish(PRESENCE, part)

    def _statement(self, part_at_most_bytes: int) -> list[bytes]:
        self._number += 1
        holds_until = self._clock.now() + HOLDS_MS
        return encode(self._me, self._number, holds_until, self._roster.people(), part_at_most_bytes)

    def _came_up(self) -> None:
        self._bus.publish(ASK, b"")
        self.say()

    # ---- hearing

    def hear(self, data: bytes) -> None:
        said = decode(data)
        if said.node.id == self._me.id:
            if said.node.epoch > self._me.epoch:
                log.error("two_nodes_with_one_id", subject=self._me.id)
            return
        self._go_on_with(said.holds_until - HOLDS_MS)  # before anything is measured by this node's clock
        self._changed(self._roster.elsewhere.hear(said, self._clock.now()))

    def _changed(self, accounts: set[AccountId]) -> None:
        for account in accounts:
            self._to_tell[account] = self._to_settle[account] = None

    # ---- the rounds

    async def _look_on(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                log.exception("neighbours_failed")
            # A large node changes all the time, and says a lot each time.
            await asyncio.sleep(LOOK_SECONDS * (1 + len(self._roster.seats()) / 1_000))

    def look(self) -> None:
        """One round: what changed is said, what was not said again is forgotten, and the store is asked when it is
        time."""
        now, elsewhere = self._now(), self._roster.elsewhere
        stood_still = now - self._looked_at > STOOD_STILL_SECONDS
        if stood_still or (self._was_up and not self._bus.up):  # who could not hear takes that for nobody's silence
            elsewhere.excuse(self._clock.now() + HOLDS_MS)
        self._looked_at, self._was_up = now, self._bus.up
        if stood_still or (not self._bus.up and now - self._store_answered_at > SAY_SECONDS + 1):
            self._certain_at = now + CERTAIN_AFTER_SECONDS
        if self._roster.changes != self._said_changes or now - self._said_at >= SAY_SECONDS:
            self.say()
        self._changed(elsewhere.forget(self._clock.now()))
        NEIGHBOURS.set(len(elsewhere.nodes(self._clock.now())))
        idle = self._by_store is None or self._by_store.done()
        if idle and now - self._asked_store_at >= STORE_SECONDS[not self._bus.up]:
            self._asked_store_at = now
            self._by_store = asyncio.get_running_loop().create_task(self._ask_store())

    async def _ask_store(self) -> None:
        try:
            await self.ask_store()
        except Exception:
            log.exception("neighbours_failed")

    async def ask_store(self) -> None:
        """Say it there too, if anybody must hear it there, and hear who does."""
        now, deaf = self._clock.now(), not self._bus.up
        try:
            if deaf or self._answers_by_store:
                (said,) = self._statement(2**62)
                node, number, until = self._me, self._number, now + HOLDS_MS
                await self._store.write(lambda tx: tx.nodes.say(node.id, node.epoch, number, until, said, deaf=deaf))
            heard = await self._store.read_log(lambda tx: tx.nodes.heard(now))
        except (StoreDown, StoreLate):
            return
        self._store_answered_at = self._now()
        others = [one for one in heard if one.node != self._me.id]
        self._answers_by_store = any(one.deaf for one in others)
        for one in others:
            self.hear(one.said)

    async def _tell_on(self) -> None:
        while True:
            await self.tell_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def tell_all(self) -> None:
        """Everyone of whom something was different by now."""
        await self._each(self._to_tell, self._tell)
        if self._now() >= self._certain_at:
            await self._each(self._to_settle, self._settle)

    async def _each(self, accounts: dict[AccountId, None], work: Tell) -> None:
        for account in list(accounts):
            del accounts[account]
            try:
                await work(account)
            except (StoreDown, StoreLate):
                accounts[account] = None
                return
            except Exception:
                log.exception("neighbours_failed")

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def _at_most(seconds: float) -> AsyncIterator[None]:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            yield
