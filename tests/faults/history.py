"""What was sent, acked and read, and whether a room log can have been like that (CH1, CH2). Pure.

The rules: what was acked is in the final log, where the ack said; no key is there twice; each reader's seq is dense
and rises; all readers and the final log agree; what was acked before something else was sent comes before it; nothing
was read that nobody sent; nothing crosses the wall of a group; in the end everyone has read everything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

Seconds = float


@dataclass(frozen=True, slots=True)
class Sent:
    """`key` names the words, over every retry."""

    at: Seconds
    client: str
    room: str
    key: str


@dataclass(frozen=True, slots=True)
class Acked:
    at: Seconds
    client: str
    room: str
    key: str
    seq: int


@dataclass(frozen=True, slots=True)
class Read:
    """One delivery. `key` is "" for an entry that nobody said (someone joined). `again` is a delivery of a place that
    this reader already had: allowed after a reconnect, and it has to be the same."""

    at: Seconds
    client: str
    room: str
    seq: int
    key: str
    again: bool = False


@dataclass
class History:
    """`rooms_of` says which rooms a client may read. `log` is the store's, read when all was over."""

    rooms_of: dict[str, set[str]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    acked: list[Acked] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    log: dict[tuple[str, int], str] = field(default_factory=dict)
    not_continued: list[tuple[str, int]] = field(default_factory=list)
    """Who came back with a position and was told that there is none such: the log went backwards."""

    def violations(self) -> dict[str, int]:
        """rule → how often it was broken; empty when this history can be true."""
        found = {
            "acked and lost": _count(self._lost()),
            "a key twice": _count(self._twice()),
            "seq not dense and rising": _count(self._not_dense()),
            "readers disagree": _count(self._disagree()),
            "against real time": _count(self._against_time()),
            "read and never sent": _count(self._phantoms()),
            "across a wall": _count(self._leaks()),
            "position not continued": _count(self.not_continued),
            "not read to the end": _count(self._unread()),
        }
        return {rule: count for rule, count in found.items() if count}

    def _lost(self) -> Iterator[object]:
        return (a for a in self.acked if self.log.get((a.room, a.seq)) != a.key)

    def _twice(self) -> Iterator[object]:
        in_log = Counter((room, key) for (room, _seq), key in self.log.items() if key)
        yield from (key for key, times in in_log.items() if times > 1)
        places: dict[tuple[str, str, str], set[int]] = defaultdict(set)
        for r in self.read:
            if r.key:
                places[r.client, r.room, r.key].add(r.seq)
        yield from (key for key, seqs in places.items() if len(seqs) > 1)

    def _not_dense(self) -> Iterator[object]:
        for reads in self._first_reads().values():
            yield from (b for a, b in pairwise(reads) if b.seq != a.seq + 1)

    def _disagree(self) -> Iterator[object]:
        return (r for r in self.read if self.log.get((r.room, r.seq)) != r.key)

    def _against_time(self) -> Iterator[object]:
        """`a` acked before `b` was sent, in one room: a comes first. One sweep over both, in order of time."""
        sent_at = {(s.room, s.key): s.at for s in self.sent}
        for room in {a.room for a in self.acked}:
            acks = sorted((a for a in self.acked if a.room == room), key=lambda a: a.at)
            by_send = sorted((a for a in acks if (room, a.key) in sent_at), key=lambda a: sent_at[room, a.key])
            newest = done = 0
            for later in by_send:
                while done < len(acks) and acks[done].at < sent_at[room, later.key]:
                    newest = max(newest, acks[done].seq)
                    done += 1
                if newest >= later.seq:
                    yield later

    def _phantoms(self) -> Iterator[object]:
        known = {(s.room, s.key) for s in self.sent}
        yield from (r for r in self.read if r.key and (r.room, r.key) not in known)
        yield from (place for place, key in self.log.items() if key and (place[0], key) not in known)

    def _leaks(self) -> Iterator[object]:
        return (r for r in self.read if r.room not in self.rooms_of.get(r.client, set()))

    def _unread(self) -> Iterator[object]:
        heads: dict[str, int] = defaultdict(int)
        for room, seq in self.log:
            heads[room] = max(heads[room], seq)
        for (_client, room), reads in self._first_reads().items():
            if reads[-1].seq != heads[room]:
                yield room

    def _first_reads(self) -> dict[tuple[str, str], list[Read]]:
        """Per reader and room, without what came again."""
        found: dict[tuple[str, str], list[Read]] = defaultdict(list)
        for r in self.read:
            if not r.again:
                found[r.client, r.room].append(r)
        return found


def _count(items: Iterable[object]) -> int:
    return sum(1 for _ in items)
