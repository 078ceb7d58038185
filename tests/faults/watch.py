"""Looks into the store five times a second while a run goes on: what must be true at any commit, and how late rings
are.

Nothing is looked at while the server cannot do its work, or while the store is known to be behind (UC15).
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from presence.ids import Instant
from rooms.call import Call, Ring, here, is_over, peers
from tests.faults.deployment import SHORT_MS, Deployment
from tests.faults.history import History, Late, Seen
from tests.faults.people import now
from tests.faults.rules_of_calls import PEERS_HERE_AT_MOST_UC6
from tests.faults.store import OUT_OF_SIGHT, Look, StoreFromOutside

EVERY_SECONDS = 0.2
ON_THE_WAY_MS = 2_000
"""Between the ring's own time, its late commit, and the line in the log."""
LATE_AT_MOST_SECONDS = 10.0
"""What is later than that is stuck, on a machine that is busy with other things. What it truly was is reported."""
NEVER_LATE = Late(0.0, "", 0.0)


def broken_now(look: Look) -> list[tuple[str, str]]:
    """Of the live calls in one snapshot: `(rule, what)`. A deadline each, no fourth peer here."""
    broken = [("no deadline", f"the call {c.id}") for c in look.calls if c.id not in look.due]
    crowded = [(c, len(peers(here(c)))) for c in look.calls]
    return broken + [("a fourth peer", f"{n} in {c.id}") for c, n in crowded if n > PEERS_HERE_AT_MOST_UC6]


def ring_lateness_ms(call: Call, since: Instant, *, stood_still: bool) -> Iterable[tuple[Ring, Instant, int]]:
    """`(ring, at, ms late)` of the rings whose moment nothing but the clock decides: the backup's, and each repeat. Not
    of a call that `stood_still`: between a stop and what undoes it nothing rings, and what was due then goes after it.
    `since` is when the server could last begin to ring; what went before is not counted."""
    if stood_still:
        return
    backup_at = next((r.at for r in call.rings if r.ring is Ring.BACKUP), None)
    for sent in call.rings:
        if sent.at < since:
            continue
        if sent.ring is Ring.BACKUP:
            offset = SHORT_MS["BACKUP_AFTER"] if call.attempt == 1 else SHORT_MS["BACKUP_AFTER_AGAIN"]
            due = call.waiting_since + offset
        elif sent.ring is Ring.AGAIN and backup_at is not None:
            due = sent.at - (sent.at - backup_at) % SHORT_MS["AGAIN_EVERY"]
        else:
            continue
        if sent.at >= due:  # it goes sooner when the ring before it is empty
            yield sent.ring, sent.at, sent.at - max(due, min(since, sent.at))


@dataclass
class Watch:
    deployment: Deployment
    store: StoreFromOutside
    history: History
    looks: int = 0
    most_overdue: Late = NEVER_LATE
    rung_again_from_memory: int = 0
    second_calls: set[str] = field(default_factory=set)
    _counted: set[tuple[str, Ring, Instant]] = field(default_factory=set)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _rung: dict[tuple[str, Instant, Ring], Instant] = field(default_factory=dict)

    async def go_on(self) -> None:
        """Until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(EVERY_SECONDS)

    async def _look(self) -> None:
        ready_at, server_now = self.deployment.ready_at, self.deployment.clock.now_ms()
        if ready_at is None or server_now is None or self.deployment.shaky:
            return
        try:
            look = await self.store.look()
        except OUT_OF_SIGHT:
            return  # it is being looked at by somebody else, or away: the next look will do
        if self.deployment.ready_at != ready_at or self.deployment.shaky:
            return
        self.looks += 1
        for rule, what in broken_now(look):
            self._tell(rule, what)
        self._look_for_two_calls(look)
        since = server_now - round((time.monotonic() - ready_at) * 1000)
        stopped = {c.about for c in self.history.commands.values() if c.t == "cancel_call"}
        for call in look.calls:
            self._look_for_a_second_ring(call)
            for ring, at, late_ms in ring_lateness_ms(call, since, stood_still=call.id in stopped):
                if (call.id, ring, at) not in self._counted:
                    self._counted.add((call.id, ring, at))
                    late = Late(now(), f"the ring {ring.name} of {call.id} at {at}", late_ms / 1000)
                    self.history.late_rings.append(late)
        for call_id, due in look.due.items():
            late_s = (server_now - max(due, since)) / 1000
            if late_s > self.most_overdue.seconds:
                self.most_overdue = Late(now(), f"the deadline of {call_id}, due at {due}", late_s)
            if late_s > LATE_AT_MOST_SECONDS:
                self._tell("stuck", f"{call_id} was due {late_s:.1f} s ago")

    def _look_for_two_calls(self, look: Look) -> None:
        """One call a member. Whoever presses on two nodes that hear neither each other nor the store has two, until one
        is ended (docs/decisions/0015)."""
        pressed: dict[str, list[Call]] = defaultdict(list)
        for call in sorted((c for c in look.calls if not is_over(c)), key=lambda c: c.raised_at):
            pressed[call.caller].append(call)
        for who, calls in pressed.items():
            for call in calls[1:]:
                if self.deployment.store_was_down(call.raised_at - ON_THE_WAY_MS, call.raised_at + ON_THE_WAY_MS):
                    self.second_calls.add(call.id)
                else:
                    self._tell("two calls of one member", f"{who} has {[c.id for c in calls]}")

    def _look_for_a_second_ring(self, call: Call) -> None:
        """A ring of one wait goes once, whoever finds that it is due. (`AGAIN` is the one that repeats.) A store that
        was late with one ring, and counted as down for it, may ring again from memory: better twice than never."""
        for sent in call.rings:
            first = self._rung.setdefault((call.id, call.waiting_since, sent.ring), sent.at)
            if sent.ring is Ring.AGAIN or sent.at == first:
                continue
            self._rung[call.id, call.waiting_since, sent.ring] = sent.at
            if self.deployment.store_was_down(first - ON_THE_WAY_MS, sent.at + ON_THE_WAY_MS):
                self.rung_again_from_memory += 1
            else:
                self._tell("rung twice", f"{sent.ring.name} of {call.id} at {first} and at {sent.at}")

    def _tell(self, rule: str, what: str) -> None:
        if (rule, what) not in self._told:
            self._told.add((rule, what))
            self.history.seen.append(Seen(now(), rule, what))
