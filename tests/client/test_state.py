"""The client's own rules, without a server: logs stay dense, newer replaces older, strange bytes are refused."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beside_client import Backoff, Log, State, Unreadable
from beside_client.wire import decode, encode

ROOM = {"t": "room_now", "room": "r", "group": "g", "epoch": 1}


def entry(seq: int, text: str = "") -> dict[str, object]:
    return {"seq": seq, "kind": "said", "text": text or str(seq)}


@given(st.lists(st.integers(min_value=1, max_value=12), max_size=60), st.integers(min_value=0, max_value=12))
def test_ch02_in_whatever_order_entries_come_the_log_is_dense_and_without_doubles(seqs: list[int], held: int) -> None:
    log = Log()
    for seq in seqs[: len(seqs) // 2]:
        log.take([entry(seq)])
    log.now({**ROOM, "head": held, "resumed": False, "entries": [entry(s) for s in range(1, held + 1)]})
    for seq in seqs[len(seqs) // 2 :]:
        log.take([entry(seq)])
    assert [e["seq"] for e in log.entries] == list(range(1, log.last + 1))
    if log.gap is not None:
        after, before = log.gap
        assert before > after + 1, "a gap has something missing in it"
        log.take([entry(s) for s in range(after + 1, before)])
        assert log.last >= before
    assert log.last >= held


def test_ch02_older_entries_join_only_where_they_touch() -> None:
    log = Log()
    log.now({**ROOM, "head": 9, "resumed": False, "entries": [entry(8), entry(9)]})
    log.put_before([entry(3), entry(4)])
    assert [e["seq"] for e in log.entries] == [8, 9]
    log.put_before([entry(6), entry(7), entry(8)])
    assert [e["seq"] for e in log.entries] == [6, 7, 8, 9]


def test_ch03_words_taken_back_do_not_return_with_a_late_copy() -> None:
    log = Log()
    log.now({**ROOM, "head": 1, "resumed": False, "entries": [entry(1, "regretted")]})
    log.change({"seq": 1, "kind": "deleted", "text": ""})
    log.take([entry(1, "regretted")])
    assert log.texts == []


def test_a_room_of_a_new_epoch_replaces_what_is_held() -> None:
    state = State()
    state.apply({**ROOM, "head": 2, "resumed": False, "entries": [entry(1), entry(2)]})
    state.apply({"t": "entry_added", "room": "r", "epoch": 2, "entry": entry(3)})
    assert state.logs["r"].last == 2, "an entry of another epoch has no place here"
    state.apply({**ROOM, "epoch": 2, "head": 1, "resumed": False, "entries": [entry(1, "anew")]})
    assert state.said_in("r") == ["anew"]


def test_a_newer_version_of_a_card_replaces_an_older_one_and_not_the_other_way() -> None:
    state = State()
    card = {"t": "card", "call": "c", "raised_at": 1, "mine": "asked", "stood_down": "no", "standing": "open"}
    state.apply({**card, "version": 2})
    state.apply({**card, "version": 1, "mine": "coming"})
    assert state.card_of("c", version=2, mine="asked")
    assert [c["call"] for c in state.asked_by] == ["c"]
    state.apply({"t": "card_gone", "call": "c"})
    assert not state.card_of("c")


@pytest.mark.parametrize(
    "data",
    [
        "text",
        b"",
        b"\xc1",
        msgpack.packb([1]),
        msgpack.packb({"t": 1}),
        msgpack.packb({1: "t"}),
        msgpack.packb({"t": "x", "b": b"bytes"}),
        msgpack.packb({"t": "x", "ext": msgpack.ExtType(1, b"1")}),
        msgpack.packb({"t": "welcome"}) + b"\x00",
        b"\x81\xa1t" + b"\x91" * 2000 + b"\xc0",
        msgpack.packb({"t": "x", "a": [[[[[[[[[1]]]]]]]]]}),
        b"\xdd\xff\xff\xff\xff",
    ],
)
def test_what_is_no_event_is_refused_and_never_crashes(data: str | bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)


def test_absent_fields_are_left_to_the_server() -> None:
    assert msgpack.unpackb(encode({"t": "say", "reply_to": None, "text": ""})) == {"t": "say", "text": ""}


def test_the_wait_before_coming_back_is_anything_up_to_a_growing_ceiling() -> None:
    most = Backoff(first_seconds=0.5, most_seconds=15, chance=lambda: 1.0)
    assert [most.seconds(n) for n in (1, 2, 3, 20, 10_000)] == [0.5, 1.0, 2.0, 15, 15]
    assert Backoff(chance=lambda: 0.0).seconds(5) == 0
