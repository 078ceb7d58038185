"""The checker finds each way in which a history can be wrong, and nothing in one that is right."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from presence.ids import AccountId, CallId, GroupId, MemberId, RoomId
from rooms.call import Asked, Call, CantNow, Closed, Here, Part, Reached, Recipient, Ring
from tests.faults.checker import violations
from tests.faults.history import (
    Acked,
    Answer,
    Apart,
    Card,
    Command,
    Fault,
    Foreign,
    History,
    Line,
    MyCall,
    NotContinued,
    Presence,
    Read,
    Said,
    Seen,
)

FAILSAFE_AFTER_SECONDS = 12.0
ROOMS = {"r1": ("ana", "tom"), "r2": ("bea", "cal")}
CALL = CallId("call-1")


def a_true_history(seed: int = 1) -> History:
    """Two rooms, two people each, 40 entries a room, some delivered twice, as after a reconnect. Ana called, Tom came,
    and Ana ended it. Cal has gone; Tom and a third, Una, have a block; Bea left her room for a while."""
    h = History()
    _talk(h, random.Random(seed))
    _call(h)
    h.lines += [Line(0, person, up=True) for person in ("ana", "tom", "bea", "cal")]
    h.lines.append(Line(50, "cal", up=False))
    h.presence += [Presence(49, "bea", "g2", frozenset({"cal"})), Presence(60, "bea", "g2", frozenset({"cal"}))]
    h.presence.append(Presence(75, "bea", "g2", frozenset()))
    h.lines.append(Line(100, "cal", up=True))
    h.apart += [Apart("block", "una", "tom", 30), Apart("outside", "bea", "r1", 0)]
    h.readers_at_end = {(person, room) for room, people in ROOMS.items() for person in people}
    return h


def _talk(h: History, r: random.Random) -> None:
    for room, people in ROOMS.items():
        now = 0.0
        h.log[room, 1] = ""
        for person in people:
            h.rooms_of[person].add(room)
            h.read.append(Read(now, person, room, 1, "", "first"))
        for seq in range(2, 42):
            author, word = r.choice(people), f"{room}-{seq}"
            h.said.append(Said(now + 0.1, author, room, word))
            h.log[room, seq] = word
            h.acked.append(Acked(now + 0.2, author, room, word, seq))
            for person in people:
                h.read.append(Read(now + 0.3, person, room, seq, word))
                if r.random() < 0.2:
                    h.read.append(Read(now + 0.4, person, room, seq, word, "again"))
            now += r.choice((0.05, 0.5))  # the next one is sent before or after the ack of this one


def _tell(h: History, at: float, who: str, t: str, more: str = "", code: str = "ok") -> None:
    key = f"{who}-{t}-{at}"
    made = CALL if t == "raise_call" else ""
    h.commands[key] = Command(at, who, key, t, "g1" if made else CALL, more)
    h.answers[key] = Answer(at + 0.1, who, key, code, made)
    h.keys.add(key)


def _recipient(name: str, answer: Asked | Here | CantNow, reached: Reached) -> Recipient:
    return Recipient(
        MemberId(name), AccountId(name), name, Part.PEER, Ring.PEERS, 0, 1, reached=reached, answer=answer
    )  # fmt: skip


def _call(h: History) -> None:
    _tell(h, 10, "ana", "raise_call", "r1")
    h.my_calls.append(MyCall(10.2, "ana", CALL, 1, "open", helped=False, failsafe=False, asked=0, peers_here=0))
    for person in ("tom", "zoe"):
        h.cards.append(Card(10.3, person, CALL, "ana", 1, 1, "asked", "open", 0))
        _tell(h, 10.4, person, "card_delivered")
    _tell(h, 11, "tom", "answer_call", "coming")
    _tell(h, 11.5, "zoe", "answer_call", "cant")
    _tell(h, 12, "tom", "enter_call")
    h.my_calls.append(MyCall(12.2, "ana", CALL, 3, "held", helped=True, failsafe=False, asked=2, peers_here=1))
    _tell(h, 20, "ana", "close_call", "better")
    recipients = {
        MemberId("tom"): _recipient("tom", Here(0), Reached.SEEN),
        MemberId("zoe"): _recipient("zoe", CantNow(0), Reached.DELIVERED),
    }
    h.calls[CALL] = Call(
        CALL, GroupId("g1"), "One", RoomId("c1"), MemberId("ana"), AccountId("ana"), "ana", "", 0, 0,
        recipients=recipients, end=Closed(0, MemberId("ana"), "better"),
    )  # fmt: skip


def carried_in_memory(h: History, *, place: int, epoch: int) -> None:
    """Ana's last word of r1 was acked by a node that could not save it, and read there; `place` is where it is now."""
    word, at = h.log.pop(("r1", 41)), 41
    h.acked = [replace(a, saved=False) if a.word == word else a for a in h.acked]
    h.log["r1", at], h.log["r1", place] = "", word
    h.epochs["r1"] = epoch
    for person in ROOMS["r1"]:
        h.read.append(Read(99, person, "r1", 42, word, "first", epoch))


