"""What the lifeboat carries (UC15): all that is not saved yet, in memory, and in the journal behind it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from presence.ids import CallId, Instant
from rooms.call import Call
from server.ports import StoreDown
from server.store.journal import Journal
from server.store.unsaved import Key, Unsaved, all_of, encode, together

log = structlog.get_logger("lifeboat")


class Cargo:
    """Of one event loop; the journal is written in a thread of its own, in order."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._disk = ThreadPoolExecutor(1, "journal")
        self._unsaved = Unsaved()
        self._leaving = Unsaved()
        """What is on its way into the store."""

    def __bool__(self) -> bool:
        return bool(self._unsaved or self._leaving)

    def __contains__(self, call: CallId) -> bool:
        return call in self._unsaved.calls or call in self._leaving.calls

    @property
    def calls(self) -> list[Call]:
        return list({**self._leaving.calls, **self._unsaved.calls}.values())

    def keys_since(self, at: Instant) -> list[Key]:
        """Commands that were answered and are not saved."""
        return [key for key in (*self._leaving.keys.values(), *self._unsaved.keys.values()) if key[-1] >= at]

    def news_in(self, facts: Unsaved) -> Unsaved:
        """What of this is not here yet."""
        return facts.without(self._leaving).without(self._unsaved)

    def take(self, facts: Unsaved) -> None:
        """Written behind: the ring does not wait for a disk that may be the very thing that hangs."""
        self._unsaved.add(facts)
        whole = together([self._leaving, self._unsaved])
        self._disk.submit(self._append, encode(facts), whole)

    async def unload(self, save: Callable[[Unsaved], Awaitable[None]]) -> None:
        """All that is here now, piece by piece. What is saved is saved, also when `save` raises in the middle."""
        self._leaving, self._unsaved = self._unsaved, Unsaved()
        pieces = deque(self._leaving.pieces())
        try:
            while pieces:
                await save(pieces[0])
                pieces.popleft()
                self._leaving = together(pieces)
        finally:
            self._leaving, self._unsaved = Unsaved(), together([*pieces, self._unsaved])

    def forget(self) -> None:
        """Everything was saved: the journal is emptied, behind every append of it."""
        self._disk.submit(self._clear_journal)

    async def of_an_earlier_run(self, save: Callable[[Unsaved], Awaitable[object]]) -> int:
        """Save what the journal still holds, and empty it. Returns how many calls it named. One that this version
        cannot read is put aside: a server that does not start answers nobody. Raises :class:`StoreDown`."""
        if not self._journal.records:
            return 0
        whole = Unsaved()
        try:
            whole = all_of(self._journal.records)
            await save(whole)
        except StoreDown:
            raise
        except Exception:
            log.exception("journal_unreadable", path=self._journal.keep_aside().name)
        await asyncio.get_running_loop().run_in_executor(self._disk, self._clear_journal)
        log.info("journal_replayed", calls=len(whole.calls))
        return len(whole.calls)

    async def written(self) -> None:
        """Once the journal has all that is here."""
        await asyncio.wrap_future(self._disk.submit(_nothing))

    async def close(self, within_seconds: float) -> bool:
        """False when the disk hangs: what it holds was acknowledged as not saved."""
        written, _ = await asyncio.wait({asyncio.ensure_future(self.written())}, timeout=within_seconds)
        self._disk.shutdown(wait=bool(written))
        if written:
            self._journal.close()
        if self:
            log.warning("stopped_unsaved", calls=len(self.calls))
        return bool(written)

    def _append(self, record: bytes, whole: Unsaved) -> None:
        try:
            self._journal.append(record, lambda: encode(whole))
        except OSError as error:
            log.error("journal_failed", error=type(error).__name__)

    def _clear_journal(self) -> None:
        try:
            self._journal.clear()
        except OSError as error:
            log.error("journal_failed", error=type(error).__name__)


def _nothing() -> None:
    """What is done when everything before it is."""
