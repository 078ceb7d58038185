"""The checker finds each way in which a log can be wrong, and nothing in one that is right."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.history import Acked, History, Read, Sent

ROOMS = {"r1": ("ana", "tom"), "r2": ("bea", "cal")}


def a_true_history(seed: int = 1) -> History:
    """Two rooms, two people each, 40 entries a room; some deliveries come twice, as after a reconnect."""
    r = random.Random(seed)
    history = History(rooms_of={person: {room} for room, people in ROOMS.items() for person in people})
    for room, people in ROOMS.items():
        now = 0.0
        history.log[room, 1] = ""
        for person in people:
            history.read.append(Read(now, person, room, 1, ""))
        for seq in range(2, 42):
            author, key = r.choice(people), f"{room}-{seq}"
            history.sent.append(Sent(now + 0.1, author, room, key))
            history.log[room, seq] = key
            history.acked.append(Acked(now + 0.2, author, room, key, seq))
            for person in people:
                history.read.append(Read(now + 0.3, person, room, seq, key))
                if r.random() < 0.2:
                    history.read.append(Read(now + 0.4, person, room, seq, key, again=True))
            now += r.choice((0.05, 0.5))  # the next one is sent before or after the ack of this one
    return history


def test_a_true_history_has_no_violation() -> None:
    assert a_true_history().violations() == {}


def lose_an_acked_entry(h: History) -> None:
    h.log["r1", 41] = ""


def put_an_entry_elsewhere_than_the_ack_said(h: History) -> None:
    h.acked[5] = replace(h.acked[5], seq=h.acked[5].seq + 1)


def write_an_entry_twice(h: History) -> None:
    h.log["r1", 42] = "r1-10"


def deliver_an_entry_at_two_places(h: History) -> None:
    h.read.append(Read(99, "ana", "r1", 42, "r1-10"))


def skip_an_entry(h: History) -> None:
    h.read.remove(next(r for r in h.read if r.client == "ana" and r.seq == 20 and not r.again))


def deliver_in_another_order(h: History) -> None:
    a, b = (next(n for n, r in enumerate(h.read) if r.client == "tom" and r.seq == seq) for seq in (20, 21))
    h.read[a], h.read[b] = h.read[b], h.read[a]


def tell_two_readers_two_things(h: History) -> None:
    where = next(n for n, r in enumerate(h.read) if r.client == "bea" and r.seq == 12)
    h.read[where] = replace(h.read[where], key="r2-13")


def change_what_comes_again(h: History) -> None:
    where = next(n for n, r in enumerate(h.read) if r.again)
    h.read[where] = replace(h.read[where], key="r1-2" if h.read[where].key != "r1-2" else "r1-3")


def swap_two_that_were_apart_in_time(h: History) -> None:
    """The whole log agrees with itself, and not with the clock on the wall."""
    first, last = "r1-2", "r1-41"
    swap = {first: last, last: first}
    h.log = {place: swap.get(key, key) for place, key in h.log.items()}
    h.read = [replace(r, key=swap.get(r.key, r.key)) for r in h.read]
    h.acked = [replace(a, seq={first: 41, last: 2}.get(a.key, a.seq)) for a in h.acked]


def make_an_entry_up(h: History) -> None:
    h.log["r1", 42] = "nobody said this"
    h.read += [Read(99, person, "r1", 42, "nobody said this") for person in ROOMS["r1"]]


def take_the_log_back(h: History) -> None:
    h.not_continued.append(("ana", 41))


def let_a_stranger_read(h: History) -> None:
    h.read += [Read(99, "bea", "r1", seq, h.log["r1", seq]) for seq in range(1, 42)]


def let_a_reader_stay_behind(h: History) -> None:
    h.read = [r for r in h.read if not (r.client == "cal" and r.seq > 30)]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lose_an_acked_entry, "acked and lost"),
        (put_an_entry_elsewhere_than_the_ack_said, "acked and lost"),
        (write_an_entry_twice, "a key twice"),
        (deliver_an_entry_at_two_places, "a key twice"),
        (skip_an_entry, "seq not dense and rising"),
        (deliver_in_another_order, "seq not dense and rising"),
        (tell_two_readers_two_things, "readers disagree"),
        (change_what_comes_again, "readers disagree"),
        (swap_two_that_were_apart_in_time, "against real time"),
        (make_an_entry_up, "read and never sent"),
        (let_a_stranger_read, "across a wall"),
        (take_the_log_back, "position not continued"),
        (let_a_reader_stay_behind, "not read to the end"),
    ],
)
def test_a_spoilt_history_is_caught_by_its_rule(spoil: Callable[[History], None], rule: str) -> None:
    history = a_true_history()
    spoil(history)
    assert rule in history.violations()