def test_a_word_that_was_not_saved_yet_may_end_at_another_place_in_a_new_epoch() -> None:
    h = a_true_history()
    carried_in_memory(h, place=42, epoch=1)
    assert violations(h, FAILSAFE_AFTER_SECONDS) == []


def test_in_one_epoch_it_may_not() -> None:
    h = a_true_history()
    carried_in_memory(h, place=42, epoch=0)
    assert {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)} == {"readers disagree", "a key twice"}


def test_nor_may_it_be_lost() -> None:
    h = a_true_history()
    carried_in_memory(h, place=42, epoch=1)
    h.log["r1", 42] = ""
    assert "acked and lost" in {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)}


def test_what_was_saved_stays_where_it_was_said_to_be() -> None:
    h = a_true_history()
    carried_in_memory(h, place=42, epoch=1)
    h.acked = [replace(a, saved=True) for a in h.acked]
    assert "acked and lost" in {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)}


def test_a_node_without_the_store_cannot_know_of_a_block_and_one_with_it_must() -> None:
    h = a_true_history()
    h.apart.append(Apart("block", "ana", "zoe", 9))  # before the press; Zoe has the card all the same
    h.faults.append(Fault("cut_off_postgres", 8, 9.5, 10.5, apart=True))
    assert violations(h, FAILSAFE_AFTER_SECONDS) == []
    h.faults[-1] = replace(h.faults[-1], apart=False)
    assert {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)} == {"across a block"}


def test_a_page_may_know_more_of_a_call_than_a_node_that_cannot_ask_the_store_and_not_otherwise() -> None:
    h = a_true_history()
    h.not_continued.append(NotContinued(15, "tom", "c1", 1, behind=-1))
    assert {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)} == {"position not continued"}
    h.without_store.append((14.5, 16))
    assert violations(h, FAILSAFE_AFTER_SECONDS) == []
    h.not_continued.append(NotContinued(15, "ana", "r1", 41, behind=-1))  # a group's log is read from the store alone
    assert {v.rule for v in violations(h, FAILSAFE_AFTER_SECONDS)} == {"position not continued"}


def test_a_true_history_has_no_violation() -> None:
    assert violations(a_true_history(), FAILSAFE_AFTER_SECONDS) == []


# ---- logs


def lose_an_acked_entry(h: History) -> None:
    h.log["r1", 41] = ""


def put_an_entry_elsewhere_than_the_ack_said(h: History) -> None:
    h.acked[5] = replace(h.acked[5], seq=h.acked[5].seq + 1)


def write_an_entry_twice(h: History) -> None:
    h.log["r1", 42] = "r1-10"


def deliver_an_entry_at_two_places(h: History) -> None:
    h.read.append(Read(99, "ana", "r1", 42, "r1-10"))


