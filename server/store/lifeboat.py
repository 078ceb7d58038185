"""The lifeboat: urgent calls survive their own database (UC15).

Ordinarily everything goes to the real store. When a commit of a call is unanswered for 400 ms, or fails, the store
counts as down: the same transaction runs on the mirror in memory, the call is rung live and shown as "ringing, not
saved yet", and the journal gets it. From then on calls live on the mirror; everything else is refused as not saved,
and its sender keeps it. A probe asks the real store twice a second. When it answers, all that happened is merged
by version, and calls go back to it.

Where several nodes share the store, their lifeboats are one fleet (`server.store.fleet`): whoever finds the store down
says so, and what one of them carries, all of them carry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from presence.ids import AccountId, CallId, GroupId, Instant, MemberId
from rooms.call import Call
from server.ports import StoreDown, StoreLate, Tx
from server.records import Merged
from server.store.cargo import Cargo
from server.store.fellows import Alone, Fellows
from server.store.journal import Journal
from server.store.mirror import Mirror, TurnLost
from server.store.unsaved import Key, Unsaved, merge
from server.store.worker import CLOSE_WITHIN_SECONDS

T = TypeVar("T")
log = structlog.get_logger("lifeboat")

CALL_LATE_SECONDS = 0.4
ORDINARY_LATE_SECONDS = 3.0
READ_LATE_SECONDS = 1.0
PROBE_EVERY_SECONDS = 0.5
PROBE_LATE_SECONDS = 5.0
SLOW_SAVE_EVERY_SECONDS = 5.0
"""To a store that is reached but late, for who writes holds the lock of all nodes for as long."""
TURN_BACK_SECONDS = 0.2
"""How long a call waits at most while calls go back to the store."""
NEWS_WITHIN_SECONDS = 0.3
"""How long to wait for what another node made, when it was first. Whoever was first may have died since."""
TURNS_AT_MOST = 10


class RealStore(Protocol):
    """The store inside: what it promises is in `server.ports.Store`, and it may keep whoever asks waiting."""

    async def write(
        self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None, *, urgent: bool = False
    ) -> T: ...
    async def read(self, work: Callable[[Tx], T]) -> T: ...
    async def read_log(self, work: Callable[[Tx], T]) -> T:
        """The same, after every read that is not of a log."""
        ...

    def put(self, work: Callable[[Tx], object]) -> None:
        """A write that nobody waits for."""
        ...

    @property
    def busy(self) -> bool: ...
    async def compact(self) -> None: ...
    def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """Finish what was handed over; False when it could not. Blocks."""
        ...


class Lifeboat:
    """Fulfils `server.ports.Store`. `bind` tells it how to compute a deadline and whom to tell when calls are saved."""

    def __init__(self, store: RealStore, mirror: Mirror, journal: Journal) -> None:
        self._store = store
        self._mirror = mirror
        self._cargo = Cargo(journal)
        self._to_tell: list[Merged] = []
        self._riding = 0
        self._afloat = False
        self._probe: asyncio.Task[None] | None = None
        self._probe_now = asyncio.Event()
        self._looking = False
        self._news = asyncio.Event()
        self._rides: set[asyncio.Task[object]] = set()
        self._turned = asyncio.Event()
        """Not set in the moment in which calls go back to the store."""
        self._turned.set()
        self._fellows: Fellows = Alone()
        self._next_deadline: Callable[[Call], Instant | None] = lambda _call: None
        self._seat_id: Callable[[AccountId, GroupId], MemberId] | None = None
        self._now: Callable[[], Instant] = lambda: 0
        self._on_saved: Callable[[Merged], None] = lambda _merged: None

    def bind(
        self,
        next_deadline: Callable[[Call], Instant | None],
        seat_id: Callable[[AccountId, GroupId], MemberId],
        now: Callable[[], Instant],
        on_saved: Callable[[Merged], None],
    ) -> None:
        self._next_deadline, self._seat_id, self._now, self._on_saved = next_deadline, seat_id, now, on_saved

    def sail_with(self, fellows: Fellows) -> None:
        """Other nodes share the store. Call before this one serves."""
        self._fellows = fellows

    @property
    def afloat(self) -> bool:
        """The store is down, and calls are carried in memory."""
        return self._afloat

    @property
    def busy(self) -> bool:
        """The store is slow for what it is asked. Not while memory answers for it."""
        return not self._afloat and self._store.busy

    def is_unsaved(self, call: CallId) -> bool:
        """Whether this call's latest state is only in memory and journal."""
        return call in self._cargo

    # ---- the store's four doors

    async def write(self, work: Callable[[Tx], T], late: Callable[[T], None] | None = None) -> T:
        """Ordinary work waits for the real store, and not for ever."""
        if self._afloat:
            raise StoreDown("the store is down")
        try:
            async with asyncio.timeout(ORDINARY_LATE_SECONDS):
                return await self._store.write(work, late)
        except TimeoutError:
            raise StoreLate("unanswered") from None

    async def write_call(self, work: Callable[[Tx], T]) -> T:
        """Work of an urgent call: never waits longer than 400 ms. `work` may run twice, on the store and on the
        mirror; ids that it uses must be made before."""
        if not self._turned.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_BACK_SECONDS):
                    await self._turned.wait()
        if not self._afloat:
            try:
                async with asyncio.timeout(CALL_LATE_SECONDS):
                    result = await self._store.write(work, urgent=True)
            except (TimeoutError, StoreDown):
                self._set_afloat()
            else:
                # Someone else's commit may have been late meanwhile. The mirror, on which calls live from then on, has
                # not followed this one: it happens there too, or nobody could answer this call.
                if self.afloat:
                    await self._ride(work)
                return result
        return await self._ride(work)

    async def _ride(self, work: Callable[[Tx], T]) -> T:
        """Whoever waits for it may be cancelled; what happened on the mirror is noted all the same."""
        riding = asyncio.get_running_loop().create_task(self._on_the_mirror(work))
        self._rides.add(riding)
        riding.add_done_callback(self._ended)
        return await asyncio.shield(riding)

    def _ended(self, ride: asyncio.Task[T]) -> None:
        self._rides.discard(ride)
        if not ride.cancelled():
            ride.exception()  # whoever waited has it; nobody may have

    async def _on_the_mirror(self, work: Callable[[Tx], T]) -> T:
        self._riding += 1
        try:
            result, noted = await self._in_turn(work)
            if noted:
                self._cargo.take(noted)
                self._fellows.tell(noted)
            return result
        finally:
            self._riding -= 1

    async def _in_turn(self, work: Callable[[Tx], T]) -> tuple[T, Unsaved]:
        """One node at a time changes a call. Who was not first waits for what was made, and does its work on that; what
        never comes is not waited for twice: two branches are put together by `rooms.unsaved`."""
        for _ in range(TURNS_AT_MOST):
            news = self._news
            try:
                return await self._mirror.write(work, self._fellows.is_first)
            except TurnLost:
                try:
                    async with asyncio.timeout(NEWS_WITHIN_SECONDS):
                        await news.wait()
                except TimeoutError:
                    break
        return await self._mirror.write(work)

    # ---- what other nodes carry

    async def take_in(self, theirs: Unsaved, *, saved: bool = False) -> Merged:
        """What another node could not save: into the store if this one reaches it, else onto this mirror and into this
        journal too. `saved`: it is in the store, which this node cannot read."""
        if not self._afloat:
            try:
                async with asyncio.timeout(ORDINARY_LATE_SECONDS):
                    return await self._store.write(lambda tx: self._merge(tx, theirs), urgent=True)
            except (TimeoutError, StoreDown):
                self._set_afloat()
        theirs = self._cargo.news_in(theirs)
        if not theirs:
            return Merged([], [], [])
        self._riding += 1
        try:
            # Who made a notification sends it; the audit log is not on the mirror.
            merged = await self._mirror.take(lambda tx: self._merge(tx, replace(theirs, pages=[], audit=[])))
            kept = replace(theirs, calls={c.id: c for c in merged.calls})
            if saved:
                mine = {c.id: c for c in merged.calls if c != theirs.calls[c.id] or self.is_unsaved(c.id)}
                kept = Unsaved(calls=mine)
            kept = self._cargo.news_in(kept)
            if kept:
                self._cargo.take(kept)
        finally:
            self._riding -= 1
        self._news.set()
        self._news = asyncio.Event()
        return merged

    def keys_since(self, at: Instant) -> list[Key]:
        """Commands that were answered here and are not saved."""
        return self._cargo.keys_since(at)

    async def on_mirror(self, work: Callable[[Tx], T]) -> T:
        """Read what this node knows without the store."""
        return await self._mirror.read(work)

    def carried(self) -> list[Call]:
        """The calls of which something is not saved, as far as this node knows."""
        return self._cargo.calls

    async def look(self) -> None:
        """Somebody says that the store is down: see whether it answers here. Of one that is down already: whether it
        is back."""
        self._probe_now.set()
        if self._afloat or self._looking:
            return
        self._looking = True
        try:
            async with asyncio.timeout(CALL_LATE_SECONDS):
                await self._store.write(self._note_probe, urgent=True)
        except (TimeoutError, StoreDown):
            self._set_afloat()
        finally:
            self._looking = False

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Everything but a group's log can be read from memory while the store is down."""
        if not self._afloat:
            try:
                async with asyncio.timeout(READ_LATE_SECONDS):
                    return await self._store.read(work)
            except (TimeoutError, StoreDown):
                self._set_afloat()
        return await self._mirror.read(work)

    async def read_log(self, work: Callable[[Tx], T]) -> T:
        """A group's log is only in the file."""
        try:
            async with asyncio.timeout(ORDINARY_LATE_SECONDS):
                return await self._store.read_log(work)
        except TimeoutError:
            raise StoreLate("unanswered") from None

    async def compact(self) -> None:
        if not self._afloat:
            await self._store.compact()

    # ---- down, and back

    def _set_afloat(self) -> None:
        if not self._afloat:
            self._afloat = True
            self._mirror.stop_following()
            log.error("store_down")
            self._fellows.went_down()
            self._probe = asyncio.get_running_loop().create_task(self._until_back())

    async def _until_back(self) -> None:
        loop = asyncio.get_running_loop()
        saved_late_at = float("-inf")
        while self._afloat:
            self._probe_now.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_EVERY_SECONDS):
                    await self._probe_now.wait()
            try:
                if not await _is_quick(self._store.read(lambda tx: tx.accounts.fact("probed_at"))):
                    if loop.time() - saved_late_at > SLOW_SAVE_EVERY_SECONDS:
                        saved_late_at = loop.time()
                        await self._save()  # but calls would be late there: they stay
                elif await _is_quick(self._store.write(self._note_probe, urgent=True)):  # both, or it comes and goes
                    await self._settle()
                else:
                    await self._save()
            except (TimeoutError, StoreDown):
                continue
            except Exception:
                log.exception("settle_failed")  # keep what is unsaved and try again
            finally:
                self._tell_saved()

    def _tell_saved(self) -> None:
        """Words that are at another place now wait until the store is read again: whoever reads anew before that reads
        the mirror."""
        told, self._to_tell = self._to_tell, []
        for merged in told:
            self._on_saved(replace(merged, entries=[]) if self._afloat else merged)
            if self._afloat and merged.entries:
                self._to_tell.append(Merged([], [], merged.entries))

    def _note_probe(self, tx: Tx) -> None:
        tx.accounts.set_fact("probed_at", str(self._now()))

    async def _settle(self) -> None:
        """All that happened goes to the store; then, in a moment in which nobody is under way, calls do. Whoever comes
        in that moment waits for it to be over: there may be no other in which nobody comes."""
        await self._save()
        self._turned.clear()
        try:
            async with asyncio.timeout(TURN_BACK_SECONDS):
                while self._cargo or self._riding:
                    await self._save()
                    await asyncio.sleep(0.005)
            self._afloat = False
        finally:
            self._turned.set()
        self._mirror.reload_soon()
        self._store.put(self._note_probe)  # a commit at once, so that the mirror is not old when the store goes again
        log.info("store_back")
        self._fellows.came_back()
        self._cargo.forget()

    async def _save(self) -> None:
        """Merge what is unsaved now. What is merged is merged, also when the store goes again in the middle."""

        async def save(piece: Unsaved) -> None:
            async with asyncio.timeout(ORDINARY_LATE_SECONDS):
                self._to_tell.append(await self._store.write(lambda tx: self._merge(tx, piece), urgent=True))

        await self._cargo.unload(save)

    def _merge(self, tx: Tx, batch: Unsaved) -> Merged:
        if self._seat_id is None:
            raise RuntimeError("lifeboat used before bind")
        return merge(tx, batch, self._next_deadline, self._seat_id, self._now())

    # ---- start and stop

    async def replay(self) -> int:
        """What the journal of an earlier run still holds goes into the store. Returns how many calls it named. One that
        this version cannot read is put aside: a server that does not start answers nobody."""
        return await self._cargo.of_an_earlier_run(lambda whole: self._store.write(lambda tx: self._merge(tx, whole)))

    async def close(self, within_seconds: float = CLOSE_WITHIN_SECONDS) -> bool:
        """Finish what was handed over, journal and store each at most so long. False when a disk hangs: what it holds
        of calls was acknowledged as not saved, and what waits was not acknowledged."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        if self._rides:
            await asyncio.wait(self._rides, timeout=within_seconds)
        journal = await self._cargo.close(within_seconds)
        store = self._store.close(within_seconds)
        self._mirror.close()
        return store and journal


async def _is_quick(asked: Awaitable[object]) -> bool:
    """Whether the store answered in the time that a call has. Raises TimeoutError when it hangs, or what it raised."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(PROBE_LATE_SECONDS):
        await asked
    return loop.time() - began <= CALL_LATE_SECONDS
