"""What must be true of a room's log (CH1, CH2, CB2, GR6). Pure.

What was acked is in the final log, where the ack said (or, if it was not saved yet and another node took its place, at
the end of that time, in a new epoch of the room: 0011); no word is there twice; each reader's seq is dense and rises;
readers and the final log agree; what was acked before something else was sent comes before it; nothing was read that
nobody sent; nothing crosses a group's wall or a block, and nothing reaches who is not a member any more; in the end
everyone has read everything.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from tests.faults.history import Acked, Apart, History, Read, Said, Violation

BACKFILL_AT_LEAST = 200
"""A reader that is no further behind than this is continued (the server fills 500 entries that fit into one reply)."""
AROUND = 2
"""How many of a room's entries before and after a wrong one are shown with it."""


def of_logs(h: History) -> Iterator[Violation]:
    yield from _lost(h)
    yield from _twice(h)
    yield from _not_dense(h)
    yield from _disagree(h)
    yield from _against_time(h)
    yield from _phantoms(h)
    yield from _across_walls(h)
    yield from _to_who_is_apart(h)
    yield from _not_continued(h)
    yield from _unread(h)


def _story(h: History, room: str, seq: int) -> tuple[object, ...]:
    """What is known of the places around one: the store's log, the acks, and who read what there."""
    near = range(seq - AROUND, seq + AROUND + 1)
    log = [f"the log has {h.log[room, n]!r} at {n}" for n in near if (room, n) in h.log]
    words = {h.log.get((room, seq))} | {a.word for a in h.acked if (a.room, a.seq) == (room, seq)}
    said: list[Said | Acked] = [s for s in h.said if s.room == room and s.word in words]
    said += [a for a in h.acked if a.room == room and a.word in words]
    reads = [r for r in h.read if r.room == room and r.seq == seq]
    return (*log, *said, *reads[:6])


def _lost(h: History) -> Iterator[Violation]:
    words = {(room, word) for (room, _seq), word in h.log.items()}
    for a in h.acked:
        if not a.saved and (h.killed_soon_after(a.at) or (a.room, a.word) in words):
            continue
        if h.log.get((a.room, a.seq)) != a.word:
            yield Violation("acked and lost", f"{a.word!r} was acked at {a.seq}", _story(h, a.room, a.seq))


def _twice(h: History) -> Iterator[Violation]:
    in_log = Counter((room, word) for (room, _seq), word in h.log.items() if word)
    for (room, word), times in in_log.items():
        if times > 1:
            places = [seq for (r, seq), w in h.log.items() if (r, w) == (room, word)]
            yield Violation("a key twice", f"{word!r} is in the log at {places}", _story(h, room, places[0]))
    places_of: dict[tuple[str, str, str, int], set[int]] = defaultdict(set)
    for r in h.read:
        if r.word:
            places_of[r.who, r.room, r.word, r.epoch].add(r.seq)
    for (who, room, word, _epoch), seqs in places_of.items():
        if len(seqs) > 1:
            yield Violation("a key twice", f"{who} read {word!r} at {sorted(seqs)}", _story(h, room, min(seqs)))


def _pages(h: History) -> dict[tuple[str, str], list[Read]]:
    """What each reader's page showed of each room, in the order in which it did."""
    found: dict[tuple[str, str], list[Read]] = defaultdict(list)
    for r in h.read:
        if r.how != "again":
            found[r.who, r.room].append(r)
    return found


def _not_dense(h: History) -> Iterator[Violation]:
    for reads in _pages(h).values():
        for a, b in pairwise(reads):
            if b.how == "next" and b.seq != a.seq + 1:
                yield Violation("seq not dense and rising", f"{b.who} read {b.seq} after {a.seq}", (a, b))


def _disagree(h: History) -> Iterator[Violation]:
    """What was read in another epoch than the last may stand elsewhere now."""
    words = {(room, word) for (room, _seq), word in h.log.items()}
    for r in h.read:
        if r.epoch != h.epochs.get(r.room, r.epoch) and (r.word is None or (r.room, r.word) in words):
            continue
        if r.word is not None and h.log.get((r.room, r.seq)) != r.word:
            yield Violation("readers disagree", f"{r.who} read {r.word!r} at {r.seq}", _story(h, r.room, r.seq))


