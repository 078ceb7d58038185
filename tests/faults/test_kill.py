"""kill -9 in the middle of calls and chat, again and again: what people were told is done is done, once, in one order.

Everyone keeps keys and positions and comes back by themselves. What was sent, acked and read is held against the final
log (`history.py`), calls against the store at any commit and at the end (`calls.py`). The last tests are servers that
are wrong on purpose: each must be caught.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from beside_client import Client, sign_up
from presence.ids import CallId
from rooms.call import Call
from server.store.call_codec import decode_call
from tests.faults.actors import Actor, Caller, Responder, Talker
from tests.faults.calls import Told, broken_now, lateness_ms
from tests.faults.history import History
from tests.server.child import SERVE, Child, a_child
from tests.worlds import PASSPHRASE

SEED = "beside, the first nemesis"
GROUPS = ("north", "south")
TALKERS, CALLERS, PEERS = 3, 2, 4  # a group
LOOK_EVERY_SECONDS = 0.1
LATE_AT_MOST_MS = 10_000
"""Of a machine that is busy with other things; what it really was is printed."""
# Times of the policy, short enough that rings, pledges and undos come due between two kills.
SHORT = {
    "AWAY_AFTER_MS": 800,
    "VOLUNTEERS_AFTER_MS": 1_200,
    "BACKUP_AFTER_MS": 2_000,
    "BACKUP_AFTER_AGAIN_MS": 1_000,
    "AGAIN_EVERY_MS": 1_000,
    "UNDELIVERED_IS_EMPTY_AFTER_MS": 500,
    "PLEDGE_MS": 1_500,
    "VOLUNTEERS_WAIT_FOR_PLEDGE_UNTIL_MS": 1_500,
    "GONE_IS_LEFT_AFTER_MS": 1_000,
    "UNDO_MS": 1_000,
}


@dataclass
class Nemesis:
    """Everyone, what they know, and what was seen in the store meanwhile."""

    child: Child
    history: History = field(default_factory=History)
    told: Told = field(default_factory=Told)
    actors: list[Actor] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    worst_late_ms: int = 0
    ready_at_ms: int = 0
    kills: int = 0

    def of(self, kind: type[Any]) -> list[Any]:
        return [actor for actor in self.actors if isinstance(actor, kind)]

    async def rage(self, kills: int, r: random.Random, between: tuple[float, float]) -> None:
        """Kill, start, and let them live a moment; then let everyone finish what they began, and read on."""
        stop = asyncio.Event()
        work = [talker.talk(stop) for talker in self.of(Talker)] + [caller.call(stop) for caller in self.of(Caller)]
        tasks = [asyncio.ensure_future(w) for w in work]
        watching = asyncio.ensure_future(self._watch())
        await asyncio.sleep(r.uniform(*between))
        for _ in range(kills):
            await self.child.kill()
            self.kills += 1
            self.ready_at_ms = 2**60
            await self.child.start()
            self.ready_at_ms = time.time_ns() // 1_000_000
            await asyncio.sleep(r.uniform(*between))
        stop.set()
        async with asyncio.timeout(30):
            await asyncio.gather(*tasks)
            await asyncio.gather(*(responder.finish() for responder in self.of(Responder)))
            await self._all_have_read()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for task in tasks:
            task.result()

    async def _all_have_read(self) -> None:
        """Or 5 s went by: then the checker will say so."""
        for _ in range(100):
            if all(talker.last >= self._head(talker.name) for talker in self.of(Talker)):
                return
            await asyncio.sleep(0.05)

    def _head(self, name: str) -> int:
        (room,) = self.history.rooms_of[name]
        return max((a.seq for a in self.history.acked if a.room == room), default=0)

    # ---- looking into the store

    async def _watch(self) -> None:
        """Every tenth of a second: what must be true at any commit, and how late the latest deadline is."""
        with contextlib.closing(sqlite3.connect(self.child.data / "beside.db", timeout=5)) as db:
            while True:
                db.execute("BEGIN")
                bodies = db.execute("SELECT body FROM calls WHERE live").fetchall()
                due = dict(db.execute("SELECT subject, due_at FROM deadlines WHERE kind = 'call'").fetchall())
                db.execute("COMMIT")
                self.looks += 1
                self.broken.update(broken_now([decode_call(body) for (body,) in bodies], due))
                now = time.time_ns() // 1_000_000
                self.worst_late_ms = max(self.worst_late_ms, lateness_ms(due.values(), now, self.ready_at_ms))
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    def read_store(self) -> tuple[dict[CallId, Call], set[str]]:
        """The final logs into the history; returns every call and every key."""
        with contextlib.closing(sqlite3.connect(self.child.data / "beside.db")) as db:
            for room, seq, text in db.execute("SELECT room, seq, text FROM entries"):
                if room in self.rooms.values():
                    self.history.log[room, seq] = text.partition(" ")[0]
            calls = {CallId(c): decode_call(body) for c, body in db.execute("SELECT id, body FROM calls")}
            return calls, {key for (key,) in db.execute("SELECT k FROM client_keys")}

    def leaks(self) -> list[Any]:
        return [frame for responder in self.of(Responder) for frame in responder.leaks]

    def report(self) -> str:
        ready = self.child.seconds_to_ready[1:]
        return (
            f"{self.kills} kills; {len(self.history.sent)} words sent, {len(self.history.acked)} acked, "
            f"{len(self.history.read)} read; {len(self.told.raised)} calls, {len(self.told.coming)} coming; "
            f"{sum(a.reconnects for a in self.actors)} reconnects; {self.looks} looks into the store\n"
            f"ready after {min(ready):.2f} to {max(ready):.2f} s; worst lateness after ready {self.worst_late_ms} ms"
        )


@asynccontextmanager
async def a_nemesis(data: Path, program: Sequence[str] = SERVE) -> AsyncIterator[Nemesis]:
    """Two groups that share nothing, with people in each who talk, call and answer, and one at the desk. From the first
    kill on it is `program` that is started."""
    environment = {f"BESIDE_POLICY_{name}": str(ms) for name, ms in SHORT.items()}
    async with a_child(data, environment=environment) as child:
        nemesis = Nemesis(child)
        try:
            for group in GROUPS:
                await _people_of(nemesis, group)
            desk = await sign_up(child.url, "desk", PASSPHRASE, first_token=child.first_token)
            volunteer = Responder("desk", desk, SEED, nemesis.told, "oncall")
            nemesis.actors.append(volunteer)
            assert (await volunteer.do("set_shift", on=True))["t"] == "ok"
            child.program = program  # what is started after the first kill
            yield nemesis
        finally:
            for actor in nemesis.actors:
                await actor.leave()


async def _people_of(nemesis: Nemesis, group: str) -> None:
    url = nemesis.child.url
    founder = await Client(await sign_up(url, f"{group} founder", PASSPHRASE)).start()
    made = await founder.create_group(group, "Founder", blurb="", rules="")
    nemesis.rooms[group] = made["room"]
    for kind, count in (("talker", TALKERS), ("caller", CALLERS), ("peer", PEERS)):
        for number in range(count):
            name = f"{group}-{kind}-{number}"
            account = await sign_up(url, name, PASSPHRASE)
            page = await Client(account).start()
            await page.use_invite(await founder.make_invite(made["group"]), name)
            if kind == "talker":
                nemesis.actors.append(Talker(name, account, SEED, nemesis.told, made["room"], nemesis.history))
            elif kind == "caller":
                nemesis.actors.append(Caller(name, account, SEED, nemesis.told, made["group"]))
            else:
                await page.finish_introduction(made["group"])
                await page.set_availability(made["group"], "open")
                peer = Responder(name, account, SEED, nemesis.told)
                peer.foreign = tuple(f"{other}-" for other in GROUPS if other != group)
                nemesis.actors.append(peer)
            await page.close()
    await founder.close()


@pytest.mark.slow
async def test_what_was_acked_survives_kill_9(tmp_path: Path) -> None:
    async with a_nemesis(tmp_path / "data") as nemesis:
        await nemesis.rage(9, random.Random(SEED), between=(0.6, 1.5))
        calls, keys = nemesis.read_store()
        print(nemesis.report())
        assert nemesis.history.violations() == {}
        assert nemesis.broken == {}
        assert nemesis.told.missing_from(calls, keys) == []
        assert nemesis.leaks() == []
        assert nemesis.worst_late_ms < LATE_AT_MOST_MS
        assert nemesis.kills >= 8
        assert len(nemesis.history.acked) > 100
        assert len(nemesis.told.raised) > 5


ROUNDS_AT_MOST = 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "rule"),
    [("ack_before_commit", "acked and lost"), ("no_idempotency", "a key twice"), ("no_deadlines", "has no deadline")],
)
async def test_a_server_that_is_wrong_is_caught(mutant: str, rule: str, tmp_path: Path) -> None:
    """The suite above can fail: these servers differ from the product in one thing each."""
    async with a_nemesis(tmp_path / "data", ("-m", "tests.faults.mutant", mutant, "serve")) as nemesis:
        caught, found = False, nemesis.history.violations()
        for round_ in range(ROUNDS_AT_MOST):  # a kill may miss the moment between an ack and its commit: try again
            await nemesis.rage(3, random.Random(f"{SEED} {round_}"), between=(0.4, 0.8))
            nemesis.read_store()
            found = nemesis.history.violations()
            caught = rule in found or any(rule in broken for broken in nemesis.broken)
            if caught:
                break
        print(f"{mutant}: {found}; {len(nemesis.broken)} broken calls, {nemesis.kills} kills")
        assert caught
