"""When the store is slow and much waits, what belongs to a call goes first, and the rest hears at once that it is too
much (load is shed from chat, never from a call)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server.ports import StoreBusy, Tx
from server.store import worker
from server.store.postgres import PostgresStore
from server.store.sqlite import SqliteStore
from tests.contracts.stores import a_store

BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"])


class Slow:
    """A store in the middle of one commit that takes as long as the test wants; `done` is what came after, in order."""

    def __init__(self, store: SqliteStore | PostgresStore) -> None:
        self.store = store
        self.done: list[str] = []
        self.in_it, self.go_on = threading.Event(), threading.Event()
        self.waiting: list[asyncio.Task[None]] = []

    def noted(self, name: str) -> Callable[[Tx], None]:
        return lambda _tx: self.done.append(name)

    def hangs(self, _tx: Tx) -> None:
        self.in_it.set()
        self.go_on.wait(0.8)  # below the second after which PostgreSQL ends a transaction that does nothing

    def hand_over(self, work: Callable[[Tx], None], *, urgent: bool = False) -> None:
        self.waiting.append(asyncio.create_task(self.store.write(work, urgent=urgent)))

    async def until_it_hangs(self) -> None:
        self.hand_over(self.hangs)
        await asyncio.to_thread(self.in_it.wait, 5)

    async def all_done(self) -> None:
        self.go_on.set()
        await asyncio.gather(*self.waiting)


@BOTH
async def test_an_accept_goes_before_a_thousand_words_that_wait(kind: str, tmp_path: Path) -> None:
    async with a_store(kind, tmp_path) as store:
        slow = Slow(store)
        await slow.until_it_hangs()
        for number in range(worker.ORDINARY_WAITING_AT_MOST):
            slow.hand_over(slow.noted(f"word {number}"))
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy):
            await store.write(slow.noted("one word too many"))
        slow.hand_over(slow.noted("accept"), urgent=True)
        await asyncio.sleep(0)
        await slow.all_done()
        assert slow.done == ["accept", *(f"word {n}" for n in range(worker.ORDINARY_WAITING_AT_MOST))]


@BOTH
async def test_history_is_turned_away_before_words_and_what_a_call_reads_is_not(kind: str, tmp_path: Path) -> None:
    async with a_store(kind, tmp_path) as store:
        slow = Slow(store)
        slow.waiting.append(asyncio.create_task(store.read_log(slow.hangs)))
        await asyncio.to_thread(slow.in_it.wait, 5)
        for number in range(worker.LOGS_WAITING_AT_MOST):
            slow.waiting.append(asyncio.create_task(store.read_log(slow.noted(f"log {number}"))))
        await asyncio.sleep(0)
        assert store.busy
        with pytest.raises(StoreBusy):
            await store.read_log(slow.noted("one log too many"))
        slow.waiting.append(asyncio.create_task(store.read(slow.noted("who may answer"))))
        await asyncio.sleep(0)
        await slow.all_done()
        assert slow.done == ["who may answer", *(f"log {n}" for n in range(worker.LOGS_WAITING_AT_MOST))]
        assert not store.busy


@BOTH
async def test_a_group_of_words_ends_early_for_a_call(kind: str, tmp_path: Path) -> None:
    """The one that is under way is done; those that were to be committed with it wait once more, in their order."""
    async with a_store(kind, tmp_path) as store:
        slow = Slow(store)
        gate = threading.Event()
        slow.hand_over(lambda _tx: _wait(gate))  # so that what follows is one group
        slow.hand_over(slow.noted("word 1"))
        slow.hand_over(slow.hangs)
        for number in range(2, 10):
            slow.hand_over(slow.noted(f"word {number}"))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.to_thread(slow.in_it.wait, 5)
        slow.hand_over(slow.noted("accept"), urgent=True)
        await asyncio.sleep(0)
        await slow.all_done()
        assert slow.done == ["word 1", "accept", *(f"word {n}" for n in range(2, 10))]


@BOTH
async def test_a_slow_group_lets_go_of_the_lock_of_all_nodes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has is committed, and the rest comes in the next: each piece in a group of its own here."""
    monkeypatch.setattr(worker, "GROUP_WITHIN_SECONDS", 0.0)
    async with a_store(kind, tmp_path) as store:
        slow = Slow(store)
        seen: list[bool] = []
        await slow.until_it_hangs()
        slow.hand_over(lambda tx: tx.accounts.set_fact("one", "of a group"))
        slow.hand_over(lambda _tx: seen.append(asyncio.run_coroutine_threadsafe(fact(), loop).result(5)))
        loop = asyncio.get_running_loop()

        async def fact() -> bool:
            return await store.read(lambda tx: tx.accounts.fact("one")) is not None

        await asyncio.sleep(0)
        await slow.all_done()
        assert seen == [True]


def _wait(gate: threading.Event) -> None:
    gate.wait(0.8)