def _against_time(h: History) -> Iterator[Violation]:
    """`a` acked as saved before `b` was sent, in one room: a comes first. One sweep over both, in order of time. (What
    two nodes carry that cannot hear each other has no order before both are saved.)"""
    sent_at = {(s.room, s.word): s.at for s in h.said}
    saved = [a for a in h.acked if a.saved]
    for room in {a.room for a in saved}:
        acks = sorted((a for a in saved if a.room == room), key=lambda a: a.at)
        by_sending = sorted((a for a in acks if (room, a.word) in sent_at), key=lambda a: sent_at[room, a.word])
        newest: Acked | None = None
        done = 0
        for later in by_sending:
            while done < len(acks) and acks[done].at < sent_at[room, later.word]:
                newest = acks[done] if newest is None or acks[done].seq > newest.seq else newest
                done += 1
            if newest is not None and newest.seq >= later.seq:
                what = f"{later.word!r} at {later.seq} was sent after {newest.word!r} had been acked at {newest.seq}"
                said = [s for s in h.said if (s.room, s.word) == (room, later.word)]
                yield Violation("against real time", what, (newest, *said, later))


def _phantoms(h: History) -> Iterator[Violation]:
    known = {(s.room, s.word) for s in h.said}
    for r in h.read:
        if r.word and (r.room, r.word) not in known:
            yield Violation("read and never sent", f"{r.who} read {r.word!r}", (r,))
    for (room, seq), word in h.log.items():
        if word and (room, word) not in known:
            yield Violation("read and never sent", f"the log has {word!r}", _story(h, room, seq))


def _across_walls(h: History) -> Iterator[Violation]:
    for r in h.read:
        if r.room not in h.rooms_of.get(r.who, set()):
            yield Violation("across a wall", f"{r.who} read a room that was never theirs", (r,))
    for f in h.foreign:
        yield Violation("across a wall", f"{f.who} got {f.mark!r} in {f.t}", (f,))


def _to_who_is_apart(h: History) -> Iterator[Violation]:
    """A word that was sent when they were surely apart, and read while they surely still were. In the room of a call
    that a node carried without the store, it could not know."""
    rooms_of_calls = {call.room for call in h.calls.values()}
    said = {(s.room, s.word): s for s in h.said}
    parted: dict[str, list[Apart]] = defaultdict(list)
    for apart in h.apart:
        parted[apart.one].append(apart)
        if apart.kind == "block":
            parted[apart.other].append(apart)
    for r in h.read:
        word = said.get((r.room, r.word)) if r.word else None
        if word is None:
            continue
        for apart in parted.get(r.who, ()):
            other = r.room if apart.kind == "outside" else word.who
            if other in (apart.one, apart.other) and other != r.who and apart.since <= word.at and r.at <= apart.until:
                if r.room in rooms_of_calls and h.nodes_were_apart(apart.since, r.at):
                    continue
                rule = "across a block" if apart.kind == "block" else "read by who is not a member"
                yield Violation(rule, f"{r.who} read what {word.who} said after that", (apart, word, r))


def _not_continued(h: History) -> Iterator[Violation]:
    """A page may know more of a call's room than the node that it came to: somebody else committed or carried a word,
    died, and this one cannot ask the store just now. It reads anew, and the word comes once it can."""
    rooms_of_calls = {call.room for call in h.calls.values()}
    for n in h.not_continued:
        if n.behind < 0 and n.room in rooms_of_calls and h.a_node_had_no_store(n.at):
            continue
        if n.behind <= BACKFILL_AT_LEAST:
            yield Violation("position not continued", f"{n.who} was {n.behind} behind", (n,))


def _unread(h: History) -> Iterator[Violation]:
    heads: dict[str, int] = defaultdict(int)
    for room, seq in h.log:
        heads[room] = max(heads[room], seq)
    pages = _pages(h)
    for who, room in h.readers_at_end:
        reads = pages.get((who, room), [])
        if not reads or reads[-1].seq != heads[room]:
            what = f"{who} is at {reads[-1].seq if reads else 0} of {heads[room]}"
            yield Violation("not read to the end", what, tuple(reads[-1:]))