def skip_an_entry(h: History) -> None:
    h.read.remove(next(r for r in h.read if r.who == "ana" and r.seq == 20 and r.how == "next"))


def deliver_in_another_order(h: History) -> None:
    a, b = (next(n for n, r in enumerate(h.read) if r.who == "tom" and r.seq == seq) for seq in (20, 21))
    h.read[a], h.read[b] = h.read[b], h.read[a]


def tell_two_readers_two_things(h: History) -> None:
    where = next(n for n, r in enumerate(h.read) if r.who == "bea" and r.seq == 12)
    h.read[where] = replace(h.read[where], word="r2-13")


def change_what_comes_again(h: History) -> None:
    where = next(n for n, r in enumerate(h.read) if r.how == "again")
    h.read[where] = replace(h.read[where], word="r1-2" if h.read[where].word != "r1-2" else "r1-3")


def swap_two_that_were_apart_in_time(h: History) -> None:
    """The whole log agrees with itself, and not with the clock on the wall."""
    first, last = "r1-2", "r1-41"
    swap = {first: last, last: first}
    h.log = {place: swap.get(word, word) for place, word in h.log.items()}
    h.read = [replace(r, word=swap.get(r.word or "", r.word)) for r in h.read]
    h.acked = [replace(a, seq={first: 41, last: 2}.get(a.word, a.seq)) for a in h.acked]


def make_an_entry_up(h: History) -> None:
    h.log["r1", 42] = "nobody said this"
    h.read += [Read(99, person, "r1", 42, "nobody said this") for person in ROOMS["r1"]]


def take_the_log_back(h: History) -> None:
    h.not_continued.append(NotContinued(50, "ana", "r1", 41, behind=-1))


def let_a_stranger_read(h: History) -> None:
    h.read += [Read(99, "cal", "r1", seq, h.log["r1", seq]) for seq in range(1, 42)]


def name_another_group(h: History) -> None:
    h.foreign.append(Foreign(50, "ana", "card", "r2-"))


def let_a_reader_stay_behind(h: History) -> None:
    h.read = [r for r in h.read if not (r.who == "cal" and r.seq > 30)]


def tell_who_is_blocked(h: History) -> None:
    h.rooms_of["una"].add("r1")
    late = Said(40, "tom", "r1", "r1-42")
    h.said.append(late)
    h.log["r1", 42] = late.word
    h.read += [Read(41, person, "r1", 42, late.word) for person in ROOMS["r1"]]
    h.read.append(Read(41, "una", "r1", 42, late.word, "first"))


def tell_who_has_left(h: History) -> None:
    h.rooms_of["bea"].add("r1")
    h.read.append(Read(40, "bea", "r1", 20, "r1-20", "first"))


# ---- calls


def lose_a_call(h: History) -> None:
    del h.calls[CALL]


def lose_a_key(h: History) -> None:
    h.keys.remove("tom-answer_call-11")


def lose_the_end_of_a_call(h: History) -> None:
    h.calls[CALL] = replace(h.calls[CALL], end=None)


def _with(h: History, one: Recipient) -> None:
    h.calls[CALL] = replace(h.calls[CALL], recipients={**h.calls[CALL].recipients, one.member: one})


def lose_an_answer(h: History) -> None:
    h.calls[CALL] = replace(h.calls[CALL], recipients={})


def forget_that_somebody_cannot(h: History) -> None:
    _with(h, _recipient("zoe", Asked(), Reached.SEEN))


def let_a_fourth_peer_in(h: History) -> None:
    h.cards.append(Card(13, "tom", CALL, "ana", 4, 1, "here", "held", peers_here=4))


def ring_who_is_blocked(h: History) -> None:
    h.apart.append(Apart("block", "ana", "tom", 5))


def ring_who_has_left(h: History) -> None:
    h.apart.append(Apart("outside", "tom", "r1", 5))


def say_delivered_without_a_word_of_the_device(h: History) -> None:
    del h.commands["zoe-card_delivered-10.4"]


def never_send_a_card(h: History) -> None:
    h.lines.append(Line(0, "una", up=True))
    del h.commands["ana-close_call-20"]
    _with(h, _recipient("una", Asked(), Reached.TARGETED))


def leave_a_caller_alone(h: History) -> None:
    h.my_calls[1] = replace(h.my_calls[1], at=10.2 + 13)
    del h.commands["ana-close_call-20"]


# ---- presence, records, and what was seen from outside


def show_a_ghost(h: History) -> None:
    h.presence.append(Presence(73, "bea", "g2", frozenset({"cal"})))


def break_a_chain(h: History) -> None:
    h.broken_chains.append("the audit log")


def see_a_call_without_a_deadline(h: History) -> None:
    h.seen.append(Seen(50, "no deadline", "call-1"))


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
        (name_another_group, "across a wall"),
        (tell_who_is_blocked, "across a block"),
        (tell_who_has_left, "read by who is not a member"),
        (take_the_log_back, "position not continued"),
        (let_a_reader_stay_behind, "not read to the end"),
        (lose_a_call, "acked and lost"),
        (lose_a_key, "acked and lost"),
        (lose_the_end_of_a_call, "acked and lost"),
        (lose_an_answer, "acked and lost"),
        (forget_that_somebody_cannot, "acked and lost"),
        (let_a_fourth_peer_in, "a fourth peer"),
        (ring_who_is_blocked, "across a block"),
        (ring_who_has_left, "a card for who is not a member"),
        (say_delivered_without_a_word_of_the_device, "delivered and not"),
        (never_send_a_card, "never on the wire"),
        (leave_a_caller_alone, "left alone"),
        (show_a_ghost, "a ghost"),
        (break_a_chain, "a broken chain"),
        (see_a_call_without_a_deadline, "no deadline"),
    ],
)
def test_a_spoilt_history_is_caught_by_its_rule(spoil: Callable[[History], None], rule: str) -> None:
    history = a_true_history()
    spoil(history)
    found = violations(history, FAILSAFE_AFTER_SECONDS)
    assert rule in {v.rule for v in found}
    assert all(str(v).startswith(v.rule) for v in found)


def test_what_was_acked_as_not_saved_may_go_with_a_kill_a_moment_later_and_not_otherwise() -> None:
    """UC15: the journal is written behind."""
    history = a_true_history()
    history.acked[-1] = replace(history.acked[-1], saved=False)
    history.log["r2", 41] = ""
    history.read = [r for r in history.read if (r.room, r.seq) != ("r2", 41)]
    history.readers_at_end.clear()
    assert {v.rule for v in violations(history, FAILSAFE_AFTER_SECONDS)} == {"acked and lost"}
    at = history.acked[-1].at + 1
    history.faults.append(Fault("server_killed", at, at + 1, at + 2, killed=True))
    assert violations(history, FAILSAFE_AFTER_SECONDS) == []


def test_the_time_of_a_fault_is_nobodys_wait() -> None:
    """A caller who waited while the server was down was not left alone by it."""
    history = a_true_history()
    leave_a_caller_alone(history)
    history.faults.append(Fault("server_frozen", 11, 16, 17, blind=True))
    assert violations(history, FAILSAFE_AFTER_SECONDS) == []


def test_whoever_is_on_their_way_back_is_no_ghost() -> None:
    """The server has their line, and tells it, before their welcome has come."""
    history = a_true_history()
    history.lines += [Line(10, "cal", up=False), Line(40, "cal", up=True)]
    history.presence.append(Presence(39, "bea", "g2", frozenset({"cal"})))
    assert "a ghost" not in {v.rule for v in violations(history, FAILSAFE_AFTER_SECONDS)}
    history.presence.append(Presence(37, "bea", "g2", frozenset({"cal"})))
    assert "a ghost" in {v.rule for v in violations(history, FAILSAFE_AFTER_SECONDS)}
